"""Verdicts that follow from evidence: what a run has proven, what it could not, and what holds no longer."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, FIX, PROCEDURE, tree
from tests.toolkit.test_faults import drilled

from drillbook.proof.record import record

FIND = PROCEDURE.replace(":default:", ":command: ./stations status\n:default:")
PAGE = "# Look\n\n```console\n$ ls\na\n$ true\n```\n\n```promql\nup\n```\n"
BOTH = ":owner: the weather team\n:alerts: SlowReports, Silent"
WALKED = {"rows": {"SlowReports": "restart"}, "asked": {"SlowReports": ["ask"]}}
Prove = Callable[..., None]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A tree with its procedure, and a page with two blocks."""
    fix = FIX.replace(":within:", ":faults: cut-cable, flat-battery\n:within:")
    return drilled(tmp_path / "book", "# Stations\n\n" + tree(CHECK, fix, CALL, options=BOTH) + FIND, block=PAGE)


@pytest.fixture
def prove(book: Path) -> Prove:
    """Write evidence as runs do, so many days ago; *changed* are details that differ, by what they are of."""

    def run(*, days: int = 0, checks: bool = False, **changed: Any) -> None:
        app = SphinxTestApp("dummy", srcdir=book, builddir=book / "_prove", warning=StringIO())
        try:
            app.build()
            for kind, name, details in (
                ("procedure", "restart-station", {"seconds": 3, "unproven": []}),
                ("page", "block", {"seconds": 1, "unproven": []}),
                ("drill", "cut-cable", WALKED),
                ("drill", "flat-battery", WALKED),
                *([("checks", "SlowReports", {"unproven": []})] if checks else ()),
            ):
                file = record(app, kind, name, details | changed.get(name.replace("-", "_"), {}), "log")
                day = datetime.now(UTC) - timedelta(days=days)
                text = json.dumps(json.loads(file.read_text()) | {"proven": day.strftime("%Y-%m-%dT00:00:00Z")})
                file.write_text(text)
        finally:
            app.cleanup()
            shutil.rmtree(book / "_prove", ignore_errors=True)

    return run


@pytest.fixture
def report(book: Path, build: Callable[..., Build]) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(build(book, "ops-coverage").text("report.json"))
        return loaded

    return run


def unproven(found: dict[str, Any]) -> set[tuple[str, str]]:
    """The unproven statements: kind, and the beginning of the text."""
    return {(said["kind"], said["text"][:12]) for said in found["unproven"]}


def missing(found: dict[str, Any]) -> dict[str, str]:
    """What is missing of proofs."""
    return {item["item"]: item["problem"] for item in found["missing"] if item["item"].endswith(("run", "drill"))}


Report = Callable[[], dict[str, Any]]


def test_all_that_runs_have_proven_is_proven(prove: Prove, report: Report) -> None:
    prove()
    found = report()
    assert unproven(found) == set() and missing(found) == {}
    counts = {kind: (count["executed"], count["drilled"]) for kind, count in found["kinds"].items()}
    assert counts["block"] == (5, 1)  # step and confirmation, how the blank is found, two of the page; the check
    assert (counts["step"], counts["fact"], counts["way"]) == ((1, 0), (1, 0), (0, 1))
    assert found["contract"]["procedure: run"] == {"checked": 1, "missing": 0}
    assert found["contract"]["page: run"] == {"checked": 1, "missing": 0}
    assert found["unsigned"][0]["why"] == "not signed yet"


def test_one_changed_character_makes_it_unproven(book: Path, prove: Prove, report: Report) -> None:
    prove()
    page = book / "index.md"
    page.write_text(page.read_text().replace("./stations restart", "./stations Restart"))
    found = report()
    assert unproven(found) == {
        ("fact", "restart-stat"),
        ("step", "Restart it"),
        ("block", "$ ./stations"),
        ("way", "restart: A s"),
    }
    [problem] = {problem for item, problem in missing(found).items() if item == "procedure restart-station: run"}
    assert problem.startswith("Not proven since it changed.")
    assert set(missing(found)) == {"procedure restart-station: run", "fix SlowReports/restart: drill"}


def test_without_stamps_a_change_voids_nothing_and_what_was_never_proven_is_unproven(
    book: Path, prove: Prove, report: Report
) -> None:
    with (book / "conf.py").open("a") as conf:
        conf.write('drillbook_coverage = {"stamps": False}\n')
    assert "procedure restart-station: run" in missing(report())
    prove(days=300)
    page = book / "index.md"
    page.write_text(page.read_text().replace("./stations restart", "./stations Restart"))
    assert unproven(report()) == set() and missing(report()) == {}


def test_what_was_proven_long_ago_is_due(prove: Prove, report: Report) -> None:
    prove(days=30)
    assert missing(report()) == {}  # the last day
    prove(days=31)
    found = report()
    assert set(missing(found)) == {
        "procedure restart-station: run",
        "fix SlowReports/restart: drill",
        "page block: run",
    }
    assert missing(found)["page block: run"].startswith("Due since ")


def test_a_fix_needs_the_drills_of_all_its_faults(book: Path, prove: Prove, report: Report) -> None:
    prove()
    (book / "evidence" / "drill" / "flat-battery.json").unlink()
    found = report()
    assert missing(found) == {"fix SlowReports/restart: drill": "flat-battery: Not proven yet."}
    assert unproven(found) == {("way", "restart: A s")}, "the check was asked in the other drill"


def test_a_check_that_no_walk_asked_is_unproven(prove: Prove, report: Report) -> None:
    prove(cut_cable={"asked": {}}, flat_battery={"asked": {"SlowReports": ["other"]}})
    found = report()
    assert unproven(found) == {("block", "$ ./stations")}
    assert found["unproven"][0]["why"] == "Not proven yet."


def test_a_check_that_no_walk_asked_is_executed_when_it_was_run(book: Path, prove: Prove, report: Report) -> None:
    prove(checks=True, cut_cable={"asked": {}}, flat_battery={"asked": {}})
    found = report()
    assert unproven(found) == set()
    assert (found["kinds"]["block"]["executed"], found["kinds"]["block"]["drilled"]) == (6, 0)
    page = book / "index.md"
    page.write_text(page.read_text().replace("all  up\n```\n\n- All", "all  on\n```\n\n- All"))
    assert ("block", "$ ./stations") in unproven(report())


def test_an_example_that_the_run_could_not_prove_is_unproven(prove: Prove, report: Report) -> None:
    prove(
        block={"unproven": [{"text": "true", "why": "it prints nothing"}]},
        restart_station={"unproven": [{"text": "./stations restart {{ station }}", "why": "only dots"}]},
    )
    found = report()
    assert {(said["kind"], said["why"]) for said in found["unproven"]} == {
        ("block", "it prints nothing"),
        ("block", "only dots"),
    }


def test_a_procedure_that_takes_longer_than_it_says(prove: Prove, report: Report) -> None:
    prove(restart_station={"seconds": 121})
    found = report()
    assert [(said["kind"], said["why"]) for said in found["unproven"]] == [("fact", "the run took 121 s")]


def test_damaged_details_prove_less_and_break_nothing(prove: Prove, report: Report) -> None:
    prove(restart_station={"seconds": "3", "unproven": 4}, cut_cable={"asked": []}, flat_battery={"asked": 1})
    assert unproven(report()) == {("fact", "restart-stat"), ("block", "$ ./stations")}
