"""What stands before and behind the pages: the cover, which alert is where, contacts, log sheets, the index."""

import csv
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from docutils.nodes import Element
from sphinx.builders import Builder
from sphinx.environment.adapters.indexentries import IndexEntries

from drillbook.language import _
from drillbook.output.made import Made
from drillbook.output.typst.places import MARK, Places
from drillbook.output.typst.translator import BaseTranslator
from drillbook.pages.domain import OpsDomain
from drillbook.warn import Warn, warn

CONTACT_COLUMNS: Final = 4


def words() -> dict[str, str | list[str]]:
    """What the sheets say, by how ``manual.typ`` calls it."""
    return {
        "page": _("p."),
        "fill": _("Fill in:"),
        "time": _("time"),
        "unknown": _("Not shown in its own form:"),
        "alerts": _("An alert fired"),
        "alert": _("Alert"),
        "severity": _("Severity"),
        "says": _("What has happened"),
        "contacts": _("Contacts"),
        "who": _("Role"),
        "name": _("Name"),
        "reach": _("How to reach"),
        "else-whom": _("If nobody answers"),
        "contents": _("Contents"),
        "log": _("Incident log"),
        "log-head": [_("Incident"), _("Severity"), _("Began (UTC)"), _("Ended (UTC)"), _("Lead"), _("Writes")],
        "log-columns": [_("Time (UTC)"), _("Who"), _("What was seen, done, decided")],
        "index": _("Index"),
        "live": _("The live page:"),
    }


def alerts(domain: OpsDomain, places: Places) -> list[dict[str, str]]:
    """Each alert with the place of its page, by name."""
    listed: dict[str, dict[str, str]] = {}
    for alert in domain.facts.alerts:
        page = domain.page_of(alert.runbook_url) if alert.runbook_url else None
        label = places.at(page) if page else ""
        if label:
            listed.setdefault(
                alert.name,
                {
                    "name": alert.name,
                    "severity": alert.severity,
                    "summary": domain.said(page or "", alert.summary),
                    "label": label,
                },
            )
    return [one for _, one in sorted(listed.items())]


def first_table(page: nodes.document, writer: BaseTranslator) -> str:
    """The markup of the first table of a *page*, as it stands a second time; empty when there is none.

    Links lead to the page itself, so the copy has no places, and a footnote stays there.
    """
    table = next(page.findall(nodes.table), None)
    if table is None:
        return ""
    copy = nodes.container("", table.deepcopy())
    for node in list(copy.findall(Element)):
        node["ids"] = []
        if isinstance(node, nodes.footnote_reference):
            node.parent.remove(node)
    return writer.of(copy)


def contacts(file: Path | None) -> list[list[str]]:
    """Role, name, how to reach, and whom else, from a CSV file with a line of heads that the user keeps."""
    if file is None or not file.is_file():
        return []
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            rows = [row for row in csv.reader(opened) if any(cell.strip() for cell in row)][1:]
    except (OSError, ValueError, csv.Error) as error:
        warn(Warn.PAPER, f"the contacts cannot be read: {error}", str(file))
        return []
    return [[*row, *[""] * CONTACT_COLUMNS][:CONTACT_COLUMNS] for row in rows]


Entry = tuple[str, list[str], list[tuple[str, list[str]]]]


def index(builder: Builder, domain: OpsDomain, places: Places) -> list[tuple[str, list[Entry]]]:
    """The index: what authors marked, and every object of the manual; by letter, each with its places."""
    entries: dict[str, tuple[dict[str, None], dict[str, dict[str, None]]]] = {}

    def add(name: str, labels: Iterable[str], below: str = "") -> None:
        here, inner = entries.setdefault(name, ({}, {}))
        known = inner.setdefault(below, {}) if below else here
        known.update(dict.fromkeys(filter(None, labels)))

    def at(links: Iterable[Any]) -> list[str]:
        return [places.at(str(address).removeprefix(MARK)) for _main, address in links]

    for _letter_of, group in IndexEntries(builder.env).create_index(builder, group_entries=False):
        for name, (links, inner, _key) in group:
            add(name, at(links))
            for below, more in inner:
                add(name, at(more), below)
    kinds = _kinds()
    for (kind, name), found in domain.objects.items():
        if kind in kinds:
            add(f"{name} ({kinds[kind]})", [places.at(f"{one.docname}#{one.anchor}") for one in found if not one.alias])
    every = [
        (name, list(here), [(below, list(labels)) for below, labels in sorted(inner.items()) if labels])
        for name, (here, inner) in sorted(entries.items(), key=lambda item: _order(item[0]))
        if here or any(inner.values())
    ]
    return [(letter, list(group)) for letter, group in groupby(every, key=lambda entry: _letter(entry[0]))]


def _kinds() -> dict[str, str]:
    """The kinds of things that the index has, and what it calls them."""
    return {
        "alert": _("alert"),
        "procedure": _("procedure"),
        "tree": _("tree"),
        "setting": _("setting"),
        "metric": _("metric"),
        "command": _("command"),
        "component": _("component"),
        "error": _("error"),
        "severity": _("severity"),
        "fault": _("fault"),
    }


def _letter(name: str) -> str:
    first = name.lstrip("./_-")[:1].upper()
    return first if first.isalpha() else "0–9 &c."


def _order(name: str) -> tuple[bool, str, str]:
    return _letter(name).startswith("0"), name.lstrip("./_-").casefold(), name


def cover(builder: Builder, made: Made) -> list[tuple[str, str]]:
    """What the cover says of where the PDF comes from."""
    config = builder.config
    return [
        (_("Manual and system"), f"{config.project} {config.release}".strip()),
        (_("Commit"), made.commit_says(_)),
        (_("Made from the state of"), made.day),
    ]
