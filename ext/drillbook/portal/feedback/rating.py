"""Which pages and fixes readers say No to: by the lower bound of Wilson's interval, which does not trust few answers."""

from collections import Counter
from collections.abc import Iterable
from math import sqrt
from typing import Final, NamedTuple

from drillbook.portal.feedback.answer import NO, PAGE

Z: Final = 1.96  # of a normal distribution: 95 %
DOUBTED_NO, DOUBTED_SHARE = 2, 0.2


class Rated(NamedTuple):
    """How a page, a fix or a procedure is rated: so many of so many readers said No."""

    page: str
    subject: str
    no: int
    all: int

    @property
    def share(self) -> float:
        """The share of No that is at least to be expected, from 0 to 1: the more answers, the nearer to what was said."""
        return wilson(self.no, self.all)

    @property
    def doubted(self) -> bool:
        """Whether somebody should look at it."""
        return self.no >= DOUBTED_NO and self.share >= DOUBTED_SHARE

    @property
    def what(self) -> str:
        """What was rated, in words."""
        return f"page {self.page}" if self.subject == PAGE else f"{self.subject} on {self.page}"

    @property
    def says(self) -> str:
        """The counts, in words."""
        return f"{self.no} of {self.all} {'reader says' if self.all == 1 else 'readers say'} No"


def wilson(number: int, of: int) -> float:
    """The lower bound of Wilson's 95 % interval for the share *number* / *of*; 0 for none."""
    if number == 0:
        return 0.0
    share, square = number / of, Z * Z
    spread = Z * sqrt((share * (1 - share) + square / (4 * of)) / of)
    return (share + square / (2 * of) - spread) / (1 + square / of)


def worst(counts: Iterable[tuple[str, str, str, int]]) -> list[Rated]:
    """All that somebody said No to, the worst first; *counts* are (page, subject, verdict, number)."""
    no: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for page, subject, verdict, number in counts:
        every[page, subject] += number
        no[page, subject] += number if verdict == NO else 0
    rated = (Rated(*key, no[key], number) for key, number in every.items() if no[key])
    return sorted(rated, key=lambda one: (-one.share, -one.no, one.page, one.subject))
