"""Procedures are performed as a reader would: blanks filled, each step done and confirmed, and all undone again."""

import os
from pathlib import Path

import pytest

from drillbook.model.blank import Blank, BlankType
from drillbook.model.console import commands
from drillbook.model.procedure import Part, Procedure, Step
from drillbook.proof.perform import perform, undo
from drillbook.proof.session import Outcome
from drillbook.proof.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "work").mkdir()
    return Shell(tmp_path / "state", tmp_path / "work", {"PATH": os.environ["PATH"]})


def part(text: str) -> Part:
    return Part("", tuple(commands(text)))


def procedure(*steps: tuple[str, str, str], undone_by: str = "", blanks: tuple[Blank, ...] = ()) -> Procedure:
    made = tuple(Step(f"step {action}", part(action), part(confirm), part(undo), 1) for action, confirm, undo in steps)
    said = dict.fromkeys(("title", "purpose", "when", "who", "takes", "risk", "needs", "undone_text"), "")
    return Procedure(name="p", undone_by=undone_by, steps=made, blanks=blanks, line=1, **said)


def shown(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.command.text, outcome.verdict.value) for outcome in outcomes]


TWO = procedure(
    ("$ echo one >> log\n", "$ wc -l < log\n1\n", "$ echo no one >> log\n"),
    ("$ echo two >> log\n", "$ wc -l < log\n2\n", "$ echo no two >> log\n"),
)


def test_each_step_is_done_and_confirmed_and_the_last_is_undone_first(shell: Shell) -> None:
    done = [
        ("echo one >> log", "proven"),
        ("wc -l < log", "proven"),
        ("echo two >> log", "proven"),
        ("wc -l < log", "proven"),
    ]
    assert shown(perform(TWO, {}, shell)) == done
    assert shown(undo(TWO, {}, shell, {})) == [("echo no two >> log", "proven"), ("echo no one >> log", "proven")]


def test_what_follows_a_step_that_is_not_confirmed_is_not_done(shell: Shell) -> None:
    shell.run("echo zero > log", 5)
    assert [verdict for _, verdict in shown(perform(TWO, {}, shell))] == ["proven", "failed", "skipped", "skipped"]


def test_another_procedure_undoes_it(shell: Shell) -> None:
    there = procedure(("$ touch there\n", "$ ls\nthere\n", ""), undone_by="back")
    back = procedure(("$ rm there\n", "$ ls\n", ""))
    perform(there, {}, shell)
    assert shown(undo(there, {}, shell, {"back": back})) == [("rm there", "proven"), ("ls", "proven")]


def test_a_blank_has_the_value_given_or_what_its_command_prints_or_its_default(shell: Shell) -> None:
    blanks = (
        Blank("pump", "", default="east"),
        Blank("level", "", BlankType.INTEGER, command="echo read from {{ pump }}; echo 3; echo"),
        Blank("gate", "", default="upper"),
    )
    say = procedure(("$ echo {{ pump }} {{ level }} {{ gate }}\n{{ pump }} 3 upper\n", "", ""), blanks=blanks)
    assert shown(perform(say, {"pump": "north"}, shell)) == [("echo north 3 upper", "proven")]


@pytest.mark.parametrize(
    ("blank", "why"),
    [
        (Blank("n", "", BlankType.INTEGER, command="echo some"), "filled with 'some', which must be a whole number"),
        (Blank("n", "", command="echo 'no such pump'; exit 2"), "its exit status is 2, and it printed\nno such pump\n"),
        (Blank("n", "", command="true"), "it must print the value of n; its exit status is 0"),
        (Blank("n", ""), "filled with '', which must be one word"),
    ],
)
def test_a_blank_that_cannot_be_filled_fails_before_anything_is_done(shell: Shell, blank: Blank, why: str) -> None:
    (outcome,) = perform(procedure(("$ touch done {{ n }}\n", "", ""), blanks=(blank,)), {}, shell)
    assert outcome.verdict == "failed" and why in outcome.why
    assert shell.run("ls", 5).output == ""
