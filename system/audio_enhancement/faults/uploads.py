"""Faults that clients bring: far too many recordings, and recordings that are broken."""

from collections.abc import Iterator
from contextlib import contextmanager

from audio_enhancement.faults import traffic
from audio_enhancement.stack.stack import Stack


@contextmanager
def flood(stack: Stack) -> Iterator[None]:
    """One client sends far more than the workers take, and does not wait for results."""
    flood = traffic.client(stack, "flood", traffic.long(), per_second=5, connections=4)
    with traffic.usual(stack), flood:
        yield


@contextmanager
def corrupt(stack: Stack) -> Iterator[None]:
    """One client sends recordings that cannot be decoded."""
    with traffic.usual(stack), traffic.client(stack, "broken", traffic.damaged(), per_second=2):
        yield
