"""A metric as an entry."""

from docutils.nodes import Node

from drillbook.live.facts import MetricFact
from drillbook.pages.entries.entry import Entry, fields, joined, literal, prose, signature


def metric(fact: MetricFact) -> Entry:
    """What a metric counts, and what to write in a query."""
    rows: list[tuple[str, list[Node | str]]] = [
        ("Unit", [fact.unit] if fact.unit else []),
        ("Labels", joined(map(literal, fact.labels))),
        ("Series", joined(map(literal, fact.series))),
        (
            "Buckets",
            [", ".join(f"{bound:g}" for bound in fact.buckets), f" {fact.unit}"] if fact.buckets else [],
        ),
    ]
    return Entry(
        "metric",
        fact.name,
        signature(fact.name, after=fact.kind),
        [*prose(fact.help), *fields(rows)],
        aliases=fact.series,
    )
