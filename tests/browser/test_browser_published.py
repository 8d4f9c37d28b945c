"""Two releases in three languages are published by one command, and a reader goes the whole way: from an entry of the
feed to the step that changed, to another version and language there, through their searches, to an answer that counts."""

import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest
from lxml import etree
from playwright.sync_api import Page, expect
from tests.browser.conftest import EXT, ROOT, portal
from tests.browser.works import translate, water_works
from tests.toolkit.publishing import commit, publish

from drillbook.cli import main
from drillbook.portal.feedback.limits import Rate
from drillbook.portal.feedback.routes import Settings, routes
from drillbook.portal.feedback.store import open_store

pytestmark = pytest.mark.usefixtures("only_an_icon_may_be_missing")
PORTAL = """
import sys
sys.path.insert(0, {ext!r})
release = {release!r}
drillbook_feedback = "/-/feedback"
drillbook_portal = {{"url": {url!r}, "languages": ["en", "de", "zh_CN"], "python": {python!r}}}
html_static_path = []
gettext_compact = False
"""
TITLES = {"de": "Wasserwerk", "zh_CN": "自来水厂"}
OLD, NEW = "$ ./pump start ", "$ ./pump begin "
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def listening() -> Iterator[socket.socket]:
    """Where the manual will be: its address stands in its feeds."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


@pytest.fixture(scope="module")
def url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="module")
def works(url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works: v1.0.0, and v1.1.0, in which a step is another; nothing is built yet."""
    folder = tmp_path_factory.mktemp("published") / "works"
    source = water_works(folder)
    for language, title in TITLES.items():
        translate(source, language, title)
    conf, pumps = (ROOT / "conf.py").read_text(), (source / "pumps.md").read_text()
    assert OLD in pumps
    for release, text in (("v1.0.0", pumps), ("v1.1.0", pumps.replace(OLD, NEW))):
        said = PORTAL.format(ext=str(EXT), release=release, url=url, python=sys.executable)
        (folder / "conf.py").write_text(conf + said)
        (source / "pumps.md").write_text(text)
        commit(folder, release)
    return folder


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('answers') / 'answers.db'}"


@pytest.fixture(scope="module")
def published(works: Path, url: str, listening: socket.socket, database: str) -> Iterator[str]:
    """The address, once it is published and served."""
    assert publish(works) == 0
    with closing(open_store(database, make=True)) as store:
        taken = routes(store, Settings(client=Rate(100, 100)))
        with portal(works / "site", *taken, listening=listening) as address:
            assert address == url
            yield address


def choose(page: Page, menu: int, name: str) -> None:
    page.locator(".ops-portal summary").nth(menu).click()
    page.locator(".ops-portal li a").filter(has_text=name).locator("visible=true").first.click()


def found(page: Page, query: str, place: str) -> None:
    """A search on any page leads to what stands in *place*."""
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.locator("dialog .ops-search-input").fill(query)
    expect(page.locator(f'dialog .ops-search-result[href*="{place}"]').first).to_be_visible()
    page.keyboard.press("Escape")


def test_a_reader_goes_from_the_feed_to_the_step_and_is_heard(
    page: Page, published: str, works: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with urlopen(f"{published}/feeds/all.xml") as answer:
        feed = etree.parse(answer)
    entries = {
        entry.findtext("a:title", namespaces=ATOM): entry.find("a:link", ATOM).get("href")
        for entry in feed.iterfind("a:entry", ATOM)
    }
    (step,) = [link for title, link in entries.items() if "command changed" in title]
    assert step.startswith(f"{published}/v1.1.0/en/pumps.html#")
    page.goto(step)
    target = page.locator(":target")
    expect(target).to_be_visible()
    expect(target.locator("xpath=ancestor-or-self::li[1]")).to_contain_text("./pump begin")
    found(page, "water works", "index.html")

    anchor = step.partition("#")[2]
    choose(page, 0, "v1.0.0")
    expect(page).to_have_url(f"{published}/v1.0.0/en/pumps.html#{anchor}")
    expect(page.locator("article")).to_contain_text("./pump start")
    expect(target).to_be_in_viewport()

    for language, title in TITLES.items():
        choose(page, 1, {"de": "Deutsch", "zh_CN": "中文"}[language])
        expect(page).to_have_url(f"{published}/v1.0.0/{language}/pumps.html#{anchor}")
        expect(page.locator("html")).to_have_attribute("lang", language.replace("_", "-"))
        expect(target).to_be_in_viewport()
        found(page, title, "index.html")

    page.goto(step)
    for _ in range(2):  # two readers
        asked = page.locator("div.ops-feedback[data-page]")
        asked.get_by_role("button", name="No").click()
        asked.get_by_role("textbox").fill("The word is start.")
        asked.get_by_role("button", name="Send").click()
        expect(asked).to_contain_text("stored")
        page.evaluate("localStorage.clear()")
        page.reload()
    data = works / "site" / "current" / "v1.1.0" / "en" / "ops.json"
    places = ("--data", str(data), "--evidence", str(works / "source" / "evidence"))
    capsys.readouterr()
    assert main(["review", *places, "--feedback", database]) == 1
    assert capsys.readouterr().out.startswith("doubted  page pumps: 2 of 2 readers say No.")
    page.goto(f"{published}/-/feedback/review")
    expect(page.locator("body")).to_contain_text("The word is start.")
