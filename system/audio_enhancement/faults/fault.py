"""What a fault is: something that goes wrong in life, put in on purpose and taken out again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from audio_enhancement.stack.stack import Stack

Hold = Callable[[Stack], AbstractContextManager[None]]
"""Puts a fault in, holds it while the block runs, and leaves the system as it was, whoever has cleared it meanwhile."""


class FaultError(Exception):
    """The fault cannot be put in here; the message says why. Nothing was changed."""


class Fault(NamedTuple):
    """One fault: its name, what it is, the alert that must fire, and the component that it harms.

    `core` faults are drilled each time; one that is `alone` needs the machine for itself.
    """

    name: str
    title: str
    description: str
    alert: str
    component: str
    hold: Hold
    core: bool = False
    alone: bool = False
