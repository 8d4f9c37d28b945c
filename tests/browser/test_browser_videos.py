"""Videos of recordings in a browser: they play and have their captions from a file, served, and without scripts."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import ROOT, serving
from tests.browser.test_browser_demos import PAGE, TYPED
from tests.browser.test_browser_readers import complaints
from tests.browser.test_browser_stamps import built

from drillbook.model.playback import play
from drillbook.model.recording import Chapter, cast, read_cast

SAID = (
    "This recording is older than the last change of the procedure. "
    "Recorded 2026-11-25 against v2.1.0 by the run that proved it."
)


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works, with a recording that is a video, too."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("videos") / "trees"))
    text = cast(
        "Restart", [Chapter("Start it", (TYPED,))],
        name="start-pump", content="c", system="s", version="2.1.0", recorded="2026-11-25T09:33:37Z",
    )  # fmt: skip
    (source / "demos.md").write_text(PAGE.replace("start-pump\n", "start-pump\n:video:\n"))
    (folder := source / "evidence" / "demo").mkdir(parents=True)
    (folder / "start-pump.cast").write_text(text)
    built(source, "html", lambda _: None)
    return source / "_build" / "html"


@pytest.fixture(scope="module")
def address(manual: Path) -> Iterator[str]:
    with serving(manual, wasm=True, media=True) as found:
        yield found


@pytest.fixture(params=["file", "http"])
def page_address(request: pytest.FixtureRequest, manual: Path, address: str) -> str:
    return (manual / "demos.html").as_uri() if request.param == "file" else f"{address}/demos.html"


def opened(page: Page, address: str) -> Page:
    """The page, with its video unfolded by a key."""
    page.goto(address)
    expect(page.locator("video")).to_be_hidden()
    page.get_by_text("Video with captions").press("Enter")
    expect(page.locator("video")).to_be_visible()
    return page


def wait(page: Page, condition: str) -> None:
    """Until *condition* holds for the video; not by what evaluates text, which the policy forbids."""
    page.locator("video").evaluate(
        "video => new Promise((done, failed) => { setTimeout(() => failed(new Error('never')), 20000);"
        f" const look = () => {condition} ? done() : setTimeout(look, 20); look(); }})"
    )


def captions(page: Page) -> Any:
    """The cues that are shown at this moment, and how many there are."""
    return page.locator("video").evaluate(
        "video => ({mode: video.textTracks[0].mode, all: video.textTracks[0].cues?.length ?? 0,"
        " now: [...(video.textTracks[0].activeCues ?? [])].map(cue => cue.text)})"
    )


def test_it_plays_with_captions_from_a_file_and_under_a_strict_policy(
    context: Callable[..., BrowserContext], manual: Path, page_address: str
) -> None:
    page = opened(context().new_page(), page_address)
    video = page.locator("video")
    video.press("Space")
    wait(page, "video.currentTime > 0.1")
    assert video.evaluate("video => [video.readyState > 2, video.videoWidth, video.error]") == [True, 1040, None]
    shown = play(read_cast(manual.parents[1] / "evidence" / "demo" / "start-pump.cast"), SAID)
    assert video.evaluate("video => video.duration") == pytest.approx(shown.duration, abs=0.1)
    wait(page, "video.textTracks[0].activeCues.length == 1")
    assert captions(page) == {"mode": "showing", "all": len(shown.cues), "now": [f"Restart\n{SAID}"]}


def test_captions_say_what_was_typed_as_it_was_typed(context: Callable[..., BrowserContext], page_address: str) -> None:
    page = opened(context().new_page(), page_address)
    wait(page, "video.textTracks[0].cues?.length > 0")
    said = page.locator("video").evaluate(
        "video => [...video.textTracks[0].cues].map(cue => cue.getCueAsHTML().textContent)"
    )
    assert said[1:] == ["Step 1 of 1: Start it", "Typed: pumps start <1>", "Printed: pump 1 runs & hums"]


def test_nothing_is_fetched_before_one_plays_it(context: Callable[..., BrowserContext], address: str) -> None:
    page = context().new_page()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    opened(page, f"{address}/demos.html")
    page.wait_for_load_state("networkidle")
    assert not [url for url in fetched if url.endswith(".webm")]


def test_it_can_be_taken_along(context: Callable[..., BrowserContext], manual: Path, address: str) -> None:
    page = opened(context().new_page(), f"{address}/demos.html")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the video").click()
    assert download.value.suggested_filename == "start-pump.webm"
    assert download.value.path().read_bytes() == (manual / "_videos" / "start-pump.webm").read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_use_it(context: Callable[..., BrowserContext], address: str, width: int, scheme: str) -> None:
    page = context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    opened(page, f"{address}/demos.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints(page) == []


def test_without_scripts_it_is_open(context: Callable[..., BrowserContext], manual: Path) -> None:
    page = context(java_script_enabled=False).new_page()
    page.goto((manual / "demos.html").as_uri())
    expect(page.locator("video")).to_be_visible()
    expect(page.locator("details.ops-transcript pre")).to_be_visible()


def test_on_paper_there_is_the_transcript(context: Callable[..., BrowserContext], manual: Path) -> None:
    page = opened(context().new_page(), (manual / "demos.html").as_uri())
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("details.ops-video")).to_be_hidden()
    expect(page.locator("details.ops-transcript pre")).to_be_visible()
