"""The contract between the live system and the manual, broken once in each direction, and the gates."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import GOOD, RULES, handbook, tree
from tests.toolkit.test_faults import FAULTS

BUILDER = "ops-coverage"
CALL = """\
:::{ops:escalate} call
:to: the platform team
:bring: the output of the check

It is silent.
:::
"""
SLOW = "# SlowReports\n\n" + GOOD + "\n```{ops:alerts} SlowReports\n```\n"
DRILLED_SLOW = SLOW.replace(":within:", ":faults: cut-cable, flat-battery\n:within:")
SILENT = "# Silent\n\n" + tree(CALL, name="Silent") + "\n```{ops:alerts} Silent\n```\n"
INDEX = "# Alerts\n\n```{toctree}\nSlowReports\nSilent\n```\n"
ENTRIES = "# Commands\n\n```{ops:commands}\n```\n"
CLI = """
import argparse

def parser():
    made = argparse.ArgumentParser(description="Tell of stations.")
    made.add_argument("--all", action="store_true", help="all of them")
    return made
"""


def coverage(
    folder: Path,
    *,
    rules: str = RULES,
    faults: str = FAULTS,
    gates: str = "{}",
    commands: str = ENTRIES,
    **pages: str,
) -> Path:
    """A handbook whose alerts have their pages in alerts/, and the command ./bin/stations."""
    made = handbook(folder, "# Start\n\n```{toctree}\nalerts/index\ncommands\n```\n", commands=commands)
    (made / "alerts").mkdir()
    for name, text in {"index": INDEX, "SlowReports": DRILLED_SLOW, "Silent": SILENT, **pages}.items():
        if text:
            (made / "alerts" / f"{name}.md").write_text(text)
    rules = rules.replace("slow.html", "https://book.example/alerts/SlowReports.html")
    (made / "rules.yml").write_text(rules.replace("silent.html", "https://book.example/alerts/Silent.html"))
    (made / "station.py").write_text(faults + CLI)
    (made / "bin").mkdir()
    (made / "bin" / "stations").touch(0o755)
    with (made / "conf.py").open("a") as conf:
        conf.write(
            "import sys; sys.path.insert(0, __file__.rpartition('/')[0])\n"
            'drillbook_faults = "station:FAULTS"\ndrillbook_commands = {"./bin/stations": "station:parser"}\n'
            f"drillbook_coverage = {gates}\n"
        )
    return made


@pytest.fixture
def report(tmp_path: Path, build: Callable[..., Build]) -> Callable[..., dict[str, Any]]:
    """The report on such a handbook; its status is the verdict."""

    def run(warns: bool = False, **changed: str) -> dict[str, Any]:
        built = build(coverage(tmp_path / "book", **changed), BUILDER, warns=warns)
        found: dict[str, Any] = json.loads(built.text("report.json"))
        assert built.status == (0 if found["ok"] else 1)
        return found

    return run


NO_URL = "it has no runbook_url"
NO_RUN = {"procedure restart-station: run", "fix SlowReports/restart: drill"}


def test_a_whole_manual_lacks_only_its_proofs(report: Callable[..., dict[str, Any]]) -> None:
    found = report()
    assert {clause["item"] for clause in found["missing"]} == NO_RUN
    assert found["contract"]["alert: page"] == {"checked": 2, "missing": 0}
    assert found["contract"]["option: entry"]["checked"] == 2  # --all, --help


@pytest.mark.parametrize(
    ("changed", "item", "problem", "place"),
    [
        ({"SlowReports": "", "index": INDEX.replace("SlowReports\n", "")}, "alert SlowReports: page",
         "its runbook_url leads to no page of this manual: https://book.example/alerts/SlowReports.html", "rules.yml:5"),
        ({"rules": RULES.replace(", runbook_url: slow.html", "")}, "alert SlowReports: page",
         NO_URL, "rules.yml:5"),
        ({"rules": RULES.replace("silent.html", "silent.html#what-now")}, "alert Silent: anchor",
         "its runbook_url names #what-now, and the page alerts/Silent has no such anchor", "rules.yml:10"),
        ({"Silent": SILENT.replace(":owner:", ":alerts: SlowReports\n:owner:")}, "alert Silent: tree",
         "there is no tree for it on its page alerts/Silent", "rules.yml:10"),
        ({"index": INDEX.replace("Silent\n", "Silent\nGone\n"), "Gone": "# Gone\n"}, "page alerts/Gone: alert",
         "no alert of the live system leads to it: there is none called Gone", "alerts/Gone.md"),
        ({"Silent": SILENT.replace("{ops:alerts}", "{ops:alerts} x").replace("```{ops:alerts} x Silent\n```", "")},
         "alert Silent: entry", "no page describes it: show it by {ops:alerts}", "rules.yml:10"),
        ({"faults": FAULTS.replace("FAULTS = [", 'FAULTS = [Fault(name="fire", title="Fire", description="It burns.", alert="Silent"),')},
         "fault fire: fix", "no fix of a tree names it in :faults:, so it is never drilled", "station.py"),
        ({"commands": "# Commands\n"}, "command ./bin/stations: entry",
         "no page describes it: show it by {ops:commands}", "station.py"),
        ({"commands": ENTRIES.replace("{ops:commands}", "{ops:commands}\n:no-index:")},
         "option ./bin/stations --all: entry", "no page describes it: show it by {ops:commands}", "station.py"),
        ({"SlowReports": SLOW, "faults": "FAULTS = []\n"}, "fix SlowReports/restart: drill",
         "no drill ends here: name its faults in :faults:, or say why in :not-drilled:", "alerts/SlowReports.md"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(
    changed: dict[str, str], item: str, problem: str, place: str, report: Callable[..., dict[str, Any]]
) -> None:
    found = report(warns=problem == NO_URL, **changed)
    [clause] = [clause for clause in found["missing"] if clause["item"] == item]
    assert clause["problem"] == problem
    assert clause["place"].startswith(place)
    assert f"{clause['place']}: {item}: {problem}" in found["failures"]


def test_a_script_that_no_command_names_is_missing(tmp_path: Path, build: Callable[..., Build]) -> None:
    book = coverage(tmp_path / "book")
    (book / "bin" / "forgotten").touch(0o755)
    (book / "bin" / "notes.txt").touch()
    found = json.loads(build(book, BUILDER).text("report.json"))
    missing = {clause["item"]: clause["problem"] for clause in found["missing"]}
    assert missing["script ./bin/forgotten: command"] == "drillbook_commands in conf.py does not name it"
    assert not any("notes" in item for item in missing)


KNOWN = sorted(NO_RUN)


def test_the_gates_hold_and_the_list_can_only_get_shorter(
    report: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    found = report(gates=repr({"accuracy": 20, "missing": [*KNOWN, "alert Silent: page", "alert Gone: page"]}))
    assert found["failures"] == [
        "alert Silent: page is no longer missing: remove it from drillbook_coverage in conf.py",
        "alert Gone: page is nothing that could be missing: remove it from drillbook_coverage in conf.py",
    ]
    assert all(clause["listed"] for clause in found["missing"])


def test_accuracy_below_the_gate_fails(report: Callable[..., dict[str, Any]]) -> None:
    found = report(gates=repr({"missing": KNOWN}))
    assert found["failures"] == [f"accuracy is {found['accuracy']['percent']} %, and the gate in conf.py is 95 %"]


def test_all_gates_can_hold(report: Callable[..., dict[str, Any]]) -> None:
    assert report(gates=repr({"accuracy": 0, "missing": KNOWN}))["ok"]


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"accuracy": 101}, "has the accuracy 101, which is no percentage"),
        ({"accuracy": "95"}, "has the accuracy '95', which is no percentage"),
        ({"missing": "alert A: page"}, "must have a list of names for 'missing', not 'alert A: page'"),
        ({"stamps": "no"}, "must have True or False for 'stamps', not 'no'"),
        ({"acuracy": 95}, 'must be {"accuracy": percent, "missing": [names]}, not'),
        (95, 'must be {"accuracy": percent, "missing": [names]}, not 95'),
    ],
)
def test_gates_that_are_none_are_refused(
    option: object, says: str, tmp_path: Path, build: Callable[..., Build]
) -> None:
    built = build(coverage(tmp_path / "book", gates=repr(option)), BUILDER, warns=True)
    assert f"drillbook_coverage {says}" in built.warnings


def test_the_text_says_the_same_for_people(tmp_path: Path, build_apart: Callable[..., Build]) -> None:
    built = build_apart(coverage(tmp_path / "book"), builder=BUILDER, warns=True)
    assert built.status == 1 and not built.warnings
    text, found = built.text("output.txt"), json.loads(built.text("report.json"))
    details, _, summary = text.partition("\nSummary\n-------\n")
    for said in found["unproven"]:
        assert f"{said['file']}:{said['line']}: {said['kind']}: {said['text']}\n    {said['why']}\n" in details
    assert re.search(r"^alerts/SlowReports +\d", details, re.M)
    assert f"accuracy {found['accuracy']['percent']} %" in summary
    assert [line.removeprefix("FAILED: ") for line in summary.splitlines() if "FAILED" in line] == found["failures"]
