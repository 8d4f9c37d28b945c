"""The facts whose change a reader must know, as JSON values, in the words in which pages show them.

A fact has its ``name``, and besides only what it has: a setting without a default has none here. No file, no line and no
secret is among them.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from drillbook.live.facts import (
    AlertFact,
    CommandFact,
    ErrorFact,
    FieldFact,
    LiveFacts,
    MetricFact,
    OptionFact,
    RouteFact,
    SettingFact,
)
from drillbook.live.quote import properties

Json = dict[str, Any]


def shown_facts(facts: LiveFacts) -> dict[str, list[Json]]:
    """All of them by what they are (``settings``, ``alerts`` ...), each kind by name."""
    return {f"{kind}s": sorted(map(_SHOWN[kind], facts.of(kind)), key=_order) for kind in _SHOWN}


def _order(fact: Json) -> tuple[str, str, str]:
    """Rules may share a name: then their severity and their expression tell them apart."""
    return fact["name"], fact.get("severity", ""), fact.get("expr", "")


def _setting(fact: SettingFact) -> Json:
    said = properties("setting", fact)
    if "minimum" in said and fact.exclusive_minimum:
        said["minimum"] = f"above {said['minimum']}"
    if "maximum" in said and fact.exclusive_maximum:
        said["maximum"] = f"below {said['maximum']}"
    restart = {} if fact.restart is None else {"restart": fact.restart}
    return {**_filled(said), "type": fact.type, "choices": list(fact.choices), "secret": fact.secret, **restart}


def _alert(fact: AlertFact) -> Json:
    said = properties("alert", fact)
    thresholds = [text for name, text in said.items() if name.startswith("threshold.")]
    kept = {name: said[name] for name in ("name", "severity", "summary")}
    return {**kept, "expr": fact.expr, "for": said["for"], "thresholds": thresholds}


def _metric(fact: MetricFact) -> Json:
    return {**_filled(properties("metric", fact)), "labels": list(fact.labels), "series": list(fact.series)}


def _route(fact: RouteFact) -> Json:
    bodies = [body for response in fact.responses for body in response.bodies]
    return {
        "name": fact.name,
        "summary": fact.summary,
        "parameters": [*map(_field, fact.parameters)],
        "body": [_field(field) for body in fact.bodies for field in body.fields],
        "answers": [response.status for response in fact.responses],
        "answer": _once(_field(field) for body in bodies for field in body.fields),
        "errors": _once(code for response in fact.responses for code in response.errors),
    }


def _field(fact: FieldFact) -> str:
    notes = [fact.where, fact.type, "required" if fact.required else ""]
    return f"{fact.name} ({', '.join(filter(None, notes))})"


def _error(fact: ErrorFact) -> Json:
    return _filled(properties("error", fact))


def _command(fact: CommandFact) -> Json:
    return {
        "name": fact.name,
        "options": [*map(_option, fact.options)],
        "exit_statuses": [" ".join(pair) for pair in fact.exit_statuses],
    }


def _option(fact: OptionFact) -> Json:
    return {"name": fact.name, "default": fact.default, "choices": list(fact.choices), "required": fact.required}


def _filled(said: dict[str, str]) -> Json:
    return {name: text for name, text in said.items() if text}


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


_SHOWN: Final[dict[str, Callable[[Any], Json]]] = {
    "setting": _setting,
    "alert": _alert,
    "metric": _metric,
    "route": _route,
    "error": _error,
    "command": _command,
}
