"""The `ops` domain: what the manual describes, who refers to it, and which facts each page shows.

An object is described by an entry on a page (:mod:`drillbook.pages.describe`). Three things are kept for every
document, so that a rebuild after a change of the live system is right: its objects, the facts that it shows with their
digests, and the objects that it refers to.
"""

import re
from collections.abc import Iterator, Set
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from drillbook.language import _
from drillbook.live.facts import LiveFacts
from drillbook.pages.indices import AlertIndex, MetricIndex, ProcedureIndex, SettingIndex, TreeIndex, titles
from drillbook.pages.roles import ROLES, TITLED
from drillbook.warn import Warn, guarded, warn

Key = tuple[str, str]  # (object type, name)
IMPORTANT, NORMAL = 0, 1  # search priorities: before or among the full-text results
ANY_TYPE = ""  # the reference type of generated links, and of ``{any}``: whatever has that name
PAGE = "page"  # the reference type of generated links to a page of this manual by its address
SHOWS = "ops_shows"  # of a container: the stamps that it shows; among the models of a page: that it shows any
NAMED = "ops_named"  # a link to a page that keeps its own text, and does not say the title of the page
OPTIONAL = "ops_optional"  # a generated link to what no page may describe: then it is plain text


class Described(NamedTuple):
    """A place in the manual where an object is described.

    ``fallback`` yields to another description (a table made by autodoc); ``alias`` is a further name of the object,
    which resolves but is not listed.
    """

    docname: str
    anchor: str
    title: str
    location: str
    fallback: bool = False
    alias: bool = False


