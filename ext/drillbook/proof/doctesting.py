"""Carries out, in a box, the tasks of a plan of kind ``doctest``; each gives what came of each of its examples."""

import fnmatch
import shutil
import time
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

from drillbook.model.console import Command
from drillbook.model.data import read_commands, read_procedure
from drillbook.model.procedure import Procedure
from drillbook.proof.asking import ask_http, ask_query, ask_sql, check_rules
from drillbook.proof.perform import fill_blanks, perform, undo
from drillbook.proof.session import Outcome, Verdict, run_session
from drillbook.proof.shell import Shell
from drillbook.proof.stack import PrivateStack, StackError

Json = dict[str, Any]
_LOOKS, _LOOK_S = 5, 2  # at what may change by itself: clients of a fault finish a job every few seconds
_SETTLE_S: Final = 20  # what a procedure has undone may take as long to be as before
_PAUSE_S: Final = 1
_BAD: Final = (Verdict.FAILED, Verdict.SKIPPED)


def run(plan: Json, stack: PrivateStack, say: Callable[[str], None]) -> Iterator[Json]:
    """Do the tasks in their order; the stack is started for the first that needs it, and anew after a failure."""
    spoilt = touched = False
    for task in plan["tasks"]:
        say(task["name"])
        began = time.monotonic()
        # a fault may take with it what a page left, and the procedure that is proven in it would be blamed
        if task["needs_stack"] and (spoilt or (touched and task["kind"] == "procedure")):
            stack.renew()
            touched = False
        elif task["needs_stack"]:
            stack.up()
        if task["kind"] == "python":
            from drillbook.proof.boxed_python import run_python  # here: nothing else in a box needs Sphinx

            yield from run_python(task, Path(plan["confdir"]))
            continue
        outcomes = list(_HANDLERS[task["kind"]](task, stack, plan))
        yield {
            "id": task["id"],
            "outcomes": [outcome_data(outcome) for outcome in outcomes],
            "seconds": time.monotonic() - began,
        }
        # what failed may have left anything behind: the next must not fail for that
        spoilt = task["needs_stack"] and any(outcome.verdict in _BAD for outcome in outcomes)
        touched = touched or (task["needs_stack"] and task["kind"] == "page")


def outcome_data(outcome: Outcome) -> Json:
    """An outcome as JSON values."""
    fields = outcome._asdict()
    command = fields.pop("command")
    return fields | {"verdict": outcome.verdict.value, "text": command.text, "line": command.line}


def _page(task: Json, stack: PrivateStack, plan: Json) -> Iterator[Outcome]:
    """The blocks of a page, in their order; all its sessions are typed into one shell."""
    shell = _checkout_shell(task, stack, plan) if task["checkout"] else stack.shell(task["name"])
    described, note = plan["stack"], stack.scratch / "note"
    failed = ""
    for block in task["blocks"]:
        text, line = block["text"], block["line"]
        match block["kind"]:
            case "console":
                commands = read_commands(block["commands"])
                if failed:
                    why = f"not run, because this failed before: {failed}"
                    yield from (Outcome(command, Verdict.SKIPPED, why) for command in commands)
                    continue
                for outcome in run_session(shell, commands):
                    failed = failed or (outcome.command.text if outcome.verdict is Verdict.FAILED else "")
                    yield outcome
            case "promql":
                yield ask_query(stack, text, line, needs_data=True)
            case "sql":
                yield ask_sql(stack, described, text, line)
            case "http":
                yield ask_http(stack.urls.get(described.get("http", ""), ""), shell, note, text, line)
            case "rules":
                yield check_rules(shell, str(stack.scratch / "sample-rules.yml"), text, line)
    if task["checkout"]:  # what the reader started there is a system of its own
        stack.bare_shell("end", stack.scratch).run(f"rm -rf {stack.scratch / 'checkout'}", _SETTLE_S)


def _checkout_shell(task: Json, stack: PrivateStack, plan: Json) -> Shell:
    """A shell at the top of a writable copy of the repository, with nothing of the private stack in it."""
    top, folder = Path(task["top"]), stack.scratch / "checkout"
    links = {top / name: target for name, target in task["links"].items()}
    shutil.copytree(
        top, folder, symlinks=True, ignore=lambda where, names: [name for name in names if Path(where, name) in links]
    )
    for place, target in links.items():
        (folder / place.relative_to(top)).symlink_to(target)
    given = plan["stack"].get("environment", {})
    environment = {name: value for name, value in stack.environment.items() if name not in given}
    return stack.bare_shell(task["name"], folder, environment)


