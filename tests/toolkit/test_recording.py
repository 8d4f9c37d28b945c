"""Recordings of procedures: made by the run that proves them, shown with a transcript, and old when something changed."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build
from tests.toolkit.mill import copy

from drillbook.model.evidence import EvidenceError
from drillbook.model.recording import Chapter, Typed, cast, read_cast

DEMO = "# Demos\n\n```{ops:demo} thaw\n```\n"
HEADER = {"name": "thaw", "content": "c", "system": "s", "version": "2", "recorded": "2026-11-25T09:33:37Z"}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The mill's manual, with a page of demos."""
    made = copy(tmp_path)
    (made / "demos.md").write_text(f"---\norphan: true\n---\n\n{DEMO}")
    return made


@pytest.fixture
def recorded(book: Path, build: Callable[..., Build]) -> Path:
    """The recording that a run made."""
    build(book, "doctest", warns=True)
    return book / "evidence" / "demo" / "thaw.cast"


def words(built: Build, file: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", built.text(file)).split())


def test_output_comes_when_it_came_and_commands_letter_by_letter() -> None:
    typed = Typed("mill go", "one\ntwo\nthree\n", ((0.1, 1), (5.0, 3)))
    text = cast("Go", [Chapter("Start it", (typed,))], **HEADER)
    header, *events = map(json.loads, text.splitlines())
    assert (header["version"], header["title"], header["timestamp"]) == (2, "Go", 1795599217)
    assert [event[2] for event in events if event[1] == "m"] == ["1. Start it"]
    moments = [event[0] for event in events]
    assert moments == sorted(moments)
    at = {event[2]: event[0] for event in events}
    typed_at = max(event[0] for event in events if event[2] == "o")
    assert 0 < at["one\r\n"] - typed_at < 0.5
    assert at["two\r\nthree\r\n"] - at["one\r\n"] == pytest.approx(4.9)


def test_a_transcript_has_all_that_one_would_have_seen_and_no_more(tmp_path: Path) -> None:
    typed = Typed("echo a \\\n  b", "a\x1b]0;title\x07 b\n<i>\nend", ((0.1, 2),))
    file = tmp_path / "x.cast"
    file.write_text(cast("Go", [Chapter("Say it", (typed, Typed("true", "")))], **HEADER))
    assert read_cast(file).transcript == "# 1. Say it\n$ echo a \\\n  b\na]0;title b\n<i>\nend\n$ true\n"


def test_a_run_records_what_a_page_shows_and_nothing_else(recorded: Path, book: Path) -> None:
    assert [file.name for file in recorded.parent.iterdir()] == ["thaw.cast"]
    kept = read_cast(recorded)
    evidence = json.loads((book / "evidence" / "procedure" / "thaw.json").read_text())
    assert (kept.name, kept.content, kept.system) == ("thaw", evidence["content"], evidence["system"])
    assert kept.transcript == (  # what undoes it is not shown
        "# 1. Thaw it\n$ mill status | grep wheel\nwheel   frozen\n"
        "$ mill set wheel turns; touch $RUN_DIR/left-rope\nwheel is turns\n$ mill status | grep wheel\nwheel   turns\n"
    )


@pytest.mark.parametrize(("builder", "file"), [("html", "demos.html"), ("text", "demos.txt")])
def test_a_page_shows_it_with_its_transcript(
    builder: str, file: str, recorded: Path, book: Path, build: Callable[..., Build]
) -> None:
    said = words(build(book, builder, warns=True), file)
    assert re.search(r"thaw Recorded \d{4}-\d\d-\d\d( against \S+)? by the run that proved it\.", said, re.IGNORECASE)
    assert "left-rope wheel is turns $ mill status | grep wheel wheel turns" in said


def test_a_recording_of_what_has_changed_says_so(recorded: Path, book: Path, build: Callable[..., Build]) -> None:
    before = build(book, warns=True)
    assert "older" not in words(before, "demos.html")
    page = book / "water.md"
    page.write_text(page.read_text().replace("set {{ wheel }} turns", "set {{ wheel }}  turns"))
    assert "This recording is older than the last change of the procedure. Recorded" in words(
        build(book, warns=True), "demos.html"
    )
    recorded.unlink()
    assert "Not recorded yet." in words(build(book, warns=True), "demos.html")


def test_a_page_without_a_recording_says_so(book: Path, build: Callable[..., Build]) -> None:
    assert "Not recorded yet." in words(build(book, warns=True), "demos.html")


@pytest.mark.parametrize(
    "damage", ["", "{}", "[1]\n", '{"version": 2}\n', cast("x", [], **HEADER).replace("2026-11-25T09", "soon")]
)
def test_a_damaged_recording_is_one_located_warning(
    damage: str, book: Path, build: Callable[..., Build], tmp_path: Path
) -> None:
    file = book / "evidence" / "demo" / "thaw.cast"
    file.parent.mkdir(parents=True)
    file.write_text(damage)
    with pytest.raises(EvidenceError):
        read_cast(file)
    built = build(book, warns=True)
    assert built.warnings.count("this is no recording") == 1, built.warnings
    assert "thaw.cast:1: WARNING" in built.warnings
    assert "Not recorded yet." in words(built, "demos.html")


def test_a_demo_of_no_procedure_is_refused(book: Path, build: Callable[..., Build]) -> None:
    page = book / "demos.md"
    page.write_text(page.read_text().replace("thaw", "thawing"))
    assert "demos.md:7: WARNING: " in (warnings := build(book, warns=True).warnings) and "thawing" in warnings
