"""The real manual where there is no network: its PDF, and its bundle in two browsers."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect
from pypdf import PdfReader
from tests.browser.conftest import context  # noqa: F401  # a fixture
from tests.manual.building import build
from tests.manual.firefox import Firefox

from drillbook.output.made import Made
from drillbook.output.warroom import Bundle, bundle

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole manual on paper; built without a warning."""
    built = build(PROJECT, "typst", tmp_path_factory.mktemp("paper"))
    assert built.status == 0, built.messages
    return built.output / "audio-enhancement.pdf"


@pytest.fixture(scope="module")
def sheets(pdf: Path) -> list[str]:
    """The text of each sheet."""
    return [" ".join(page.extract_text().replace("\u200b", "").split()) for page in PdfReader(pdf).pages]


@pytest.fixture(scope="module")
def unpacked(manual: Path, pdf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle, unpacked as a reader does, in a folder with a blank in its name."""
    target = tmp_path_factory.mktemp("bundle") / "war room"
    bundle(Bundle(manual, pdf, Made("abc1234", 1_790_000_000)), target)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=target, check=True, timeout=60)
    with zipfile.ZipFile(target / "audio-enhancement-html.zip") as archive:
        archive.extractall(target)
    return target


def test_every_page_and_every_alert_is_on_paper(manual: Path, sheets: list[str]) -> None:
    data = json.loads((manual / "ops.json").read_text())
    text = " ".join(sheets)
    for page in data["pages"]:
        assert page["title"] in text, page["name"]
    for procedure in data["procedures"]:
        assert procedure["title"] in text, procedure["name"]
    assert text.count("☐") >= sum(len(procedure["steps"]) for procedure in data["procedures"]), "a box for each step"
    for alert in data["alerts"]:
        found = re.search(rf"{alert['name']} {alert['severity']} {re.escape(alert['summary'])} (\d+)", sheets[1])
        assert found, alert["name"]
        assert sheets[int(found[1]) - 1].startswith(f"Alerts {alert['name']} "), alert["name"]
    assert "[U+" not in text, "a letter without a font"


def test_the_writers_of_tex_still_can(tmp_path: Path) -> None:
    built = build(PROJECT, "latex", tmp_path)
    assert built.status == 0, built.messages
    assert (built.output / "audioenhancement.tex").stat().st_size > 500_000


def test_numbers_of_sheets_are_true(sheets: list[str]) -> None:
    sheet = next(text for text in sheets if "Find the cause" in text and text.startswith("Alerts HighLatency "))
    number = re.search(r"go to the tree PostgresLockWait \(p\. (\d+)\)", sheet)
    assert number and sheets[int(number[1]) - 1].startswith("Alerts PostgresLockWait ")


def test_without_a_network_a_symptom_leads_to_a_tree_that_is_walked_and_a_demo_plays(
    unpacked: Path,
    context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    reader = context(offline=True)
    page = reader.new_page()
    page.goto((unpacked / "audio-enhancement" / "index.html").as_uri())
    expect(page.locator(".ops-offline")).to_contain_text("Offline copy of Audio enhancement")
    page.keyboard.press("/")
    page.locator(".ops-search-input").fill("jobs pile up")
    expect(page.locator(".ops-search-result").first).to_contain_text("QueueDepthHigh")
    expect(page.locator(".ops-search-excerpt").first).not_to_be_empty()
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/QueueDepthHigh.html*")
    page.get_by_role("button", name="Step through").first.click()
    page.locator(".ops-choice:visible").first.click()
    assert "#tree-QueueDepthHigh/" in page.url
    page.goto((unpacked / "audio-enhancement" / "demos.html").as_uri())
    player = page.locator(".ap-player").first
    player.locator(".ap-overlay-start").click()
    expect(player.locator(".ap-term")).to_contain_text("$", timeout=15_000)


def test_the_walker_of_the_bundle_walks_with_bare_python(unpacked: Path) -> None:
    command = [sys.executable, "-I", "-S", str(unpacked / "walk.pyz"), "HighLatency"]
    done = subprocess.run(command, input="1\n" * 30, capture_output=True, text=True, timeout=60, check=False)
    assert "Does Redis answer?" in done.stdout and done.returncode in (0, 3, 4), done.stderr


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    """Debian's Firefox, with a profile of its own."""
    with Firefox(tmp_path / "profile") as started:
        yield started


def test_the_bundle_works_in_firefox_too(unpacked: Path, firefox: Firefox) -> None:
    firefox.open((unpacked / "audio-enhancement" / "search.html").as_uri() + "?q=redisdown")
    found: Any = firefox.until("document.querySelector('.ops-search-result')?.href")
    assert found.endswith("/alerts/RedisDown.html")
    firefox.open(found)
    assert (
        firefox.until("document.querySelector('svg.ops-drawing') && document.querySelectorAll('li.ops-node').length")
        > 3
    )
