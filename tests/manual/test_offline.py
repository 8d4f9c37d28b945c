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
from playwright.sync_api import BrowserContext, Page, expect
from pypdf import PdfReader
from tests.browser.conftest import context  # noqa: F401  # a fixture
from tests.manual.building import build
from tests.manual.firefox import Firefox

from drillbook.model.data import read_procedure, read_tree
from drillbook.model.tree import Check, Fix, Node, Tree
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
    steps = " ".join(text for text in sheets if text.startswith("Alerts HighLatency "))
    number = re.search(r"go to the tree PostgresLockWait \(p\. (\d+)\)", steps)
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
    reads_the_commands_of_a_fix(page, json.loads((unpacked / "ops.json").read_text()), "QueueDepthHigh")
    page.goto((unpacked / "audio-enhancement" / "demos.html").as_uri())
    plays_to_its_end(page)


def reads_the_commands_of_a_fix(page: Page, ops: dict[str, Any], name: str) -> None:
    """Answer one question after the other, each when it is the one that is shown, and do what the fix says."""
    [tree] = (read_tree(one) for one in ops["trees"] if one["name"] == name)
    given, fix = way_to_a_fix(tree)
    assert len(given) >= 3
    shown = page.locator(f"#tree-{name} li.ops-node:visible")
    page.locator(f"#tree-{name}").get_by_role("button", name="Step through").click()
    for check, number in given:
        expect(shown.locator(".ops-title")).to_have_text(check.says)
        choices = shown.locator(".ops-choice")
        expect(choices).to_have_count(len(check.answers))
        choices.nth(number).click()
    expect(shown.locator(".ops-title")).to_have_text(f"Fix: {fix.says}")
    expect(page.locator(f"#tree-{name} .ops-trail li")).to_have_count(len(given))
    shown.locator("dd a").first.click()
    page.wait_for_url(f"**/procedures/{fix.procedure}.html*")
    [procedure] = (read_procedure(one) for one in ops["procedures"] if one["name"] == fix.procedure)
    commands = [command.text for step in procedure.steps for part in step.parts for command in part.commands]
    assert commands
    typed = page.locator(f"#procedure-{fix.procedure} pre")
    for command in commands:
        expect(typed.filter(has_text=command.partition("{{")[0]).first).to_be_visible()  # a blank is a field there


def way_to_a_fix(tree: Tree) -> tuple[list[tuple[Check, int]], Fix]:
    """The shortest way from the first question: each question with the number of the answer that leads on."""
    nodes = {node.name: node for node in tree.nodes}
    waiting: list[tuple[list[tuple[Check, int]], Node]] = [([], tree.nodes[0])]
    for given, node in waiting:
        if isinstance(node, Fix):
            return given, node
        if isinstance(node, Check):
            ways = [(number, one.target) for number, one in enumerate(node.answers) if not one.leaves]
            waiting += [([*given, (node, number)], nodes[target]) for number, target in ways]
    raise AssertionError(f"{tree.name} has no fix")


def plays_to_its_end(page: Page) -> None:
    """Play the first recording: what it shows moves on by itself, and the end is the last that was printed."""
    cast = page.locator(".ops-player").first.get_attribute("data-cast") or ""
    events = [json.loads(line) for line in cast.splitlines()[1:]]
    printed = re.sub(r"\x1b\[[0-9;]*m", "", "".join(said for _, kind, said in events if kind == "o")).split("\r\n")
    last = [line for line in printed if line.strip()][-1]
    player = page.locator(".ops-player .ap-wrapper").first
    terminal = player.locator(".ap-term")
    player.locator(".ap-overlay-start").click()
    expect(terminal).to_contain_text(printed[0])
    typed = terminal.text_content() or ""
    assert last not in typed
    expect(terminal).not_to_have_text(typed)
    player.press("9")  # to nine tenths; from there it plays on
    expect(terminal).not_to_have_text(typed)
    expect(terminal).to_contain_text(last, timeout=30_000)


def test_the_walker_of_the_bundle_walks_with_bare_python(unpacked: Path) -> None:
    command = [sys.executable, "-I", "-S", str(unpacked / "walk.pyz"), "HighLatency"]
    done = subprocess.run(command, input="1\n" * 30, capture_output=True, text=True, timeout=60, check=False)
    assert "Does Redis answer?" in done.stdout and done.returncode in (0, 3, 4), done.stderr
    [doubt] = re.findall(r"\*\*(.+)\*\*", (unpacked / "README.md").read_text())
    head = " ".join(done.stdout.partition("step 1")[0].split())
    assert "v2.1.0, made 2026-09-21 14:13 UTC from abc1234." in head and doubt in head


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
