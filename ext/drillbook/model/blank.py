"""Blanks: ``{{ worker }}`` in a command, declared once with a type, filled by a reader or a run.

A value stands in a command as it is, so no type admits what a shell would read as more than one plain word.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from drillbook.live.quantity import plain

_BLANK = re.compile(r"\{\{\s*([A-Za-z][\w-]*)\s*\}\}")
_SAFE: Final = r"[\w.,:/@%+=-]+"
NAME: Final = re.compile(r"[A-Za-z][\w-]*")


class BlankType(StrEnum):
    """What may be filled in."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    CHOICE = "choice"


class Blank(NamedTuple):
    """A blank: ``pattern`` is a regular expression for text, ``choices`` belong to a choice, limits to numbers.

    A run fills in what it is given, or else the last line that ``command`` prints, or else ``default``, which a reader
    sees as an example.
    """

    name: str
    says: str
    type: BlankType = BlankType.TEXT
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    default: str = ""
    command: str = ""  # prints the value

    def problem(self, value: str) -> str | None:
        """What is wrong with *value*; ``None`` when it may be filled in."""
        match self.type:
            case BlankType.CHOICE:
                return None if value in self.choices else f"must be one of {', '.join(self.choices)}"
            case BlankType.TEXT:
                if not re.fullmatch(_SAFE, value):
                    return "must be one word of letters, digits and . , : / @ % + = _ -"
                return None if not self.pattern or re.fullmatch(self.pattern, value) else f"must match {self.pattern}"
        whole = self.type is BlankType.INTEGER
        if not re.fullmatch(r"-?\d+" if whole else r"-?\d+(\.\d+)?", value):
            return "must be a whole number" if whole else "must be a number"
        if not (self.minimum is None or float(value) >= self.minimum):
            return f"must be at least {plain(self.minimum)}"
        if not (self.maximum is None or float(value) <= self.maximum):
            return f"must be at most {plain(self.maximum)}"
        return None

    @property
    def pattern_problem(self) -> str | None:
        """What is wrong with the pattern, if anything."""
        try:
            re.compile(self.pattern)
        except re.error as error:
            return f"the pattern {self.pattern!r} is no regular expression: {error}"
        return None if self.type is BlankType.TEXT else "a pattern belongs to a blank of type text"

    @property
    def allows(self) -> str:
        """What may be filled in, in words."""
        return self.allowed(str)

    def allowed(self, _: Callable[[str], str]) -> str:
        """The same in another language; *_* translates a message."""
        if self.type is BlankType.CHOICE:
            return _(" or ").join(self.choices)
        if self.type is BlankType.TEXT:
            return _("text that matches {pattern}").format(pattern=self.pattern) if self.pattern else _("one word")
        kind = _("whole number") if self.type is BlankType.INTEGER else _("number")
        low, high = ("" if end is None else plain(end) for end in (self.minimum, self.maximum))
        if low and high:
            kind = _("{kind} from {low} to {high}").format(kind=kind, low=low, high=high)
        elif low:
            kind = _("{kind} from {low} up").format(kind=kind, low=low)
        elif high:
            kind = _("{kind} up to {high}").format(kind=kind, high=high)
        return f"{kind} {self.unit}".rstrip()


def blanks_in(text: str) -> Iterator[str]:
    """The names of the blanks in *text*, each once."""
    return iter(dict.fromkeys(_BLANK.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """*text* with its blanks filled; those without a value stay."""
    return _BLANK.sub(lambda match: values.get(match[1], match[0]), text)
