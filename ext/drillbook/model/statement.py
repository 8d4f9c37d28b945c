"""Statements: what a page claims, and what makes each claim true."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

EXCERPT: Final = 100  # characters of a statement's text that a report shows


class Kind(StrEnum):
    """What a statement is."""

    ENTRY = "entry"  # generated from the live system: a setting, an option, an alert's rule
    FACT = "fact"  # a declared value that stands in no sentence: how long a procedure takes
    BLOCK = "block"  # a literal block or a diagram
    STEP = "step"  # of a procedure; one that types nothing is signed
    WAY = "way"  # a tree can end here, in a fix
    CONTACT = "contact"  # a tree can end here, with a call to somebody
    SEVERITY = "severity"  # what a level means
    SENTENCE = "sentence"  # names a number with a unit, or something of the live system


class Verdict(StrEnum):
    """What makes a statement true."""

    DERIVED = "derived"
    EXECUTED = "executed"
    DRILLED = "drilled"
    SIGNED = "signed"
    UNSIGNED = "unsigned"  # for a person to sign, as no run can prove it, and nobody has
    UNPROVEN = "unproven"


PROVEN: Final = (Verdict.DERIVED, Verdict.EXECUTED, Verdict.DRILLED)


class Statement(NamedTuple):
    """One statement. ``justified``: it is unproven, and its author gave the reason that ``why`` repeats."""

    kind: Kind
    page: str
    file: str
    line: int
    text: str
    verdict: Verdict
    why: str
    justified: bool = False


class Accuracy(NamedTuple):
    """How many statements there are of each verdict; ``justified`` are those of the unproven with a reason."""

    derived: int = 0
    executed: int = 0
    drilled: int = 0
    signed: int = 0
    unsigned: int = 0
    unproven: int = 0
    justified: int = 0

    @property
    def proven(self) -> int:
        """What is true because of something else than somebody's word."""
        return self.derived + self.executed + self.drilled

    @property
    def judged(self) -> int:
        """What a run could prove: all but what is for people to sign."""
        return self.proven + self.unproven

    @property
    def percent(self) -> float:
        """Accuracy; of nothing it is 100 %. It is cut, not rounded, so 100 means all."""
        return _percent(self.proven, self.judged)

    @property
    def vouched(self) -> float:
        """Percent of all statements that a run proves or a person has signed for, cut as well."""
        known = self.proven + self.signed
        return _percent(known, known + self.unsigned + self.unproven)


def _percent(part: int, whole: int) -> float:
    return int(1000 * part / whole) / 10 if whole else 100.0


def accuracy(statements: Iterable[Statement]) -> Accuracy:
    """The counts of *statements*."""
    found = list(statements)
    counts = Counter(statement.verdict.value for statement in found)
    return Accuracy(**counts, justified=sum(statement.justified for statement in found))


def excerpt(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 3].rstrip()}..."
