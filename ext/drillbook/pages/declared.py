"""The options of a directive, each declared once: how its value is read, what it may be, and what it is for.

docutils wants a function that reads the value; these are such functions, and they know more. `ops:toolkit` shows it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from docutils.parsers.rst import directives


class Declared(partial[Any]):
    """An option. ``type`` and ``help`` are for people; ``default`` is what holds without it, in words.

    It is called as the function that it is made from, which raises :exc:`ValueError` or :exc:`TypeError` for what is no
    value. So no code of ours runs where docutils reads options, and nothing would catch its faults.
    """

    type: str
    help: str
    default: str
    needed: bool

    def __new__(
        cls, read: Callable[[Any], Any], type: str, help: str, default: str = "", needed: bool = False
    ) -> "Declared":
        """Describe *read*."""
        made = super().__new__(cls, read)
        made.type, made.help, made.default, made.needed = type, help, default, needed
        return made


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
