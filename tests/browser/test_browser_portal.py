"""What a reader sees and does on a published page of Furo's, under the policy that it is served with, in real Chromium."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser.conftest import EXT, ROOT, portal
from tests.browser.works import translate, water_works
from tests.toolkit.publishing import commit, publish

pytestmark = pytest.mark.usefixtures("only_an_icon_may_be_missing")
PORTAL = f"""
import sys
sys.path.insert(0, {str(EXT)!r})
drillbook_portal = {{"languages": ["en", "de"], "python": {sys.executable!r}}}
html_static_path = []
"""


# the corners of the open menu where something else is on top
COVERED = """() => {
  const { left, right, top, bottom } = document.querySelector(".ops-portal details[open] ul").getBoundingClientRect();
  const corners = [[left + 5, top + 5], [right - 5, top + 5], [left + 5, bottom - 5], [right - 5, bottom - 5]];
  return corners.filter(([x, y]) => !document.elementFromPoint(x, y).closest(".ops-portal"));
}"""


@pytest.fixture(scope="module")
def water(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works: v1.0.0, and main, which has German and a page more."""
    folder = tmp_path_factory.mktemp("water") / "works"
    source = water_works(folder)
    (folder / "conf.py").write_text((ROOT / "conf.py").read_text() + PORTAL)
    commit(folder, "v1.0.0")
    translate(source, "de", "Wasserwerk")
    (source / "added.md").write_text("---\norphan: true\n---\n\n# Added\n\nA page that is new.\n")
    commit(folder)
    assert publish(folder) == 0
    return folder


@pytest.fixture(scope="module")
def address(water: Path) -> Iterator[str]:
    """Where our application serves it."""
    with portal(water / "site") as found:
        yield found


def versions(page: Page) -> None:
    """Open the menu of versions."""
    page.locator(".ops-portal summary").filter(has_text="Version").click()


def test_nothing_on_any_page_offends_the_policy(page: Page, address: str) -> None:
    for name in ("en/index", "en/pumps", "en/pressure", "en/search", "en/genindex", "de/index", "de/pumps"):
        page.goto(f"{address}/latest/{name}.html", wait_until="networkidle")
        assert page.evaluate("document.body.dataset.theme") == "auto", "the theme's own script did not run"
    page.goto(f"{address}/latest/en/search.html?q=pump")
    expect(page.locator("[data-ops-search] a").first).to_be_visible()


def test_a_script_that_is_not_the_pages_own_does_not_run(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/latest/en/pumps.html")
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'harm = 1'}))")
    assert page.evaluate("typeof harm") == "undefined"
    page.close()


def test_a_reader_goes_to_the_same_page_of_another_version(page: Page, address: str) -> None:
    page.goto(f"{address}/latest/en/pumps.html")
    expect(page.locator(".ops-portal li a").first).to_be_hidden()
    versions(page)
    page.get_by_role("link", name="v1.0.0", exact=True).click()
    expect(page).to_have_url(f"{address}/v1.0.0/en/pumps.html")
    expect(page.locator(".ops-portal summary").first).to_have_text("Version: v1.0.0 (stable)")


ANCHOR = "procedure-start-pump"


@pytest.mark.parametrize("way", ["menu", "key", "note", "new window"])
def test_a_reader_stays_at_the_place_that_is_read(page: Page, address: str, way: str) -> None:
    page.goto(f"{address}/latest/en/pumps.html")
    page.evaluate("anchor => location.hash = anchor", ANCHOR)
    if way == "note":
        page.get_by_role("note").get_by_role("link").click()
    else:
        versions(page)
        link = page.get_by_role("link", name="v1.0.0", exact=True)
        if way == "key":
            link.press("Enter")
        elif way == "menu":
            link.click()
        else:
            with page.context.expect_page() as opened:
                link.click(button="middle")
            page = opened.value
    expect(page).to_have_url(f"{address}/v1.0.0/en/pumps.html#{ANCHOR}")
    expect(page.locator(":target")).to_be_in_viewport()