class OpsDomain(Domain):
    """Operations: what the live system has, and the procedures, trees and severities of the manual."""

    name = "ops"
    label = "Operations"
    data_version = 2
    object_types: ClassVar[dict[str, ObjType]] = {
        "alert": ObjType("alert", "alert", searchprio=IMPORTANT),
        "setting": ObjType("setting", "setting", searchprio=NORMAL),
        "metric": ObjType("metric", "metric", searchprio=NORMAL),
        "command": ObjType("command", "command", searchprio=IMPORTANT),
        "component": ObjType("component", "component", searchprio=NORMAL),
        "route": ObjType("route", "route", searchprio=NORMAL),
        "error": ObjType("error", "error", searchprio=IMPORTANT),
        "procedure": ObjType("procedure", "procedure", searchprio=IMPORTANT),
        "tree": ObjType("tree", "tree", searchprio=IMPORTANT),
        "fault": ObjType("fault", "fault", searchprio=NORMAL),
        "table": ObjType("table", "table", searchprio=NORMAL),
        "severity": ObjType("severity", "severity", searchprio=IMPORTANT),
        # of the toolkit itself, for who writes
        "directive": ObjType("directive", "directive", searchprio=NORMAL),
        "role": ObjType("role", "role", searchprio=NORMAL),
        "option": ObjType("option", "option", searchprio=NORMAL),
        "warning": ObjType("warning", "warning", searchprio=IMPORTANT),
    }
    roles: ClassVar[dict[str, Any]] = dict(ROLES)
    dangling_warnings: ClassVar[dict[str, str]] = {
        kind: f"unknown {kind}: %(target)s is described on no page" for kind in object_types
    }
    indices: ClassVar[list[Any]] = [AlertIndex, ProcedureIndex, TreeIndex, SettingIndex, MetricIndex]
    initial_data: ClassVar[dict[str, Any]] = {
        "objects": {},
        "shown": {},
        "references": {},
        "troubled": {},
        "models": {},
        "stamped": {},
    }

    # of this build; not in `data`, which is pickled and outlives it
    facts: LiveFacts
    before: dict[Key, Described | None]
    evidence: Any  # what pages.evidence makes of it, once all pages are read
    extracts: bool  # whether this build writes the messages of the manual, and no pages
    catalogues: Any  # what pages.translations has of the manual in the language of this build
    told: Any  # and what pages.changes does

    def setup(self) -> None:
        """Begin a build: without facts yet, and with the objects of the last one."""
        super().setup()
        self.facts = LiveFacts()
        self.before = {}
        self.evidence = self.told = self.catalogues = None
        self.extracts = False
        self._name_indices()
        self._remember()

    @guarded()
    def _name_indices(self) -> None:
        for index in self.indices:  # classes, which outlive a build: each has its language
            index.localname = titles(_)[index.name]

    @guarded()
    def _remember(self) -> None:
        self.before = self.locations()

    @property
    def objects(self) -> dict[Key, list[Described]]:
        """All descriptions of each object."""
        objects: dict[Key, list[Described]] = self.data["objects"]
        return objects

    @property
    def shown(self) -> dict[str, dict[Key, str]]:
        """Document name to the facts that it shows, (kind, selector), and their digest when it was read."""
        shown: dict[str, dict[Key, str]] = self.data["shown"]
        return shown

    @property
    def references(self) -> dict[str, dict[Key, bool]]:
        """Document name to what it refers to, and whether that must exist."""
        references: dict[str, dict[Key, bool]] = self.data["references"]
        return references

    @property
    def troubled(self) -> dict[str, bool]:
        """Documents with a warning of ours: they are read again until it is gone."""
        troubled: dict[str, bool] = self.data["troubled"]
        return troubled

    @property
    def models(self) -> dict[str, dict[str, tuple[Any, ...]]]:
        """Document name to what stands on it whole, by kind and in order: procedures, trees, levels of severity, blocks."""
        models: dict[str, dict[str, tuple[Any, ...]]] = self.data["models"]
        return models

    @property
    def stamped(self) -> dict[str, str]:
        """Document name to what its stamps said when it was last written."""
        stamped: dict[str, str] = self.data["stamped"]
        return stamped

    def every(self, kind: str) -> Iterator[tuple[str, Any]]:
        """All procedures, or all trees ... of the manual, each with its document name."""
        for docname, models in sorted(self.models.items()):
            yield from ((docname, model) for model in models.get(kind, ()))

    def said(self, docname: str, text: str) -> str:
        """Words of a page in the language of this build, as the manual's catalogues have them; else as they are."""
        said: str = self.catalogues.said(docname, text) if self.catalogues and text else text
        return said

    # what directives note while a document is read

    def note_object(self, kind: str, name: str, described: Described) -> None:
        """Keep a description of an object."""
        self.objects.setdefault((kind, name), []).append(described)

    def note_model(self, kind: str, docname: str, model: Any) -> None:
        """Keep a procedure, a tree, ... whole."""
        models = self.models.setdefault(docname, {})
        models[kind] = (*models.get(kind, ()), model)

    def note_shown(self, docname: str, kind: str, selector: str) -> None:
        """Keep that a document shows the facts of *kind* that *selector* gives."""
        self.shown.setdefault(docname, {})[kind, selector] = self.facts.digest(kind, selector)

    @guarded(place=lambda self, env, docname, document: (docname, None))
    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Keep what a document that has been read refers to."""
        references: dict[Key, bool] = {}
        for node in document.findall(pending_xref):
            if node.get("refdomain") == self.name or node.get("reftype") == "any":
                kind = node["reftype"] if node["reftype"] in (*self.object_types, PAGE) else ANY_TYPE
                needed = kind != ANY_TYPE and not node.get(OPTIONAL)
                key = (kind, node["reftarget"])
                references[key] = references.get(key, False) or needed
        if references:
            self.references[docname] = references

    # what Sphinx asks for

    @guarded(place=lambda self, docname: (docname, None))
    def clear_doc(self, docname: str) -> None:
        """Forget everything about a document."""
        for key, described in list(self.objects.items()):
            if rest := [entry for entry in described if entry.docname != docname]:
                self.objects[key] = rest
            else:
                del self.objects[key]
        for name in ("shown", "references", "troubled", "models"):
            self.data[name].pop(docname, None)

    @guarded()
    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process read."""
        for key, described in otherdata["objects"].items():
            mine = [entry for entry in described if entry.docname in docnames]
            if mine:
                self.objects.setdefault(key, []).extend(mine)
        for name in ("shown", "references", "troubled", "models"):
            self.data[name].update({doc: value for doc, value in otherdata[name].items() if doc in docnames})

    def find(self, kind: str, name: str) -> Described | None:
        """The description that links lead to."""
        described = self.objects.get((kind, name), ())
        return min(described, key=lambda entry: (entry.fallback, entry.alias, entry.docname), default=None)

    def find_any(self, name: str) -> Iterator[tuple[str, Described]]:
        """The objects of that name, of whatever type."""
        for kind in self.object_types:
            if described := self.find(kind, name):
                yield kind, described

    @guarded(place=lambda *arguments: arguments[6])
    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> nodes.reference | None:
        """Make the link of a role; of a generated link without a target, only its text."""
        if typ == PAGE:
            page = self.page_of(target)
            text = nodes.inline("", env.titles[page].astext()) if page and not node.get(NAMED) else contnode
            return make_refnode(builder, fromdocname, page, "", text) if page else contnode  # type: ignore[return-value]
        described = self.find(typ, target)
        if typ == ANY_TYPE:
            described = next((entry for _, entry in self.find_any(target)), None)
        if described is None:
            return contnode if node.get(OPTIONAL) else None  # type: ignore[return-value]  # Sphinx takes any node
        title = self.said(described.docname, described.title)
        if typ in TITLED and not node.get("refexplicit"):
            contnode = nodes.inline(title, title)
        return make_refnode(builder, fromdocname, described.docname, described.anchor, contnode, title)

    def page_of(self, url: str) -> str | None:
        """The document that *url* ends in (``.../alerts/High.html`` is ``alerts/High``), whatever its beginning."""
        parts = re.split("[?#]", url)[0].removesuffix(".html").strip("/").split("/")
        names = ("/".join(parts[start:]) for start in range(len(parts) - 1))  # one part alone could be any page
        return next((name for name in names if name in self.env.all_docs), None)

    @guarded(default=(), place=lambda *arguments: arguments[5])
    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        """All links that ``{any}`` could mean."""
        return [
            (
                f"ops:{kind}",
                make_refnode(
                    builder, fromdocname, entry.docname, entry.anchor, contnode, self.said(entry.docname, entry.title)
                ),
            )
            for kind, entry in self.find_any(target)
        ]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Objects for the search and for ``objects.inv``."""
        yield from self._listed()

    @guarded(default=())
    def _listed(self) -> list[tuple[str, str, str, str, str, int]]:
        found = ((kind, name, self.find(kind, name)) for kind, name in sorted(self.objects))
        return [
            (name, name, kind, entry.docname, entry.anchor, self.object_types[kind].attrs["searchprio"])
            for kind, name, entry in found
            if entry and not entry.alias
        ]

    @guarded(default="")
    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        """What the search calls an object: its type, without the domain."""
        return type.lname

    # what a rebuild asks for

    def outdated(self) -> set[str]:
        """Documents to read again: their facts are no longer what they show, or they have a warning of ours."""
        changed = {
            docname
            for docname, shown in self.shown.items()
            if any(self.facts.digest(*key) != digest for key, digest in shown.items())
        }
        return changed | set(self.troubled)

    def locations(self) -> dict[Key, Described | None]:
        """Where links lead to now."""
        places = {key: self.find(*key) for key in self.objects}
        urls = {key[1] for references in self.references.values() for key in references if key[0] == PAGE}
        pages = {url: self.page_of(url) for url in urls}
        titles = self.env.titles
        return places | {
            (PAGE, url): Described(page, "", titles[page].astext(), "") for url, page in pages.items() if page
        }

    def to_rewrite(self, before: dict[Key, Described | None]) -> set[str]:
        """Documents to write again: what they refer to moved, came or went, or is still missing."""
        after = self.locations()
        moved = {key for key in before.keys() | after.keys() if _target(before, key) != _target(after, key)}
        moved |= {(ANY_TYPE, name) for _, name in moved}
        return {
            docname
            for docname, references in self.references.items()
            if any(key in moved or (needed and key not in after) for key, needed in references.items())
        }

    def warn_duplicates(self) -> None:
        """Warn of objects that two entries describe, at the second, naming the first."""
        for (kind, name), described in sorted(self.objects.items()):
            places = sorted(
                (entry.docname, entry.location) for entry in described if not (entry.fallback or entry.alias)
            )
            for _docname, location in places[1:]:
                message = f"{kind} {name} is described twice, also at {places[0][1]}: give one the option no-index"
                warn(Warn.DUPLICATE, message, location)


def _target(locations: dict[Key, Described | None], key: Key) -> tuple[str, str, str] | None:
    entry = locations.get(key)
    return (entry.docname, entry.anchor, entry.title) if entry else None


def generated_xref(kind: str, target: str, text: Element) -> pending_xref:
    """A link in generated text to an object that may not be described anywhere (*kind* may be ``ANY_TYPE``)."""
    node = pending_xref("", text, refdomain="ops", reftype=kind, reftarget=target, refexplicit=True)
    node[OPTIONAL] = True
    return node
