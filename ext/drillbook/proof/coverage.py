"""The builder ``ops-coverage``: what the live system has against what the manual says, and how much of that is proven.

It writes ``output.txt`` for people and ``report.json`` for machines (:mod:`drillbook.proof.coverage_report`); its exit
status is the verdict: something is missing that ``drillbook_coverage`` in conf.py does not list, something is listed
there that is no longer missing, or the accuracy is below the gate.
"""

import os
from collections.abc import Set
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders import Builder

from drillbook.pages.proofs import proofs
from drillbook.pages.prose import Reader
from drillbook.pages.statements import Page
from drillbook.proof.contract import Contract
from drillbook.proof.coverage_report import as_json, as_text
from drillbook.proof.gates import Coverage, gates


class CoverageBuilder(Builder):
    """Writes no pages: it reads them all, and judges."""

    name = "ops-coverage"
    epilog = "Read %(outdir)s/output.txt"
    allow_parallel = True

    def get_outdated_docs(self) -> str:
        """Everything, each time: what is live may have changed, and no page."""
        return "coverage"

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """No page is written, so nothing is linked."""
        return ""

    def write_documents(self, docnames: Set[str]) -> None:
        """Judge, report, and set the exit status."""
        found = judge(self._app)
        out = Path(self.outdir)
        (out / "report.json").write_text(as_json(found), encoding="utf-8")
        (out / "output.txt").write_text(as_text(found), encoding="utf-8")
        if found.failures:
            self._app.statuscode = 1


def judge(app: Sphinx) -> Coverage:
    """All statements of the manual, and the contract, against the gates."""
    env, evidence = app.env, proofs(app)
    reader = Reader(env)
    pages = ((docname, env.doc2path(docname)) for docname in sorted(env.found_docs))
    statements = tuple(
        statement
        for docname, file in pages
        for statement in Page(env, docname, os.path.relpath(file, app.confdir), reader, evidence).statements()
    )
    folder = Path(app.confdir) / app.config.drillbook_stack.get("folder", "")
    clauses = tuple(
        clause._replace(place=_from(clause.place, app.confdir)) for clause in Contract(env, evidence, folder).clauses()
    )
    return Coverage(statements, clauses, gates(app.config.drillbook_coverage))


def _from(place: str, folder: str | Path) -> str:
    """A place as one types it in *folder*."""
    return os.path.relpath(place, folder) if place.startswith(os.sep) else place


def setup_coverage(app: Sphinx) -> None:
    """Register the builder."""
    app.add_builder(CoverageBuilder)
