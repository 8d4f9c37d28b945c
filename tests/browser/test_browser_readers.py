"""Every reader: without scripts, on a telephone, in the dark, on paper, with a screen reader, under a strict policy."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

PAGES = ("pressure.html", "pumps.html", "hostile.html")
OURS = [[".ops"], [".ops-blank"], [".ops-severities"]]
STEPPED = "#tree-LowPressure/1"


def test_without_scripts_everything_can_be_read_and_followed(
    context: Callable[..., BrowserContext], site: Path
) -> None:
    page = context(java_script_enabled=False).new_page()
    page.goto(f"file://{site}/pressure.html")
    expect(page.locator("#tree-LowPressure li.ops-node:visible")).to_have_count(7)
    expect(page.locator(".ops button:visible, .ops-input:visible")).to_have_count(0)
    page.locator("#tree-LowPressure .ops-answers").first.get_by_role("link", name="go to step 4").click()
    expect(page).to_have_url(f"file://{site}/pressure.html#tree-LowPressure-start-pump")
    page.goto(f"file://{site}/pumps.html")
    page.get_by_label("the small one").check()
    expect(page.locator("pre").first).to_contain_text("./pump start {{ pump }}")


def test_a_strict_policy_finds_nothing_of_ours(page: Page, served: str) -> None:
    # `data` are the icons of the theme
    page.add_init_script(
        "window.violations = []; document.addEventListener('securitypolicyviolation', event =>"
        " event.blockedURI === 'data' || violations.push(`${event.violatedDirective} ${event.sourceFile} ${event.sample}`))"
    )
    for name in PAGES:
        page.goto(f"{served}/{name}")
        if name == "pumps.html":
            page.get_by_label("pump", exact=True).fill("99")
            page.get_by_label("the small one").check()
        else:
            page.get_by_role("button", name="Step through").first.click()
            page.locator(".ops-choice:visible").first.click()
        expect(page.locator(".ops button:visible").first).to_be_visible()
        assert page.evaluate("violations") == []


@pytest.mark.parametrize("width", [360, 390, 768])
def test_no_page_is_wider_than_its_screen(context: Callable[..., BrowserContext], site: Path, width: int) -> None:
    page = context(viewport={"width": width, "height": 800}).new_page()
    for name in (*PAGES, f"pressure.html{STEPPED}"):
        page.goto(f"file://{site}/{name}")
        expect(page.locator(".ops button:visible").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def complaints(page: Page, where: list[list[str]] | None = OURS, theirs: Sequence[list[str]] = ()) -> list[Any]:
    """What axe finds there, or, without a place, on the whole page; but for what is *theirs*, not ours."""
    places = {name: list(given) for name, given in (("include", where), ("exclude", theirs)) if given}
    found = Axe().run(page, context=places or None).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_what_is_ours(context: Callable[..., BrowserContext], served: str, scheme: str) -> None:
    page = context(color_scheme=scheme).new_page()
    for name in (*PAGES, f"pressure.html{STEPPED}", f"pressure.html{STEPPED}/2"):
        page.goto("about:blank")
        page.goto(f"{served}/{name}")
        expect(page.locator(".ops button:visible").first).to_be_visible()
        if name == "pumps.html":
            page.get_by_label("pump", exact=True).fill("99")
            page.get_by_label("pump", exact=True).blur()
            expect(page.get_by_role("alert").filter(has_text="at most 12")).to_be_visible()
        assert complaints(page) == []


def test_axe_finds_nothing_on_a_telephone(context: Callable[..., BrowserContext], served: str) -> None:
    page = context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{served}/pressure.html{STEPPED}")
    expect(page.locator(".ops-choice:visible").first).to_be_visible()
    assert complaints(page) == []


def test_paper_gets_lines_to_write_on_and_no_buttons(page: Page, site: Path) -> None:
    page.goto(f"file://{site}/pumps.html")
    page.get_by_label("pump", exact=True).fill("7")
    page.emulate_media(media="print")
    expect(page.locator(".ops :is(button, .ops-input):visible")).to_have_count(0)
    lines = page.locator(".ops-blank-line")
    expect(lines).to_have_text(["Fill in: 7", "Fill in: {{ station }}", "Fill in: {{ level }}"])
    expect(lines.last).to_be_visible()
    line = page.locator("pre .ops-fill[data-blank=station]").first
    assert line.evaluate("line => getComputedStyle(line).borderBottomStyle") == "solid"
    assert line.evaluate("line => line.getBoundingClientRect().width") > 100
    assert page.locator("pre").first.evaluate("pre => pre.scrollWidth <= pre.clientWidth")


PAPER = """
    <div class="highlight"><pre>$ {long}</pre></div>
    <style>.sd-tab-content {{ display: none }} input:checked + label + .sd-tab-content {{ display: block }}</style>
    <div class="sd-tab-set">
      <input type="radio" name="t" checked><label class="sd-tab-label">One</label><div class="sd-tab-content">first</div>
      <input type="radio" name="t"><label class="sd-tab-label">Two</label><div class="sd-tab-content">second</div>
    </div>""".format(long="word " * 60)


def test_paper_wraps_long_lines_and_shows_every_tab(page: Page, site: Path) -> None:
    page.goto(f"file://{site}/pumps.html")
    page.locator("article").evaluate("(article, html) => article.insertAdjacentHTML('afterbegin', html)", PAPER)
    line, second = page.locator("pre").first, page.get_by_text("second", exact=True)
    assert line.evaluate("pre => pre.scrollWidth > pre.clientWidth")
    expect(second).to_be_hidden()
    page.emulate_media(media="print")
    assert line.evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    expect(second).to_be_visible()


def test_paper_gets_the_whole_tree_also_in_the_middle_of_it(page: Page, site: Path) -> None:
    page.goto(f"file://{site}/pressure.html{STEPPED}")
    expect(page.locator("#tree-LowPressure li.ops-node:visible")).to_have_count(1)
    page.emulate_media(media="print")
    expect(page.locator("#tree-LowPressure li.ops-node:visible")).to_have_count(7)
    expect(page.locator("#tree-LowPressure").get_by_text("go to step 4")).to_be_visible()
    expect(page.locator(".ops-bar:visible, .ops-choices:visible, .ops button:visible")).to_have_count(0)
    expect(page.locator("svg.ops-drawing").first).to_be_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
