"""Stamps in a browser: the days are counted there, on the day on which a page is read, and everybody can read them."""

import datetime
import json
import re
import shutil
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sphinx.testing.util import SphinxTestApp
from tests.browser.conftest import ROOT, serving
from tests.browser.test_browser_readers import complaints
from tests.toolkit.handbook import PROCEDURE

from drillbook.model.evidence import Signature, write
from drillbook.model.signed import signed_content
from drillbook.pages.evidence import stamps
from drillbook.proof.record import record

ORPHAN = "---\norphan: true\n---\n\n"
NOON = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
PAGES = ("pumps.html", "proof.html", "pressure.html")


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The manual of the water works: a procedure proven on 2026-11-23, one long ago, and one that changed since."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("stamped") / "trees"))
    (source / "proof.md").write_text(f"{ORPHAN}# What is proven\n\n```{{ops:proof}}\n```\n")
    (source / "more.md").write_text(f"{ORPHAN}# More\n\n{PROCEDURE}")
    built(source, "dummy", prove)
    built(source, "html", lambda _: None)
    with serving(source / "_build" / "html") as address:
        yield address


def built(source: Path, builder: str, then: Callable[[SphinxTestApp], None]) -> None:
    """Build the manual, and do something with what has been read."""
    options = {"release": "2.1.0", "exclude_patterns": ["_build", "evidence"]}
    app = SphinxTestApp(
        builder, srcdir=source, builddir=source / "_build", warning=StringIO(), confoverrides=options, freshenv=True
    )
    try:
        app.build()
        then(app)
    finally:
        app.cleanup()


def prove(app: SphinxTestApp) -> None:
    """As a run does, but on days of ours."""
    procedures = sorted(found.name for _, found in app.env.domains["ops"].every("procedure"))
    for name, day in zip(procedures, ("2026-11-23", "2026-10-20", "2026-11-24"), strict=True):
        file = record(app, "procedure", name, {"seconds": 3}, "")
        changed = {"content": "another"} if day == "2026-11-24" else {}
        file.write_text(json.dumps(json.loads(file.read_text()) | {"proven": f"{day}T01:02:03Z"} | changed))
    found = stamps(app)
    content = signed_content(found.to_sign("pressure"))
    write(found.folder, Signature("pressure", content, "Jo Roe", "jo@example.org", "2026-10-20T01:02:03Z"))


def opened(new: Callable[..., BrowserContext], address: str, **options: object) -> Page:
    """A page, read at noon of a day."""
    made = new(timezone_id="Pacific/Auckland", **options).new_page()
    made.clock.set_fixed_time(NOON)
    made.goto(address)
    return made


def test_the_days_are_counted(context: Callable[..., BrowserContext], stamped: str) -> None:
    page = opened(context, f"{stamped}/proof.html")
    table = page.locator("table.ops-proven").first
    proven = table.locator(".ops-stamp-proven")
    expect(proven).to_have_text("Proven 2026-11-23 (2 days ago) against v2.1.0: run in 3 s. Prove again by 2026-12-23.")
    due = table.locator(".ops-stamp-due")
    expect(due).to_have_text(
        "Proven 2026-10-20 (36 days ago) against v2.1.0: run in 3 s. Prove again by 2026-11-19 (overdue by 6 days)."
    )
    expect(table.locator(".ops-stamp-void")).to_have_text(
        "Not proven since it changed. Last proven 2026-11-24 (1 day ago) against v2.1.0."
    )


def test_a_signature_grows_old_too(context: Callable[..., BrowserContext], stamped: str) -> None:
    page = opened(context, f"{stamped}/proof.html")
    signed = page.locator("table.ops-proven").last.locator(".ops-stamp", has_text="Jo Roe")
    expect(signed).to_have_text(
        "Signed 2026-10-20 (36 days ago) by Jo Roe. Sign again by 2026-11-19 (overdue by 6 days)."
    )
    expect(signed).to_have_class(re.compile("ops-stamp-due"))


def test_without_scripts_the_days_are_there(context: Callable[..., BrowserContext], stamped: str) -> None:
    page = opened(context, f"{stamped}/proof.html", java_script_enabled=False)
    expect(page.locator("table.ops-proven").first.locator(".ops-stamp-proven")).to_have_text(
        [
            "Proven 2026-10-20 against v2.1.0: run in 3 s. Prove again by 2026-11-19.",
            "Proven 2026-11-23 against v2.1.0: run in 3 s. Prove again by 2026-12-23.",
        ]
    )
    expect(page.locator(".ops-age")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_read_them(context: Callable[..., BrowserContext], stamped: str, scheme: str, width: int) -> None:
    for name in PAGES:
        page = opened(context, f"{stamped}/{name}", color_scheme=scheme, viewport={"width": width, "height": 800})
        expect(page.locator("p.ops-stamp").first).to_be_visible()
        assert complaints(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_paper_has_them(context: Callable[..., BrowserContext], stamped: str) -> None:
    page = opened(context, f"{stamped}/pumps.html")
    page.emulate_media(media="print")
    expect(page.locator("div.ops-stamps > p.ops-stamp").first).to_be_visible()
