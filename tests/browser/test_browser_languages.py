"""What the scripts say to a reader of a German manual, in a real browser and under a strict policy."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import EXT, ROOT, serving

FIX = '.ops-feedback[data-subject="fix LowPressure/start-pump"]'


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works, whose toolkit speaks German and asks readers."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("german") / "trees"))
    options = ["-D", "language=de", "-D", "drillbook_feedback=/-/feedback"]
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", *options, source, source / "_build"]
    subprocess.run(
        command, check=True, env={**os.environ, "PYTHONPATH": str(EXT), "PYTHONDONTWRITEBYTECODE": "1"}, timeout=120
    )
    return source / "_build"


@pytest.fixture
def address(german: Path, page: Page) -> Iterator[str]:
    # Sphinx's own words come with a string that it evaluates, which the policy forbids
    page.route("**/_static/translations.js*", lambda route: route.fulfill(body=""))
    with serving(german) as found:
        yield found


def test_an_answer_is_asked_for_and_kept(page: Page, address: str) -> None:
    page.route("**/-/feedback", lambda route: route.fulfill(json={"stored": False}))
    page.goto(f"{address}/pressure.html")
    asks = page.locator(FIX)
    expect(asks.get_by_role("group", name="Ist die Störung damit behoben?")).to_be_visible()
    expect(page.get_by_role("group", name="War diese Seite richtig?")).to_be_visible()
    asks.get_by_role("button", name="Nein", exact=True).click()
    asks.get_by_role("textbox", name="Was sollte anders sein?").fill("Die andere Pumpe.")
    asks.get_by_role("button", name="Senden", exact=True).click()
    expect(asks.get_by_role("status").first).to_have_text(
        "Die Antwort konnte nicht gesendet werden. Sie ist auf diesem Gerät aufbewahrt."
    )
    expect(asks.locator(".ops-feedback-tools")).to_have_text(
        "Auf diesem Gerät aufbewahrt (1). Jetzt senden Kopieren Löschen"
    )
    asks.get_by_role("button", name="Jetzt senden").click()
    expect(asks.locator(".ops-feedback-kept > .ops-feedback-said")).to_have_text(
        "1 nicht gesendet: es kam keine Antwort."
    )
    asks.get_by_role("button", name="Löschen").click()
    expect(asks.locator(".ops-feedback-kept > .ops-feedback-said")).to_have_text("Gelöscht.")


def test_a_changed_page_says_so(page: Page, address: str) -> None:
    page.goto(f"{address}/pumps.html")
    page.evaluate(
        '() => localStorage.setItem(\'drillbook-visits:/pumps.html\', \'{"content": "a", "day": "2026-11-02"}\')'
    )
    page.goto(f"{address}/pumps.html?again")
    expect(page.locator("h1 + .ops-visited")).to_have_text("Geändert seit dem letzten Besuch am 2026-11-02.")


def test_landmarks_have_german_names(page: Page, address: str) -> None:
    page.goto(f"{address}/pumps.html")
    names = page.locator("aside, nav, [role=navigation]").evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert {"Inhalt", "Auf dieser Seite", "Diese Seite", "Seitenanfang"} <= set(names)


def test_the_words_are_loaded_before_what_says_them(german: Path) -> None:
    scripts = re.findall(r'<script[^>]* src="_static/([\w.-]+)', (german / "pumps.html").read_text("utf-8"))
    ours = ("feedback.js", "visits.js", "reader.js")
    assert all(scripts.index("words.js") < scripts.index(script) for script in ours)
