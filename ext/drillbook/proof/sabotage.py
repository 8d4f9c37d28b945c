"""Mutation testing of a manual: known faults are sown into copies of the project, and the project's own checks must fail.

Each fault has a copy of its own, at one of a few fixed places (Sphinx reads everything anew in a folder that it does
not know): a *lane*. What is built there once from the clean copy is kept beside it, and each fault begins with that.
"""

import os
import queue
import shlex
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from drillbook import process
from drillbook.model.sabotage import ONLY, Catalogue, Check, Fault, SabotageError, sow, tries

_GIT_LIMIT_S: Final = 60
_SAID_LINES: Final = 12
Say = Callable[[str], None]


class Tried(NamedTuple):
    """What a check said of a copy. Without a verdict it did not end in time."""

    check: str
    only: str
    failed: bool
    verdict: bool
    seconds: float
    said: str


class Result(NamedTuple):
    """What came of a fault: the checks that were tried, and the one that caught it, or why none did."""

    fault: Fault
    diff: str
    tried: tuple[Tried, ...]
    caught_by: str
    why: str = ""

    @property
    def seconds(self) -> float:
        """The time of all its checks."""
        return sum(tried.seconds for tried in self.tried)


class Lane(NamedTuple):
    """A place for copies, and what a copy begins with."""

    place: Path
    clean: Path

    def renew(self) -> Path:
        """Make a new copy, and answer where it is."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.clean, self.place, symlinks=True)
        return self.place


def run_sabotage(
    root: Path, catalogue: Catalogue, faults: Sequence[Fault], scratch: Path, *, jobs: int, say: Say
) -> list[Result]:
    """Sow each of *faults* into a copy of the project in *root*, *jobs* side by side, and try its checks.

    Raises :exc:`SabotageError` when a fault does not apply, or a check fails on the clean copy.
    """
    files = _project_files(root)
    lanes = [
        Lane(scratch / f"lane-{number}", scratch / f"clean-{number}") for number in range(min(jobs, len(faults)) or 1)
    ]
    for lane in lanes:
        _copy(root, files, catalogue.links, lane.place)
    _all_apply(faults, lanes[0].place)
    wide = _wide(catalogue, faults)
    say(f"the clean copy: {', '.join(check.name for check in wide)}")
    with ThreadPoolExecutor(len(lanes)) as pool:
        list(pool.map(lambda lane: _baseline(lane, wide), lanes))
    return _Run(catalogue, lanes, len(faults), say).all(faults)


def _project_files(root: Path) -> list[str]:
    """What git keeps, and what it would be asked to keep next."""
    listed = process.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], timeout_s=_GIT_LIMIT_S, cwd=root
    )
    if listed.status != 0:
        raise SabotageError(f"{root} is no git checkout: {listed.stderr.decode(errors='replace').strip()}")
    names = filter(None, listed.stdout.decode().split("\0"))
    return [name for name in names if (root / name).is_file()]  # git lists what was removed until that is committed


def _copy(root: Path, files: Sequence[str], links: Sequence[str], place: Path) -> None:
    """A checkout of its own: checks may ask git for its files, too."""
    for name in files:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target, follow_symlinks=False)
    for name in links:
        (place / name).symlink_to((root / name).resolve())
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "-c", "commit.gpgsign=false"]
    for command in (
        ["git", "init", "--quiet"],
        ["git", "add", "--all"],
        ["git", *who, "commit", "--quiet", "--no-verify", "--message", "The clean copy"],
    ):
        done = process.run(command, timeout_s=_GIT_LIMIT_S, cwd=place)
        if done.status != 0:
            raise SabotageError(f"{shlex.join(command)}: {done.stderr.decode(errors='replace').strip()}")


def _all_apply(faults: Sequence[Fault], place: Path) -> None:
    """Find out before an hour is spent."""
    for fault in faults:
        file = place / fault.file
        kept = file.read_bytes() if file.is_file() else None
        sow(fault, place)
        if kept is not None:
            stat = file.stat() if file.exists() else None
            file.write_bytes(kept)
            if stat:
                os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _wide(catalogue: Catalogue, faults: Sequence[Fault]) -> list[Check]:
    """The checks of everything that any of *faults* may need, cheapest first."""
    needed = {check.name for fault in faults for check in tries(catalogue, fault)}
    return [check for check in catalogue.checks if ONLY not in check.command and check.name in needed]


def _baseline(lane: Lane, wide: Sequence[Check]) -> None:
    for check in wide:
        tried = _try(check, "", lane.place)
        if tried.failed or not tried.verdict:
            raise SabotageError(f"{check.name} fails on the clean copy, so nothing can be concluded:\n{tried.said}")
    shutil.copytree(lane.place, lane.clean, symlinks=True)


def _try(check: Check, only: str, place: Path) -> Tried:
    # A make around us would give its options and variables to the makes of the checks.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    began = time.monotonic()
    command = check.command.replace(ONLY, shlex.quote(only))
    done = process.run(["sh", "-c", command], timeout_s=check.limit_s, cwd=place, env=environment)
    verdict = not done.timed_out
    output = (done.stdout + done.stderr).decode(errors="replace").replace(f"{place}{os.sep}", "")
    said = "\n".join([line for line in output.splitlines() if line.strip()][-_SAID_LINES:])
    if not verdict:
        said = f"it had not ended after {check.limit_s:g} s\n{said}"
    return Tried(check.name, only, verdict and done.status != 0, verdict, time.monotonic() - began, said)


class _Run:
    """One run over all faults."""

    def __init__(self, catalogue: Catalogue, lanes: Sequence[Lane], count: int, say: Say) -> None:
        self.catalogue = catalogue
        self.say = say
        self.count = count
        self.done = 0
        self.lock = threading.Lock()
        self.whole: dict[tuple[str, str], bool] = {}  # whether a narrow check passes on the clean copy
        self.free: queue.Queue[Lane] = queue.Queue()
        for lane in lanes:
            self.free.put(lane)

    def all(self, faults: Sequence[Fault]) -> list[Result]:
        """Try all; those whose check takes longest come first, so that none is waited for at the end."""
        order = {check.name: number for number, check in enumerate(self.catalogue.checks)}
        hardest = sorted(faults, key=lambda fault: -order[fault.expected])
        with ThreadPoolExecutor(self.free.qsize()) as pool:
            try:
                found = {result.fault.name: result for result in pool.map(self.one, hardest)}
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [found[fault.name] for fault in faults]

    def one(self, fault: Fault) -> Result:
        """Sow *fault*, and try its checks until one catches it."""
        with self.lane() as lane:
            diff = sow(fault, lane.renew())
            tried: list[Tried] = []
            caught, why = "", "every check passes"
            for check in tries(self.catalogue, fault):
                tried.append(_try(check, fault.only.get(check.name, ""), lane.place))
                if tried[-1].failed:
                    if self.passes_clean(check, tried[-1].only, lane):
                        caught, why = check.name, ""
                    else:
                        why = f"{check.name} {tried[-1].only} fails on the clean copy, too"
                    break
        result = Result(fault, diff, tuple(tried), caught, why)
        with self.lock:
            self.done += 1
            verdict = f"caught by {caught}" if caught else f"NOT CAUGHT, {why}"
            self.say(f"{self.done:3}/{self.count}  {fault.name} ({fault.kind}): {verdict}, {result.seconds:.0f} s")
        return result

    def passes_clean(self, check: Check, only: str, lane: Lane) -> bool:
        """Whether *check* passes without a fault: wide ones were tried at first, the others now, once each."""
        if ONLY not in check.command:
            return True
        with self.lock:
            known = self.whole.get((check.name, only))
        if known is None:
            tried = _try(check, only, lane.renew())
            known = tried.verdict and not tried.failed
            with self.lock:
                self.whole[check.name, only] = known
        return known

    @contextmanager
    def lane(self) -> Iterator[Lane]:
        """A lane that nobody else has."""
        lane = self.free.get()
        try:
            yield lane
        finally:
            self.free.put(lane)
