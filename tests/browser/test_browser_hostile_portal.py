"""What comes from outside is text in the portal, too: in the bar, on its own pages, and in the feeds.

Each test is run under the policy that is published with the pages, and without any.
"""

import json
import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import etree
from playwright.sync_api import ConsoleMessage, Page, expect
from tests.browser import conftest
from tests.browser.conftest import portal
from tests.browser.hostile import PAYLOADS, as_file, batches, edition

from drillbook.live.facts import Place
from drillbook.portal.building import Build
from drillbook.portal.look import look
from drillbook.portal.moved import Moved
from drillbook.portal.plan import Plan
from drillbook.portal.release import new_release, seal, switch
from drillbook.portal.site import Parts, assemble
from drillbook.portal.versions import Kind, Version, ordered

URL = "https://manual.example"
ATOM = "{http://www.w3.org/2005/Atom}"
PAGE = "<!doctype html><html lang=en><head><title>Page</title></head><body><h1 id=top>Page</h1></body></html>"
PARTS = {"feed", "id", "title", "updated", "author", "name", "link", "generator", "entry", "category", "content"}
NAMES = PAYLOADS[::5]  # each is a file, and one of them takes a while
STABLE, CHANGED, LANGUAGES = "v1.0.0", "branch-0", ("en", "de")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published folder: an enemy gave the project, the branches, the pages and what changes their names."""
    folder = tmp_path_factory.mktemp("enemy")
    made = "2026-11-01T00:00:00Z"
    stable = Version(STABLE, STABLE, Kind.RELEASE, "0" * 40, made, LANGUAGES)
    versions = [stable]
    versions += [
        Version(f"branch-{number}", " ".join(some), Kind.BRANCH, "0" * 40, made, LANGUAGES)
        for number, some in enumerate(batches(25))
    ]
    moved = {f"old/{number}.html": f"index.html#{' '.join(some)}" for number, some in enumerate(batches(25))}
    plan = Plan(
        title=" ".join(PAYLOADS), url=URL, tags=("v*",), branches=("*",), keep_versions=9, languages=LANGUAGES,
        setup="", python="", deployed="", keep_releases=1, redirects=moved, feedback="", confdir=folder,
        suffixes=(".md",), excluded=(), source=Path(), place=Place("conf.py"), redirects_place=Place("conf.py"),
    )  # fmt: skip
    builds = [built(folder, version, language) for version in versions for language in LANGUAGES]
    published = folder / "site"
    with new_release(published) as release:
        parts = Parts(plan, ordered(versions), builds, Moved(moved), published / "current")
        switch(published, release, seal(release, assemble(release, parts, {}), "plan"))
    return published


def built(folder: Path, version: Version, language: str) -> Build:
    """A version in a language; the stable one is before all, and one branch has a page for each payload."""
    place = folder / version.name / language
    place.mkdir(parents=True)
    names = ["index"]
    if version.name == CHANGED:
        names += [as_file(payload) for payload in NAMES]
    for name in names:
        (place / f"{name}.html").write_text(PAGE, encoding="utf-8")
    if age := {STABLE: "old", CHANGED: "new"}.get(version.name):
        (place / "ops.json").write_text(json.dumps(edition(version.name, age)), encoding="utf-8")
    return Build(version, language, place, look(place), 0)


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with portal(site) as found:
        yield found


@pytest.fixture(autouse=True)
def only_pages_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are asked for that are not there; whatever else a page complains of, such as a script that is held back, fails its test."""

    def is_error(message: ConsoleMessage) -> bool:
        where = message.location["url"]
        browsers_own = "inline style" in message.text and (not where or where.endswith(".xml"))  # it shows XML so
        return message.type == "error" and not browsers_own and "status of 404" not in message.text

    monkeypatch.setattr(conftest, "_is_error", is_error)


def found(page: Page) -> list[str]:
    """What runs or could run on the page as it is, and what is markup and should be text."""
    looked: list[str] = page.evaluate("lookAt(document.documentElement), found")
    return looked + page.evaluate(
        "[...document.querySelectorAll('img, svg, iframe, object, math, video, script:not([src]), style')].map(one => one.outerHTML)"
    )


