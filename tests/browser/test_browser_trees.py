import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

NOW = "2026-03-01T03:15:00Z"
QUESTION = "Do all pumps of the district run?"
PRESSURE = "Is the pressure still below what was agreed, at this moment?"
VALVE = "Is the main valve open?"


def tree(page: Page, name: str = "LowPressure") -> Locator:
    return page.locator(f"#tree-{name}")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def start(page: Page, address: str) -> None:
    page.goto(address)
    tree(page).get_by_role("button", name="Step through").click()
    expect(shown(page)).to_have_text([QUESTION])


def shown(page: Page) -> Locator:
    """The titles of the steps that the first tree shows."""
    return tree(page).locator("li.ops-node:visible > .ops-title")


def shown_step(page: Page) -> Locator:
    return tree(page).locator("li.ops-node:visible")


@pytest.fixture
def address(served: str) -> str:
    return f"{served}/pressure.html"


def test_a_tree_is_shown_whole_until_a_reader_steps_through_it(page: Page, address: str) -> None:
    page.goto(address)
    expect(shown(page)).to_have_count(7)
    expect(tree(page).locator(".ops-choice:visible")).to_have_count(0)
    button(page, "Step through").first.click()
    expect(shown(page)).to_have_text([QUESTION])
    expect(tree(page).locator(".ops-answers:visible")).to_have_count(0)
    expect(tree(page, "PumpStopped").locator("li.ops-node:visible")).to_have_count(3)


def test_a_mouse_answers_and_goes_back(page: Page, address: str) -> None:
    start(page, address)
    button(page, "All run the exit status is 0").click()
    expect(shown(page)).to_have_text([PRESSURE])
    button(page, "Still low").click()
    expect(shown(page)).to_have_text([VALVE])
    trail = page.get_by_role("navigation", name="Answers so far")
    expect(trail.get_by_role("listitem")).to_have_text([f"{QUESTION} All run", f"{PRESSURE} Still low"])
    button(page, "Back").click()
    expect(shown(page)).to_have_text([PRESSURE])
    button(page, "Still low").click()
    trail.get_by_role("link", name=QUESTION).click()
    expect(shown(page)).to_have_text([QUESTION])
    button(page, "Back").click()
    expect(shown(page)).to_have_count(7)


