"""Drills, inside a box: a fault is put in, its alert comes, and somebody who knows nothing of it walks to what clears it.

Each walk is a process of its own, with the address that the alert carries and the environment that a reader types in.
"""

import json
import shlex
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from drillbook.model.data import read_procedure, read_tree
from drillbook.model.drill import End, difference, expected, judge_healthy, judge_other, judge_own, read_end
from drillbook.proof.perform import fill_blanks, perform, undo
from drillbook.proof.session import Outcome, Verdict
from drillbook.proof.stack import PrivateStack, StackError
from drillbook.proof.watching import Alert, Timeline, Watch

Json = dict[str, Any]
_CALM_S: Final = 120  # for a system to come to rest, before and after a drill
_SETTLE_S: Final = 30  # for what still moves, when the fault is out
_FAILED_S: Final = 5  # the same, when the drill has failed already
_FIRE_S: Final = 90  # for the fault's own alert to come
_WALK_S: Final = 120
_CHECK_S: Final = 30
_PAUSE_S: Final = 1.0
_WALKER: Final = "import sys; sys.path.insert(0, {!r}); from drillbook.cli import main; sys.exit(main(sys.argv[1:]))"
_PACKAGES: Final = str(Path(__file__).resolve().parents[2])


class DrillError(Exception):
    """What ends a drill before its end."""


def run(plan: Json, stack: PrivateStack, say: Callable[[str], None]) -> Iterator[Json]:
    """Drill each task of *plan* in its order; a task without a fault walks all trees of the whole system."""
    began = time.monotonic()
    say("starting the system")
    stack.up()
    say(f"the system is up after {time.monotonic() - began:.0f} s")
    drills = Drills(stack, json.loads(Path(plan["site"], "ops.json").read_text(encoding="utf-8")), say)
    for task in plan["tasks"]:
        yield drills.drill(task["fault"], task["alert"]) if task["fault"] else drills.healthy()


