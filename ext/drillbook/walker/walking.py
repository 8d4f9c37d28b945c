"""Walks a tree with somebody: asks, runs what may be run, takes the answers, to the end."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final, NamedTuple, TextIO

from drillbook.live.quantity import readable
from drillbook.model.blank import Blank, blanks_in, fill
from drillbook.model.condition import choose, words
from drillbook.model.tree import Check, Escalate, Fix, Tree
from drillbook.model.walk import Walk
from drillbook.walker.looking import Look, last_line, run_command, run_query
from drillbook.walker.manual import Manual
from drillbook.walker.report import WalkReport
from drillbook.walker.terminal import Terminal

HELP: Final = "a number: take that answer · Enter: take the one proposed · b: back · q: stop · ?: this help"


class Ended(IntEnum):
    """How a walk ended, as an exit status."""

    FIX = 0
    USAGE = 2
    ESCALATE = 3
    STOPPED = 4
    INTERRUPTED = 130


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
    """Shows a walk on a terminal and takes the answers; ``report`` says afterwards what happened."""

    def __init__(self, manual: Manual, options: Options, ask: Callable[[str], str] = input) -> None:
        self.manual, self.options, self.ask = manual, options, ask
        self.values = dict(options.values)
        self.terminal = Terminal(options.log, options.colour)
        self.report = WalkReport("")

    def walk(self, start: str) -> Ended:
        """From the start of a tree to its end."""
        walk = Walk(self.manual.trees, start)
        self.report = WalkReport(start)
        age = self.manual.age.says(datetime.now(UTC).date())
        self.terminal.say(age)
        self.terminal.log(f"manual {age}")
        self.terminal.log(f"tree {start}")
        try:
            ended = self._to_the_end(walk)
        except (KeyboardInterrupt, EOFError):
            print()
            self.terminal.log("interrupted")
            ended = Ended.INTERRUPTED
        print()
        for taken in walk.taken:
            self.terminal.say(f"{taken.check.says} {taken.answer.says}")
        return ended

    def _to_the_end(self, walk: Walk) -> Ended:
        while isinstance(check := walk.node, Check):
            self.terminal.heading(f"{walk.tree.name} · step {walk.number}: {check.says}")
            self.terminal.say(check.text)
            self.report.asked(walk.tree, check)
            chosen = self._choose(check, self._look(walk.tree, check))
            if chosen == "q":
                return Ended.STOPPED
            if chosen == "b":
                self.terminal.log("back")
                if not walk.back():
                    self.terminal.say("This is the first question.")
                continue
            if chosen.isdigit():
                answer = check.answers[int(chosen) - 1]
                self.terminal.log(f"answered: {answer.says} ({words(answer.condition)})")
                self.report.answered(answer)
                walk.answer(int(chosen) - 1)
        if isinstance(walk.node, Fix):
            self._fix(walk.tree, walk.node)
            return Ended.FIX
        assert isinstance(walk.node, Escalate)  # there are no other nodes
        self._escalate(walk.tree, walk.node)
        return Ended.ESCALATE

    def _look(self, tree: Tree, check: Check) -> int | None:
        """Show what the check runs, run it if that is allowed, and answer which answer fits."""
        blanks = {blank.name: blank for blank in tree.blanks}
        options = self.options
        if check.query:
            query = self._filled(check.query, blanks)
            self.terminal.query(query)
            if not (options.run and options.prometheus):
                return None
            return self._fitting(check, self._seen(run_query(query, options.prometheus, options.timeout_s)))
        proposed: int | None = None
        for command in check.commands:
            text = self._filled(command.text, blanks)
            self.terminal.command(text, command)
            if options.run:
                proposed = self._fitting(check, self._seen(run_command(text, options.timeout_s)))
        return proposed

    def _seen(self, look: Look) -> Look:
        """Show and keep what came."""
        self.report.looked(look)
        if look.seen or look.output:
            self.terminal.output(look.ran, look.output)
        if look.trouble:
            self.terminal.say(look.trouble)
            self.terminal.log(look.trouble)
        elif look.seen and look.seen.values is None:
            self.terminal.status(look.seen.status)
        return look

    def _fitting(self, check: Check, look: Look) -> int | None:
        if look.seen is None:
            return None
        found = choose([answer.condition for answer in check.answers], look.seen)
        if found is None:
            self.terminal.say("No answer fits what was printed. Choose one yourself, or call for help.")
        return found

    def _choose(self, check: Check, proposed: int | None) -> str:
        """A number, ``b`` or ``q``; empty to ask the same question again."""
        print()
        for number, answer in enumerate(check.answers, 1):
            mark = ">" if proposed == number - 1 else " "
            self.terminal.say(f"{mark} {number}  {answer.says} ({words(answer.condition)})", indent="       ")
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
            self.terminal.say(HELP)

    def _fix(self, tree: Tree, fix: Fix) -> None:
        self.terminal.heading(f"FIX: {fix.says}")
        self.terminal.say(fix.text)
        self.terminal.log(f"fix: {fix.says} procedure {fix.procedure}")
        procedure = self.manual.procedures.get(fix.procedure)
        known = {**dict(fix.values), **self.values}
        names = [blank.name for blank in procedure.blanks] if procedure else list(known)
        self.report.ended(tree, fix, {name: known[name] for name in names if name in known})
        if procedure is None:
            self.terminal.say(f"Do the procedure {fix.procedure}.")
            return
        self.terminal.say(f"Do: {procedure.title}. {procedure.purpose}")
        for name in ("who", "takes", "risk", "needs"):
            self.terminal.say(f"{name.capitalize()}: {getattr(procedure, name)}" if getattr(procedure, name) else "")
        for blank in procedure.blanks:
            if blank.name not in known:
                self.terminal.say(f"Fill in {blank.name}: {blank.says} ({blank.allows})")
                if blank.command:
                    self.terminal.command(blank.command)
        for number, step in enumerate(procedure.steps, 1):
            self.terminal.heading(f"{number}. {step.says}")
            for part in step.parts:
                self.terminal.say(part.text)
                for command in part.commands:
                    self.terminal.command(fill(command.text, known), command)
        self.terminal.say(f"The alert clears within {readable(fix.within_s, 's')}.")

    def _escalate(self, tree: Tree, end: Escalate) -> None:
        self.terminal.heading(f"ESCALATE: {end.says}")
        self.terminal.say(end.text)
        self.terminal.say(f"Call: {end.to}")
        self.terminal.say(f"Have in hand: {end.bring}")
        self.terminal.log(f"escalate: {end.says} to {end.to}")
        self.report.ended(tree, end, {})

    def _filled(self, text: str, blanks: Mapping[str, Blank]) -> str:
        """The command with all its blanks filled, or asked for: none is ever run with a blank in it."""
        for name in blanks_in(text):
            blank = blanks.get(name, Blank(name, ""))
            found = self._found(blank) if name not in self.values else ""
            proposed = f" [{found}]" if found else ""
            if self.options.yes and name not in self.values and not blank.problem(found or blank.default):
                self.values[name] = found or blank.default
            while problem := blank.problem(self.values.get(name, "")):
                if name in self.values:
                    self.terminal.say(f"{name}: {self.values[name]!r} {problem}")
                self.values[name] = self.ask(f"{name} ({blank.says or blank.allows}){proposed}: ").strip() or found
        return fill(text, self.values)

    def _found(self, blank: Blank) -> str:
        """The value that the blank's command prints, if it may be run."""
        if not blank.command:
            return ""
        self.terminal.command(blank.command)
        return last_line(self._seen(run_command(blank.command, self.options.timeout_s))) if self.options.run else ""
