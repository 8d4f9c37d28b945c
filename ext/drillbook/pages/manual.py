"""The manual as JSON values: its procedures, trees, alerts, facts, pages and stamps. `ops.json` is made of it."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sphinx.application import Sphinx

from drillbook.live.shown import shown_facts
from drillbook.model.data import SCHEMA, procedure_data, tree_data
from drillbook.model.signed import signed_content
from drillbook.model.stamp import Stamp, doubted_after
from drillbook.pages.domain import OpsDomain
from drillbook.pages.evidence import Stamps, stamps
from drillbook.pages.owners import owned
from drillbook.pages.structure import PLACES, Places

SCHEMA_FILE: Final = "ops.schema.json"
Json = dict[str, Any]
Address = Callable[[str], str]


def manual_data(app: Sphinx, address: Address) -> dict[str, Any]:
    """Everything, as JSON values; without a time and without a path of this machine, so two builds give the same.

    *address* gives that of a page, relative to where the data will lie. Not before all pages have been read.
    """
    return _Data(app, address).everything()


class _Data:
    """What the values are made of."""

    def __init__(self, app: Sphinx, address: Address) -> None:
        domain = app.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        self._app, self._domain, self._address, self._stamps = app, domain, address, stamps(app)
        places: list[Places] = [found for _, found in domain.every(PLACES)]
        self._parts = {(found.kind, found.name): found.anchors for found in places}

    def everything(self) -> Json:
        """All of it."""
        domain, config = self._domain, self._app.config
        procedures = {model.name: model for _, model in domain.every("procedure")}
        trees = {model.name: model for _, model in domain.every("tree")}
        return {
            "$schema": SCHEMA_FILE,
            "schema": SCHEMA,
            "manual": {
                "project": config.project,
                "version": config.release,
                "language": config.language,
                "proof_days": config.drillbook_proof_days,
                "doubt": doubted_after(filter(None, map(self._stamps.whole, self._stamps.pages()))),
            },
            "procedures": [
                self._whole("procedure", name, procedure_data(model), "steps")
                for name, model in sorted(procedures.items())
            ],
            "trees": [self._whole("tree", name, tree_data(model), "nodes") for name, model in sorted(trees.items())],
            "alerts": self._alerts({name: tree.alerts for name, tree in sorted(trees.items())}),
            "severities": [
                {"name": name, **self._place(kind, name)} for kind, name in sorted(domain.objects) if kind == "severity"
            ],
            "facts": self._facts(),
            "contents": [self._content(name) | self._translation(name) for name in sorted(self._app.env.found_docs)],
            "stamps": list(_stamps(self._stamps)),
            "pages": [self._page(name) for name in self._stamps.pages()],
            "owners": [one._asdict() for one in owned(self._app)],
        }

    def _url(self, docname: str, anchor: str) -> str:
        return f"{self._address(docname)}#{anchor}"

    def _place(self, kind: str, name: str) -> dict[str, str]:
        found = self._domain.find(kind, name)
        return (
            {"url": self._url(found.docname, found.anchor), "title": found.title}
            if found
            else {"url": "", "title": name}
        )

    def _whole(self, kind: str, name: str, data: Json, parts: str) -> Json:
        """A procedure or a tree, with where it and its parts stand."""
        place, found = self._place(kind, name), self._domain.find(kind, name)
        anchors = self._parts.get((kind, name), ())
        for part, anchor in zip(data[parts], anchors, strict=True):
            part["url"] = self._url(found.docname, anchor) if found else ""
        return data | place

    def _alerts(self, leads: dict[str, tuple[str, ...]]) -> list[Json]:
        alerts: dict[str, Json] = {}
        for alert in self._domain.facts.alerts:
            page = self._domain.page_of(alert.runbook_url) if alert.runbook_url else None
            alerts.setdefault(
                alert.name,
                {
                    "name": alert.name,
                    "severity": alert.severity,
                    "summary": alert.summary,
                    "runbook_url": alert.runbook_url,
                    "page": self._address(page) if page else "",
                    "trees": [name for name, leading in leads.items() if alert.name in leading],
                    **self._place("alert", alert.name),
                },
            )
        return [alert for _, alert in sorted(alerts.items())]

    def _facts(self) -> dict[str, list[Json]]:
        """The facts, each with the page that describes it."""
        shown = shown_facts(self._domain.facts)
        for kind, facts in shown.items():
            for fact in facts:
                fact["url"] = self._place(kind.removesuffix("s"), fact["name"])["url"]
        options = self._app.env.domains.standard_domain.progoptions
        for command in shown["commands"]:
            program = "-".join(command["name"].split())
            for option in command["options"]:
                found = options.get((program, option["name"]))
                option["url"] = self._url(*found) if found else ""
        return shown

    def _content(self, docname: str) -> Json:
        return {
            "name": docname,
            "title": self._app.env.titles[docname].astext(),
            "url": self._address(docname),
            "owner": self._stamps.owner(docname),
        }

    def _translation(self, docname: str) -> Json:
        found = self._stamps.covered(docname)
        counted = {"passages": found.passages, "missing": found.missing, "stale": found.stale} if found else None
        return {"translation": counted}

    def _page(self, docname: str) -> Json:
        found = self._stamps
        whole, statements, signed = found.whole(docname), found.to_sign(docname), found.signed(docname)
        return self._content(docname) | {
            "stamp": _stamp(whole) if whole else None,
            "to_sign": [{"kind": one.word.value, "text": one.text, "line": one.line} for one in statements],
            "content": signed_content(statements),
            "signature": None
            if signed is None
            else {"reviewer": signed.signature.reviewer, "signed": signed.signature.signed, "valid": signed.valid},
        }


def _stamps(found: Stamps) -> Iterator[Json]:
    """Of each thing that can be proven by itself."""
    every = [*map(found.procedure, sorted(found.procedures)), *map(found.tree, sorted(found.trees))]
    every += [*map(found.drill, sorted(found.faults())), *filter(None, map(found.page, found.pages()))]
    yield from map(_stamp, every)


def _stamp(stamp: Stamp) -> Json:
    return stamp._asdict() | {"state": stamp.state.value, "says": stamp.says}
