import pytest
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def address(served: str) -> str:
    return f"{served}/pumps.html"


def command(page: Page) -> Locator:
    return page.locator("pre").first


OPEN = (
    "$ ./pump start {{ pump }} --station={{ station }} --level {{ level }} "
    "--name pump-{{ pump }}.{{ station }} --log /var/log/pumps"
)


def test_every_command_of_the_page_follows_what_is_filled_in(page: Page, address: str) -> None:
    page.goto(address)
    expect(command(page)).to_contain_text(OPEN)
    page.get_by_label("pump", exact=True).fill("7")
    page.get_by_label("station", exact=True).fill("south-2")
    page.get_by_label("level", exact=True).fill("1.5")
    expect(command(page)).to_contain_text(
        "$ ./pump start 7 --station=south-2 --level 1.5 --name pump-7.south-2 --log /var/log/pumps"
    )
    expect(page.locator("pre").nth(2)).to_have_text("$ ./pump stop 7\n")
    expect(page.locator(".ops-title", has_text="Start pump")).to_have_text("Start pump 7")


REFUSED = [
    ("pump", "0", "pump must be at least 1"),
    ("pump", "13", "pump must be at most 12"),
    ("pump", "1.5", "pump must be a whole number"),
    ("pump", "1e1", "pump must be a whole number"),
    ("level", "0.4", "level must be at least 0.5"),
    ("station", "x; rm -rf /", "station must be one word of letters"),
    ("station", "$(reboot)", "station must be one word of letters"),
    ("station", "north", "station must match [a-z]+-\\d"),
    ("station", "north-12", "station must match [a-z]+-\\d"),
]


def test_a_value_that_is_not_allowed_never_reaches_a_command(page: Page, address: str) -> None:
    page.goto(address)
    for blank, value, message in REFUSED:
        field = page.get_by_label(blank, exact=True)
        field.fill("")
        field.press_sequentially(value)
        field.blur()
        expect(page.get_by_role("alert").filter(has_text=message)).to_be_visible()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(command(page)).to_contain_text(OPEN)
    page.reload()
    expect(command(page)).to_contain_text(OPEN)


def test_a_message_moves_nothing_so_that_the_click_after_it_meets(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text("0 of 5")).to_be_visible()
    below = page.locator(".ops-ticked")
    before = below.evaluate("list => list.getBoundingClientRect().top + scrollY")
    for blank, value in (("pump", "99"), ("station", "no such station")):
        page.get_by_label(blank, exact=True).fill(value)
        page.get_by_label(blank, exact=True).blur()
        expect(page.get_by_role("alert").filter(has_text=f"{blank} must be")).to_be_visible()
    assert below.evaluate("list => list.getBoundingClientRect().top + scrollY") == before


def test_a_value_is_kept_for_the_page_until_it_is_cleared(page: Page, address: str) -> None:
    page.goto(address)
    field = page.get_by_label("pump", exact=True)
    field.fill("7")
    page.reload()
    expect(field).to_have_value("7")
    expect(command(page)).to_contain_text("./pump start 7")
    page.get_by_role("button", name="Clear pump").click()
    expect(field).to_be_focused()
    expect(command(page)).to_contain_text(OPEN)
    page.reload()
    expect(field).to_have_value("")
    assert page.evaluate("localStorage.getItem('drillbook-blanks:/pumps.html')") is None


def test_a_kept_value_that_the_blank_no_longer_allows_is_not_used(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("""localStorage.setItem('drillbook-blanks:/pumps.html', '{"pump": "99", "station": {"a": 1}}')""")
    page.reload()
    expect(page.get_by_role("alert").filter(has_text="pump must be at most 12")).to_be_visible()
    expect(command(page)).to_contain_text(OPEN)


def test_what_others_left_in_the_storage_does_no_harm(page: Page, address: str) -> None:
    leave = "kept => ['blanks', 'ticks'].forEach(of => localStorage.setItem(`drillbook-${of}:/pumps.html`, kept))"
    page.goto(address)
    for kept in ("not JSON", "[1]", "null", '"text"', '{"__proto__": 1}'):
        page.evaluate(leave, kept)
        page.reload()
        page.get_by_label("pump", exact=True).fill("3")
        expect(command(page)).to_contain_text("./pump start 3")
        page.get_by_label("The book says what was done").check()
        expect(page.get_by_text("1 of 5")).to_be_visible()


def test_a_browser_that_keeps_nothing_fills_and_ticks_all_the_same(page: Page, address: str) -> None:
    page.add_init_script(
        "for (const name of ['getItem', 'setItem', 'removeItem'])"
        " { const own = Storage.prototype[name]; Storage.prototype[name] = function (key, ...rest) {"
        " if (key.startsWith('drillbook')) { throw new DOMException('full'); } return own.call(this, key, ...rest); }; }"
    )
    page.goto(address)
    page.get_by_label("pump", exact=True).fill("3")
    expect(command(page)).to_contain_text("./pump start 3")
    page.get_by_label("The book says what was done").check()
    expect(page.get_by_text("1 of 5")).to_be_visible()


def test_the_copy_button_copies_the_filled_command(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("pump", exact=True).fill("7")
    block = page.locator("div.highlight").first
    block.hover()
    block.locator("button.copybtn").click()
    expect(block.locator("button.copybtn.success")).to_be_attached()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("./pump start 7 --station={{ station }} --level")


def test_ticks_are_counted_kept_and_unticked(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text("0 of 5")).to_be_visible()
    page.get_by_label("the small one").check()
    page.get_by_text("The book says what was done").click()
    expect(page.get_by_text("2 of 5")).to_be_visible()
    page.reload()
    expect(page.get_by_label("the small one")).to_be_checked()
    expect(page.get_by_text("2 of 5")).to_be_visible()
    page.get_by_role("button", name="Untick all").click()
    expect(page.get_by_text("0 of 5")).to_be_visible()
    expect(page.get_by_role("button", name="Untick all")).to_be_disabled()
    page.reload()
    expect(page.get_by_label("the small one")).not_to_be_checked()


def test_a_link_in_an_item_leads_somewhere_and_ticks_nothing(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="chamber").click()
    expect(page).to_have_url(f"{address}#valves")
    expect(page.get_by_text("0 of 5")).to_be_visible()
