"""Rules of Prometheus as entries: alerts, and recorded metrics."""

import re
from collections.abc import Collection

from docutils import nodes
from docutils.nodes import Node

from drillbook.language import Translate
from drillbook.live.facts import AlertFact, RecordingFact
from drillbook.pages.domain import PAGE, generated_xref
from drillbook.pages.entries.entry import (
    Entry,
    code,
    fields,
    joined,
    label,
    link,
    literal,
    paragraph,
    prose,
    signature,
)
from drillbook.pages.words import later, say

_IDENTIFIER = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_DURATION = re.compile(r"(\d+)(ms|[smhdwy])")


def alert(fact: AlertFact, metrics: Collection[str]) -> Entry:
    """When an alert fires, how bad that is, and where to go. *metrics* are the names that may be linked."""
    held = say("Fires as soon as this holds")
    if fact.for_:
        held = later(lambda _: _("Fires when this has held for {time}").format(time=duration(fact.for_, _)))
    others = [literal(f"{name}={value}") for name, value in fact.labels if name != "severity"]
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Severity"), [fact.severity] if fact.severity else []),
        (say("Runbook"), [_address(fact.runbook_url)] if fact.runbook_url else []),
        (say("Metrics"), _metrics(fact.expr, metrics)),
        (say("Labels"), joined(others)),
        (say("Group"), [literal(fact.group)]),
        (say("Defined in"), [literal(fact.file)]),
    ]
    body = [
        *prose(fact.summary),
        *prose(fact.description),
        label(held),
        code(fact.expr, "promql"),
        *fields(rows),
    ]
    return Entry("alert", fact.name, signature(fact.name, after=fact.severity), body)


def recording(fact: RecordingFact, metrics: Collection[str]) -> Entry:
    """What a recorded metric is made of."""
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Metrics"), _metrics(fact.expr, metrics)),
        (say("Labels"), joined(literal(f"{name}={value}") for name, value in fact.labels)),
        (say("Group"), [literal(fact.group)]),
        (say("Defined in"), [literal(fact.file)]),
    ]
    body = [paragraph(say("Recorded from this expression:")), code(fact.expr, "promql"), *fields(rows)]
    return Entry("metric", fact.name, signature(fact.name, after=say("recorded")), body)


def duration(text: str, _: Translate = str) -> str:
    """A duration of Prometheus with units for people: ``1h30m`` is "1 h 30 min"."""
    units = {"ms": "ms", "s": "s", "m": "min", "h": "h", "d": "d", "w": _("weeks"), "y": _("years")}
    parts = _DURATION.findall(text)
    if "".join(map("".join, parts)) != text:
        return text
    return " ".join(f"{number} {units[unit]}" for number, unit in parts)


def _metrics(expr: str, metrics: Collection[str]) -> list[Node | str]:
    names = dict.fromkeys(_IDENTIFIER.findall(expr))
    return joined(link("metric", name) for name in names if name in metrics)


def _address(url: str) -> Node:
    """The page of this manual that *url* ends in, if there is one; else the address itself."""
    web = url.startswith(("https://", "http://"))
    return generated_xref(PAGE, url, nodes.reference(url, url, refuri=url) if web else literal(url))
