"""What a keeper has left out: facts that nobody described, and names that are taken twice."""

from collections.abc import Iterator

from drillbook.live.facts import Fact, LiveFacts, OptionFact, Problem, SettingFact

_WANTED = {
    "setting": {"description": "give its Field a description"},
    "alert": {
        "severity": "give it a label 'severity'",
        "summary": "give it an annotation 'summary'",
        "runbook_url": "give it an annotation 'runbook_url'",
    },
    "metric": {"help": "give it a help text"},
    "command": {"description": "give its parser a description"},
    "route": {"summary": "give its operation a summary"},
    "error": {"title": "give it a title", "description": "say what to do about it"},
    "component": {"description": "say what it is for"},
    "table": {"description": "give its class a docstring, or the table a comment"},
    "fault": {"description": "say what it does to the system", "alert": "name the alert that it raises"},
}


def gaps(facts: LiveFacts) -> Iterator[Problem]:
    """One problem for each thing that a reader of the manual would miss."""
    for kind, wanted in _WANTED.items():
        for fact in facts.of(kind):
            for attribute, remedy in wanted.items():
                if not getattr(fact, attribute):
                    word = attribute.rstrip("_").replace("_", " ")
                    yield _undescribed(f"{kind} {fact.name} has no {word}: {remedy}", fact)
    for setting in facts.settings:
        if setting.unit is None:
            yield _undescribed(_UNITLESS.format(setting.name), setting)
    for command in facts.commands:
        for option in command.options:
            if not option.help:
                yield _undescribed(f"{_option(option)} of command {command.name} has no help: give it one", command)
    for kind in (*_WANTED, "recording"):
        yield from _duplicates(kind, facts.of(kind))
    yield from _unknown_dependencies(facts)
    yield from _unknown_alerts(facts)
    yield from _harmed_components(facts)


_UNITLESS = "setting {} is a number without a unit: give its Field json_schema_extra={{'unit': 's'}}, or 'unit': None if it has none"


def _undescribed(message: str, fact: Fact | SettingFact) -> Problem:
    return Problem("undescribed", message, fact.place)


def _option(option: OptionFact) -> str:
    return f"{'option' if option.flags else 'argument'} {option.name}"


def _duplicates(kind: str, facts: tuple[Fact, ...]) -> Iterator[Problem]:
    if kind in ("alert", "recording"):
        return  # Prometheus allows rules that share a name and differ in severity or labels
    first: dict[str, Fact] = {}
    for fact in facts:
        if (other := first.setdefault(fact.name, fact)) is not fact:
            yield Problem("duplicate", f"{kind} {fact.name} is defined twice, also at {other.place}", fact.place)


def _unknown_dependencies(facts: LiveFacts) -> Iterator[Problem]:
    known = {component.name for component in facts.components}
    for component in facts.components:
        for name in component.depends_on:
            if name not in known:
                message = f"component {component.name} depends on {name}, which is no component"
                yield Problem("source", message, component.place)


def _unknown_alerts(facts: LiveFacts) -> Iterator[Problem]:
    known = {alert.name for alert in facts.alerts}
    for fault in facts.faults:
        if fault.alert and fault.alert not in known:
            message = f"fault {fault.name} raises {fault.alert}, which is no alert"
            yield Problem("source", message, fault.place)


def _harmed_components(facts: LiveFacts) -> Iterator[Problem]:
    known = {component.name: component for component in facts.components}
    for fault in facts.faults:
        component = known.get(fault.component)
        if fault.component and component is None:
            message = f"fault {fault.name} harms {fault.component}, which is no component"
            yield Problem("source", message, fault.place)
        elif component and component.undrilled:
            message = f"component {component.name} says why no fault harms it, and fault {fault.name} does"
            yield Problem("source", message, component.place)
