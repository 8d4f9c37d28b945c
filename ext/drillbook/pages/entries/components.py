"""A component as an entry."""

from collections.abc import Iterable

from docutils.nodes import Node
from sphinx.addnodes import pending_xref

from drillbook.live.facts import ComponentFact
from drillbook.pages.entries.entry import Entry, fields, joined, link, literal, prose, signature


def component(fact: ComponentFact, all_components: Iterable[ComponentFact]) -> Entry:
    """What a part is for, what it needs, and what fails with it."""
    needed_by = [other.name for other in all_components if fact.name in other.depends_on]
    titles = {other.name: other.title for other in all_components}
    rows: list[tuple[str, list[Node | str]]] = [
        ("Kind", [fact.group] if fact.group else []),
        ("Needs", joined(link("component", name, titles.get(name, name)) for name in fact.depends_on)),
        ("Needed by", joined(link("component", name, titles.get(name, name)) for name in needed_by)),
        ("Programs", joined(map(literal, fact.programs))),
        ("Settings", joined(map(literal, fact.settings))),
        ("Page", [_page(fact)] if fact.page else []),
    ]
    body = [*prose(fact.description), *fields(rows)]
    after = fact.name if fact.title != fact.name else ""
    return Entry("component", fact.name, signature(fact.title, after=after), body, title=fact.title)


def _page(fact: ComponentFact) -> Node:
    target = fact.page if fact.page.startswith("/") else f"/{fact.page}"
    text = literal(fact.page)
    return pending_xref("", text, refdomain="std", reftype="doc", reftarget=target, refexplicit=False, refwarn=True)