def test_a_place_that_is_not_there_is_the_top_and_another_page_has_none(page: Page, address: str) -> None:
    page.goto(f"{address}/latest/en/pumps.html#no-such-place")
    versions(page)
    page.get_by_role("link", name="v1.0.0", exact=True).click()
    expect(page).to_have_url(f"{address}/v1.0.0/en/pumps.html#no-such-place")
    assert page.evaluate("scrollY") == 0
    page.goto(f"{address}/latest/en/added.html#added")
    page.get_by_role("note").get_by_role("link").click()
    expect(page).to_have_url(f"{address}/v1.0.0/en/index.html")


def test_a_page_that_the_other_version_lacks_is_said_to_be_missing(page: Page, address: str) -> None:
    page.goto(f"{address}/latest/en/added.html")
    expect(page.get_by_role("note")).to_have_text(
        "This is main, which is not released. The stable version is v1.0.0: "
        "it does not have this page, begin at its first page."
    )
    versions(page)
    item = page.locator(".ops-portal li").filter(has_text="v1.0.0")
    expect(item).to_contain_text("does not have this page")
    item.get_by_role("link").click()
    expect(page).to_have_url(f"{address}/v1.0.0/en/index.html")


def test_a_reader_goes_to_another_language_and_back(page: Page, address: str) -> None:
    page.goto(f"{address}/latest/en/index.html")
    page.locator(".ops-portal summary").filter(has_text="Language").click()
    page.get_by_role("link", name="Deutsch").click()
    expect(page).to_have_url(f"{address}/main/de/index.html")
    expect(page.get_by_role("heading", name="Wasserwerk")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "de"
    page.locator(".ops-portal summary").filter(has_text="Sprache").click()
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(f"{address}/main/en/index.html")


def test_the_menus_work_with_keys_alone_and_without_scripts(
    context: Callable[..., BrowserContext], address: str
) -> None:
    page = context(java_script_enabled=False).new_page()
    page.goto(f"{address}/latest/en/pumps.html")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-to-content")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="v1.0.0", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/v1.0.0/en/pumps.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 360])
def test_the_theme_stays_right_under_the_bar(
    context: Callable[..., BrowserContext], address: str, width: int, scheme: str
) -> None:
    page = context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True).new_page()
    page.goto(f"{address}/latest/en/pressure.html")
    versions(page)
    menu = page.locator(".ops-portal ul").first.bounding_box()
    assert menu and menu["x"] >= 0 and menu["x"] + menu["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(COVERED) == [], "something lies above the open menu"
    found = Axe().run(page, context=".ops-portal")
    assert found.violations_count == 0, found.generate_report()
    versions(page)
    page.mouse.wheel(0, 3000)
    page.wait_for_function("scrollY > 500")
    stuck = page.locator(".mobile-header" if width < 1000 else ".sidebar-sticky").first.bounding_box()
    assert stuck and stuck["y"] == 0, "the theme's bar does not stick to the window's edge"
    expect(page.locator(".ops-portal")).not_to_be_in_viewport()


def test_an_address_that_leads_nowhere_offers_the_search(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/stable/en/alerts/deep/Gone.html")
    page.get_by_role("searchbox").fill("pump")
    page.keyboard.press("Enter")
    expect(page.locator("[data-ops-search] a").first).to_be_visible()
    assert page.url.startswith(f"{address}/v1.0.0/en/search.html?q=pump")  # which stable is
    page.close()


def test_the_folder_works_from_a_disk(page: Page, water: Path) -> None:
    page.goto((water / "site/current/index.html").resolve().as_uri())
    page.wait_for_url("**/stable/en/index.html")
    versions(page)
    page.get_by_role("link", name="main").click()
    page.wait_for_url("**/main/en/index.html")
