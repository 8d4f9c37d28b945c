"""Carries out, in a box, the tasks of a plan of kind ``doctest``; each gives what came of each of its examples."""

from collections.abc import Callable, Iterator
from typing import Any

from drillbook.model.data import read_commands
from drillbook.proof.session import Outcome, run_session
from drillbook.proof.stack import PrivateStack

Json = dict[str, Any]


def run(plan: Json, stack: PrivateStack, say: Callable[[str], None]) -> Iterator[Json]:
    """Do the tasks in their order; the stack is started for the first that needs it."""
    for task in plan["tasks"]:
        if task["needs_stack"]:
            stack.up()
        yield {
            "id": task["id"],
            "outcomes": [outcome_data(outcome) for outcome in _HANDLERS[task["kind"]](task, stack)],
        }
        say(task["name"])


def outcome_data(outcome: Outcome) -> Json:
    """An outcome as JSON values."""
    fields = outcome._asdict()
    command = fields.pop("command")
    return fields | {"verdict": outcome.verdict.value, "text": command.text, "line": command.line}


def _session(task: Json, stack: PrivateStack) -> Iterator[Outcome]:
    yield from run_session(stack.shell(task["name"]), read_commands(task["commands"]))


_HANDLERS: dict[str, Callable[[Json, PrivateStack], Iterator[Outcome]]] = {"session": _session}
