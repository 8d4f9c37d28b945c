"""The options of a directive, each declared once: how its value is read, what it may be, and what it is for.

docutils wants a function that reads the value; these are such functions, and they know more. `ops:toolkit` shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docutils.parsers.rst import directives


@dataclass(frozen=True)
class Declared:
    """An option. ``type`` and ``help`` are for people; ``default`` is what holds without it, in words."""

    read: Callable[[Any], Any]
    type: str
    help: str
    default: str = ""
    needed: bool = False

    def __call__(self, value: str | None) -> Any:
        """Read the value, as docutils asks; :exc:`ValueError` or :exc:`TypeError` if it is none."""
        return self.read(value)


def valued(help: str, type: str = "text", *, default: str = "", needed: bool = False) -> Declared:
    """An option that needs a value."""
    return Declared(directives.unchanged_required, type, help, default, needed)


def optional(help: str, type: str = "text", *, default: str = "") -> Declared:
    """An option whose value may be empty, which is as if it was not there."""
    return Declared(directives.unchanged, type, help, default)


def flag(help: str) -> Declared:
    """An option without a value."""
    return Declared(directives.flag, "no value", help)


NO_INDEX = flag("Text only: no link leads here, and no index lists it. For what another page describes, too.")
