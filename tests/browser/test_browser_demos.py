"""Recordings in a browser: they play from a file and under a strict policy, and there is a transcript for everybody."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import ROOT, serving
from tests.browser.test_browser_readers import complaints
from tests.browser.test_browser_stamps import built

from drillbook.model.recording import Chapter, Typed, cast

TYPED = Typed("pumps start <1>", "pump 1 runs & hums\n", ((0.2, 1),))
PAGE = "---\norphan: true\n---\n\n# Demos\n\n```{ops:demo} start-pump\n```\n"


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works, with a recording of one of its procedures."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("demos") / "trees"))
    text = cast(
        "Restart", [Chapter("Start it", (TYPED,))],
        name="start-pump", content="c", system="s", version="2.1.0", recorded="2026-11-25T09:33:37Z",
    )  # fmt: skip
    (source / "demos.md").write_text(PAGE)
    (folder := source / "evidence" / "demo").mkdir(parents=True)
    (folder / "start-pump.cast").write_text(text)
    built(source, "html", lambda _: None)
    return source / "_build" / "html"


@pytest.fixture(scope="module")
def address(demos: Path) -> Iterator[str]:
    with serving(demos, wasm=True) as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_plays_under_a_strict_policy_and_everybody_can_use_it(
    context: Callable[..., BrowserContext], address: str, width: int, scheme: str
) -> None:
    page = context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto(f"{address}/demos.html")
    plays(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints(page) == []


def test_it_plays_from_a_file(context: Callable[..., BrowserContext], demos: Path) -> None:
    page = context().new_page()
    page.goto((demos / "demos.html").as_uri())
    plays(page)


def plays(page: Page) -> None:
    player = page.locator(".ap-player")
    player.locator(".ap-overlay-start").click()
    expect(player.locator(".ap-term")).to_contain_text("pump 1 runs & hums", timeout=20_000)


def test_its_transcript_is_folded(context: Callable[..., BrowserContext], demos: Path) -> None:
    page = context().new_page()
    page.goto((demos / "demos.html").as_uri())
    transcript = page.locator("details.ops-transcript pre")
    expect(transcript).to_be_hidden()
    page.locator("details.ops-transcript summary").press("Enter")
    expect(transcript).to_have_text("# 1. Start it\n$ pumps start <1>\npump 1 runs & hums\n")


@pytest.mark.parametrize("reader", ["without scripts", "without WebAssembly"])
def test_where_it_cannot_play_the_transcript_is_open(
    context: Callable[..., BrowserContext], demos: Path, reader: str
) -> None:
    page = context(java_script_enabled=reader != "without scripts").new_page()
    page.add_init_script("WebAssembly.Module = () => { throw new Error() }")  # as a policy does
    page.goto((demos / "demos.html").as_uri())
    expect(page.locator("details.ops-transcript pre")).to_be_visible()
    expect(page.locator(".ap-player")).to_have_count(0)
