"""Conditions on what a check's command gave: how they are written, what they mean, and when two of them clash.

A condition is what stands in the literal of an answer. Its grammar::

    condition  = "otherwise" | term { " and " term }
    term       = "exit" range                             the exit status
               | "number" [ "after" quoted ] range        a number that was printed, the first (after some text)
               | "value" range                            the one value of a PromQL query
               | "no data"                                a PromQL query gave nothing
               | [ "not" ] "/" regular expression "/"     what was printed
    range      = quantity | comparison quantity | quantity ".." quantity
    comparison = "=" | "!=" | "<" | "<=" | ">" | ">="
    quantity   = number [ unit ] | name of a fact

A printed number without a unit is taken in the condition's unit; a PromQL value is in base units, as Prometheus has it.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise, product
from math import prod
from typing import Final, Literal, NamedTuple

from drillbook.live.quantity import Quantity, parse_quantity, plain, quantities

Variable = Literal["exit", "number", "value"]
OTHERWISE: Final = "otherwise"
MOST_SAMPLES: Final = 20_000
_TERM = re.compile(
    r"""(?P<variable>exit|number|value)(?:\s+after\s+(?P<q>["'])(?P<after>.+?)(?P=q))?\s+(?P<range>.+)"""
)
_COMPARISON = re.compile(r"(?P<sign><=|>=|!=|==|=|<|>)?\s*(?P<low>.+?)(?:\s*\.\.\s*(?P<high>.+))?")
_TEXT = re.compile(r"(?P<not>not\s+)?/(?P<pattern>.+)/")
_PLAIN = re.compile(r"[\w ,:=%-]+")  # a pattern that stands for itself
_AND = re.compile(r"""\s+and\s+(?=(?:not\s+)?/|exit\b|number\b|value\b|no data\b)""")


class ConditionError(Exception):
    """A condition that cannot be read; its text says what is wrong with it."""


class Range(NamedTuple):
    """A number compared: ``variable`` is what is looked at, ``after`` the text before it in the output.

    ``sign`` is one of ``= != < <= > >= ..``; ``high`` is the upper end of ``..``, which belongs to it.
    """

    variable: Variable
    after: str
    sign: str
    low: Quantity
    high: Quantity | None = None

    def holds(self, number: float) -> bool:
        """Whether a number in base units fits."""
        low = self.low.base
        match self.sign:
            case "=":
                return number == low
            case "!=":
                return number != low
            case "<":
                return number < low
            case "<=":
                return number <= low
            case ">":
                return number > low
            case ">=":
                return number >= low
        assert self.high is not None
        return low <= number <= self.high.base


class Text(NamedTuple):
    """What was printed, searched with a regular expression (``^`` and ``$`` stand for each line's ends)."""

    pattern: str
    negated: bool


class NoData(NamedTuple):
    """A PromQL query gave nothing."""


Term = Range | Text | NoData


class Condition(NamedTuple):
    """All of ``terms`` hold; ``otherwise`` when there are none. ``written`` is its text."""

    written: str
    terms: tuple[Term, ...]

    @property
    def otherwise(self) -> bool:
        """Whether it holds when no other does."""
        return not self.terms

    @property
    def numeric(self) -> bool:
        """Whether it looks at numbers and exit statuses only."""
        return bool(self.terms) and all(isinstance(term, Range) for term in self.terms)


class Observation(NamedTuple):
    """What a check gave: a command's exit status and output, or the values of a query."""

    status: int = 0
    output: str = ""
    values: tuple[float, ...] | None = None


def parse_condition(text: str, fact: Callable[[str], Quantity | None] = lambda name: None) -> Condition:
    """Read a condition; *fact* gives the value of a named fact. Raises :exc:`ConditionError`."""
    text = " ".join(text.split())
    if text.lower() == OTHERWISE:
        return Condition(OTHERWISE, ())
    if not text:
        raise ConditionError("it is empty")
    return Condition(text, tuple(_term(part, fact) for part in _AND.split(text)))


def _term(text: str, fact: Callable[[str], Quantity | None]) -> Term:
    if text == "no data":
        return NoData()
    if match := _TEXT.fullmatch(text):
        try:
            re.compile(match["pattern"])
        except re.error as error:
            raise ConditionError(f"/{match['pattern']}/ is no regular expression: {error}") from None
        return Text(match["pattern"], bool(match["not"]))
    match = _TERM.fullmatch(text)
    if not match:
        raise ConditionError(
            f'{text!r} is none of: exit 0, number > 80 %, number after "p95" > 500 ms, value > 0.5 s, no data, '
            "/text/, not /text/, otherwise"
        )
    variable: Variable = match["variable"]  # type: ignore[assignment]  # the pattern allows no other
    if match["after"] and variable != "number":
        raise ConditionError(f"only a number can stand after a text, not {variable}")
    return _range(variable, match["after"] or "", match["range"], fact)


def _range(variable: Variable, after: str, text: str, fact: Callable[[str], Quantity | None]) -> Range:
    match = _COMPARISON.fullmatch(text)
    assert match  # it takes any text; what it finds is looked at below
    if match["sign"] and match["high"]:
        raise ConditionError(f"{text!r}: write either a comparison or a range with ..")
    low = _quantity(match["low"], fact)
    high = _quantity(match["high"], fact) if match["high"] else None
    if high is not None and (high.dimension != low.dimension or high.base < low.base):
        raise ConditionError(f"{text!r}: the range must go from the smaller to the greater")
    if variable == "exit":
        for end in filter(None, (low, high)):
            if end.unit or not 0 <= end.number <= 255 or end.number % 1:
                raise ConditionError(f"an exit status is a whole number from 0 to 255, not {end}")
    sign = {"==": "=", None: "="}.get(match["sign"], match["sign"])
    return Range(variable, after, ".." if high else sign, low, high)


def _quantity(text: str, fact: Callable[[str], Quantity | None]) -> Quantity:
    found = parse_quantity(text) or fact(text)
    if found is None:
        raise ConditionError(f"{text!r} is no number with a unit and no fact that is one number")
    return found


def holds(condition: Condition, seen: Observation) -> bool:
    """Whether all terms fit what was seen; ``otherwise`` always does."""
    return all(_holds(term, seen) for term in condition.terms)


def _holds(term: Term, seen: Observation) -> bool:
    if isinstance(term, NoData):
        return seen.values == ()
    if isinstance(term, Text):
        return bool(re.search(term.pattern, seen.output, re.MULTILINE)) is not term.negated
    if term.variable == "exit":
        return term.holds(seen.status)
    if term.variable == "value":  # a query that gave several values was to be aggregated: nothing fits
        return seen.values is not None and len(seen.values) == 1 and term.holds(seen.values[0])
    start = seen.output.find(term.after)
    found = next(quantities(seen.output[start + len(term.after) :]), None) if start >= 0 else None
    if found is None:
        return False
    found = found if found.unit else Quantity(found.number, term.low.unit)
    return found.dimension == term.low.dimension and term.holds(found.base)


def choose(conditions: Sequence[Condition], seen: Observation) -> int | None:
    """The first condition that fits, ``otherwise`` last wherever it stands; ``None`` when nothing fits."""
    order = sorted(range(len(conditions)), key=lambda index: conditions[index].otherwise)
    return next((index for index in order if holds(conditions[index], seen)), None)


def clashes(conditions: Sequence[Condition]) -> list[str]:
    """What is wrong with a check's conditions together, in words: two that can both hold, a gap, no ``otherwise``.

    Numeric conditions are judged exactly: between the numbers that they name, nothing changes, so it is enough to try
    each of those, and one in each space between them, in all combinations.
    """
    numeric = [condition for condition in conditions if condition.numeric]
    others = [condition for condition in conditions if condition.otherwise]
    found = [f"{OTHERWISE!r} stands twice"] if len(others) > 1 else []
    if len(numeric) + len(others) < len(conditions) and not others:
        found.append("no answer is for 'otherwise', which texts and 'no data' need: they may all fail to fit")
    if len({condition.written for condition in conditions}) < len(conditions) and len(others) < 2:
        found.append("the same condition stands twice")
        return found
    axes = _axes(numeric)
    if prod(map(len, axes)) > MOST_SAMPLES:
        return [*found, "the conditions look at too many numbers to be judged: make it two checks"]
    overlaps, gaps = list[str](), list[str]()
    for sample in map(dict, product(*axes) if axes else ()):
        fitting = [condition.written for condition in numeric if _fits(condition, sample)]
        shown = " and ".join(f"{_name(key)} {_at(key, number, numeric)}" for key, number in sample.items())
        if len(fitting) > 1:
            overlaps.append(f"{fitting[0]!r} and {fitting[1]!r} can both hold: {shown}")
        elif not fitting and len(numeric) == len(conditions):
            gaps.append(f"no answer is for {shown}: add one, or 'otherwise'")
    return [*found, *overlaps[:1], *gaps[:1]]


_Key = tuple[Variable, str, str]  # variable, the text before it, its dimension


def _key(term: Range) -> _Key:
    return term.variable, term.after, term.low.dimension


def _ranges(conditions: Sequence[Condition]) -> list[Range]:
    return [term for condition in conditions for term in condition.terms if isinstance(term, Range)]


def _axes(conditions: Sequence[Condition]) -> list[list[tuple[_Key, float]]]:
    """For each thing that is looked at, the numbers to try."""
    ends: dict[_Key, set[float]] = {}
    for term in _ranges(conditions):
        ends.setdefault(_key(term), set()).update(end.base for end in (term.low, term.high) if end is not None)
    return [[(key, number) for number in _points(key[0], sorted(numbers))] for key, numbers in ends.items()]


def _points(variable: Variable, ends: list[float]) -> list[float]:
    if variable == "exit":
        near = {0.0, 255.0, *(end + step for end in ends for step in (-1, 0, 1))}
        return sorted(status for status in near if 0 <= status <= 255)
    between = [(low + high) / 2 for low, high in pairwise(ends)]
    return sorted([ends[0] - 1, *ends, *between, ends[-1] + 1])


def _fits(condition: Condition, sample: dict[_Key, float]) -> bool:
    return all(isinstance(term, Range) and term.holds(sample[_key(term)]) for term in condition.terms)


def _name(key: _Key) -> str:
    variable, after, _ = key
    return f"{variable} after {after!r}" if after else variable


def _at(key: _Key, number: float, conditions: Sequence[Condition]) -> str:
    """A sampled number in the unit in which the author wrote."""
    unit = next(term.low.unit for term in _ranges(conditions) if _key(term) == key)
    return str(Quantity(number / Quantity(1, unit).base, unit))


def words(condition: Condition, _: Callable[[str], str] = str) -> str:
    """The condition as people say it: ``the exit status is 0``, ``the output has "FATAL"``. *_* translates a message."""
    return _(" and ").join(_words(term, _) for term in condition.terms) or _("anything else")


def _words(term: Term, _: Callable[[str], str]) -> str:
    if isinstance(term, NoData):
        return _("the query gives nothing")
    if isinstance(term, Text):
        plain_text = _PLAIN.fullmatch(term.pattern)
        shown = f'"{term.pattern}"' if plain_text else _("a match of /{pattern}/").format(pattern=term.pattern)
        said = _("the output does not have {text}") if term.negated else _("the output has {text}")
        return said.format(text=shown)
    names = {"exit": _("the exit status"), "value": _("the value"), "number": _("the number")}
    name = names[term.variable]
    if term.after:
        name = _('{name} after "{text}"').format(name=name, text=term.after)
    if term.high is not None:
        said = _("{name} is from {low} to {high}")
        return said.format(name=name, low=_short(term.low, term.high), high=term.high)
    return _signs(_)[term.sign].format(name=name, number=term.low)


def _signs(_: Callable[[str], str]) -> dict[str, str]:
    return {
        "=": _("{name} is {number}"),
        "!=": _("{name} is not {number}"),
        "<": _("{name} is below {number}"),
        "<=": _("{name} is at most {number}"),
        ">": _("{name} is above {number}"),
        ">=": _("{name} is at least {number}"),
    }


def _short(low: Quantity, high: Quantity) -> str:
    return plain(low.number) if low.unit == high.unit else str(low)