def _tree(task: Json, stack: PrivateStack, plan: Json) -> Iterator[Outcome]:
    """The checks of a tree on a healthy system, each as if it were the first."""
    for check in task["checks"]:
        if check["query"]:
            yield ask_query(stack, check["query"], check["line"], needs_data=False)
        else:
            yield from run_session(stack.shell(task["name"]), read_commands(check["commands"]))


def _procedure(task: Json, stack: PrivateStack, plan: Json) -> Iterator[Outcome]:
    """Do it, undo it, and hold the system against what it was before."""
    procedures = {name: read_procedure(data) for name, data in task["procedures"].items()}
    procedure = procedures[task["procedure"]]
    before = _settled(stack)
    try:
        with stack.fault(procedure.given) if procedure.given else nullcontext():
            steady = _steady(stack) if procedure.given and _can_be_undone(procedure) else {}
            shell = stack.shell(procedure.name)
            known, outcomes = fill_blanks(procedure, {}, shell)
            outcomes = outcomes or perform(procedure, known, shell)
            yield from outcomes
            if any(outcome.verdict in _BAD for outcome in outcomes):
                return
            undone = undo(procedure, known, shell, procedures)
            yield from undone
            if steady and not any(outcome.verdict in _BAD for outcome in undone):
                # in the fault: its end puts back what it changed itself, and would hide an undo that does nothing
                yield from _left_behind(procedure, steady, stack, only=steady)
    except StackError as error:
        yield Outcome(Command(f"the fault {procedure.given}", "", 0), Verdict.FAILED, str(error))
        return
    if not any(outcome.verdict in _BAD for outcome in undone):
        yield from _left_behind(procedure, before, stack)


def _settled(stack: PrivateStack) -> dict[str, str]:
    """A snapshot that is the same twice: what was done before may still be coming to its end."""
    found, deadline = stack.snapshot(), time.monotonic() + _SETTLE_S
    while found and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
        again = stack.snapshot()
        if again == found:
            break
        found = again
    return found


def _can_be_undone(procedure: Procedure) -> bool:
    """Whether any of its steps has a way back; that a server was started, nobody wants to undo."""
    return any(bool(step.undo and step.undo.commands) for step in procedure.steps)


def _steady(stack: PrivateStack) -> dict[str, str]:
    """What stays the same by itself while a fault holds: with clients at work much does not."""
    found = stack.snapshot()
    for _ in range(_LOOKS):
        time.sleep(_LOOK_S)
        now = stack.snapshot()
        found = {thing: value for thing, value in found.items() if now.get(thing) == value}
    return found


def _left_behind(
    procedure: Procedure, before: Mapping[str, str], stack: PrivateStack, only: Container[str] | None = None
) -> Iterator[Outcome]:
    """What differs afterwards, of all or of *only* these, and the procedure does not declare."""
    deadline = time.monotonic() + _SETTLE_S
    while True:
        now = stack.snapshot()
        if only is not None:
            now = {thing: value for thing, value in now.items() if thing in only}
        different = list(_different(before, now, procedure.leaves))
        if not different or time.monotonic() > deadline:
            break
        time.sleep(_PAUSE_S)
    if different:
        why = "when it is undone, this is not as before (- before, + now); declare it in :leaves:, or undo it:\n"
        yield Outcome(Command(LEFT, "", 0), Verdict.FAILED, why + "".join(f"{line}\n" for line in different))


def _different(before: Mapping[str, str], now: Mapping[str, str], leaves: tuple[str, ...]) -> Iterator[str]:
    for thing in sorted(before.keys() | now.keys()):
        if before.get(thing) != now.get(thing) and not any(fnmatch.fnmatch(thing, glob) for glob in leaves):
            if thing in before:
                yield f"- {thing}  {before[thing]}"
            if thing in now:
                yield f"+ {thing}  {now[thing]}"


LEFT: Final = "the snapshot before and after"
_HANDLERS: Mapping[str, Callable[[Json, PrivateStack, Json], Iterator[Outcome]]] = {
    "page": _page,
    "tree": _tree,
    "procedure": _procedure,
}
