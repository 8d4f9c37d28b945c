"""What has changed of the live facts: alerts and their thresholds, settings, metrics, routes, errors, commands."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from drillbook.live.quote import without_thresholds
from drillbook.model.change_words import Change, Editions, Json, Kind, became, came_and_went, side_by_side, typed

# what is compared of each kind of fact, and what it is called in a sentence
_FIELDS: Final[dict[str, dict[str, str]]] = {
    "setting": {
        "default": "Default",
        "minimum": "Least value",
        "maximum": "Greatest value",
        "unit": "Unit",
        "type": "Type",
        "choices": "Choices",
        "env": "Environment variable",
        "restart": "Time of effect",
        "secret": "Secrecy",
    },
    "metric": {"type": "Type", "unit": "Unit", "labels": "Labels", "series": "Series"},
    "route": {
        "parameters": "Parameters",
        "body": "Fields sent",
        "answers": "Statuses",
        "answer": "Fields answered",
        "errors": "Errors",
    },
    "error": {"status": "Status", "title": "Title"},
    "command": {"exit_statuses": "Exit statuses"},
    "option": {"default": "Default", "choices": "Choices", "required": "Use"},
}
_ALERT: Final = {"for": "Time before {} fires", "severity": "Severity of {}"}
_WORDS: Final = {
    "restart": {True: "after a restart", False: "at once"},
    "secret": {True: "secret", False: "not secret"},
    "required": {True: "required", False: "optional"},
}


def fact_changes(both: Editions) -> Iterator[Change]:
    """Of all facts; none when one of the versions is older than the part of the data that has them."""
    if not (both.old.has("facts") and both.new.has("facts")):
        return
    old, new = both.old.data["facts"], both.new.data["facts"]
    yield from _alerts(both, old["alerts"], new["alerts"])
    for kind in ("setting", "metric", "route", "error", "command"):
        for name, was, now in side_by_side(old[f"{kind}s"], new[f"{kind}s"], _name):
            yield from _fact(both, kind, name, f"{kind.capitalize()} {name}", was, now)
            if kind == "command" and was and now:
                yield from _options(both, name, was, now)


def _name(fact: Json) -> str:
    return str(fact["name"])


def _fact(both: Editions, kind: str, name: str, about: str, was: Json | None, now: Json | None) -> Iterator[Change]:
    yield from both.came_or_went(kind, name, about, was, now)
    if was and now:
        of = f"of {about[0].lower()}{about[1:]}" if kind == "option" else f"of {name}"
        for field, called in _FIELDS[kind].items():
            if what := _differs(field, was.get(field), now.get(field)):
                yield both.change(Kind.CHANGED, kind, name, f"{called} {of}", what, was["url"], now["url"])


def _differs(field: str, old: Any, new: Any) -> str:
    """In words; empty when it is the same."""
    if isinstance(old, list) and isinstance(new, list):
        return came_and_went(old, new)
    words = _WORDS.get(field, {})
    return "" if old == new else became(*(words.get(value, str(value or "")) for value in (old, new)))


def _options(both: Editions, command: str, was: Json, now: Json) -> Iterator[Change]:
    def options(whole: Json) -> list[Json]:
        """A positional argument has no place of its own: that of its command stands for it."""
        return [option | {"url": option["url"] or whole["url"]} for option in whole["options"]]

    for name, before, after in side_by_side(options(was), options(now), _name):
        yield from _fact(both, "option", f"{command} {name}", f"Option {name} of {command}", before, after)


def _alerts(both: Editions, old: list[Json], new: list[Json]) -> Iterator[Change]:
    """Rules that share the name of their alert are told apart by their severities."""
    several = {name for rules in (old, new) for name, count in Counter(map(_name, rules)).items() if count > 1}
    pages = [{alert["name"]: alert["page"] for alert in one.data["alerts"]} for one in both]

    def placed(rule: Json | None, page: dict[str, str]) -> Json | None:
        """Its runbook is where a reader of an alert looks."""
        return rule and rule | {"url": page.get(rule["name"]) or rule["url"]}

    def key(rule: Json) -> str:
        return f"{rule['name']} ({rule['severity']})" if rule["name"] in several else _name(rule)

    for name, before, after in side_by_side(old, new, key):
        was, now = placed(before, pages[0]), placed(after, pages[1])
        yield from both.came_or_went("alert", name, f"Alert {name}", was, now)
        if was and now:
            for about, what, subject in _rule(name, was, now):
                yield both.change(Kind.CHANGED, subject, name, about, what, was["url"], now["url"])


def _rule(name: str, was: Json, now: Json) -> Iterator[tuple[str, str, str]]:
    before, after = was["thresholds"], now["thresholds"]
    if without_thresholds(was["expr"]) != without_thresholds(now["expr"]):
        yield f"Expression of {name}", typed(was["expr"], now["expr"]), "alert"
    elif len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
            if old != new:
                yield f"Threshold{f' {number}' if len(after) > 1 else ''} of {name}", became(old, new), "threshold"
    for field, called in _ALERT.items():
        if was[field] != now[field]:
            yield called.format(name), became(was[field], now[field]), "alert"
