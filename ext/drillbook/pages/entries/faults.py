"""A fault as an entry."""

from typing import Final

from docutils import nodes
from docutils.nodes import Node

from drillbook.live.facts import FaultFact
from drillbook.pages.entries.entry import Entry, fields, link, prose, signature

CURE: Final = "ops_cure"  # of a container: the fault whose cure and stamp are put in when the page is written


def fault(fact: FaultFact) -> Entry:
    """What it does to the system, and which alert it raises."""
    core = "each time that drills are run" if fact.core else "when its stamp is void, or all are drilled"
    rows: list[tuple[str, list[Node | str]]] = [
        ("Alert", [link("alert", fact.alert)] if fact.alert else []),
        ("Drilled", [f"{core}, with nothing beside it" if fact.alone else core]),
    ]
    cure = nodes.container("", classes=["ops", "ops-cure"])
    cure[CURE] = fact.name
    after = fact.title if fact.title != fact.name else ""
    body = [*prose(fact.description), *fields(rows), cure]
    return Entry("fault", fact.name, signature(fact.name, after=after), body)
