"""`ops.json` beside the HTML: all procedures, trees, alerts and stamps, for the terminal and for other tools."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sphinx.application import Sphinx

from drillbook.model.data import SCHEMA, procedure_data, tree_data
from drillbook.model.signed import signed_content
from drillbook.model.stamp import Stamp
from drillbook.pages.domain import OpsDomain
from drillbook.pages.evidence import Stamps, stamps
from drillbook.pages.owners import owned
from drillbook.warn import guarded

FILE: Final = "ops.json"
SCHEMA_FILE: Final = "ops.schema.json"


def manual_data(app: Sphinx) -> dict[str, Any]:
    """Everything, as JSON values; without a time and without a path of this machine, so two builds give the same."""
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)

    def place(kind: str, name: str) -> dict[str, str]:
        found = domain.find(kind, name)
        page = app.builder.get_target_uri(found.docname) if found else ""
        return {"url": f"{page}#{found.anchor}" if found else "", "title": found.title if found else name}

    procedures = {model.name: model for _, model in domain.every("procedure")}
    trees = {model.name: model for _, model in domain.every("tree")}
    alerts: dict[str, Any] = {}
    for alert in domain.facts.alerts:
        page = domain.page_of(alert.runbook_url) if alert.runbook_url else None
        alerts.setdefault(
            alert.name,
            {
                "name": alert.name,
                "severity": alert.severity,
                "summary": alert.summary,
                "runbook_url": alert.runbook_url,
                "page": app.builder.get_target_uri(page) if page else "",
                "trees": sorted(name for name, tree in trees.items() if alert.name in tree.alerts),
                **place("alert", alert.name),
            },
        )
    return {
        "$schema": SCHEMA_FILE,
        "schema": SCHEMA,
        "manual": {
            "project": app.config.project,
            "version": app.config.release,
            "language": app.config.language,
            "proof_days": app.config.drillbook_proof_days,
        },
        "procedures": [procedure_data(model) | place("procedure", name) for name, model in sorted(procedures.items())],
        "trees": [tree_data(model) | place("tree", name) for name, model in sorted(trees.items())],
        "alerts": [alert for _, alert in sorted(alerts.items())],
        "severities": [
            {"name": name, **place(kind, name)} for kind, name in sorted(domain.objects) if kind == "severity"
        ],
        "stamps": list(_stamps(stamps(app))),
        "pages": [_page(app, stamps(app), name) for name in stamps(app).pages()],
        "owners": [one._asdict() for one in owned(app)],
    }


def _stamps(found: Stamps) -> Iterator[dict[str, Any]]:
    """Of each thing that can be proven by itself."""
    every = [*map(found.procedure, sorted(found.procedures)), *map(found.tree, sorted(found.trees))]
    every += [*map(found.drill, sorted(found.faults())), *filter(None, map(found.page, found.pages()))]
    yield from map(_stamp, every)


def _stamp(stamp: Stamp) -> dict[str, Any]:
    return stamp._asdict() | {"state": stamp.state.value, "says": stamp.says}


def _page(app: Sphinx, found: Stamps, docname: str) -> dict[str, Any]:
    whole, statements, signed = found.whole(docname), found.to_sign(docname), found.signed(docname)
    return {
        "name": docname,
        "title": app.env.titles[docname].astext(),
        "url": app.builder.get_target_uri(docname),
        "owner": found.owner(docname),
        "stamp": _stamp(whole) if whole else None,
        "to_sign": [{"kind": one.word.value, "text": one.text, "line": one.line} for one in statements],
        "content": signed_content(statements),
        "signature": None
        if signed is None
        else {"reviewer": signed.signature.reviewer, "signed": signed.signature.signed, "valid": signed.valid},
    }


@guarded()
def write_data(app: Sphinx, error: Exception | None) -> None:
    """Write both files, each whole or not at all."""
    if error is not None or app.builder.format != "html" or app.builder.name == "epub":
        return
    text = json.dumps(manual_data(app), indent=1, ensure_ascii=False, sort_keys=True)
    replace_text(Path(app.outdir) / FILE, f"{text}\n")
    replace_text(Path(app.outdir) / SCHEMA_FILE, (Path(__file__).parent / SCHEMA_FILE).read_text(encoding="utf-8"))


def replace_text(file: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)  # noqa: PTH105 - says that it is atomic


def setup_data(app: Sphinx) -> None:
    """Write the data when all pages are written."""
    app.connect("build-finished", write_data)
