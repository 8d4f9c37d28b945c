"""A metric as an entry."""

from docutils.nodes import Node

from drillbook.live.facts import MetricFact
from drillbook.pages.entries.entry import Entry, fields, joined, literal, prose, signature
from drillbook.pages.words import say

_SHOWN = {"db": "dB"}  # a name of a metric has no capitals, its unit may


def metric(fact: MetricFact) -> Entry:
    """What a metric counts, and what to write in a query."""
    unit = _SHOWN.get(fact.unit, fact.unit)
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Unit"), [unit] if unit else []),
        (say("Labels"), joined(map(literal, fact.labels))),
        (say("Series"), joined(map(literal, fact.series))),
        (
            say("Buckets"),
            [", ".join(f"{bound:g}" for bound in fact.buckets), f" {unit}"] if fact.buckets else [],
        ),
    ]
    return Entry(
        "metric",
        fact.name,
        signature(fact.name, after=fact.kind),
        [*prose(fact.help), *fields(rows)],
        aliases=fact.series,
    )
