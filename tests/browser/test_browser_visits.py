"""The note that a page has changed since its reader was there: it is right, quiet, and nobody else learns of it."""

import datetime
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import serving

NOTE = ".ops-visited"
CONTENT = re.compile(r'<meta name="drillbook-content" content="([0-9a-f]{16})"')


@pytest.fixture
def manual(site: Path, tmp_path: Path) -> Path:
    """A copy of the manual, whose pages may change."""
    return Path(shutil.copytree(site, tmp_path / "manual", ignore=shutil.ignore_patterns(".doctrees")))


@pytest.fixture
def address(manual: Path) -> Iterator[str]:
    with serving(manual) as found:
        yield found


def change(manual: Path, name: str) -> None:
    """As if the page had been written again with another text."""
    file = manual / name
    text, count = CONTENT.subn('<meta name="drillbook-content" content="0123456789abcdef"', file.read_text())
    assert count == 1
    file.write_text(text)


def visit(page: Page, address: str, day: int) -> None:
    """Read a page at noon of a day; as the server has it, and not as the browser may have kept it."""
    page.clock.set_fixed_time(datetime.datetime(2026, 11, day, 12, tzinfo=datetime.UTC))
    page.goto(f"{address}?{day}")


def scheme(kind: str, manual: Path, address: str) -> str:
    return f"file://{manual}" if kind == "file" else address


@pytest.mark.parametrize("kind", ["file", "http"])
def test_it_says_since_when_a_page_has_changed(page: Page, manual: Path, address: str, kind: str) -> None:
    base = scheme(kind, manual, address)
    visit(page, f"{base}/pumps.html", 1)
    expect(page.locator(NOTE)).to_have_count(0)
    visit(page, f"{base}/pumps.html", 2)
    expect(page.locator(NOTE)).to_have_count(0)
    change(manual, "pumps.html")
    visit(page, f"{base}/pressure.html", 3)
    visit(page, f"{base}/pumps.html", 4)
    expect(page.locator(f"h1 + {NOTE}")).to_have_text("Changed since you were here on 2026-11-02.")
    visit(page, f"{base}/pumps.html", 5)
    expect(page.locator(NOTE)).to_have_count(0)


@pytest.mark.parametrize(
    "kept", ["no JSON", "3", '{"content": 7}', '{"content": "a", "day": "<b>1</b>"}', '{"content": "a"}', "null"]
)
def test_what_is_not_ours_in_the_storage_is_ignored(page: Page, address: str, kept: str) -> None:
    page.goto(f"{address}/pumps.html")
    page.evaluate("kept => localStorage.setItem('drillbook-visits:/pumps.html', kept)", kept)
    page.goto(f"{address}/pumps.html")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(NOTE)).to_have_count(0)


@pytest.mark.parametrize("fails", ["getItem", "setItem"])
def test_without_a_storage_it_is_silent(page: Page, manual: Path, address: str, fails: str) -> None:
    page.goto(f"{address}/index.html")
    change(manual, "index.html")
    page.add_init_script(  # of ours alone: the theme has a storage of its own, and needs it
        f"const real = Storage.prototype.{fails}; Storage.prototype.{fails} = function (key, ...rest) {{"
        " if (key.startsWith('drillbook-visits')) throw new Error('none'); return real.call(this, key, ...rest); }"
    )
    page.goto(f"{address}/index.html")  # what fails is an error of the page, and would fail this test
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(NOTE)).to_have_count(0)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_strict_policy_a_telephone_and_paper(
    context: Callable[..., BrowserContext], manual: Path, address: str, colours: str
) -> None:
    page = context(viewport={"width": 360, "height": 800}, color_scheme=colours).new_page()
    visit(page, f"{address}/index.html", 1)
    change(manual, "index.html")
    visit(page, f"{address}/", 2)  # the same page by its other name
    expect(page.locator(NOTE)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    expect(page.locator(NOTE)).to_be_hidden()


def test_each_page_with_a_source_has_its_content_and_no_other(site: Path) -> None:
    found = {name: CONTENT.findall((site / name).read_text()) for name in ("index.html", "pumps.html", "pressure.html")}
    assert all(len(digests) == 1 for digests in found.values())
    assert len({digests[0] for digests in found.values()}) == 3
    assert not CONTENT.search((site / "search.html").read_text())
