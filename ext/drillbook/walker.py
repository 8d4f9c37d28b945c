"""The terminal walker: a tree, one question at a time, on any machine that has Python; over ssh, with no browser.

Plain lines only. What was asked, run and answered goes to a log with UTC times, line by line, so that a lost connection
loses nothing.
"""

import json
import sys
import textwrap
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, Final, NamedTuple, TextIO

from drillbook import process
from drillbook.live.quantity import readable
from drillbook.model.blank import Blank, blanks_in, fill
from drillbook.model.condition import Observation, choose, words
from drillbook.model.console import Command
from drillbook.model.data import SCHEMA, DataError, read_procedure, read_tree
from drillbook.model.procedure import Procedure
from drillbook.model.tree import Check, Escalate, Fix, Tree
from drillbook.model.walk import Walk

SHOWN_LINES: Final = 40  # of what a command printed; the log has as many
HELP: Final = "a number: take that answer · Enter: take the one proposed · b: back · q: stop · ?: this help"


class Ended(IntEnum):
    """How a walk ended, as an exit status."""

    FIX = 0
    USAGE = 2
    ESCALATE = 3
    STOPPED = 4
    INTERRUPTED = 130


class Manual(NamedTuple):
    """What the walker reads of ``ops.json``; ``alerts`` maps names to those of their trees."""

    trees: dict[str, Tree]
    procedures: dict[str, Procedure]
    alerts: dict[str, list[str]]
    pages: dict[str, str]  # page to alert

    def tree(self, asked: str) -> str | None:
        """The tree that *asked* means: its name, that of an alert, or the address of an alert's page."""
        page = asked.partition("#")[0].partition("?")[0]
        alert = next((alert for path, alert in self.pages.items() if page.endswith(f"/{path}") or page == path), asked)
        names = {name.lower(): name for name in self.trees}
        trees = next((found for name, found in self.alerts.items() if name.lower() == alert.lower()), [])
        return names.get(asked.lower()) or next(iter(trees), None)


def read_manual(file: Path) -> Manual:
    """Read ``ops.json``. Raises :exc:`DataError` with a text for people."""
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise DataError(f"{file} has the format {data['schema']}, and this walker reads {SCHEMA}")
        return Manual(
            {tree["name"]: read_tree(tree) for tree in data["trees"]},
            {procedure["name"]: read_procedure(procedure) for procedure in data["procedures"]},
            {alert["name"]: list(alert["trees"]) for alert in data["alerts"]},
            {alert["page"]: alert["name"] for alert in data["alerts"] if alert["page"]},
        )
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}. `make html` writes it; --data names another") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file} is no ops.json: {type(error).__name__}: {error}") from error


class Options(NamedTuple):
    """How to walk. ``values`` fill blanks; ``log`` is written as one goes."""

    run: bool = False
    yes: bool = False
    timeout_s: float = 30
    prometheus: str = ""
    values: Mapping[str, str] = {}
    log: TextIO | None = None
    colour: bool = False


