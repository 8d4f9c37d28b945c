"""The builder ``doctest``: every example of the manual, run in boxes and held against what its page shows.

It is Sphinx's own builder for Python blocks, and does all that it does, in a box. Beside that it proves sessions,
procedures, the checks of trees, queries, requests, samples and diagrams. Its exit status is the verdict.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

from docutils import nodes
from docutils.nodes import Element
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.ext.doctest import DocTestBuilder
from sphinx.util import logging

from drillbook.model.evidence import EvidenceError
from drillbook.pages.evidence import stamps
from drillbook.proof import collect
from drillbook.proof.box import BoxError
from drillbook.proof.boxed import UNKNOWN_S, Boxed
from drillbook.proof.checkout import checkout_of
from drillbook.proof.collect import Task
from drillbook.proof.doctest_report import Outcome, Proof, evidence_of, report, story, summary
from drillbook.proof.record import record
from drillbook.proof.recording import record_demos
from drillbook.proof.session import Verdict
from drillbook.proof.unboxed import Draw, unboxed

LOGGER = logging.getLogger(__name__)
_WIDTH: Final = 79


class DoctestError(SphinxError):
    """Nothing was run; the text says why."""

    category = "doctest"


class ExamplesBuilder(DocTestBuilder):
    """Proves all examples of the manual."""

    name = "doctest"
    epilog = ""
    draw: ClassVar[Draw | None] = None  # the door hands it in: proofs know nothing of how pages look

    def init(self) -> None:
        """Begin; Sphinx's own init opens the text for people."""
        super().init()
        self._began, self._time = time.monotonic(), datetime.now(UTC)

    def write_documents(self, docnames: Set[str]) -> None:
        """Collect the examples of all pages, run them, and say what came of it."""
        chosen = self._chosen(sorted(docnames))
        top = checkout_of(Path(self.confdir)) or Path(self.confdir)
        tasks: list[Task] = []
        documents: dict[str, nodes.document] = {}
        proofs: list[Proof] = []
        for docname in sorted(docnames):
            if chosen(docname, docname):
                documents[docname] = self.env.get_doctree(docname)
                blocks = list(collect.page_blocks_of(self.env, docname, documents[docname]))
                proofs += unboxed(blocks, self.config, self._draw)
                task = collect.page_task(self.env, docname, blocks, top)
                tasks += [task] if task else []
            for task in self._wholes(docname, chosen):
                if why := task.unproven:
                    proofs += [Proof(example, Verdict.UNPROVEN, why, declared=True) for example in task.examples]
                else:
                    tasks.append(task)
        boxed = Boxed()
        try:
            boxed.run(self._app, tasks, documents, self._seconds, self._progress)
        except BoxError as error:
            raise DoctestError(str(error)) from error
        finally:
            self._progress("")
        order = {docname: number for number, docname in enumerate(sorted(docnames))}
        proofs += boxed.proofs
        proofs.sort(key=lambda proof: (order[proof.example.subject.docname], proof.example.line))
        self._tell(proofs, boxed)

    def _chosen(self, docnames: Sequence[str]) -> Callable[[str, str], bool]:
        """Whether what has a name and stands on a page is to be run; with ``drillbook_only``, what that names."""
        wanted = set(self.config.drillbook_only.replace(",", " ").split())
        domain = collect.domain_of(self.env)
        known = {*docnames, *(found.name for kind in ("procedure", "tree") for _, found in domain.every(kind))}
        if unknown := wanted - known:
            raise DoctestError(f"there is no page, procedure or tree called {' or '.join(sorted(unknown))}")
        return lambda name, docname: not wanted or name in wanted or docname in wanted

    def _wholes(self, docname: str, chosen: Callable[[str, str], bool]) -> Iterator[Task]:
        """The trees and the procedures of a page."""
        domain = collect.domain_of(self.env)
        procedures = {found.name: found for _, found in domain.every("procedure")}
        models = domain.models.get(docname, {})
        for tree in models.get("tree", ()):
            if chosen(tree.name, docname) and (task := collect.tree_task(self.env, docname, tree)):
                yield task
        for procedure in models.get("procedure", ()):
            if chosen(procedure.name, docname):
                task = collect.procedure_task(self.env, docname, procedure, procedures)
                if task.examples:
                    yield task

    def _draw(self, drawn: Sequence[Element]) -> Sequence[str]:
        draw = type(self).draw
        assert draw is not None  # without it there are no diagrams
        return draw(self, drawn)

    def _seconds(self, task: Task) -> float:
        """How long it took the last time, or what such a thing takes."""
        found = stamps(self._app).evidence(task.subject.kind, task.subject.name)
        known = found.details.get("seconds") if found else None
        return float(known) if isinstance(known, int | float) else UNKNOWN_S[task.subject.kind]

    def _progress(self, text: str) -> None:
        """One line that is written over, on a terminal; nothing elsewhere."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text[:_WIDTH]}")
            sys.stderr.flush()

    def _tell(self, proofs: list[Proof], boxed: Boxed) -> None:
        """Write the report and the story, set the exit status, and record what is proven."""
        placed = [
            proof._replace(example=proof.example._replace(file=os.path.relpath(proof.example.file, self.confdir)))
            for proof in proofs
        ]
        for warning in boxed.python.get("warnings", ()):
            LOGGER.warning("%s", warning)
        counts = boxed.python.get("counts", {})
        for count, value in counts.items():  # Sphinx's own summary tells them
            setattr(self, count, value)
        outcome = Outcome(tuple(placed), tuple(boxed.errors), time.monotonic() - self._began)
        began = self._time.strftime("%Y-%m-%dT%H:%M:%SZ")
        made = report(outcome, project=self.config.project, version=self.config.release, began=began, python=counts)
        text = json.dumps(made, indent=1, ensure_ascii=False)
        (Path(self.outdir) / "report.json").write_text(f"{text}\n", encoding="utf-8")
        if words := boxed.python.get("words"):
            self._out(words)
        for proof in placed:
            if proof.failed:
                self._warn_out(story(proof))
        for error in boxed.errors:
            self._warn_out(f"{error}\n")
        self._out(f"\n{summary(outcome)}")
        if outcome.verdict == "failed":
            self._app.statuscode = 1
        for subject, details, log in evidence_of(outcome):
            try:
                record(self._app, subject.kind, subject.name, details, log)
            except EvidenceError as error:
                LOGGER.warning("%s: no evidence is kept: %s", subject, error)
        if not outcome.errors:
            record_demos(self._app, boxed.proofs)


def setup_doctest(app: Sphinx, draw: Draw | None) -> None:
    """Put the builder in the place of Sphinx's own. *draw* draws diagrams and answers what is wrong with each."""
    app.setup_extension("sphinx.ext.doctest")
    ExamplesBuilder.draw = staticmethod(draw) if draw else None
    app.add_builder(ExamplesBuilder, override=True)
