"""Faults of single processes that others need: stopped, and nobody starts them again."""

from collections.abc import Iterator
from contextlib import contextmanager

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
    state = load_state(stack.run)
    if state is None or state.active is None:
        raise FaultError("nothing has been deployed here: there is no gateway")
    with _stopped(stack, gateway_program(state.active)):
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
