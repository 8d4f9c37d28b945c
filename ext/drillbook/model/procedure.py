"""Procedures: what an operator does, step by step, and how each step is confirmed and undone."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from drillbook.model.blank import Blank, blanks_in
from drillbook.model.console import Command

NOTHING: Final = "nothing"  # ``:undone-by: nothing, because ...``
OWN_STEPS: Final = "its steps"  # ``:undone-by: its steps, ...``: what stands behind their `Undo:`


class Part(NamedTuple):
    """What a step says and types: its action, its confirmation, or its undoing."""

    text: str = ""
    commands: tuple[Command, ...] = ()


class Step(NamedTuple):
    """One step; ``line`` is its line in its file."""

    says: str
    action: Part
    confirm: Part | None
    undo: Part | None
    line: int

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that there are."""
        return tuple(part for part in (self.action, self.confirm, self.undo) if part is not None)


class Procedure(NamedTuple):
    """A whole procedure. ``undone_by`` is the name of a procedure, or empty; ``undone_text`` says what to know of it.

    ``given`` is the fault in which a run proves it, or empty; ``leaves`` are patterns of the things that may differ when
    it was done and undone; ``unproven`` says why no run proves it, or is empty.
    """

    name: str
    title: str
    purpose: str
    when: str
    who: str
    takes: str
    risk: str
    needs: str
    undone_by: str
    undone_text: str
    steps: tuple[Step, ...]
    blanks: tuple[Blank, ...]
    line: int
    given: str = ""
    leaves: tuple[str, ...] = ()
    unproven: str = ""


def flaws(procedure: Procedure) -> Iterator[tuple[str, int]]:
    """Every rule that *procedure* breaks, with its line."""
    if not procedure.steps:
        yield f"procedure {procedure.name} has no steps", procedure.line
    for step in procedure.steps:
        if not step.action.commands:
            continue
        if step.confirm is None and not any(command.expected for command in step.action.commands):
            yield "how does one know that it worked? Show the output of the command, or add 'Confirm:'", step.line
        if step.undo is None:
            yield "how is it undone? Add 'Undo:' (or 'Undo: nothing to undo')", step.line


def blanks_used(procedure: Procedure) -> Iterator[tuple[str, int]]:
    """The blanks in the commands of *procedure*, with the line of their step."""
    for step in procedure.steps:
        for part in step.parts:
            for command in part.commands:
                yield from ((name, step.line) for name in blanks_in(command.text + command.expected))
