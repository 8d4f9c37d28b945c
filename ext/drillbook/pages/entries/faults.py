"""A fault as an entry."""

from typing import Final

from docutils import nodes
from docutils.nodes import Node

from drillbook.live.facts import FaultFact
from drillbook.pages.entries.entry import Entry, fields, link, prose, signature
from drillbook.pages.words import say, spoken

CURE: Final = "ops_cure"  # of a container: the fault whose cure and stamp are put in when the page is written


def fault(fact: FaultFact) -> Entry:
    """What it does to the system, and which alert it raises."""
    if fact.core:
        drilled = say("each time that drills are run")
        alone = say("each time that drills are run, with nothing beside it")
    else:
        drilled = say("when its stamp is void, or all are drilled")
        alone = say("when its stamp is void, or all are drilled, with nothing beside it")
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Alert"), [link("alert", fact.alert)] if fact.alert else []),
        (say("Drilled"), [alone if fact.alone else drilled]),
    ]
    cure = nodes.container("", classes=["ops", "ops-cure"])
    cure[CURE] = fact.name
    after = spoken(fact.title) if fact.title != fact.name else ""
    body = [*prose(fact.description), *fields(rows), cure]
    return Entry("fault", fact.name, signature(fact.name, after=after), body)
