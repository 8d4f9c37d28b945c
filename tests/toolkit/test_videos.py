"""Videos of recordings: made of the recording in the build, the same bytes each time, once, with captions; or a warning."""

import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from tests.toolkit.building import Build
from tests.toolkit.conftest import EXT

from drillbook.model.playback import END_S, READING_S, TITLE_S, Playback, play
from drillbook.model.recording import Chapter, Recording, Typed, cast
from drillbook.output import video_cache, webm
from drillbook.output.captions import webvtt
from drillbook.output.screens import Painter, size_of

LOOK = Typed("pump status", "off\n", ((10.0, 1),))
START = Typed("pump start \\\n  <1>", "one\n\nruns & hums\n", ((0.1, 2), (0.2, 3)))
PAGE = "---\norphan: true\n---\n\n# Demos\n\n```{ops:demo} start-pump\n:video:\n```\n"
SAID = "Recorded by a run."


def recorded(*typed: Typed, title: str = "Start a pump", name: str = "start-pump") -> Recording:
    header = {"name": name, "content": "c", "system": "s", "version": "2", "recorded": "2026-11-25T09:33:37Z"}
    text = cast(title, [Chapter("Look", typed[:1]), Chapter("Start it", typed[1:])], **header)
    return Recording(**header, cast=text)


@pytest.fixture
def watched() -> Playback:
    return play(recorded(LOOK, START, Typed("true", "")), SAID)


@pytest.fixture
def book(project: Callable[[str], Path]) -> Path:
    """The manual of the water works, with a recording and a page that shows it as a video."""
    made = project("trees")
    (made / "demos.md").write_text(PAGE)
    put(made, recorded(LOOK, START))
    return made


