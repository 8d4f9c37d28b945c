"""One fact, said in a sentence or compared with: ``setting:api.request_timeout_s`` is ``30 s``.

A fact is named ``kind:name`` or ``kind:name.property``; the kind may be left out when only one has that name. Without a
property a setting gives its default, an alert its threshold, and anything else its name. A secret's default is never
said.
"""

import contextlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from drillbook.live.facts import NOT_SHOWN, AlertFact, Fact, LiveFacts, MetricFact, SettingFact
from drillbook.live.quantity import NUMBER, Quantity, parse_quantity, readable

KINDS: Final = ("setting", "alert", "metric", "command", "component", "route", "error")
_DURATION: Final = {"ms": "ms", "s": "s", "m": "min", "h": "h", "d": "d", "w": "w", "y": "y"}
_SUFFIXES: Final = {"seconds": "s", "bytes": "B", "ratio": "ratio"}
_COMPARED = re.compile(rf"(?<![<>=!])(>=|<=|==|!=|>|<)\s*(?:bool\s+)?({NUMBER})(?![\w\[])")
_SERIES = re.compile(r"[a-zA-Z_:][\w:]*")


class QuoteError(Exception):
    """A fact that cannot be said: it does not exist, or is not one value."""


class Quote(NamedTuple):
    """What a fact says: ``text`` for people, ``quantity`` if it is one number; ``kind`` and ``name`` of the fact."""

    kind: str
    name: str
    text: str
    quantity: Quantity | None = None


def quote(facts: LiveFacts, target: str) -> Quote:
    """The value of the fact *target*. Raises :exc:`QuoteError`."""
    kind, _, rest = target.strip().rpartition(":") if target.partition(":")[0] in KINDS else ("", "", target.strip())
    if kind:
        kind, _, rest = target.strip().partition(":")
    found = [
        (fact_kind, fact, prop)
        for fact_kind in ([kind] if kind else KINDS)
        for fact in facts.of(fact_kind)
        for prop in [_property(rest, fact.name)]
        if prop is not None and (prop == "" or prop in _properties(fact_kind, fact))
    ]
    names = {(fact_kind, fact.name) for fact_kind, fact, _ in found}
    if len(names) > 1:
        choices = " or ".join(sorted(f"{fact_kind}:{name}" for fact_kind, name in names))
        raise QuoteError(f"{target!r} could be {choices}")
    if not found:
        raise QuoteError(_unknown(facts, kind, rest))
    fact_kind, fact, prop = found[0]
    text, quantity = _properties(fact_kind, fact)[prop or _DEFAULT.get(fact_kind, "name")]()
    return Quote(fact_kind, fact.name, text, quantity)


def properties(kind: str, fact: Fact) -> dict[str, str]:
    """All that can be said of *fact*, by the names that a role takes; without what it does not have."""
    found: dict[str, str] = {}
    for name, said in _properties(kind, fact).items():
        with contextlib.suppress(QuoteError):
            found[name] = said()[0]
    return found


def without_thresholds(expr: str) -> str:
    """A PromQL expression with a mark in place of each number that it compares with."""
    return _COMPARED.sub(r"\1 …", expr)


Value = tuple[str, Quantity | None]


def _property(rest: str, name: str) -> str | None:
    if rest == name:
        return ""
    return rest[len(name) + 1 :] if rest.startswith(f"{name}.") else None


def _unknown(facts: LiveFacts, kind: str, rest: str) -> str:
    for fact_kind in [kind] if kind else KINDS:
        for fact in facts.of(fact_kind):
            if _property(rest, fact.name):
                return f"the {fact_kind} {fact.name} has no {_property(rest, fact.name)!r}; it has: " + ", ".join(
                    _properties(fact_kind, fact)
                )
    return f"the live system has no {kind or 'fact'} {rest!r}"


_DEFAULT: Final[Mapping[str, str]] = {"setting": "default", "alert": "threshold"}


def _properties(kind: str, fact: Any) -> dict[str, Callable[[], Value]]:
    """What can be said of a fact, by its name in the role; each is a function, because it may refuse."""
    said: dict[str, Callable[[], Value]] = {"name": partial(_words, fact.name)}
    if isinstance(fact, SettingFact):
        said["default"] = partial(_setting, fact)
        said["minimum"] = partial(_limit, fact, fact.minimum)
        said["maximum"] = partial(_limit, fact, fact.maximum)
        said["unit"] = partial(_words, fact.unit)
        said["env"] = partial(_words, fact.env)
    elif isinstance(fact, AlertFact):
        said["threshold"] = partial(_threshold, fact, None)
        for index in range(len(_COMPARED.findall(fact.expr))):
            said[f"threshold.{index + 1}"] = partial(_threshold, fact, index)
        said["for"] = partial(_duration, fact)
        said["severity"] = partial(_words, fact.severity)
        said["summary"] = partial(_words, fact.summary)
    elif isinstance(fact, MetricFact):
        said["unit"] = partial(_words, fact.unit)
        said["type"] = partial(_words, fact.kind)
    else:
        for name in ("status", "title"):
            if hasattr(fact, name):
                said[name] = partial(_words, getattr(fact, name))
    return said


def _words(text: str | None) -> Value:
    return text or "", None


def _setting(fact: SettingFact) -> Value:
    value = fact.default
    if fact.secret:
        return NOT_SHOWN, None
    if fact.required or not value:
        raise QuoteError(f"the setting {fact.name} has no default")
    number = parse_quantity(value)
    if number is None or number.unit:
        return value, parse_quantity(value)
    return _said(Quantity(number.number, fact.unit or ""))


def _limit(fact: SettingFact, value: float | None) -> Value:
    if value is None:
        raise QuoteError(f"the setting {fact.name} has no such limit")
    return _said(Quantity(value, fact.unit or ""))


def _threshold(fact: AlertFact, index: int | None) -> Value:
    """The number that the expression compares with, in the unit that the name of its series ends in."""
    compared = list(_COMPARED.finditer(fact.expr))
    if not compared:
        raise QuoteError(f"the alert {fact.name} compares with no number")
    if index is None and len(compared) > 1:
        names = ", ".join(f"{fact.name}.threshold.{number}" for number in range(1, len(compared) + 1))
        raise QuoteError(f"the alert {fact.name} compares with several numbers: {names}")
    index = index or 0
    before = fact.expr[compared[index - 1].end() if index else 0 : compared[index].start()]
    number, unit = float(compared[index][2].replace("−", "-")), _unit_of(before)
    return _said(readable(number, unit) if unit else Quantity(number))


def _unit_of(expression: str) -> str:
    """The base unit of a PromQL expression, by the naming convention of Prometheus; empty if it shows none."""
    if "/" in re.sub(r"\{[^}]*\}|'[^']*'|\"[^\"]*\"", "", expression):
        return "ratio"
    words = [word for name in _SERIES.findall(re.sub(r"\{[^}]*\}", "", expression)) for word in re.split("[_:]", name)]
    return next((_SUFFIXES[word] for word in reversed(words) if word in _SUFFIXES), "")


def _duration(fact: AlertFact) -> Value:
    match = re.fullmatch(r"(\d+)([a-z]+)", fact.for_ or "0s")
    if not match or match[2] not in _DURATION:
        return fact.for_, None
    return _said(Quantity(float(match[1]), _DURATION[match[2]]))


def _said(quantity: Quantity) -> Value:
    return str(quantity), quantity
