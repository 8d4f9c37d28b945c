"""Faults of the workers: stopped, frozen, starved of processor time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from audio_enhancement.deployment.state import Deployment, load_state
from audio_enhancement.faults import traffic
from audio_enhancement.faults.fault import FaultError
from audio_enhancement.stack.stack import Stack

PERIOD_S = 0.1
SHARE = 0.02
"""Share of a processor that a starved worker gets."""
WORK_S = 10.0
"""Length of the recordings for starved workers: work that a fast machine does not get done with that share either."""
LONGEST_S = 1.0
"""Longest wait at a stretch: a starved worker still answers Prometheus, slowly, and keeps its heartbeat."""


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
    worker = _processes(stack)[0]
    worker.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            worker.resume()


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
