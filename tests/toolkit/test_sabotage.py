"""Sabotage on a tiny project: what is caught, by which check, what gets away, and what stops it before it begins."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.toolkit.conftest import EXT

from drillbook.model.sabotage import Catalogue, SabotageError, choose, read_catalogue

CHECKS: list[dict[str, Any]] = [
    {"name": "grep", "command": "grep --quiet pumps page.md", "limit": "30 s"},
    {"name": "spell", "command": "! grep teh page.md", "limit": "30 s", "classes": ["misspelt"]},
    {"name": "code", "command": "grep --quiet limit code.py", "limit": "30 s", "reads": ["*.py"]},
    {"name": "run", "command": "cp $(git ls-files {only}) seen && grep --quiet start seen", "limit": "30 s"},
]
FAULTS: list[dict[str, Any]] = [
    {"name": "renamed", "class": "name", "file": "page.md", "text": "pumps", "becomes": "wells", "caught-by": "grep"},
    {"name": "gone", "class": "missing", "file": "code.py", "gone": True, "caught-by": "code"},
    {
        "name": "no-start",
        "class": "name",
        "file": "run.md",
        "text": "start",
        "becomes": "stop",
        "caught-by": "run",
        "only": {"run": "run.md"},
    },
]


def project(folder: Path, faults: list[dict[str, Any]] = FAULTS, checks: list[dict[str, Any]] = CHECKS) -> Path:
    folder.mkdir()
    (folder / "conf.py").write_text('drillbook_sabotage = "faults.yml"\ndrillbook_sabotage_gate = 0.6\n')
    (folder / "page.md").write_text("All pumps pump.\n")
    (folder / "run.md").write_text("start\nit\n")
    (folder / "code.py").write_text("limit = 3\n")
    (folder / "faults.yml").write_text(yaml.safe_dump({"links": ["secret"], "checks": checks, "faults": faults}))
    (folder / "secret").write_text("kept out of git")
    (folder / ".gitignore").write_text("secret\nbuild\n")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


def sabotage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drillbook", "sabotage", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(EXT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "build" / "sabotage" / "report.json").read_text())
    return found


def test_each_fault_is_caught_by_the_check_that_ought_to(tmp_path: Path) -> None:
    folder = project(tmp_path / "water")
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    done = sabotage(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    found = report(folder)
    assert (found["sown"], found["caught"], found["away"], found["ok"]) == (3, 3, [], True)
    assert {fault["name"]: fault["caught_by"] for fault in found["faults"]} == {
        "renamed": "grep",
        "gone": "code",
        "no-start": "run",
    }
    # A check that does not read the file, or is not for the class, is not tried.
    assert {fault["name"]: [one["check"] for one in fault["tried"]] for fault in found["faults"]} == {
        "renamed": ["grep"],
        "gone": ["code"],
        "no-start": ["run"],
    }
    assert found["classes"]["name"] == {"sown": 2, "caught": 2}
    assert found["checks"]["run"] | {"seconds": 0} == {"tried": 1, "caught": 1, "expected": 1, "seconds": 0}
    assert found["checks"]["grep"]["tried"] == 1, "what is not expected is not tried before"
    assert "-start\n+stop\n" in found["faults"][2]["diff"]
    assert before == {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def test_another_check_catches_what_the_expected_one_lets_pass(tmp_path: Path) -> None:
    fault = {**FAULTS[1], "caught-by": "grep"}
    folder = project(tmp_path / "water", [fault])
    done = sabotage(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = report(folder)["faults"]
    assert ([one["check"] for one in found["tried"]], found["caught_by"]) == (["grep", "code"], "code")


def test_what_gets_away_is_shown_and_the_gate_decides(tmp_path: Path) -> None:
    harmless = {**FAULTS[0], "name": "harmless", "text": "All", "becomes": "The"}
    folder = project(tmp_path / "water", [*FAULTS, harmless])
    assert sabotage(folder).returncode == 0
    only = sabotage(folder, "--only", "harmless,renamed")
    assert only.returncode == 1, only.stdout + only.stderr
    assert "NOT CAUGHT: harmless (name): every check passes" in only.stdout
    assert "-All pumps pump.\n+The pumps pump.\n" in only.stdout
    assert "1 of 2 caught, too few: at least 60% are wanted" in only.stdout
    assert report(folder)["away"] == ["harmless"]


def test_a_check_that_does_not_end_catches_nothing(tmp_path: Path) -> None:
    slow = {"name": "slow", "command": "grep --quiet pumps page.md || sleep 60", "limit": "2 s"}
    fault = {**FAULTS[0], "caught-by": "slow"}
    done = sabotage(project(tmp_path / "water", [fault], [slow]))
    assert done.returncode == 1
    assert report(tmp_path / "water")["faults"][0]["tried"][0]["verdict"] is False


def test_a_narrow_check_that_fails_without_the_fault_too_catches_nothing(tmp_path: Path) -> None:
    broken = {"name": "run", "command": "grep --quiet begin {only}", "limit": "30 s"}
    done = sabotage(project(tmp_path / "water", [FAULTS[2]], [broken]))
    assert done.returncode == 1
    assert "NOT CAUGHT: no-start (name): run run.md fails on the clean copy, too" in done.stdout


def test_a_check_that_fails_on_the_clean_copy_stops_all(tmp_path: Path) -> None:
    broken = {"name": "broken", "command": "echo the pump is cold; exit 3", "limit": "30 s"}
    done = sabotage(project(tmp_path / "water", checks=[*CHECKS, broken]))
    assert done.returncode == 2
    assert "broken fails on the clean copy, so nothing can be concluded:\nthe pump is cold" in done.stderr
    assert not (tmp_path / "water" / "build").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": "valves"}, "fault renamed: its text must stand once in page.md, not 0 times:\nvalves"),
        ({"text": "p"}, "fault renamed: its text must stand once in page.md, not 4 times:\np"),
        ({"file": "pages.md"}, "fault renamed: pages.md cannot be read: "),
        ({"file": "../page.md"}, "fault renamed: its file is outside of the project: ../page.md"),
        ({"becomes": "pumps"}, "fault renamed: it has a text and what that becomes, or else gone: true"),
        ({"gone": True}, "fault renamed: it has a text and what that becomes, or else gone: true"),
        ({"caught-by": "code"}, "fault renamed: code is not tried for it, but: grep"),
        ({"only": {"grep": "x"}}, "fault renamed: no check with {only} is called grep"),
        ({"only": ["grep"]}, "fault renamed: only says for each check what to look at, as a text"),
        ({"class": ""}, "fault renamed: it needs class"),
        ({"kind": "name"}, "fault renamed: what is kind? It may have: "),
        ({"name": "gone"}, "two faults are called gone"),
        ({"name": 3}, "a fault needs a name: "),
    ],
)
def test_an_entry_that_does_not_apply_is_an_error_that_says_so(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    done = sabotage(project(tmp_path / "water", [{**FAULTS[0], **change}, *FAULTS[1:]]))
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "faults.yml: "),
        ("- a", "it must map checks, faults, links to values"),
        ("checks: []\nfaults: []", "it needs checks"),
        (
            "checks: [{name: a, command: b, limit: soon}]\nfaults: [{name: a}]",
            "check a: its limit is a time like 5 min",
        ),
        ("checks: [{name: a, command: b, limit: 1 s}]\nfaults: [{name: a}]\nlinks: x", "fault a: it needs class"),
        (
            "checks: [{name: a, command: b, limit: 1 s, reads: x}]\nfaults: [3]",
            "check a: reads must be a list of texts",
        ),
    ],
)
def test_a_catalogue_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "faults.yml").write_text(text)
    with pytest.raises(SabotageError) as error:
        read_catalogue(tmp_path / "faults.yml")
    assert said in str(error.value)


def test_conf_py_without_a_catalogue_is_said(tmp_path: Path) -> None:
    folder = project(tmp_path / "water")
    (folder / "conf.py").write_text("")
    assert "names no catalogue: drillbook_sabotage is empty" in sabotage(folder).stderr
    (folder / "conf.py").write_text("drillbook_sabotage_gate = 3\n")
    assert "conf.py:1: drillbook_sabotage_gate must be a number from 0 to 1, not 3" in sabotage(folder).stderr


@pytest.fixture
def many(tmp_path: Path) -> Catalogue:
    faults = [{**FAULTS[0], "name": f"f{number}"} for number in range(30)]
    return read_catalogue(project(tmp_path / "water", [*faults, *FAULTS]) / "faults.yml")


def test_a_sample_is_repeatable_and_has_one_for_each_check(many: Catalogue) -> None:
    samples = [choose(many, sample=6, seed=seed) for seed in range(20)]
    assert all({fault.expected for fault in sample} == {"grep", "code", "run"} for sample in samples)
    assert all(len({fault.name for fault in sample}) == 6 for sample in samples)
    assert samples == [choose(many, sample=6, seed=seed) for seed in range(20)]
    assert len({tuple(fault.name for fault in sample) for sample in samples}) > 10
    assert choose(many) == choose(many, sample=33) == list(many.faults)
    assert [fault.expected for fault in choose(many, sample=2, seed=3)] == ["run", "code"]


def test_an_unknown_name_is_refused(many: Catalogue) -> None:
    with pytest.raises(SabotageError, match="there is no fault f99; there are: f0, "):
        choose(many, only="f1,f99")
