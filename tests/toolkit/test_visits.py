"""What a page says of its content changes with its text, and with nothing else."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from docutils import nodes
from tests.toolkit.building import Build
from tests.toolkit.handbook import GOOD, handbook

from drillbook.output.visits import content
from drillbook.pages.stamp_text import STAMP

Builder = Callable[..., Build]


def digest(built: Build) -> str:
    [found] = re.findall(r'<meta name="drillbook-content" content="(\w+)"', built.text("index.html"))
    return str(found)


def test_it_changes_with_the_text_alone(tmp_path: Path, build: Builder) -> None:
    first = digest(build(handbook(tmp_path / "one", GOOD)))
    moved = digest(build(handbook(tmp_path / "two", GOOD.replace("# Restart", "\n\n# Restart"))))
    other = digest(build(handbook(tmp_path / "three", GOOD.replace("Bring a station back", "Bring it back"))))
    assert first == moved != other


@pytest.mark.parametrize(
    ("more", "same"),
    [
        (nodes.paragraph("", "Proven 2026-11-23.", classes=[STAMP, f"{STAMP}-proven"]), True),
        (nodes.raw("", "<b>drawn</b>", format="html"), True),
        (nodes.paragraph("", "More."), False),
    ],
)
def test_stamps_and_drawings_are_no_text(more: nodes.Element, same: bool) -> None:
    page = nodes.section("", nodes.title("", "Title"), nodes.paragraph("", "Words."))
    longer = nodes.section("", *(child.deepcopy() for child in page.children), more)
    assert (content(page) == content(longer)) is same


def test_a_book_has_none(tmp_path: Path, build: Builder) -> None:
    done = build(handbook(tmp_path / "book", GOOD), "epub", warns=True)
    assert "drillbook-content" not in (done.output / "index.xhtml").read_text()