class Walker:
    """Shows a walk on a terminal and takes the answers."""

    def __init__(self, manual: Manual, options: Options, ask: Callable[[str], str] = input) -> None:
        self.manual, self.options, self.ask = manual, options, ask
        self.values = dict(options.values)

    def walk(self, start: str) -> Ended:
        """From the start of a tree to its end."""
        walk = Walk(self.manual.trees, start)
        self._log(f"tree {start}")
        try:
            ended = self._to_the_end(walk)
        except (KeyboardInterrupt, EOFError):
            print()
            self._log("interrupted")
            ended = Ended.INTERRUPTED
        self._summary(walk)
        return ended

    def _to_the_end(self, walk: Walk) -> Ended:
        while isinstance(check := walk.node, Check):
            self._heading(f"{walk.tree.name} · step {walk.number}: {check.says}")
            self._say(check.text)
            proposed = self._look(walk.tree, check)
            chosen = self._choose(check, proposed)
            if chosen == "q":
                return Ended.STOPPED
            if chosen == "b":
                self._log("back")
                if not walk.back():
                    self._say("This is the first question.")
                continue
            if chosen.isdigit():
                answer = check.answers[int(chosen) - 1]
                self._log(f"answered: {answer.says} ({words(answer.condition)})")
                walk.answer(int(chosen) - 1)
        if isinstance(walk.node, Fix):
            self._fix(walk.tree, walk.node)
            return Ended.FIX
        assert isinstance(walk.node, Escalate)  # there are no other nodes
        self._escalate(walk.node)
        return Ended.ESCALATE

    def _look(self, tree: Tree, check: Check) -> int | None:
        """Show what the check runs, run it if that is allowed, and answer which answer fits."""
        blanks = {blank.name: blank for blank in tree.blanks}
        if check.query:
            query = self._filled(check.query, blanks)
            print(f"\n    {query}")
            return self._query(check, query) if self.options.run and self.options.prometheus else None
        proposed: int | None = None
        for command in check.commands:
            text = self._filled(command.text, blanks)
            self._command(command, text)
            if self.options.run:
                proposed = self._run(check, text)
        return proposed

    def _run(self, check: Check, command: str) -> int | None:
        try:
            done = process.run(["bash", "-c", command], timeout_s=self.options.timeout_s)
        except OSError as error:
            self._say(f"bash cannot be started: {error.strerror}")
            return None
        output = (done.stdout + done.stderr).decode("utf-8", "replace")
        self._output(command, output)
        if done.timed_out:
            self._say(f"It had not ended after {self.options.timeout_s:g} s, and was stopped.")
            self._log("timed out")
            return None
        print(f"    exit status {done.status}")
        self._log(f"exit status {done.status}")
        return self._fitting(check, Observation(done.status, output))

    def _query(self, check: Check, query: str) -> int | None:
        url = f"{self.options.prometheus.rstrip('/')}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        if not url.startswith(("http://", "https://")):
            self._say(f"{self.options.prometheus} is no address of a Prometheus: it begins with http:// or https://")
            return None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=self.options.timeout_s) as reply:
                series = json.load(reply)["data"]["result"]
            values = tuple(float(one["value"][1]) for one in series)
        except (OSError, urllib.error.URLError, ValueError, KeyError, TypeError) as error:
            self._say(f"Prometheus did not answer: {error}")
            self._log(f"query failed: {error}")
            return None
        self._output(query, "\n".join(f"{value:g}" for value in values) or "(no data)")
        return self._fitting(check, Observation(values=values))

    def _fitting(self, check: Check, seen: Observation) -> int | None:
        found = choose([answer.condition for answer in check.answers], seen)
        if found is None:
            self._say("No answer fits what was printed. Choose one yourself, or call for help.")
        return found

    def _choose(self, check: Check, proposed: int | None) -> str:
        """A number, ``b`` or ``q``; empty to ask the same question again."""
        print()
        for number, answer in enumerate(check.answers, 1):
            mark = ">" if proposed == number - 1 else " "
            self._say(f"{mark} {number}  {answer.says} ({words(answer.condition)})", indent="       ")
        if self.options.yes:
            return "q" if proposed is None else str(proposed + 1)
        prompt = f"answer [{proposed + 1}]: " if proposed is not None else "answer: "
        while True:
            typed = self.ask(prompt).strip().lower()
            if not typed and proposed is not None:
                return str(proposed + 1)
            if typed in ("b", "q"):
                return typed
            if typed.isdigit() and 1 <= int(typed) <= len(check.answers):
                return typed
            self._say(HELP)

    def _fix(self, tree: Tree, fix: Fix) -> None:
        self._heading(f"FIX: {fix.says}")
        self._say(fix.text)
        self._log(f"fix: {fix.says} procedure {fix.procedure}")
        procedure = self.manual.procedures.get(fix.procedure)
        if procedure is None:
            self._say(f"Do the procedure {fix.procedure}.")
            return
        known = {**dict(fix.values), **self.values}
        self._say(f"Do: {procedure.title}. {procedure.purpose}")
        for name in ("who", "takes", "risk", "needs"):
            self._say(f"{name.capitalize()}: {getattr(procedure, name)}" if getattr(procedure, name) else "")
        for number, step in enumerate(procedure.steps, 1):
            self._heading(f"{number}. {step.says}")
            for part in step.parts:
                self._say(part.text)
                for command in part.commands:
                    self._command(command, fill(command.text, known))
        for blank in procedure.blanks:
            if blank.name not in known:
                self._say(f"Fill in {blank.name}: {blank.says} ({blank.allows})")
        self._say(f"The alert clears within {readable(fix.within_s, 's')}.")

    def _escalate(self, end: Escalate) -> None:
        self._heading(f"ESCALATE: {end.says}")
        self._say(end.text)
        self._say(f"Call: {end.to}")
        self._say(f"Have in hand: {end.bring}")
        self._log(f"escalate: {end.says} to {end.to}")

    def _filled(self, text: str, blanks: Mapping[str, Blank]) -> str:
        """The command with all its blanks filled, or asked for: none is ever run with a blank in it."""
        for name in blanks_in(text):
            blank = blanks.get(name, Blank(name, ""))
            while problem := blank.problem(self.values.get(name, "")):
                if name in self.values:
                    self._say(f"{name}: {self.values[name]!r} {problem}")
                self.values[name] = self.ask(f"{name} ({blank.says or blank.allows}): ").strip()
        return fill(text, self.values)

    def _command(self, command: Command, text: str) -> None:
        print()
        print(textwrap.indent(f"$ {text}", "    "))
        if command.expected:
            print(textwrap.indent(f"expected:\n{command.expected.rstrip()}", "    ", lambda line: True))

    def _output(self, command: str, output: str) -> None:
        lines = _printable(output).splitlines()
        shown = [
            *lines[:SHOWN_LINES],
            *([f"... {len(lines) - SHOWN_LINES} more lines"] if len(lines) > SHOWN_LINES else []),
        ]
        print(textwrap.indent("got:\n" + "\n".join(shown), "    ", lambda line: True))
        self._log(f"ran: {command}")
        for line in shown:
            self._log(f"    {line}")

    def _summary(self, walk: Walk) -> None:
        print()
        for taken in walk.taken:
            self._say(f"{taken.check.says} {taken.answer.says}")

    def _heading(self, text: str) -> None:
        print()
        self._say(f"\x1b[1m{text}\x1b[0m" if self.options.colour else text)
        self._log(text)

    def _say(self, text: str, indent: str = "") -> None:
        width = max(40, min(get_terminal_size().columns, 100))
        for line in text.splitlines():
            print(textwrap.fill(line, width, subsequent_indent=indent, break_on_hyphens=False))

    def _log(self, text: str) -> None:
        if self.options.log:
            now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            self.options.log.write(f"{now} {text}\n")
            self.options.log.flush()


def _printable(output: str) -> str:
    """What a command printed, without what would move the cursor or change the terminal."""
    return "".join(letter for letter in output if letter in "\n\t" or letter.isprintable())


def list_trees(manual: Manual) -> None:
    """Say which trees there are."""
    for name, tree in sorted(manual.trees.items()):
        alerts = f"  (alerts: {', '.join(tree.alerts)})" if tree.alerts else ""
        print(f"{name}  {tree.title}{alerts}")
    if not manual.trees:
        print("This manual has no trees.", file=sys.stderr)
