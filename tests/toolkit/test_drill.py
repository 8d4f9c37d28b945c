"""`sphinx-build -b drill`: a real alert of a real Prometheus leads to the fix, and a fix that fixes nothing fails."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.conftest import EXT

from audio_enhancement.stack.packages import find_all

Drill = Callable[..., tuple[subprocess.CompletedProcess[str], dict[str, Any]]]


@pytest.fixture
def lantern(project: Callable[[str], Path]) -> Path:
    return project("lantern")


@pytest.fixture
def drill(lantern: Path) -> Drill:
    """Drills the lantern; gives what was said and the report."""
    programs = find_all(print)
    environment = {
        **os.environ,
        "PYTHONPATH": str(EXT),
        "PROMETHEUS": str(programs["prometheus"].path),
        "ALERTMANAGER": str(programs["alertmanager"].path),
        "LD_LIBRARY_PATH": programs["prometheus"].library_path,
    }

    def run(only: str = "") -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "drill"]
        done = subprocess.run(
            [*command, "-D", f"drillbook_drills={only}", lantern, lantern / "_build" / "drill"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        report = lantern / "_build" / "drill" / "report.json"
        return done, json.loads(report.read_text()) if report.exists() else {}

    return run


def evidence(lantern: Path) -> dict[str, Any]:
    files = (lantern / "evidence" / "drill").glob("*.json")
    return {file.stem: json.loads(file.read_text()) for file in files}


def test_every_tree_is_walked_and_what_was_proven_is_kept(lantern: Path, drill: Drill) -> None:
    done, report = drill()
    assert done.returncode == 0, done.stdout + done.stderr
    out = lantern / "_build" / "drill"
    dark, oil = report["drills"]
    assert [(one["fault"], one["verdict"], one["end"]) for one in (dark, oil)] == [
        ("blown-out", "passed", "fix LanternDark/light: light-lantern"),
        ("oil-gone", "passed", "fix OilLow/fill: fill-lantern oil=1.0"),
    ]
    assert dark["rows"] == {"LanternDark": dark["end"], "OilLow": "escalate OilLow/call"}
    assert oil["rows"] == {"LanternDark": oil["end"], "OilLow": oil["end"]}
    assert report["whole"]["rows"] == {"LanternDark": "escalate LanternDark/call", "OilLow": "escalate OilLow/call"}
    assert dark["fired_s"] > 0 and dark["cleared_s"] > 0
    assert "2 drills passed, 0 failed" in done.stdout
    assert "blown-out: LanternDark after " in done.stdout
    assert (out / "blown-out.log").read_text().startswith("blown-out: LanternDark after ")
    assert "OilLow: escalate OilLow/call" in (out / "blown-out.log").read_text()
    assert "expr: lantern_oil_ratio < 0.5" in (out / "rules" / "rules.yml").read_text()
    kept = evidence(lantern)
    assert kept.keys() == {"blown-out", "oil-gone"}
    assert kept["blown-out"]["details"]["rows"] == dark["rows"]


def test_a_fix_that_fixes_nothing_fails_and_leaves_its_timeline(lantern: Path, drill: Drill) -> None:
    procedures = lantern / "book" / "procedures.md"
    light, nothing = "$ lantern light\nlit\n```\n", "$ true\n```\n\nConfirm: it burns.\n"
    procedures.write_text(procedures.read_text().replace(light, nothing, 1))
    done, report = drill("LanternDark")
    assert done.returncode != 0
    assert "0 drills passed, 1 failed" in done.stdout, done.stdout + done.stderr
    (failed,) = report["drills"]
    assert (failed["fault"], failed["verdict"]) == ("blown-out", "failed")
    assert failed["problems"][0] == "the alert LanternDark did not clear within 10 s of light-lantern"
    assert "the system is started again, because a drill left it changed" in done.stdout
    assert failed["fired_s"] > 0 and failed["cleared_s"] is None
    timeline = (lantern / "_build" / "drill" / "blown-out.log").read_text()
    for words in ("alert LanternDark", "Does it burn?", "$ true", "PROBLEM: the alert LanternDark did not clear"):
        assert words in timeline
    assert "keeper ***" in timeline and "whale-oil" not in timeline
    assert evidence(lantern) == {}, "what failed is no evidence"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("conf.py", '"0.1": "0.5"', '"0.1": "0.05"'), "drill rules differ: '0.05' stands in place of '0.1': it would"),
        (("conf.py", '"0.1": "0.5"', '"7": "3"'), "rules.yml:12: WARNING: the threshold '7' stands not in the rule"),
        (("conf.py", "drillbook_faults = ", "faults = "), "there is nothing to drill: conf.py has no drillbook_faults"),
        (("conf.py", "drillbook_stack = ", "stack = "), "there is nothing to drill: conf.py has no drillbook_stack"),
    ],
)
def test_what_cannot_be_drilled_is_said(change: tuple[str, str, str], says: str, lantern: Path) -> None:
    name, old, new = change
    file = lantern / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    (lantern / "book" / "oil.md").write_text(
        (lantern / "book" / "oil.md").read_text().replace(":faults: oil-gone", ":not-drilled: nobody takes it")
    )
    done = build(lantern)
    assert done.returncode != 0 and says in done.stderr, done.stderr


def test_an_unknown_name_is_said_with_those_there_are(lantern: Path) -> None:
    done = build(lantern, "-D", "drillbook_drills=blown-out,Fog")
    assert done.returncode != 0
    assert "Fog is no fault, no alert of one and no tree; the faults are: blown-out, oil-gone" in done.stderr


def build(lantern: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "drill", *arguments]
    return subprocess.run(
        [*command, lantern, lantern / "_build" / "drill"],
        env={**os.environ, "PYTHONPATH": str(EXT)},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_a_manual_that_the_drill_rules_break_is_not_drilled(lantern: Path) -> None:
    page = lantern / "book" / "oil.md"
    page.write_text(
        page.read_text().replace(
            "- Otherwise -> call", "- A barrel: `value > 0.4` -> call\n- Else: `value 0.1 .. 0.4` -> call"
        )
    )
    done = build(lantern)
    assert done.returncode != 0
    assert "the manual cannot be built with the drill rules" in done.stderr and "can both hold" in done.stderr
