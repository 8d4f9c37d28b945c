"""The search in a real browser: as one types, from a file and from a server, by keyboard, in Chinese and German, safely."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from drillbook.output.search.words import words

TEXTS = (
    "HighLatency p95 of AE_WORKER_CONCURRENCY, worker.concurrency and ./deploy.py --rollback --immediate",
    "Die Übertragung im Straßenverkehr, café, naïve, ÅNGSTRÖM, ﬁne; İstanbul",
    "水圧が低いので水道技師に電話 and ポンプ2号 한국어 문서",
    "HTTP/1.1 503 Service Unavailable: x_y__z a.b.c. ...d e-f+g@h:i/j " + "x" * 80,
    "releasesV2Final XMLHttpRequest 3rdParty ABc aB",
    "",
)


def search(page: Page, query: str) -> Any:
    """Type into the field that is there; answers the results once they are those of the query."""
    page.locator(".ops-search-input").fill(query)
    expect(page.locator(".ops-search-results")).to_have_attribute("data-query", query)
    return page.locator(".ops-search-result")


@pytest.fixture
def over(page: Page, site: Path) -> Page:
    """A page that is read from a file, with the search over it."""
    page.goto(f"file://{site}/pumps.html")
    page.keyboard.press("/")
    expect(page.locator("dialog.ops-search")).to_be_visible()
    return page


def test_words_are_the_same_in_both_languages(over: Page) -> None:
    search(over, "pump")
    for text in TEXTS:
        assert over.evaluate("text => drillbookWords.words(text)", text) == list(words(text)), text


def test_it_finds_from_a_file_as_one_types_and_leads_to_the_section(over: Page, site: Path) -> None:
    expect(search(over, "start the pum").first).to_contain_text("Pumps and valves")
    over.keyboard.press("Enter")
    expect(over.locator("dialog.ops-search")).to_be_hidden()
    assert over.url.startswith(f"file://{site}/pumps.html")


def test_it_leads_to_the_very_place(over: Page) -> None:
    inside = search(over, "pumps have stopped").and_(over.locator("[href*='#']")).first
    address = inside.evaluate("link => link.href")
    assert "#" in address
    inside.click()
    over.wait_for_url(address)
    expect(over.locator(":target")).to_be_in_viewport()


def test_it_is_operated_by_keyboard_alone(over: Page) -> None:
    found = search(over, "pump")
    expect(found.first).to_have_attribute("aria-selected", "true")
    over.keyboard.press("ArrowDown")
    expect(found.nth(1)).to_have_attribute("aria-selected", "true")
    expect(found.first).to_have_attribute("aria-selected", "false")
    active = over.locator(".ops-search-input").get_attribute("aria-activedescendant")
    assert active == found.nth(1).get_attribute("id")
    over.keyboard.press("ArrowUp")
    over.keyboard.press("ArrowUp")
    expect(found.last).to_have_attribute("aria-selected", "true")
    wanted = found.last.evaluate("link => link.href")
    over.keyboard.press("Enter")
    over.wait_for_url(wanted)


def test_escape_leads_back_to_where_one_was(over: Page) -> None:
    search(over, "pump")
    over.keyboard.press("Escape")
    expect(over.locator("dialog.ops-search")).to_be_hidden()
    over.keyboard.press("Control+k")
    expect(over.locator("dialog.ops-search")).to_be_visible()


def test_a_slash_in_a_field_is_a_slash(page: Page, site: Path) -> None:
    page.goto(f"file://{site}/pumps.html")
    page.evaluate("document.querySelector('main, [role=main]').append(document.createElement('textarea'))")
    field = page.locator("textarea")
    field.press("/")
    expect(field).to_have_value("/")
    expect(page.locator("dialog.ops-search")).to_have_count(0)


def test_results_stand_in_groups_with_excerpts(over: Page) -> None:
    found = search(over, "LowPressure")
    groups = over.locator(".ops-search-group").all_inner_texts()
    assert len(groups) == len(set(groups)) >= 1
    expect(found.first.locator("mark").first).to_be_visible()
    assert over.locator(".ops-search-excerpt").count() >= 1


@pytest.mark.parametrize(
    ("query", "wanted"),
    [("水道技師", "hostile.html"), ("水圧", "hostile.html"), ("presure", "pressure.html"), ("PUMPS", "pumps.html")],
)
def test_other_scripts_and_typing_errors_are_understood(over: Page, query: str, wanted: str) -> None:
    pages = search(over, query).evaluate_all("links => links.map(link => link.pathname.split('/').pop())")
    assert wanted in pages[:3]


def test_nothing_found_is_said(over: Page) -> None:
    expect(search(over, "xyzzyqqq")).to_have_count(0)
    expect(over.locator(".ops-search-status")).to_contain_text("Nothing was found")
    expect(search(over, "")).to_have_count(0)
    expect(over.locator(".ops-search-status")).to_be_hidden()


def test_the_page_of_the_search_takes_a_query_from_its_address(page: Page, served: str) -> None:
    page.goto(f"{served}/search.html?q=pump")
    expect(page.locator(".ops-search-result").first).to_be_visible()
    search(page, "pressure")
    assert page.url.endswith("?q=pressure")


def test_without_scripts_the_page_says_what_to_do(context: Callable[..., BrowserContext], site: Path) -> None:
    page = context(java_script_enabled=False).new_page()
    page.goto(f"file://{site}/search.html?q=pump")
    expect(page.locator("main, [role=main]").first).to_contain_text("The search needs JavaScript")


def test_the_field_of_the_theme_opens_it(page: Page, site: Path) -> None:
    page.goto(f"file://{site}/pumps.html")
    page.locator(".sidebar-search").click()
    expect(page.locator("dialog.ops-search .ops-search-input")).to_be_focused()


def test_a_telephone_has_a_button_for_it(context: Callable[..., BrowserContext], site: Path) -> None:
    page = context(viewport={"width": 360, "height": 740}, has_touch=True).new_page()
    page.goto(f"file://{site}/pumps.html")
    page.get_by_role("button", name="Search").tap()
    expect(page.locator("dialog.ops-search .ops-search-input")).to_be_focused()
    expect(search(page, "pump").first).to_be_visible()


def test_an_index_that_is_not_there_is_said_and_tried_again(
    context: Callable[..., BrowserContext], served: str
) -> None:
    reader = context()
    page = reader.new_page()
    there = {"index": False}
    page.route(
        "**/search-index.js",
        lambda route: route.continue_() if there["index"] else route.fulfill(body="", content_type="text/javascript"),
    )
    page.goto(f"{served}/search.html?q=pump")
    expect(page.locator(".ops-search-status")).to_contain_text("could not be loaded")
    there["index"] = True
    expect(search(page, "pumps").first).to_be_visible()


PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "'-alert(1)-'",
    "{{constructor.constructor('alert(1)')()}}",
    "</script><script>alert(1)</script>",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_typed_and_what_pages_say_is_never_markup(page: Page, served: str, payload: str) -> None:
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto(f"{served}/search.html?q={payload}".replace("#", "%23"))
    expect(page.locator(".ops-search-results")).to_have_attribute("data-query", payload)
    search(page, "alert script hostile")
    expect(page.locator(".ops-search-result").first).to_be_visible()
    assert page.locator("[data-ops-search] script, [data-ops-search] img, [data-ops-search] svg").count() == 0
    assert not said


def test_a_strict_policy_finds_nothing_of_it(page: Page, served: str) -> None:
    page.add_init_script(
        "window.violations = []; document.addEventListener('securitypolicyviolation', event =>"
        " event.blockedURI === 'data' || violations.push(`${event.violatedDirective} ${event.sourceFile}`))"
    )
    page.goto(f"{served}/pumps.html")
    page.keyboard.press("/")
    expect(search(page, "pump").first).to_be_visible()
    assert page.evaluate("violations") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_reader_can_use_it(context: Callable[..., BrowserContext], served: str, width: int, scheme: Any) -> None:
    page = context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto(f"{served}/pumps.html")
    page.keyboard.press("/")
    expect(search(page, "pump").first).to_be_visible()
    found = Axe().run(page, context={"include": [[".ops-search"]]}).response["violations"]
    assert not [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("dialog.ops-search").bounding_box()
    assert box is not None and box["width"] <= width


def test_the_index_is_plain_data(site: Path) -> None:
    text = (site / "search-index.js").read_text(encoding="utf-8")
    assert text.startswith('drillbookSearchIndex("{') and "</" not in text
    data = json.loads(json.loads(text.removeprefix("drillbookSearchIndex(").rstrip().removesuffix(");")))
    assert data["index"]["documentCount"] == len(data["records"])
