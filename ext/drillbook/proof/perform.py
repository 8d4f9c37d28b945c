"""Performs a procedure in a shell as a reader would: fills its blanks, does each step, confirms it; and undoes it all."""

from collections.abc import Mapping, Sequence
from typing import Final

from drillbook.model.blank import Blank, fill
from drillbook.model.console import Command
from drillbook.model.procedure import Part, Procedure
from drillbook.proof.session import Outcome, Verdict, run_session
from drillbook.proof.shell import Shell

_FIND_S: Final = 60


def perform(procedure: Procedure, values: Mapping[str, str], shell: Shell) -> list[Outcome]:
    """Do the steps in their order, each with what confirms it; what follows a failure is skipped.

    A blank has its value of *values*, else what its command prints, else its default.
    """
    known, failed = fill_blanks(procedure, values, shell)
    if failed:
        return failed
    parts = [part for step in procedure.steps for part in (step.action, step.confirm)]
    return list(run_session(shell, _commands(parts, known)))


def undo(
    procedure: Procedure, values: Mapping[str, str], shell: Shell, procedures: Mapping[str, Procedure]
) -> list[Outcome]:
    """Do what each step's undo says, the last step first; or the procedure of *procedures* that undoes it all."""
    if procedure.undone_by:
        return perform(procedures[procedure.undone_by], values, shell)
    known, failed = fill_blanks(procedure, values, shell)
    return failed or list(run_session(shell, _commands([step.undo for step in reversed(procedure.steps)], known)))


def fill_blanks(procedure: Procedure, values: Mapping[str, str], shell: Shell) -> tuple[dict[str, str], list[Outcome]]:
    """The values of all blanks of *procedure*, with *values* kept; and for the first that has none, why."""
    known = dict(values)
    for blank in procedure.blanks:
        if blank.name in known:
            outcome = None
        elif blank.command:
            outcome = _find(blank, known, shell)
        else:
            known[blank.name] = blank.default
            outcome = None
        if outcome:
            return known, [outcome]
        if problem := blank.problem(known[blank.name]):
            written = Command(blank.command or f"{{{{ {blank.name} }}}}", "", 0)
            why = f"the blank {blank.name} is filled with {known[blank.name]!r}, which {problem}"
            return known, [Outcome(written, Verdict.FAILED, why)]
    return known, []


def _find(blank: Blank, known: dict[str, str], shell: Shell) -> Outcome | None:
    """Type the command of a blank; its last line is the value."""
    text = fill(blank.command, known)
    ran = shell.run(text, _FIND_S)
    lines = [line.strip() for line in ran.output.splitlines() if line.strip()]
    if ran.status == 0 and lines:
        known[blank.name] = lines[-1]
        return None
    why = f"it must print the value of {blank.name}; its exit status is {ran.status}, and it printed\n{ran.output}"
    return Outcome(Command(text, "", 0), Verdict.FAILED, why, ran.output, ran.status)


def _commands(parts: Sequence[Part | None], values: Mapping[str, str]) -> list[Command]:
    return [filled(command, values) for part in parts if part for command in part.commands]


def filled(command: Command, values: Mapping[str, str]) -> Command:
    """*command* with its blanks filled; one whose blank has no value cannot be run, and fails for that."""
    text = fill(command.text, values)
    return command._replace(text=text, expected=fill(command.expected, values))


__all__ = ["fill_blanks", "filled", "perform", "undo"]