class Drills:
    """The drills of one stack, one after the other; each leaves the stack as it found it, or a new one is started."""

    def __init__(self, stack: PrivateStack, manual: Json, say: Callable[[str], None]) -> None:
        self.stack, self.say = stack, say
        self.trees = {tree["name"]: read_tree(tree) for tree in manual["trees"]}
        self.procedures = {one["name"]: read_procedure(one) for one in manual["procedures"]}
        self.places = {tree["name"]: tree["url"] for tree in manual["trees"]}
        self.whole: dict[str, str] = {}  # the snapshot of the stack at rest
        self.walks = 0
        self.filled: dict[str, str] = {}  # the blanks of the fix, as they were when it was performed
        self.asked: dict[str, set[str]] = {}  # by tree, the checks that walks of this drill answered
        self.timeline, self.watch = self._begin()

    def healthy(self) -> Json:
        """Walk every tree while nothing is wrong: none may end at a fix, and none may change anything."""
        self.timeline, self.watch = self._begin()
        result = _result("", "")
        try:
            self._calm()
            for name in self.places:
                end = self._walk(f"{self.stack.site}/{self.places[name]}")
                result["rows"][name] = str(end)
                result["problems"] += filter(None, [judge_healthy(name, end)])
            result["problems"] += [f"the walks changed {one}" for one in difference(self.whole, self.stack.snapshot())]
        except (DrillError, StackError) as error:
            result["problems"].append(str(error))
        return self._done(result, "no fault")

    def drill(self, fault: str, alert: str) -> Json:
        """Put *fault* in, and see its *alert* lead to what clears it."""
        self.timeline, self.watch = self._begin()
        result = _result(fault, alert)
        try:
            self._calm()
            self._hold(fault, alert, result)
        except (DrillError, StackError) as error:
            result["problems"].append(str(error))
        try:
            self._as_before(result)
        except (DrillError, StackError) as error:
            result["problems"].append(str(error))
            self._start_again()
        return self._done(result, fault)

    def _hold(self, fault: str, alert: str, result: Json) -> None:
        right = expected(self.trees, fault)
        if right is None:
            raise DrillError(f"no fix of any tree names the fault {fault}")
        self.timeline.note(f"fault {fault} is put in")
        began = self.timeline.seconds
        with self.stack.fault(fault) as said:
            self.timeline.note(said)
            came = self._came(alert)
            result["fired_s"] = round(self.timeline.seconds - began, 1)
            self.say(f"{fault}: {alert} after {result['fired_s']:.0f} s")
            before = self.stack.snapshot()
            own, name = self._walk_own(came.runbook_url)
            result |= {"tree": name, "end": str(own), "procedure": own.procedure, "values": dict(own.values)}
            result["rows"][name] = str(own)
            wrong = judge_own(own, self.trees, fault)
            for other in self.places:
                if other != name:
                    end = self._walk(f"{self.stack.site}/{self.places[other]}")
                    result["rows"][other] = str(end)
                    result["problems"] += filter(None, [judge_other(other, end, right)])
            moving = [one.partition(":")[0] for one in difference(self.whole, before)]
            result["problems"] += [f"the walks changed {one}" for one in self._changed(before, moving)]
            if wrong:
                raise DrillError(wrong)
            self._fix(own, alert, right.within_s, result)
        self.timeline.note(f"fault {fault} is ended")

    def _came(self, alert: str) -> Alert:
        """The fault's own alert, once Alertmanager has it."""
        found: list[Alert] = []

        def comes(alerts: list[Alert]) -> bool:
            found[:] = [one for one in alerts if one.name == alert and one.state == "active"]
            return bool(found)

        if not self.watch.until(comes, _FIRE_S):
            raise DrillError(f"the alert {alert} did not come within {_FIRE_S} s")
        if not found[0].runbook_url:
            raise DrillError(f"the alert {alert} has no runbook_url")
        return found[0]

    def _fix(self, end: End, alert: str, within_s: float, result: Json) -> None:
        """Perform the procedure as written, and see the alert clear, and then all."""
        self.timeline.note(f"the procedure {end.procedure} is performed")
        began = self.timeline.seconds
        procedure, shell = self.procedures[end.procedure], self.stack.shell("fix")
        self.filled, outcomes = fill_blanks(procedure, end.values, shell)
        self._perform(outcomes or perform(procedure, self.filled, shell))
        performed = self.timeline.seconds
        if not self.watch.until(lambda alerts: all(one.name != alert for one in alerts), within_s):
            raise DrillError(f"the alert {alert} did not clear within {within_s:g} s of {end.procedure}")
        result["cleared_s"] = round(self.timeline.seconds - began, 1)
        self.timeline.note(f"{alert} is clear, {self.timeline.seconds - performed:.1f} s after the procedure")
        self.say(f"{result['fault']}: {end}, clear after {result['cleared_s']:.0f} s")
        if not self.watch.until(lambda alerts: not alerts, _CALM_S):
            raise DrillError(f"{alert} is clear, and {self._firing()} did not clear within {_CALM_S} s after it")
        self.timeline.note("all is clear")

    def _perform(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.timeline.note(f"$ {outcome.command.text}\n{outcome.output}")
            if outcome.verdict is Verdict.FAILED:
                raise DrillError(f"`{outcome.command.text}` failed: {outcome.why}")

    def _walk_own(self, url: str) -> tuple[End, str]:
        report = self._walked(url)
        return read_end(report["end"]), report["tree"]

    def _walk(self, url: str) -> End:
        return read_end(self._walked(url)["end"])

    def _walked(self, url: str) -> Json:
        """The report of a walk that begins at *url*, by somebody who is given nothing else."""
        self.watch.look()
        self.walks += 1
        file = self.stack.scratch / f"walk-{self.walks}.json"
        words = [
            sys.executable,
            "-X",
            f"pycache_prefix={self.stack.scratch / 'bytecode'}",
            "-c",
            _WALKER.format(_PACKAGES),
            "walk",
            url,
            "--run",
            "--yes",
        ]
        words += ["--timeout", str(_CHECK_S), "--prometheus", self.stack.urls["prometheus"], "--report", str(file)]
        ran = self.stack.shell("walk").run(shlex.join(words), _WALK_S)
        try:
            report: Json = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise DrillError(f"the walk from {url} ended with exit status {ran.status}:\n{ran.output}") from None
        self.timeline.note(_walk_text(url, report))
        for node in report["nodes"]:
            if node["looks"] and node["answer"]:
                self.asked.setdefault(node["tree"], set()).add(node["name"])
        return report

    def _calm(self) -> None:
        """Wait until no alert fires and nothing moves any more."""
        if not self.watch.until(lambda alerts: not alerts, _CALM_S):
            raise DrillError(f"{self._firing()} fired for {_CALM_S} s, before anything was done")
        before, deadline = self.whole, time.monotonic() + _CALM_S
        while (now := self.stack.snapshot()) != before:
            if before:
                self.timeline.note("\n".join(["not at rest:", *difference(before, now)]))
            if time.monotonic() > deadline:
                raise DrillError("the system does not come to rest: " + ", ".join(difference(before, now)))
            before = now
            time.sleep(_PAUSE_S)
        self.whole = now
        self.timeline.note("no alert fires, and the system is at rest")

    def _as_before(self, result: Json) -> None:
        """The stack is as it was before the fault; the fix is undone if it left something of its own."""
        left = self._left(_FAILED_S if result["problems"] else _SETTLE_S)
        if left and not result["problems"]:
            self.timeline.note("\n".join([f"the procedure {result['procedure']} is undone, because of", *left]))
            procedure = self.procedures[result["procedure"]]
            self._perform(undo(procedure, self.filled, self.stack.shell("undo"), self.procedures))
            left = self._left(_SETTLE_S)
        if left:
            raise DrillError("it left changed: " + ", ".join(left))

    def _changed(self, before: Mapping[str, str], moving: list[str]) -> list[str]:
        """What is other than *before* and stays so: what moves though nobody walks, the fault moves."""
        deadline, now = time.monotonic() + _SETTLE_S, self.stack.snapshot()
        while (changed := difference(before, now, moving)) and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
            last, now = now, self.stack.snapshot()
            moving = [*moving, *(one.partition(":")[0] for one in difference(last, now))]
        return changed

    def _left(self, limit_s: float) -> list[str]:
        deadline = time.monotonic() + limit_s
        while (left := difference(self.whole, self.stack.snapshot())) and time.monotonic() < deadline:
            self.watch.look()
            time.sleep(_PAUSE_S)
        return left

    def _start_again(self) -> None:
        """What a drill left broken must not spoil the next one."""
        self.say("the system is started again, because a drill left it changed")
        self.whole = {}
        with suppress(StackError):  # then the next drill finds that nothing answers
            self.stack.renew()

    def _firing(self) -> str:
        return ", ".join(sorted({alert.name for alert in self.watch.look() or ()})) or "an alert"

    def _begin(self) -> tuple[Timeline, Watch]:
        self.asked = {}
        timeline = Timeline()
        return timeline, Watch(self.stack.urls["prometheus"], self.stack.urls["alertmanager"], timeline)

    def _done(self, result: Json, what: str) -> Json:
        for problem in result["problems"]:
            self.timeline.note(f"PROBLEM: {problem}")
            self.say(f"{what}: {problem.partition(chr(10))[0]}")
        verdict = "failed" if result["problems"] else "passed"
        self.say(f"{what}: {verdict} after {self.timeline.seconds:.0f} s")
        result["asked"] = {tree: sorted(checks) for tree, checks in sorted(self.asked.items())}
        return result | {"seconds": round(self.timeline.seconds, 1), "timeline": self.timeline.lines}


def _result(fault: str, alert: str) -> Json:
    return {
        "fault": fault,
        "alert": alert,
        "tree": "",
        "end": "",
        "procedure": "",
        "values": {},
        "fired_s": None,
        "cleared_s": None,
        "rows": {},
        "asked": {},
        "problems": [],
    }


def _walk_text(url: str, report: Mapping[str, Any]) -> str:
    """A walk, for people."""
    lines = [f"walk from {url}: {read_end(report['end'])}"]
    for node in report["nodes"]:
        lines.append(f"{node['tree']}/{node['name']}: {node['says']}")
        for look in node["looks"]:
            status = "" if look["status"] in (0, None) else f" (exit status {look['status']})"
            lines += [f"  $ {look['ran']}{status}", textwrap.indent(look["output"] + look["trouble"], "  ")]
        lines.append(f"  -> {node['answer'] or 'no answer fits'} ({node['condition']})")
    return "\n".join(lines)
