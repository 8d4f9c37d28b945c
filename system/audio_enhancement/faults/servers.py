"""Faults of single processes that others need: stopped, or frozen, and nobody starts them again."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from audio_enhancement.deployment.state import MONITOR, gateway_program, load_state
from audio_enhancement.faults.fault import FaultError
from audio_enhancement.stack.stack import Stack


@contextmanager
def redis_down(stack: Stack) -> Iterator[None]:
    """Redis is stopped."""
    with _stopped(stack, "redis"):
        yield


@contextmanager
def postgres_down(stack: Stack) -> Iterator[None]:
    """PostgreSQL is stopped."""
    with _stopped(stack, "postgres"):
        yield


@contextmanager
def nginx_down(stack: Stack) -> Iterator[None]:
    """nginx is stopped: nobody gets as far as a gateway."""
    with _stopped(stack, "nginx"):
        yield


@contextmanager
def gateway_down(stack: Stack) -> Iterator[None]:
    """The gateway of the colour that serves is stopped."""
    with _stopped(stack, _gateway(stack)):
        yield


@contextmanager
def gateway_frozen(stack: Stack) -> Iterator[None]:
    """The gateway of the colour that serves runs and answers nobody."""
    with frozen(stack, _gateway(stack)):
        yield


@contextmanager
def monitor_stopped(stack: Stack) -> Iterator[None]:
    """The monitor is stopped: nobody looks any more."""
    with _stopped(stack, MONITOR):
        yield


@contextmanager
def _stopped(stack: Stack, program: str) -> Iterator[None]:
    stack.supervisor.stop(program)
    try:
        yield
    finally:
        stack.supervisor.start(program)


@contextmanager
def frozen(stack: Stack, program: str) -> Iterator[None]:
    """A program runs and does nothing."""
    process = psutil.Process(stack.supervisor.status()[program].pid)
    process.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):  # somebody has ended it
            process.resume()


def _gateway(stack: Stack) -> str:
    state = load_state(stack.run)
    if state is None or state.active is None:
        raise FaultError("nothing has been deployed here: there is no gateway")
    return gateway_program(state.active)
