"""`llms.txt` and `llms-full.txt`: every page once, in the order of the manual, the same in every build."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import GOOD, handbook

BuildIt = Callable[..., Build]
ON = {"drillbook_llms": True}
START = """\
# Stations

What to do when a station is silent.
It has two lines.

```{toctree}
:caption: Do [it]

second
first
```
"""
PAGES = {
    "first": "# First <b>\n\n```{note}\nNot this.\n```\n\n" + "Alpha word. " * 40,
    "second": "# Second\n",
    "alone": "---\norphan: true\n---\n# Alone\n\nNobody leads here.\n",
    "hidden": "---\nnosearch: true\norphan: true\n---\n# Hidden\n\nSecret.\n",
}


def test_the_index_has_every_page_with_its_first_sentence(tmp_path: Path, build: BuildIt) -> None:
    folder = handbook(tmp_path / "book", START, **PAGES)
    index = build(folder, confoverrides=ON | {"release": "1.2"}).text("llms.txt")
    said = ("Alpha word. " * 40)[:200].rpartition(" ")[0]
    assert (
        index
        == f"""\
# Stations 1.2

> What to do when a station is silent. It has two lines.

The text of all pages stands in [llms-full.txt](llms-full.txt).

## Begin here

- [Stations](index.html): What to do when a station is silent. It has two lines.

## Do \\[it\\]

- [Second](second.html)
- [First \\<b>](first.html): {said} …

## Other pages

- [Alone](alone.html): Nobody leads here.
"""
    )


def test_the_text_is_that_of_all_pages_with_their_facts(tmp_path: Path, build: BuildIt) -> None:
    folder = handbook(tmp_path / "book", f"{GOOD}\n{{ops:fact}}`SlowReports.threshold` is the limit.\n", **PAGES)
    full = build(folder, confoverrides=ON | {"html_baseurl": "https://manual.example/2/"}).text("llms-full.txt")
    assert (
        "Page: https://manual.example/2/index.html\n" in full and "Page: https://manual.example/2/alone.html\n" in full
    )
    assert "$ ./stations restart {{ station }}" in full and "Do all stations answer?" in full
    assert "500 ms is the limit." in full and "<" not in full.partition("Page: ")[0] and "Secret" not in full
    assert "Not proven yet" in full, "stamps belong to the page"


def test_an_incremental_build_gives_the_same_as_a_new_one(tmp_path: Path, build: BuildIt) -> None:
    folder = handbook(tmp_path / "book", START, **PAGES)
    build(folder, confoverrides=ON)
    (folder / "second.md").write_text("# Second\n\nNow with text.\n")
    changed = build(folder, confoverrides=ON)
    files = [changed.text(name) for name in ("llms.txt", "llms-full.txt")]
    assert "[Second](second.html): Now with text." in files[0] and "Alpha word." in files[1]
    again = build(
        handbook(tmp_path / "new", START, **PAGES | {"second": "# Second\n\nNow with text.\n"}), confoverrides=ON
    )
    assert [again.text(name) for name in ("llms.txt", "llms-full.txt")] == files


@pytest.mark.parametrize("builder", ["text", "epub", "dirhtml"])
def test_only_the_builders_of_sites_write_them(builder: str, tmp_path: Path, build: BuildIt) -> None:
    done = build(handbook(tmp_path / "book", "# Page\n"), builder, confoverrides=ON, warns=True)
    assert (done.output / "llms.txt").exists() == (builder == "dirhtml")
    if builder == "dirhtml":
        assert "[Page](./)" in done.text("llms.txt")


def test_nobody_gets_them_unasked(tmp_path: Path, build: BuildIt) -> None:
    assert not (build(handbook(tmp_path / "book", "# Page\n")).output / "llms.txt").exists()
