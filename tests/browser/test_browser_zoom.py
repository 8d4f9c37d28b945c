"""Drawings in a browser: everybody can make them larger, move in them, and follow their links."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.browser.test_browser_readers import complaints


@pytest.fixture
def tree(context: Callable[..., BrowserContext], site: Path) -> Page:
    page = context().new_page()
    page.goto((site / "pressure.html").as_uri())
    return page


def frame(page: Page) -> Locator:
    return page.locator("div.ops-scroll").first


def width(page: Page) -> float:
    return float(page.locator("div.ops-scroll > svg").first.evaluate("svg => svg.getBoundingClientRect().width"))


def test_buttons_make_it_larger_and_smaller_and_say_how_large(tree: Page) -> None:
    fitted = width(tree)
    bar = tree.locator(".ops-zoom").first
    expect(bar.get_by_role("button", name="Smaller")).to_be_disabled()
    bar.get_by_role("button", name="Larger").click()
    assert width(tree) == pytest.approx(1.5 * fitted, rel=0.01)
    expect(bar.locator(".ops-zoom-said")).to_have_text("150 %")
    for _ in range(8):
        if bar.get_by_role("button", name="Larger").is_enabled():
            bar.get_by_role("button", name="Larger").click()
    assert width(tree) == pytest.approx(8 * fitted, rel=0.01)
    bar.get_by_role("button", name="Fit the page").click()
    assert width(tree) == pytest.approx(fitted, rel=0.01)


def test_a_keyboard_is_enough(tree: Page) -> None:
    fitted = width(tree)
    frame(tree).focus()
    tree.keyboard.press("+")
    tree.keyboard.press("+")
    assert width(tree) > 2 * fitted
    before = frame(tree).evaluate("frame => frame.scrollLeft")
    tree.keyboard.press("ArrowRight")
    tree.wait_for_function("before => document.querySelector('div.ops-scroll').scrollLeft > before", arg=before)
    tree.keyboard.press("0")
    assert width(tree) == pytest.approx(fitted, rel=0.01)


def test_a_mouse_drags_and_a_click_still_opens_a_link(tree: Page) -> None:
    tree.locator(".ops-zoom").first.get_by_role("button", name="Larger").click()
    frame(tree).scroll_into_view_if_needed()
    box = frame(tree).bounding_box()
    assert box
    left = frame(tree).evaluate("frame => frame.scrollLeft")
    tree.mouse.move(box["x"] + 100, box["y"] + 60)
    tree.mouse.down()
    tree.mouse.move(box["x"] + 160, box["y"] + 60, steps=4)
    tree.mouse.up()
    assert frame(tree).evaluate("frame => frame.scrollLeft") == pytest.approx(left - 60, abs=2)
    link = frame(tree).locator("a").first
    target = link.get_attribute("href")
    link.click()
    assert target and tree.url.endswith(target)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [360, 1280])
def test_everybody_can_use_it(context: Callable[..., BrowserContext], served: str, scheme: str, wide: int) -> None:
    page = context(viewport={"width": wide, "height": 800}, color_scheme=scheme).new_page()
    page.goto(f"{served}/pressure.html")
    frame(page).focus()
    page.keyboard.press("+")
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    page.emulate_media(media="print")
    expect(page.locator(".ops-zoom").first).to_be_hidden()
