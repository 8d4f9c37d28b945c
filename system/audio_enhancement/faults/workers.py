"""Faults of the workers: stopped, frozen, starved of processor time, kept from writing."""

import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from audio_enhancement.deployment.probes import wait_until
from audio_enhancement.deployment.state import Deployment, load_state
from audio_enhancement.faults import servers, traffic
from audio_enhancement.faults.fault import FaultError
from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import jobs
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.models import Status

PERIOD_S = 0.1
SHARE = 0.02
"""Share of a processor that a starved worker gets."""
WORK_S = 10.0
"""Length of the recordings for starved workers: work that a fast machine does not get done with that share either."""
LONGEST_S = 1.0
"""Longest wait at a stretch: a starved worker still answers Prometheus, slowly, and keeps its heartbeat."""

DEAD = 5
"""So many jobs have failed all their attempts when the workers can write again."""
DEAD_WITHIN_S = 90.0
OVER_S = 65.0
"""Age of the last failure: whether more jobs fail is asked of the last minute."""


@contextmanager
def stopped(stack: Stack) -> Iterator[None]:
    """All workers are stopped through the supervisor while uploads go on."""
    names = _deployment(stack).worker_programs()
    with traffic.usual(stack, per_second=1.7, most_open=14):
        stack.supervisor.stop_all(names)
        try:
            yield
        finally:
            for name in names:
                stack.supervisor.start(name)


@contextmanager
def frozen(stack: Stack) -> Iterator[None]:
    """One worker runs and does nothing."""
    with servers.frozen(stack, _deployment(stack).worker_programs()[0]):
        yield


@contextmanager
def starved(stack: Stack) -> Iterator[None]:
    """The workers there are get hardly any processor time; those that come later get theirs."""
    fed = threading.Event()
    threads = [threading.Thread(target=_starve, args=(one, fed), daemon=True) for one in _processes(stack)]
    with traffic.usual(stack, per_second=0.2, most_open=7, seconds=WORK_S):
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            fed.set()
            for thread in threads:
                thread.join()


@contextmanager
def kept_from_writing(stack: Stack) -> Iterator[None]:
    """For a while no worker could write a result, so jobs have failed all their attempts. Now all of them can."""
    database = Database(DatabaseSettings())
    with traffic.usual(stack):
        with _limited(_processes(stack)):
            if not wait_until(lambda: jobs.count(database, Status.DEAD) >= DEAD, DEAD_WITHIN_S):
                raise FaultError(f"not even {DEAD} jobs failed all their attempts within {DEAD_WITHIN_S:g} s")
        time.sleep(OVER_S)
        yield
    database.close()


@contextmanager
def _limited(processes: list[psutil.Process]) -> Iterator[None]:
    """No file that these processes write may have a byte: each write fails, as on a disk without room."""
    before = {process: process.rlimit(resource.RLIMIT_FSIZE) for process in processes}
    try:
        for process, (_, most) in before.items():
            process.rlimit(resource.RLIMIT_FSIZE, (0, most))
        yield
    finally:
        for process, limits in before.items():
            with suppress(psutil.NoSuchProcess):
                process.rlimit(resource.RLIMIT_FSIZE, limits)


def _starve(process: psutil.Process, fed: threading.Event) -> None:
    """Let a process have a small share of a processor, until it is fed or ends.

    What counts is what it has used: on a busy machine it may run for longer than we meant, and waits for longer then.
    """
    with suppress(psutil.NoSuchProcess):
        began, before = time.monotonic(), _used_s(process)
        while not fed.is_set():
            process.suspend()
            owed_s = (_used_s(process) - before) / SHARE - (time.monotonic() - began)
            fed.wait(min(max(owed_s, PERIOD_S), LONGEST_S))
            process.resume()
            fed.wait(PERIOD_S * SHARE)


def _used_s(process: psutil.Process) -> float:
    """Processor time that a process has used, in seconds."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _deployment(stack: Stack) -> Deployment:
    state = load_state(stack.run)
    if state is None or state.active is None:
        raise FaultError("nothing has been deployed here: there are no workers")
    return state


def _processes(stack: Stack) -> list[psutil.Process]:
    status = stack.supervisor.status()
    return [psutil.Process(status[name].pid) for name in _deployment(stack).worker_programs()]
