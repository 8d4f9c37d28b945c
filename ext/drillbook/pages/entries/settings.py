"""A setting as an entry: the one field table, for `ops:settings` and for autodoc."""

from docutils.nodes import Node

from drillbook.language import Translate
from drillbook.live.facts import SettingFact
from drillbook.pages.entries.entry import Entry, fields, joined, literal, prose, signature
from drillbook.pages.words import Said, later, say


def no_value(default: str) -> Said | None:
    """What is said of a default that is no value to type; none for one that is."""
    said = (say("not set"), say("empty"), say("worked out at the start"), not_shown())
    return next((words for words in said if words.astext() == default), None)


def not_shown() -> Said:
    """What stands in place of a default that is a secret."""
    return say("not shown")  # as NOT_SHOWN says


def setting(fact: SettingFact) -> Entry:
    """Everything that one needs to change a setting."""
    component, _, field = fact.name.partition(".") if fact.component else ("", "", fact.name)
    restart = {True: [say("after a restart")], False: [say("at once")], None: []}[fact.restart]
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Environment"), [literal(fact.env)]),
        (say("Value"), _value(fact)),
        (say("Default"), _default(fact)),
        (say("Takes effect"), [*restart]),
        (say("Secret"), [say("yes, keep it out of pages, logs and tickets")] if fact.secret else []),
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
        return [say("one of "), *joined(map(literal, fact.choices))]
    return [later(lambda _: _typed(fact, _))]


def _typed(fact: SettingFact, _: Translate) -> str:
    limits = _limits(fact, _)
    if limits:
        return f"{fact.type}, {limits}{f' {fact.unit}' if fact.unit else ''}"
    return _("{type}, in {unit}").format(type=fact.type, unit=fact.unit) if fact.unit else fact.type


def _limits(fact: SettingFact, _: Translate) -> str:
    low = "" if fact.minimum is None else _number(fact.minimum)
    high = "" if fact.maximum is None else _number(fact.maximum)
    if low and high and not (fact.exclusive_minimum or fact.exclusive_maximum):
        return _("{low} to {high}").format(low=low, high=high)
    least = _("more than {low}") if fact.exclusive_minimum else _("at least {low}")
    most = _("less than {high}") if fact.exclusive_maximum else _("at most {high}")
    return ", ".join([*([least.format(low=low)] if low else []), *([most.format(high=high)] if high else [])])


def _default(fact: SettingFact) -> list[Node | str]:
    if fact.required:
        return [say("none, it must be set")]
    if said := no_value(fact.default):
        return [said]
    return [literal(fact.default), *([f" {fact.unit}"] if fact.unit else [])]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
