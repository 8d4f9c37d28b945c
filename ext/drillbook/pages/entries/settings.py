"""A setting as an entry: the one field table, for `ops:settings` and for autodoc."""

from docutils.nodes import Node

from drillbook.live.facts import NOT_SHOWN, SettingFact
from drillbook.pages.entries.entry import Entry, fields, joined, literal, prose, signature

_WORDS = ("not set", "empty", "worked out at the start")  # defaults that are no value to type


def setting(fact: SettingFact) -> Entry:
    """Everything that one needs to change a setting."""
    component, _, field = fact.name.partition(".") if fact.component else ("", "", fact.name)
    restart = {True: ["after a restart"], False: ["at once"], None: []}[fact.restart]
    rows: list[tuple[str, list[Node | str]]] = [
        ("Environment", [literal(fact.env)]),
        ("Value", _value(fact)),
        ("Default", _default(fact)),
        ("Takes effect", [*restart]),
        ("Secret", ["yes, keep it out of pages, logs and tickets"] if fact.secret else []),
    ]
    return Entry(
        "setting",
        fact.name,
        signature(field, before=f"{component}." if component else ""),
        [*prose(fact.description), *fields(rows)],
        aliases=(fact.env,),
    )


def _value(fact: SettingFact) -> list[Node | str]:
    if fact.choices:
        return ["one of ", *joined(map(literal, fact.choices))]
    unit = f" {fact.unit}" if fact.unit else ""
    limits = _limits(fact)
    return [f"{fact.type}, {limits}{unit}" if limits else f"{fact.type}{f', in{unit}' if unit else ''}"]


def _limits(fact: SettingFact) -> str:
    low = None if fact.minimum is None else _number(fact.minimum)
    high = None if fact.maximum is None else _number(fact.maximum)
    if low and high and not (fact.exclusive_minimum or fact.exclusive_maximum):
        return f"{low} to {high}"
    least = f"{'more than' if fact.exclusive_minimum else 'at least'} {low}" if low else ""
    most = f"{'less than' if fact.exclusive_maximum else 'at most'} {high}" if high else ""
    return ", ".join(filter(None, (least, most)))


def _default(fact: SettingFact) -> list[Node | str]:
    if fact.required:
        return ["none, it must be set"]
    if fact.default in (*_WORDS, NOT_SHOWN):
        return [fact.default]
    return [literal(fact.default), *([f" {fact.unit}"] if fact.unit else [])]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
