"""Runs plans, each in a box of its own, side by side: what a page does, it does in there.

A plan goes in as JSON on standard input of :mod:`drillbook.proof.inside`; what comes out are lines: what to say, one
result for each thing done, and that it is all. Each line begins with a word that only the two know, so that nothing
that runs in the box can say it in their place.
"""

import json
import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

from sphinx.application import Sphinx

from drillbook.process import Background, LineTimeout, background, run
from drillbook.proof.bubblewrap import SCRATCH, BoxError, Room, arguments, check, python_folders
from drillbook.proof.checkout import checkout_of, copy_checkout
from drillbook.proof.stack import remove

Json = dict[str, Any]
Say = Callable[[str], None]
PACKAGE: Final = Path(__file__).resolve().parents[1]
_FETCH_S: Final = 900
_SILENT_S: Final = 900  # so long without a word, and a box is given up
_LINE_BYTES: Final = 256 * 1024 * 1024


class Plan(TypedDict):
    """What is done in a box. ``stack``, ``confdir`` and ``scratch`` are filled in here."""

    kind: str
    tasks: list[Json]
    rules: NotRequired[str]  # a folder of alert rules in place of the system's own, or empty
    site: NotRequired[str]  # a folder of built HTML that is served, or empty
    stack: NotRequired[Json]
    confdir: NotRequired[str]
    scratch: NotRequired[str]


class Report(TypedDict):
    """What came of a plan: a result for each task that was done, and why it ended before its end, if it did."""

    tasks: list[Json]
    error: str


def run_plans(
    app: Sphinx, plans: Sequence[Plan], say: Say, keep: Callable[[Json], None] = lambda result: None
) -> list[Report]:
    """Run *plans* side by side, each in its box; *say* is told their progress, and *keep* each result, as it comes.

    Whatever goes wrong in a box is in its report. Raises :exc:`BoxError` when there can be none.
    """
    stack: Json = dict(app.config.drillbook_stack)
    confdir = Path(app.confdir).resolve()
    with _folder() as folder:
        check(_empty_room(folder / "empty"))
        if error := _fetch(stack, confdir):
            return [Report(tasks=[], error=error) for _ in plans]
        # only now: what is shown in a box may be what was fetched
        rooms = [_room(folder / f"box-{number}", folder, confdir, plan, stack) for number, plan in enumerate(plans)]
        with ThreadPoolExecutor(max(1, len(plans))) as pool:
            lock = threading.Lock()

            def speak(text: str) -> None:
                with lock:
                    say(text)

            def keep_one(result: Json) -> None:
                with lock:
                    keep(result)

            filled = [Plan(**{**plan, "stack": stack, "confdir": str(confdir), "scratch": SCRATCH}) for plan in plans]
            return list(pool.map(lambda room, plan: _run(room, plan, speak, keep_one), rooms, filled))


def _run(room: Room, plan: Plan, say: Say, keep: Callable[[Json], None]) -> Report:
    word = secrets.token_hex(16)
    root = os.geteuid() == 0
    command = [
        *arguments(room, root=root),
        *("--setenv", "PYTHONPATH", str(PACKAGE.parent), "--setenv", "PYTHONDONTWRITEBYTECODE", "1"),
        *(sys.executable, "-m", "drillbook.proof.inside"),
    ]
    stdin = f"{word}\n{json.dumps(plan)}".encode()
    report = Report(tasks=[], error="")

    def taken(result: Json) -> None:
        report["tasks"].append(result)
        keep(result)

    with background(command, stdin=stdin, max_line_bytes=_LINE_BYTES) as box:
        try:
            report["error"] = _listen(box, word, say, taken)
        except LineTimeout:
            report["error"] = f"the box said nothing for {_SILENT_S} s, and was given up"
    return report


def _listen(box: Background, word: str, say: Say, keep: Callable[[Json], None]) -> str:
    """Take in what the box says; answer what went wrong."""
    noise: list[str] = []
    for line in box.lines(_SILENT_S):
        if not line.startswith(word):
            noise = [*noise[-19:], printable(line)]
            continue
        event = _printable_all(json.loads(line.removeprefix(word)))
        if "say" in event:
            say(str(event["say"]))
        elif "result" in event:
            keep(event["result"])
        else:
            return str(event["end"])
    return "\n".join(["the box ended before its end", *noise])


def printable(text: str) -> str:
    """*text* without what would move the cursor or change a terminal."""
    return "".join(letter for letter in text if letter in "\n\t" or letter.isprintable())


def _printable_all(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_printable_all(item) for item in value]
    if isinstance(value, dict):
        return {printable(name): _printable_all(item) for name, item in value.items()}
    return value


def _empty_room(scratch: Path) -> Room:
    scratch.mkdir()
    return Room((), scratch)


def _room(scratch: Path, folder: Path, confdir: Path, plan: Plan, stack: Json) -> Room:
    scratch.mkdir()
    scratch.chmod(0o755)  # PostgreSQL's user must get in; nobody else can reach it
    extra = [Path(plan[name]).resolve() for name in ("rules", "site") if plan.get(name)]
    extra += [path for name in stack.get("shows", ()) if (path := Path(os.path.expandvars(name)).expanduser()).exists()]
    top = checkout_of(confdir)
    if top is None:
        here, top = confdir, confdir
    else:
        here = folder / "checkout"
        if not here.exists():
            copy_checkout(top, here, extra)
    shown = [(here, top), *((path, path) for path in extra)]
    for folder, place in python_folders():
        if not (place.is_relative_to(top) and place != place.resolve()):  # there it is a link, as it is here
            shown.append((folder, place))
    if not PACKAGE.is_relative_to(top) and not any(PACKAGE.is_relative_to(place) for _, place in shown):
        shown.append((PACKAGE, PACKAGE))
    return Room(tuple(shown), scratch)


def _fetch(stack: Json, confdir: Path) -> str:
    """What is needed from the network comes before: there is none in a box."""
    command = stack.get("fetch", "")
    if not command:
        return ""
    done = run(["bash", "-c", command], timeout_s=_FETCH_S, cwd=confdir / stack.get("folder", ""))
    if done.status == 0:
        return ""
    said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    return f"`{command}` ended with exit status {done.status}:\n{printable(said)}"


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that only we can enter, removed at the end with whatever a box left in it."""
    folder = Path(tempfile.mkdtemp(prefix="drillbook-")).resolve()
    try:
        yield folder
    finally:
        remove(folder)


__all__ = ["BoxError", "Plan", "Report", "printable", "run_plans"]
