"""Runs a console session of a page, and says of each command whether it did what the page shows."""

import time
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from drillbook.model.compare import Mode, difference, weakness
from drillbook.model.console import Command, How
from drillbook.proof.shell import Ran, Shell

_PAUSE_S: Final = 0.2  # before the first repetition; it doubles
_LONGEST_PAUSE_S: Final = 2.0


class Verdict(StrEnum):
    """What a run says of a command: it is as shown, nothing could be said, it is not as shown, it was not run."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    FAILED = "failed"
    SKIPPED = "skipped"


class Outcome(NamedTuple):
    """What came of a command. ``why`` says it for people, with a diff; it is empty when the command is proven.

    ``arrivals`` says when the output of its last run came, as `process.Completed` does.
    """

    command: Command
    verdict: Verdict
    why: str = ""
    output: str = ""
    status: int | None = None
    seconds: float = 0
    runs: int = 0
    arrivals: tuple[tuple[float, int], ...] = ()


def run_session(shell: Shell, commands: Sequence[Command]) -> Iterator[Outcome]:
    """Run *commands* in order; what follows one that failed is not run, as a reader would stop there."""
    failed: Command | None = None
    for command in commands:
        if failed:
            yield Outcome(command, Verdict.SKIPPED, f"not run, because this failed before: {failed.text}")
            continue
        if command.how.unproven:
            yield Outcome(command, Verdict.UNPROVEN, command.how.unproven)
            continue
        outcome = _until_it_fits(shell, command)
        if outcome.verdict is Verdict.FAILED:
            failed = command
        yield outcome


def _until_it_fits(shell: Shell, command: Command) -> Outcome:
    how = command.how
    began = time.monotonic()
    pause_s, runs = _PAUSE_S, 0
    while True:
        ran = shell.run(command.text, how.time_limit_s)
        runs += 1
        trouble = _trouble(command, ran)
        left_s = began + how.within_s - time.monotonic()
        if not trouble or left_s <= 0:
            break
        time.sleep(min(pause_s, left_s))  # the last run is at the end of the time, not behind it
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    if trouble and how.within_s:
        trouble = f"it was run {runs} times in {how.within_s:g} s, at last:\n{trouble}"
    doubt = "" if trouble else _doubt(command, ran)
    verdict = Verdict.FAILED if trouble else Verdict.UNPROVEN if doubt else Verdict.PROVEN
    return Outcome(
        command, verdict, trouble or doubt, ran.output, ran.status, time.monotonic() - began, runs, ran.arrivals
    )


def _trouble(command: Command, ran: Ran) -> str:
    """What is not as shown; empty if all is."""
    how = command.how
    if ran.timed_out:
        return f"it had not ended after {how.time_limit_s:g} s, and was killed; until then it printed\n{ran.output}"
    if ran.truncated:
        return f"it printed without end, and was killed; it began with\n{ran.output[:2000]}"
    if problem := _wrong_status(ran.status, how):
        return f"{problem}; it printed\n{ran.output}"
    if not command.expected:
        return ""
    found = difference(command.expected, ran.output, how.mode)
    return f"its output is another (- expected, + came):\n{found}" if found else ""


def _wrong_status(status: int, how: How) -> str:
    if how.status is not None:
        return "" if status == how.status else f"its exit status is {status}, and not {how.status}"
    if how.mode is Mode.FAILURE:
        return "" if status != 0 else "it must fail, and its exit status is 0"
    return "" if status == 0 else f"its exit status is {status}, and not 0"


def _doubt(command: Command, ran: Ran) -> str:
    """Why nothing is proven though all is as shown; empty if something is."""
    if command.expected:
        return weakness(command.expected, command.how.mode)
    return "it prints something, and the page does not show it" if ran.output.strip() else ""
