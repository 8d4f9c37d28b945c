"""A component as an entry."""

from collections.abc import Iterable

from docutils.nodes import Node
from sphinx.addnodes import pending_xref

from drillbook.live.facts import ComponentFact, FaultFact
from drillbook.pages.entries.entry import Entry, fields, joined, link, literal, prose, sentence, signature
from drillbook.pages.words import say, spoken


def component(fact: ComponentFact, all_components: Iterable[ComponentFact], faults: Iterable[FaultFact] = ()) -> Entry:
    """What a part is for, what it needs, what fails with it, and which *faults* are drilled in it."""
    needed_by = [other.name for other in all_components if fact.name in other.depends_on]
    titles = {other.name: other.title for other in all_components}
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Kind"), [fact.group] if fact.group else []),
        (say("Needs"), joined(link("component", name, titles.get(name, name)) for name in fact.depends_on)),
        (say("Needed by"), joined(link("component", name, titles.get(name, name)) for name in needed_by)),
        (say("Faults"), _faults(fact, faults)),
        (say("Programs"), joined(map(literal, fact.programs))),
        (say("Settings"), joined(map(literal, fact.settings))),
        (say("Page"), [_page(fact)] if fact.page else []),
    ]
    body = [*prose(fact.description), *fields(rows)]
    after = fact.name if fact.title != fact.name else ""
    return Entry("component", fact.name, signature(spoken(fact.title), after=after), body, title=fact.title)


def _faults(fact: ComponentFact, faults: Iterable[FaultFact]) -> list[Node | str]:
    mine = [link("fault", fault.name, fault.title) for fault in faults if fault.component == fact.name]
    return joined(mine) or ([say("none: "), sentence(fact.undrilled)] if fact.undrilled else [])


def _page(fact: ComponentFact) -> Node:
    target = fact.page if fact.page.startswith("/") else f"/{fact.page}"
    text = literal(fact.page)
    return pending_xref("", text, refdomain="std", reftype="doc", reftarget=target, refexplicit=False, refwarn=True)
