"""One deployment at a time, and none that is forgotten half-way.

The lock keeps a second run out. The journal says which step has begun and which is done; it is written before and
after each, so a run that finds an unfinished journal and gets the lock knows that its predecessor died, and where.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from audio_enhancement.deployment.state import Deployment
from audio_enhancement.rundir import RunDir, write_atomically


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class DeploymentError(Exception):
    """An operation was refused or failed; the message says what holds now and what to do."""

    exit_status = 1


class UsageError(DeploymentError):
    """What was asked for does not exist or makes no sense here."""

    exit_status = 2


class Busy(DeploymentError):
    """Another run of `./deploy.py` holds the lock."""

    exit_status = 3


@dataclass(frozen=True)
class Operation:
    """One change from what was deployed to what shall be, as a row of steps.

    Before the step `commit` has begun the operation can be undone; from then on it can only be finished.
    """

    kind: Literal["deploy", "rollback", "scale"]
    title: str
    before: Deployment
    after: Deployment
    steps: tuple[str, ...]
    commit: str
    drain_s: float | None = None
    smoke: bool = False
    began: str = field(default_factory=now)
    id: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}")


@dataclass(frozen=True)
class Journal:
    """How far an operation has come."""

    operation: Operation
    step: str
    phase: Literal["begun", "done"]
    result: Literal["running", "undoing", "finished", "undone"] = "running"
    pid: int = field(default_factory=os.getpid)
    at: str = field(default_factory=now)

    @classmethod
    def load(cls, run: RunDir) -> Self | None:
        """Read the journal of the last operation; None when there was none."""
        try:
            content: dict[str, Any] = json.loads(journal_file(run).read_text())
        except FileNotFoundError:
            return None
        operation = content["operation"]
        states = {name: Deployment.from_dict(operation[name]) for name in ("before", "after")}
        return cls(**{**content, "operation": Operation(**{**operation, **states, "steps": tuple(operation["steps"])})})

    def save(self, run: RunDir) -> None:
        """Write the journal in one step."""
        write_atomically(journal_file(run), json.dumps(asdict(self), indent=1) + "\n")

    def mark(self, run: RunDir, **changes: Any) -> "Journal":
        """Write the journal with changes, and the time and process that made them."""
        marked = replace(self, **changes, pid=os.getpid(), at=now())
        marked.save(run)
        return marked

    @property
    def committed(self) -> bool:
        """Whether the point of no return has been passed: the operation can only be finished."""
        steps = self.operation.steps
        return self.result != "undoing" and steps.index(self.step) >= steps.index(self.operation.commit)

    @property
    def remaining(self) -> tuple[str, ...]:
        """Steps that have to be run, or run again."""
        steps = self.operation.steps
        return steps[steps.index(self.step) + (self.phase == "done") :]


def journal_file(run: RunDir) -> Path:
    """Where the journal is kept."""
    return run.state / "journal.json"


def interrupted(run: RunDir) -> Journal | None:
    """The journal of an operation that has not come to its end, if there is one."""
    journal = Journal.load(run)
    return journal if journal and journal.result in ("running", "undoing") else None


def lock_holder(run: RunDir) -> str | None:
    """Who changes the deployment at this moment, as a phrase; None when nobody does."""
    try:
        with (run.state / "deploy.lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "another run"
    except FileNotFoundError:
        pass
    return None


@contextmanager
def lock(run: RunDir, title: str) -> Iterator[None]:
    """Keep every other run out until the block ends or this process dies.

    Raises:
        Busy: another run holds the lock; the message names it.
    """
    run.state.mkdir(parents=True, exist_ok=True)
    with (run.state / "deploy.lock").open("a+") as file:
        # Those who only look (`lock_holder`) hold it for a moment: one second tells them from a run.
        deadline = time.monotonic() + 1
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
            file.seek(0)
            holder = file.read().strip() or "another run"
            raise Busy(
                f"busy: {holder} is changing this deployment. Wait until it ends, or look with `./deploy.py --status`"
            )
        file.truncate(0)
        file.write(f"process {os.getpid()} ({title}, since {now()})")
        file.flush()
        yield
        file.truncate(0)
