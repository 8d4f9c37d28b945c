"""What a reader answers under a fix and on a page, in a real browser, with a real server and under the policy that is published."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Route, expect
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from tests.browser.conftest import EXT, ROOT, published_policy
from tests.toolkit.feedback import answer, served

from drillbook.cli import main
from drillbook.portal.feedback.answer import Answer, now, visible
from drillbook.portal.feedback.limits import Rate
from drillbook.portal.feedback.reviewing import LATEST
from drillbook.portal.feedback.routes import Settings
from drillbook.portal.feedback.store import open_store

PAYLOADS = (Path(__file__).parents[1] / "data" / "xss.txt").read_text(encoding="utf-8").splitlines()
FIX, SENDS = "fix LowPressure/start-pump", "**/-/feedback"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works, which asks its readers."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("asking") / "trees"))
    options = ["-D", "drillbook_feedback=/-/feedback", "-D", "release=2.1.0"]
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", *options, source, source / "_build"]
    subprocess.run(
        command, check=True, env={**os.environ, "PYTHONPATH": str(EXT), "PYTHONDONTWRITEBYTECODE": "1"}, timeout=120
    )
    return source / "_build"


class Strict(StaticFiles):
    """Pages under the policy that they are published with."""

    def __init__(self, site: Path) -> None:
        super().__init__(directory=site)
        self.policy = published_policy(site)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = self.policy
        return response


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "feedback.db"


@pytest.fixture
def site(asking: Path, database: Path) -> Iterator[str]:
    settings = Settings(origins=("null",), client=Rate(1000, 1000))
    with served(settings, database, Mount("/", Strict(asking))) as address:
        yield address


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """New readers; a page of theirs whose script fails, or that breaks the policy, fails the test."""
    opened: list[BrowserContext] = []
    errors: list[str] = []

    def new(**options: Any) -> BrowserContext:
        made = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        made.set_default_timeout(10_000)
        made.on("weberror", lambda error: errors.append(str(error.error)))
        made.on("console", lambda said: errors.append(said.text) if "violates the following" in said.text else None)
        opened.append(made)
        return made

    yield new
    for made in opened:
        made.close()
    assert not errors


@pytest.fixture
def page(reader: Callable[..., BrowserContext]) -> Page:
    return reader().new_page()


def place(page: Page, subject: str = FIX) -> Locator:
    return page.locator(f'.ops-feedback[data-subject="{subject}"]')


def stored(database: Path) -> list[Answer]:
    store = open_store(f"sqlite:///{database}", make=False)
    found = [one.answer for one in store.answers()]
    store.close()
    return found


def say(where: Locator, verdict: str = "No", text: str = "") -> None:
    where.get_by_role("button", name=verdict, exact=True).click()
    where.get_by_role("textbox").fill(text)
    where.get_by_role("button", name="Send", exact=True).click()


def test_an_answer_is_given_by_keyboard_and_says_nothing_of_the_reader(page: Page, site: str, database: Path) -> None:
    page.context.add_cookies([{"name": "session", "value": "hush", "url": site}])
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request) if request.method == "POST" else None)
    page.goto(f"{site}/pressure.html")
    asks = place(page)
    expect(asks.get_by_role("group", name="Did this fix it?")).to_be_visible()
    asks.get_by_role("button", name="Yes", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(asks.get_by_role("button", name="No", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    page.keyboard.type("It was the other pump.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(asks.get_by_role("status").first).to_have_text("Thank you. It is stored.")
    expect(asks.get_by_role("status").first).to_be_focused()
    expect(asks.get_by_role("textbox")).to_have_count(0)
    [one] = stored(database)
    assert one == Answer(one.key, "pressure", FIX, "no", "It was the other pump.", "2.1.0", "en")
    [request] = requests
    assert json.loads(request.post_data or "") == one._asdict()
    assert not {"cookie", "referer", "authorization"} & request.all_headers().keys()


def test_pages_and_procedures_ask_too(page: Page, site: str, database: Path) -> None:
    page.goto(f"{site}/pumps.html")
    for subject, question in (("procedure start-pump", "Did it work?"), ("page", "Was this page right?")):
        expect(place(page, subject).get_by_role("group", name=question)).to_be_visible()
        say(place(page, subject), "Yes")
        expect(place(page, subject).get_by_text("It is stored.")).to_be_visible()
    assert [(one.subject, one.verdict) for one in stored(database)] == [
        ("page", "yes"),
        ("procedure start-pump", "yes"),
    ]


def test_what_cannot_be_sent_is_kept_and_sent_when_the_reader_says_so(page: Page, site: str, database: Path) -> None:
    page.goto(f"{site}/pressure.html")
    page.context.set_offline(True)
    say(place(page), text="one")
    expect(place(page).get_by_text("Kept on this device (1).")).to_be_visible()
    say(place(page, "page"), text="two")
    expect(place(page, "page").get_by_text("Kept on this device (2).")).to_be_visible()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("2 could not be sent: there was no answer.")).to_be_visible()
    page.context.set_offline(False)
    page.goto(f"{site}/pumps.html")
    expect(page.get_by_text("Kept on this device (2).")).to_be_visible()
    assert stored(database) == [], "nothing is sent silently"
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("All of it is stored. Thank you.")).to_be_visible()
    expect(page.get_by_text("Kept on this device")).to_be_hidden()
    assert sorted(one.text for one in stored(database)) == ["one", "two"]
    page.reload()
    expect(page.get_by_role("button", name="Send now")).to_be_hidden()


def test_an_answer_whose_receipt_was_lost_is_stored_once(page: Page, site: str, database: Path) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(SENDS, lose)
    page.goto(f"{site}/pressure.html")
    say(place(page), text="one")
    expect(page.get_by_text("Kept on this device (1).")).to_be_visible()
    assert len(stored(database)) == 1
    page.unroute(SENDS)
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("All of it is stored.")).to_be_visible()
    assert len(stored(database)) == 1


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (429, '{"detail": "too many answers; send it later"}', "It was not taken: too many answers; send it later"),
        (201, "<h1>Log in</h1>", "It could not be sent. It is kept on this device."),
        (201, '{"stored": true, "key": "of another"}', "It could not be sent. It is kept on this device."),
        (502, "", "It could not be sent. It is kept on this device."),
    ],
)
def test_only_a_receipt_counts(status: int, body: str, says: str, page: Page, site: str) -> None:
    page.route(SENDS, lambda route: route.fulfill(status=status, body=body))
    page.goto(f"{site}/pressure.html")
    say(place(page))
    expect(place(page).get_by_role("status").first).to_contain_text(says)
    expect(page.get_by_text("Kept on this device (1).")).to_be_visible()
    page.get_by_role("button", name="Delete them").click()
    expect(page.get_by_text("Deleted.")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('drillbook-feedback'))") == []


def test_a_browser_that_keeps_nothing_sends_the_same_answer_again(page: Page, site: str, database: Path) -> None:
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full'); }")
    page.goto(f"{site}/pressure.html")
    page.route(SENDS, lambda route: (route.fetch(), route.abort()))
    say(place(page), text="one")
    expect(place(page).get_by_text("this browser keeps nothing. Try again.")).to_be_visible()
    page.unroute(SENDS)
    place(page).get_by_role("button", name="Send", exact=True).click()
    expect(place(page).get_by_text("It is stored.")).to_be_visible()
    assert len(stored(database)) == 1


@pytest.mark.parametrize("left", ["not JSON", "[1, null, {}]", '"text"', '{"a": 1}'])
def test_what_others_left_in_the_storage_does_no_harm(left: str, page: Page, site: str) -> None:
    page.goto(f"{site}/pressure.html")
    page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [f"drillbook-feedback:{site}/-/feedback", left])
    page.reload()
    expect(page.get_by_text("Kept on this device")).to_be_hidden()
    say(place(page))
    expect(place(page).get_by_text("It is stored.")).to_be_visible()


def test_a_page_that_is_a_file_keeps_first_and_sends_on_request(
    page: Page, site: str, asking: Path, database: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(asking, tmp_path / "copy"))
    file = copy / "pressure.html"
    page.goto(f"file://{file}")
    say(place(page), text="one")
    expect(page.get_by_text("Kept on this device (1).")).to_be_visible()
    expect(page.get_by_role("button", name="Copy them")).to_be_visible()
    expect(page.get_by_role("button", name="Send now")).to_have_count(0)  # it knows no address
    published = f'data-send="/-/feedback" data-published="{site}/-/feedback"'
    file.write_text(file.read_text().replace('data-send="/-/feedback"', published))
    page.goto(f"file://{file}")
    say(place(page), text="two")
    expect(page.get_by_text("Kept on this device (1).")).to_be_visible()
    assert stored(database) == []
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("All of it is stored.")).to_be_visible()
    assert [one.text for one in stored(database)] == ["two"]


def test_what_was_copied_can_be_imported(
    reader: Callable[..., BrowserContext], asking: Path, database: Path, tmp_path: Path
) -> None:
    context = reader()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"file://{asking}/pressure.html")
    say(place(page), text="one")
    page.get_by_role("button", name="Copy them").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    (tmp_path / "kept.json").write_text(page.evaluate("navigator.clipboard.readText()"))
    assert main(["feedback", "import", str(tmp_path / "kept.json"), "--database", f"sqlite:///{database}"]) == 0
    assert [one.text for one in stored(database)] == ["one"]


def test_without_scripts_and_on_paper_nobody_is_asked(reader: Callable[..., BrowserContext], asking: Path) -> None:
    page = reader(java_script_enabled=False).new_page()
    page.goto(f"file://{asking}/pressure.html")
    expect(page.locator(".ops-feedback:visible")).to_have_count(0)
    page = reader().new_page()
    page.goto(f"file://{asking}/pressure.html")
    expect(page.locator("li.ops-fix .ops-feedback:visible").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".ops-feedback:visible")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    width: int, scheme: Any, reader: Callable[..., BrowserContext], asking: Path
) -> None:
    page = reader(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto(f"file://{asking}/pressure.html")
    say(place(page), text="one")
    place(page, "page").get_by_role("button", name="No", exact=True).click()
    found = Axe().run(page, context={"include": [[".ops-feedback"]]}).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_nothing_on_the_page_of_the_review(reader: Callable[..., BrowserContext], tmp_path: Path) -> None:
    fill(tmp_path / "f.db", ["It was the pump."])
    page = reader(viewport={"width": 360, "height": 800}).new_page()
    with served(Settings(), tmp_path / "f.db") as address:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(f"{address}/-/feedback/review")
            found = Axe().run(page).response["violations"]
            assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 360


# hostile words


def dialogs(page: Page) -> list[str]:
    """What ran: each payload calls `alert`."""
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    return ran


def test_there_are_200_payloads_and_they_would_run(page: Page, tmp_path: Path) -> None:
    assert len(set(PAYLOADS)) >= 200
    ran = dialogs(page)
    (tmp_path / "raw.html").write_text("<!doctype html><meta charset=utf-8>" + "".join(PAYLOADS[65:80]))
    page.goto(f"file://{tmp_path}/raw.html")
    assert len(ran) > 5, "or the test sees nothing"


def fill(database: Path, payloads: list[str]) -> None:
    """Feedback with each payload as its text, and as what no server takes: its page, its subject and its version."""
    store = open_store(f"sqlite:///{database}")
    for payload in payloads:
        store.add(answer()._replace(page=payload, subject=payload, text=payload, version=payload), now())
    store.close()


OURS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "h1",
    "h2",
    "h3",
    "p",
    "div",
    "table",
    "thead",
    "tbody",
}
OURS |= {"tr", "th", "td", "a", "bdi", "article", "time"}


WITHOUT = pytest.mark.parametrize("without_policy", [False, True], ids=["with the policy", "without a policy"])


@WITHOUT
def test_no_payload_runs_on_the_page_of_the_review(
    without_policy: bool, reader: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    page = reader(bypass_csp=without_policy).new_page()
    ran = dialogs(page)
    for start in range(0, len(PAYLOADS), LATEST):
        batch = PAYLOADS[start : start + LATEST]
        fill(tmp_path / f"{start}.db", batch)
        with served(Settings(), tmp_path / f"{start}.db") as address:
            page.goto(f"{address}/-/feedback/review")
            texts = page.locator(".text").all_text_contents()
            assert sorted(texts) == sorted(map(visible, batch)), "each is shown, as text"
            names = page.evaluate("[...document.querySelectorAll('*')].map(each => each.localName)")
            assert set(names) <= OURS
            attributes = page.evaluate(
                "[...document.querySelectorAll('body *')].flatMap(each => each.getAttributeNames())"
            )
            assert set(attributes) <= {"class", "role", "aria-label", "tabindex", "href", "rel", "datetime", "dir"}
            links = page.evaluate("[...document.links].map(link => link.protocol + '//' + link.host)")
            assert set(links) == {address}
    assert ran == []


def test_no_payload_runs_in_an_export(page: Page, database: Path, tmp_path: Path) -> None:
    fill(database, PAYLOADS)
    ran = dialogs(page)
    for form, name in (("--json", "f.json"), ("--csv", "f.txt")):
        assert main(["feedback", "export", form, str(tmp_path / name), "--database", f"sqlite:///{database}"]) == 0
        page.goto(f"file://{tmp_path / name}")
        assert "<script>alert(1)</script>" in page.locator("body").inner_text()
    assert ran == []


@WITHOUT
def test_no_payload_of_a_server_or_of_the_storage_runs_on_a_page(
    without_policy: bool, reader: Callable[..., BrowserContext], asking: Path, tmp_path: Path
) -> None:
    page = reader(bypass_csp=without_policy).new_page()
    ran = dialogs(page)
    with served(Settings(), tmp_path / "f.db", Mount("/", Strict(asking))) as site:
        page.goto(f"{site}/pressure.html")
        kept = [answer()._replace(text=payload)._asdict() for payload in PAYLOADS]
        page.evaluate(
            "([key, kept]) => localStorage.setItem(key, JSON.stringify(kept))",
            [f"drillbook-feedback:{site}/-/feedback", kept],
        )
        told = iter(PAYLOADS)
        page.route(SENDS, lambda route: route.fulfill(status=400, json={"detail": next(told)}))
        page.reload()
        page.get_by_role("button", name="Send now").click()
        expect(page.get_by_text(f"{len(PAYLOADS)} could not be sent: {PAYLOADS[-1]}")).to_be_visible(timeout=60_000)
    assert ran == []
