"""What can be found: each section of a page, and each thing that a page describes, with its words."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx import addnodes

from drillbook.pages.domain import OpsDomain

MOST_LETTERS: Final = 6000  # of one record; a longer section is found by its beginning, and by its parts
OBJECTS: Final = {  # kinds of things by how a domain calls them; what is not here is part of the section around it
    ("ops", "alert"): "alert",
    ("ops", "setting"): "setting",
    ("ops", "metric"): "metric",
    ("ops", "command"): "command",
    ("ops", "component"): "component",
    ("ops", "route"): "route",
    ("ops", "error"): "error",
    ("ops", "fault"): "fault",
    ("ops", "severity"): "severity",
    ("ops", "directive"): "toolkit",
    ("ops", "role"): "toolkit",
    ("ops", "option"): "toolkit",
    ("ops", "warning"): "toolkit",
    ("std", "cmdoption"): "command",
}
API: Final = "api"  # what other domains describe: functions, classes
KINDS: Final = (
    *("alert", "procedure", "page", "setting", "command", "error", "metric", "route", "component", "fault", "severity"),
    *("term", API, "toolkit"),
)


class Record(NamedTuple):
    """Something that can be found: what it is, its name or title, that of its page, where, and what it says.

    ``keywords`` are other words for the page, which its author gave.
    """

    kind: str
    title: str
    page: str
    address: str
    text: str
    keywords: str = ""


def records(doctree: nodes.document, docname: str, address: str, domain: OpsDomain) -> Iterator[Record]:
    """The records of a page whose references are resolved."""
    title = next(doctree.findall(nodes.title), None)
    page = _words(title) if title else docname
    kind = _kind_of(doctree, docname, domain)
    metadata = domain.env.metadata.get(docname, {})
    if "nosearch" in metadata:
        return
    place = _Place(docname, page, address, domain)
    first = True
    for section in doctree.findall(nodes.section):
        for record in _section(section, place, kind):
            yield (
                record._replace(keywords=_keywords(docname, str(metadata.get("keywords", "")), domain))
                if first
                else record
            )
            first = False


def _keywords(docname: str, given: str, domain: OpsDomain) -> str:
    """Other words for a page: those of its author, and what its alert, its trees and its procedures are called."""
    said = [
        domain.said(docname, alert.summary)
        for alert in domain.facts.alerts
        if alert.runbook_url and domain.page_of(alert.runbook_url) == docname
    ]
    models = domain.models.get(docname, {})
    said += [domain.said(docname, model.title) for kind in ("tree", "procedure") for model in models.get(kind, ())]
    return "\n".join(filter(None, dict.fromkeys([domain.said(docname, given), *said])))


class _Place(NamedTuple):
    """The page that is read."""

    docname: str
    page: str
    address: str
    domain: OpsDomain


def _section(section: nodes.section, place: _Place, kind: str) -> Iterator[Record]:
    title = next((_words(child) for child in section.children if isinstance(child, nodes.title)), place.page)
    own: list[str] = []
    inner: list[Record] = []
    for child in section.children:
        if not isinstance(child, nodes.section | nodes.title):
            own += _text(child, place, inner)
    first = not isinstance(section.parent, nodes.section)
    address = place.address if first or not section["ids"] else f"{place.address}#{section['ids'][0]}"
    yield Record(kind, title, "" if first else place.page, address, _joined(own))
    yield from inner


def _text(node: Node, place: _Place, inner: list[Record]) -> Iterator[str]:
    """What *node* says, without what is a record of its own: that goes to *inner*."""
    if isinstance(node, nodes.Text):
        yield str(node)
        return
    if not isinstance(node, Element) or _silent(node):
        return
    if isinstance(node, addnodes.desc) and (made := _described(node, place, inner)) is not None:
        yield f"\n{made}\n"
        return
    if isinstance(node, nodes.term) and node["ids"] and isinstance(node.parent.parent.parent, addnodes.glossary):
        said = _joined(list(_text(node.parent.children[-1], place, inner)))
        inner.append(Record("term", _words(node), place.page, f"{place.address}#{node['ids'][0]}", said))
    for child in node.children:
        yield from _text(child, place, inner)
    if isinstance(node, nodes.TextElement) and not isinstance(node.parent, nodes.TextElement):
        yield "\n"


def _silent(node: Element) -> bool:
    if isinstance(node, nodes.comment | nodes.raw | nodes.system_message | addnodes.toctree | addnodes.index):
        return True
    return "no-search" in node.get("classes", ()) or "ops-transcript" in node.get("classes", ())


def _described(node: addnodes.desc, place: _Place, inner: list[Record]) -> str | None:
    """What stands for a description in the text around it, which then is a record of its own; none if it is part of it.

    What is described on two pages is found where links to it lead.
    """
    kind = OBJECTS.get((node["domain"], node["objtype"]), API if node["domain"] not in ("ops", "std") else "")
    signature = next((one for one in node.findall(addnodes.desc_signature) if one["ids"]), None)
    if not kind or signature is None or signature.parent is not node:
        return None
    name = next((name.astext() for name in signature.findall(addnodes.desc_name)), signature.astext())
    before = "".join(part.astext() for part in signature.findall(addnodes.desc_addname))
    title = " ".join(f"{before}{name}".split())
    described = place.domain.find(node["objtype"], title) if node["domain"] == "ops" else None
    if described is not None and described.docname != place.docname:
        return title
    content = [child for child in node.children if isinstance(child, addnodes.desc_content)]
    said = [text for child in content for text in _text(child, place, inner)]
    rest = signature.astext().removeprefix(before).removeprefix(name)
    address = f"{place.address}#{signature['ids'][0]}"
    inner.append(Record(kind, title, place.page, address, _joined([rest, "\n", *said])))
    return title


def _kind_of(doctree: nodes.document, docname: str, domain: OpsDomain) -> str:
    alerts = {domain.page_of(alert.runbook_url) for alert in domain.facts.alerts if alert.runbook_url}
    if docname in alerts:
        return "alert"
    if any("ops-procedure" in node["classes"] for node in doctree.findall(nodes.container)):
        return "procedure"
    return "page"


def _words(node: Element) -> str:
    return " ".join(node.astext().split())


def _joined(parts: list[str]) -> str:
    text = re.sub(r"[^\S\n]+", " ", "".join(parts))
    return re.sub(r"\s*\n\s*", "\n", text).strip()[:MOST_LETTERS]
