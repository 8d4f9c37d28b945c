"""The real manual as everybody sees it: wide and narrow, light and dark, with the keyboard, on paper."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import Strict, context, published_policy, serving, serving_as  # noqa: F401 - one is a fixture
from tests.browser.test_browser_readers import complaints

# One page of each kind. Around it stands the theme, the same on all: that is looked at on the first.
KINDS = {
    "start page": "index.html",
    "alert": "alerts/HighLatency.html",
    "step of a tree": "alerts/HighLatency.html#tree-HighLatency/",
    "procedure": "procedures/deploy.html",
    "reference": "reference/alerts.html",
    "results": "search.html?q=redis",
    "recordings": "demos.html",
    "diagrams": "architecture/overview.html",
    "nothing": "404.html",
    "index": "genindex.html",
    "tabs": "incidents/messages.html",
}
LOOKS = {"wide, light": (1280, "light"), "narrow, dark": (360, "dark")}


@pytest.fixture(scope="module")
def address(manual: Path) -> Iterator[str]:
    with serving(manual, wasm=True, media=True) as found:
        yield found


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_on_any_kind_of_page(
    context: Callable[..., BrowserContext],  # noqa: F811
    address: str,
    look: str,
) -> None:
    width, scheme = LOOKS[look]
    page = context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True).new_page()
    found = {}
    for kind, name in KINDS.items():
        page.goto("about:blank")
        page.goto(f"{address}/{name}")
        expect(page.locator("article h1").first).to_be_visible()
        found[kind] = complaints(page, None if kind == "start page" else [["article"], ["footer"]])
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found[kind].append("wider than the screen")
    assert not {kind: complaint for kind, complaint in found.items() if complaint}


def test_every_kind_of_page_works_under_the_policy_that_it_is_published_with(
    context: Callable[..., BrowserContext],  # noqa: F811
    manual: Path,
) -> None:
    """What a policy refuses is an error on the console, which fails a test."""
    policy = published_policy(manual)
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    page = context().new_page()
    with serving_as(Strict, manual, policy) as address:
        for name in KINDS.values():
            page.goto("about:blank")
            page.goto(f"{address}/{name}")
            expect(page.locator("article h1").first).to_be_visible()
        page.goto(f"{address}/search.html?q=redis")
        expect(page.locator("[data-ops-search] a").first).to_be_visible()
        page.goto(f"{address}/demos.html")
        player = page.locator(".ops-player .ap-wrapper").first
        expect(player).to_be_visible()
        player.locator(".ap-overlay-start").click()
        expect(player.locator(".ap-term")).to_contain_text("$")


def on_paper(page: Page, selector: str) -> list[str]:
    """The tops of what can be seen of *selector* on paper."""
    shown: list[str] = page.locator(selector).evaluate_all(
        "all => all.filter(one => one.checkVisibility()).map(one => one.textContent.trim().slice(0, 40))"
    )
    return shown


@pytest.mark.parametrize("name", ["index.html", "procedures/deploy.html", "alerts/HighLatency.html"])
def test_paper_has_what_one_reads_and_nothing_that_one_clicks(
    context: Callable[..., BrowserContext],  # noqa: F811
    manual: Path,
    name: str,
) -> None:
    page = context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto((manual / name).as_uri())
    page.locator("details[open] > summary").evaluate_all("all => all.forEach(one => one.click())")
    page.emulate_media(media="print")
    assert (
        on_paper(page, "aside, .back-to-top, .related-pages, .copybtn, article button, [data-ops-search], dialog") == []
    )
    assert on_paper(page, ".ops-age") == [] and on_paper(page, ".ops-stamp")
    folded = page.locator("details:not([open]) > :not(summary, .ops-zoom)")
    assert all(folded.evaluate_all("all => all.map(one => one.checkVisibility({contentVisibilityAuto: true}))"))
    article = page.locator("article").bounding_box()
    assert article is not None and article["x"] < 40 and article["width"] > 1300, "all of the width is the text's"
    assert not page.locator("article pre").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    )