def test_a_keyboard_alone_is_enough(page: Page, address: str) -> None:
    page.goto(address)
    button(page, "Step through").first.focus()
    page.keyboard.press("Enter")
    expect(shown(page)).to_have_text([QUESTION])
    expect(shown(page)).to_be_focused()
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.ops-choice')"):
            break
    expect(button(page, "All run")).to_be_focused()
    page.keyboard.press("Space")
    expect(shown(page)).to_have_text([PRESSURE])
    expect(shown(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(shown(page)).to_have_count(7)
    expect(button(page, "Step through").first).to_be_focused()


def test_a_step_keeps_its_number_and_says_how_many_answers_were_given(page: Page, address: str) -> None:
    start(page, address)
    button(page, "One has stopped").click()
    expect(shown(page)).to_have_text(["Fix: A pump has stopped."])
    assert tree(page).locator("li.ops-node:visible").evaluate("item => item.value") == 4
    expect(tree(page).get_by_role("status")).to_have_text("Step 4. Answers so far: 1.")


def test_a_colleague_who_gets_the_address_sees_the_same(
    page: Page, address: str, context: Callable[..., BrowserContext]
) -> None:
    page.clock.set_fixed_time(NOW)
    start(page, address)
    button(page, "All run").click()
    button(page, "Still low").click()
    expect(shown(page)).to_have_text([VALVE])
    colleague = context().new_page()
    colleague.goto(page.url)
    expect(shown(colleague)).to_have_text([VALVE])
    expect(shown(colleague)).to_be_focused()
    expect(colleague.locator(".ops-trail li")).to_have_count(2)
    expect(shown(colleague)).to_be_in_viewport()


def test_a_damaged_address_shows_as_much_as_it_says(page: Page, address: str) -> None:
    page.goto(address)
    for written in ("9", "1.zzz/99", "x/../1", "1.abcdef/3/<script>", "%E0%A4%A", "0", "-1", "1e0/__proto__", "1.5"):
        page.evaluate("written => { location.hash = `#tree-LowPressure/${written}`; }", written)
        expect(shown(page)).to_have_count(1)


def test_the_browsers_own_way_back_and_forward_works(page: Page, address: str) -> None:
    start(page, address)
    button(page, "All run").click()
    expect(shown(page)).to_have_text([PRESSURE])
    page.go_back()
    expect(shown(page)).to_have_text([QUESTION])
    page.go_back()
    expect(shown(page)).to_have_count(7)
    page.go_forward()
    page.go_forward()
    expect(shown(page)).to_have_text([PRESSURE])


def test_an_address_of_one_step_shows_the_whole_tree_there(page: Page, address: str) -> None:
    page.goto(f"{address}#tree-LowPressure-call")
    expect(shown(page)).to_have_count(7)
    expect(page.locator("#tree-LowPressure-call")).to_be_in_viewport()
    start(page, address)
    page.evaluate("location.hash = '#tree-LowPressure-call'")
    expect(shown(page)).to_have_count(7)
    expect(page.locator("#tree-LowPressure-call")).to_be_in_viewport()


def test_only_one_of_two_trees_is_stepped_through(page: Page, address: str) -> None:
    start(page, address)
    tree(page, "PumpStopped").get_by_role("button", name="Step through").click()
    expect(tree(page, "PumpStopped").locator("li.ops-node:visible")).to_have_count(1)
    expect(shown(page)).to_have_count(7)


def test_an_answer_that_leads_to_another_tree_is_a_link(page: Page, address: str) -> None:
    start(page, address)
    link = page.get_by_role("link", name=re.compile("The command gives no answer .* go to the tree PumpStopped"))
    link.click()
    expect(page).to_have_url(f"{address}#tree-PumpStopped")
    expect(shown(page)).to_have_count(7)
    expect(tree(page, "PumpStopped")).to_be_in_viewport()


def test_the_drawing_shows_where_one_is_and_leads_back(page: Page, address: str) -> None:
    start(page, address)
    drawing = page.get_by_role("group", name="Overview of Low pressure in a district")
    expect(drawing.get_by_role("link")).to_have_count(8)
    button(page, "All run").click()
    expect(drawing.locator("[aria-current=step]")).to_have_attribute("aria-label", f"Step 2. Check: {PRESSURE}")
    expect(drawing.locator(".ops-been")).to_have_count(2)
    drawing.get_by_role("link", name=QUESTION).click()
    expect(shown(page)).to_have_text([QUESTION])
    drawing.get_by_role("link", name="The main valve is closed").click()
    expect(page).to_have_url(f"{address}#tree-LowPressure-open-valve")
    expect(shown(page)).to_have_count(7)
    expect(drawing.locator("[aria-current]")).to_have_count(0)


def test_on_a_telephone_the_drawing_begins_with_the_first_question(
    context: Callable[..., BrowserContext], address: str
) -> None:
    page = context(viewport={"width": 240, "height": 800}).new_page()
    page.goto(address)
    drawing = tree(page).locator(".ops-scroll")
    assert drawing.evaluate("frame => frame.scrollWidth > frame.clientWidth"), "it is wider than the page"
    frame, box = drawing.bounding_box(), drawing.get_by_role("link", name=QUESTION).bounding_box()
    assert frame and box
    assert frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]


LOG = f"""\
Incident log: Low pressure in a district (times in UTC)
ADDRESS

2026-03-01T03:15:00Z Step 1. {QUESTION}
    $ ./pump status --district north
    -> All run (the exit status is 0)
2026-03-01T03:16:30Z Step 2. {PRESSURE}
    water:pressure_ratio
    -> Still low (the value is below 0.6)
2026-03-01T03:16:30Z Now at step 3. {VALVE}
"""


def to_the_valve(page: Page, address: str) -> None:
    page.clock.set_fixed_time(NOW)
    page.goto(address)
    page.get_by_role("combobox", name="district").select_option("north")
    start(page, address)
    button(page, "All run").click()
    expect(shown(page)).to_have_text([PRESSURE])
    page.clock.set_fixed_time("2026-03-01T03:16:30Z")
    button(page, "Still low").click()
    expect(shown(page)).to_have_text([VALVE])


def test_the_incident_log_has_utc_times_commands_and_answers(page: Page, address: str) -> None:
    to_the_valve(page, address)
    button(page, "Copy as incident log").click()
    expect(tree(page).get_by_role("status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == LOG.replace("ADDRESS", page.url)


def test_the_log_is_copied_without_the_clipboard_of_secure_pages(page: Page, site: Path) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.add_init_script("document.addEventListener('copy', () => { window.copied = `${getSelection()}`; })")
    to_the_valve(page, f"file://{site}/pressure.html")
    button(page, "Copy as incident log").click()
    expect(tree(page).get_by_role("status")).to_have_text("Copied.")
    assert page.evaluate("window.copied").strip() == LOG.replace("ADDRESS", page.url).strip()
    expect(page.get_by_label("Incident log")).to_have_count(0)


def test_the_log_can_be_copied_by_hand_when_the_browser_does_not_let_a_page_copy(page: Page, address: str) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.add_init_script("document.execCommand = () => false")
    to_the_valve(page, address)
    button(page, "Copy as incident log").click()
    expect(page.get_by_label("Incident log")).to_have_value(LOG.replace("ADDRESS", page.url))
    expect(page.get_by_label("Incident log")).to_be_focused()


def test_a_tree_works_from_a_file(page: Page, site: Path) -> None:
    start(page, f"file://{site}/pressure.html")
    button(page, "One has stopped").click()
    expect(shown(page)).to_have_text(["Fix: A pump has stopped."])
    page.reload()
    expect(shown(page)).to_have_text(["Fix: A pump has stopped."])
    shown_step(page).get_by_role("link", name="Start a pump").click()
    expect(page.locator("#procedure-start-pump")).to_be_in_viewport()


def test_hostile_words_are_only_words(page: Page, served: str) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{served}/hostile.html")
    button(page, "Step through").click()
    button(page, "alert(2)").click()
    expect(page.locator("li.ops-node:visible")).to_contain_text("]]></svg><script>alert(5)</script>")
    expect(page.locator(".ops-trail")).to_contain_text("<script>alert(1)</script>")
    assert page.locator(".ops script, .ops img, .ops [onload]").count() == 0
    assert not dialogs