def put(book: Path, recording: Recording) -> None:
    (folder := book / "evidence" / "demo").mkdir(parents=True, exist_ok=True)
    (folder / f"{recording.name}.cast").write_text(recording.cast)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was encoded."""
    sizes: list[object] = []

    def counting(size: Any, pictures: Any) -> bytes:
        sizes.append(size)
        return webm.encode(size, pictures)

    monkeypatch.setattr(video_cache, "webm", type("Counting", (), {"encode": counting, "__file__": webm.__file__}))
    return sizes


def videos(built: Build) -> list[str]:
    folder = built.output / "_videos"
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*"))


def cached(built: Build) -> int:
    return len(list((built.source / "_build" / "doctrees" / "videos").glob("*")))


def captions(html: str) -> str:
    [track] = re.findall(
        r'<track kind="captions" srclang="en" label="English" default src="data:text/vtt;base64,(.*?)">', html
    )
    return b64decode(track).decode()


# what is to be seen


def test_waits_are_shortened_and_all_can_be_read(watched: Playback) -> None:
    looked = [each.at for each in watched.shown]
    assert looked == sorted(looked) and looked[0] == watched.lead
    assert max(b - a for a, b in pairwise(looked)) <= max(READING_S, TITLE_S) + 0.001
    first = next(cue for cue in watched.cues if cue.text.startswith("Printed"))
    assert first.end - first.start == pytest.approx(READING_S)
    assert watched.duration == pytest.approx(watched.cues[-1].end)
    assert watched.cues[-1].end - watched.cues[-1].start >= END_S


def test_captions_say_the_step_what_is_typed_and_what_came_of_it(watched: Playback) -> None:
    assert [cue.text for cue in watched.cues] == [
        "Start a pump\nRecorded by a run.",
        "Step 1 of 2: Look",
        "Typed: pump status",
        "Printed: off",
        "Step 2 of 2: Start it",
        "Typed: pump start <1>",
        "Printed 2 lines, the last: runs & hums",
        "Typed: true",
        "It printed nothing.",
    ]
    assert all(cue.end <= after.start + 0.001 for cue, after in pairwise(watched.cues))


def test_a_long_line_is_cut_in_a_caption(watched: Playback) -> None:
    cue = play(recorded(Typed("x" * 300, "")), SAID).cues[2].text
    assert len(cue) < 100 and cue.endswith("x…")


def test_a_track_is_escaped(watched: Playback) -> None:
    track = webvtt(watched.cues)
    assert track.startswith(
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nStart a pump\nRecorded by a run.\n\n00:00:02.000 --> "
    )
    assert "Typed: pump start &lt;1&gt;" in track and "runs &amp; hums" in track


def test_the_same_recording_gives_the_same_bytes(watched: Playback) -> None:
    one, other = (webm.encode(size_of(watched), Painter(watched).pictures()) for _ in range(2))
    assert one == other
    assert one[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in one[:64]


def test_there_is_a_picture_when_the_screen_changes_and_only_then(watched: Playback, tmp_path: Path) -> None:
    (file := tmp_path / "x.webm").write_bytes(webm.encode(size_of(watched), Painter(watched).pictures()))
    with av.open(str(file)) as opened:
        times = [float(frame.time) for frame in opened.decode(video=0)]
    assert len(times) <= len(watched.shown) + 2
    assert times[0] == 0 and times[-1] == pytest.approx(watched.duration, abs=0.01)


def drawn(playback: Playback) -> tuple[list[Any], int, int]:
    """The pictures, how wide they are, and where the strip under the terminal begins."""
    painter = Painter(playback)
    return [picture.copy() for _, picture in painter.pictures()], painter.size[0], 40 + 20 * playback.rows


def test_the_terminal_is_drawn_and_under_it_the_name_of_the_step(watched: Playback) -> None:
    pictures, width, strip = drawn(watched)
    title, first, last = pictures[0], pictures[1], pictures[-1]
    line, under = (0, 20, width, 40), (0, strip, width, strip + 40)
    assert len({each.crop(line).tobytes() for each in (title, first, last)}) == 2  # the first line stays
    assert len({each.crop(under).tobytes() for each in (title, first, last)}) == 3
    assert last.crop((0, strip + 40, width, strip + 110)).getcolors() == [(width * 70, (0x23, 0x27, 0x2B))]  # room


def test_what_the_terminal_is_too_small_for_scrolls() -> None:
    many = Typed("seq 60", "".join(f"{number}\n" for number in range(60)), ((0.1, 60),))
    pictures, width, strip = drawn(play(recorded(many), SAID))
    line = (0, 20, width, 40)
    assert pictures[1].crop(line).tobytes() != pictures[-1].crop(line).tobytes()
    assert len(pictures[-1].crop((0, strip - 80, width, strip - 60)).getcolors()) > 2  # the name of the last step


# what a page has


def test_a_page_has_the_video_its_captions_and_its_size(book: Path, build: Callable[..., Build]) -> None:
    built = build(book)
    html = built.text("demos.html")
    assert videos(built) == ["start-pump.png", "start-pump.webm"]
    size = (built.output / "_videos" / "start-pump.webm").stat().st_size
    assert re.search(rf"<summary>Video with captions \(\d+ s, {round(size / 1000)} kB\)</summary>", html)
    assert (
        '<source src="_videos/start-pump.webm" type="video/webm">' in html and 'poster="_videos/start-pump.png"' in html
    )
    assert '<a href="_videos/start-pump.webm" download>Download the video</a>' in html
    assert "Typed: pump start &lt;1&gt;" in captions(html)
    assert html.index("ops-player") < html.index("<video controls") < html.index("<summary>Transcript")


def test_pages_in_folders_find_it(book: Path, build: Callable[..., Build]) -> None:
    assert '<source src="../_videos/start-pump.webm"' in build(book, "dirhtml").text("demos/index.html")


def test_the_first_caption_says_that_it_is_older_than_the_last_change(book: Path, build: Callable[..., Build]) -> None:
    first = captions(build(book).text("demos.html")).split("\n\n")[1]
    assert "This recording is older than the last change of the procedure. Recorded 2026-11-25" in first


@pytest.mark.parametrize("builder", ["text", "man", "latex", "epub"])
def test_other_formats_have_the_transcript(builder: str, book: Path, build: Callable[..., Build]) -> None:
    options = {"man_pages": [("demos", "water", "Water", "", 1)], "version": "1", "epub_copyright": "none"}
    built = build(book, builder, confoverrides=options)
    assert not (built.output / "_videos").exists()
    assert "pump status" in built.everything().replace("\\-", "-")


def test_hostile_words_are_escaped(book: Path, build: Callable[..., Build]) -> None:
    put(book, recorded(LOOK, title='"><script>alert(1)</script>'))
    html = build(book).text("demos.html")
    assert "<script>alert" not in html
    assert 'aria-label="Video: &quot;&gt;&lt;script&gt;' in html
    assert "&lt;script&gt;" in captions(html)


# once


def test_a_second_build_encodes_nothing(book: Path, build: Callable[..., Build], encoded: list[object]) -> None:
    build(book)
    written = (book / "_build" / "html" / "_videos" / "start-pump.webm").stat().st_mtime_ns
    built = build(book)
    (book / "index.md").touch()
    build(book, freshenv=True)
    assert len(encoded) == 1
    assert (built.output / "_videos" / "start-pump.webm").stat().st_mtime_ns == written


def test_another_recording_is_another_video(book: Path, build: Callable[..., Build], encoded: list[object]) -> None:
    before = (build(book).output / "_videos" / "start-pump.webm").read_bytes()
    put(book, recorded(LOOK))
    built = build(book)
    assert (built.output / "_videos" / "start-pump.webm").read_bytes() != before
    assert "pump start" not in captions(built.text("demos.html"))
    assert (len(encoded), cached(built)) == (2, 2)


@pytest.mark.parametrize("gone", ["option", "page", "recording"])
def test_a_video_goes_with_what_it_was_made_for(gone: str, book: Path, build: Callable[..., Build]) -> None:
    build(book)
    if gone == "option":
        (book / "demos.md").write_text(PAGE.replace(":video:\n", ""))
    elif gone == "page":
        (book / "demos.md").unlink()
    else:
        (book / "evidence" / "demo" / "start-pump.cast").unlink()
    built = build(book)
    assert not (built.output / "_videos").exists()
    assert cached(built) == 0
    assert gone == "page" or "<video" not in built.text("demos.html")


# not made


@pytest.mark.parametrize("missing", ["av", "pyte", "PIL.Image"])
def test_what_is_missing_is_one_warning_where_a_video_is_asked_for(
    missing: str, book: Path, build: Callable[..., Build], monkeypatch: pytest.MonkeyPatch
) -> None:
    (book / "demos.md").write_text(f"{PAGE}\n```{{ops:demo}} stop-pump\n:video:\n```\n")
    (book / "more.md").write_text(PAGE.replace("# Demos", "# More").replace("start-pump", "stop-pump"))
    put(book, recorded(LOOK, name="stop-pump"))
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, missing, None)
        built = build(book, warns=True)
    [warning] = [line for line in built.warnings.splitlines() if "drillbook.video" in line]
    assert warning.startswith("demos.md:7: WARNING: videos need packages: pip install 'drillbook[video]' (")
    html = built.text("demos.html")
    assert "ops-player" in html and "Transcript" in html and "<video" not in html
    assert "<video" in build(book, warns=True).text("demos.html")  # once they are there


def test_a_video_that_cannot_be_made_costs_no_other(
    book: Path, build: Callable[..., Build], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError("injected")

    with monkeypatch.context() as patched:
        patched.setattr(webm, "encode", fail)
        built = build(book, warns=True)
    assert built.warnings == (
        "demos.md:7: WARNING: the video of start-pump cannot be made: RuntimeError: injected [drillbook.video]"
    )
    assert "Transcript" in built.text("demos.html")


@pytest.mark.parametrize("build_kind", ["without a video", "with one from the cache"])
def test_only_a_build_that_makes_a_video_imports_what_makes_it(
    build_kind: str, book: Path, build: Callable[..., Build]
) -> None:
    if build_kind == "without a video":
        (book / "demos.md").write_text(PAGE.replace(":video:\n", ""))
    else:
        build(book)
    code = (
        "import sys; from sphinx.cmd.build import main\n"
        f"status = main(['-q', '-W', '-b', 'html', '-d', {str(book / '_build/doctrees')!r}, {str(book)!r}, {str(book / '_build/html')!r}])\n"
        "assert status == 0; print(sorted({'av', 'pyte', 'PIL.ImageDraw'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(EXT)})
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_fault_of_ours_costs_a_page_its_video_only(
    book: Path, build: Callable[..., Build], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError("injected")

    monkeypatch.setattr("drillbook.output.videos.quote", fail)
    built = build(book, warns=True)
    assert "demos.md: WARNING: " in built.warnings and "injected [drillbook.internal]" in built.warnings
    html = built.text("demos.html")
    assert "ops-player" in html and "Transcript" in html and "<video" not in html


def test_one_page_with_everything_finds_it(book: Path, build: Callable[..., Build]) -> None:
    (book / "demos.md").write_text(PAGE.partition("---\n\n")[2])
    with (book / "index.md").open("a") as index:
        index.write("\n```{toctree}\ndemos\n```\n")
    built = build(book, "singlehtml")
    assert '<source src="_videos/start-pump.webm"' in built.text("index.html")