def test_no_name_of_a_version_or_a_page_is_markup_in_the_bar(watched: Page, address: str) -> None:
    watched.goto(f"{address}/{CHANGED}/en/index.html")
    assert found(watched) == []
    shown = watched.locator(".ops-portal").text_content() or ""
    assert not [payload for payload in PAYLOADS if payload not in shown]
    expect(watched.get_by_role("note")).to_contain_text(PAYLOADS[0].strip())
    for payload in NAMES:
        watched.goto(f"{address}/{CHANGED}/en/{quote(as_file(payload))}.html", wait_until="domcontentloaded")
        assert watched.title() == "Page", "or it is that for what is not there"
        assert found(watched) == [], payload


def test_the_page_for_what_is_not_there_and_its_address_are_text(watched: Page, address: str) -> None:
    for some in batches(35):
        together = " ".join(some)
        watched.goto(f"{address}/no/{quote(together, safe='')}?q={quote(together)}#{quote(together)}")
        assert found(watched) == []
    assert watched.title() == f"This page is not here: {' '.join(' '.join(PAYLOADS).split())}"
    watched.get_by_role("searchbox").fill(together)
    watched.keyboard.press("Enter")
    watched.wait_for_url("**/stable/en/search.html?q=*")
    assert found(watched) == []


def test_pages_that_lead_on_lead_nowhere_else(watched: Page, address: str) -> None:
    for number, (some, first) in enumerate(zip(batches(25), cycle(("", "stable/", f"{CHANGED}/")))):
        together = quote(" ".join(some))
        watched.goto(f"{address}/stable/en/old/{number}.html?q={together}")
        watched.wait_for_url(re.compile(f"^{address}/stable/en/index.html#"))
        assert found(watched) == []
        watched.goto(f"{address}/{first}?q={together}#{together}")
        watched.wait_for_url(f"{address}/*/en/index.html")
        assert found(watched) == []


def test_in_a_feed_all_is_text_and_every_link_leads_to_the_manual(site: Path) -> None:
    feeds = sorted((site / "current" / "feeds").glob("*.xml"))
    assert len(feeds) > 10
    said = ""
    for file in feeds:
        root = etree.fromstring(file.read_bytes(), etree.XMLParser(resolve_entities=False, huge_tree=True))
        assert {one.tag.removeprefix(ATOM) for one in root.iter()} <= PARTS
        assert {one.get("type", "text") for one in root.iter(f"{ATOM}title", f"{ATOM}content")} == {"text"}
        strays = [link.get("href") for link in root.iter(f"{ATOM}link") if not link.get("href").startswith(URL)]
        assert not strays, file.name
        said += "\n".join(root.itertext()) if file.stem == "all" else ""
    assert not [payload for payload in PAYLOADS if payload.strip() not in said], "as they are, and none is lost"


def test_nothing_of_a_feed_runs_in_a_browser(watched: Page, address: str, site: Path) -> None:
    feeds = [f"feeds/{file.name}" for file in sorted((site / "current" / "feeds").glob("*.xml"))]
    for name in [*feeds[:5], "feeds/all.xml", "sitemap-en.xml"]:
        answer = watched.goto(f"{address}/{quote(name)}", wait_until="domcontentloaded")
        assert answer and answer.status == 200 and answer.headers["content-type"].startswith("text/xml"), name
        assert watched.evaluate("lookAt(document.documentElement), found") == [], name


def test_what_would_run_in_a_feed_is_seen(watched: Page, address: str) -> None:
    hostile = '<feed xmlns="http://www.w3.org/2005/Atom"><a xmlns="http://www.w3.org/1999/xhtml" onclick="f()"/></feed>'
    watched.route("**/hostile.xml", lambda route: route.fulfill(body=hostile, content_type="text/xml"))
    watched.goto(f"{address}/hostile.xml")
    assert watched.evaluate("lookAt(document.documentElement), found") == ["onclick of a"]
