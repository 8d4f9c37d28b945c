"""The evidence of this build, read once, and the stamps that it gives to procedures, trees, drills and pages."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx

from drillbook.language import _
from drillbook.live.digest import code_digest
from drillbook.model import evidence as model
from drillbook.model.console import AS_SHOWN
from drillbook.model.contents import Block, checks_content, page_content, procedure_content, tree_content
from drillbook.model.evidence import (
    CHECKS,
    DRILL,
    MEASUREMENT,
    PAGE,
    PROCEDURE,
    SIGNED,
    TRANSLATION,
    Evidence,
    EvidenceError,
    Signature,
    State,
)
from drillbook.model.measurement import MeasurementError, measurement, measurement_content
from drillbook.model.procedure import Procedure
from drillbook.model.recording import CAST_SUFFIX, DEMO, Recording, read_cast
from drillbook.model.signed import ToSign, signed_content, to_sign
from drillbook.model.stamp import Phrase, Stamp, figures, stamp, together
from drillbook.model.translation import Covered
from drillbook.model.tree import Fix, Tree
from drillbook.pages.domain import OpsDomain
from drillbook.pages.parts import HOW, block_text, page_blocks
from drillbook.pages.severities import SEVERITY
from drillbook.pages.translations import coverage
from drillbook.warn import Warn, guarded, warn

TREE: Final = "tree"
BLOCK: Final = "block"  # among the models of a page: a block that a run proves
OWNER: Final = "owner"  # in the front matter of a page


class Signed(NamedTuple):
    """The signature of a page, and whether it is for what the page says now."""

    signature: Signature
    valid: bool


class Stamps:
    """All evidence, beside what the manual says now. Made when all pages have been read."""

    def __init__(self, app: Sphinx) -> None:
        domain = app.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        self._domain, self._metadata = domain, app.env.metadata
        self.folder = Path(app.srcdir) / app.config.drillbook_evidence
        self.days: float = app.config.drillbook_proof_days
        self._confdir = Path(app.confdir)
        self.system = code_digest(self._confdir, app.config.drillbook_code)
        self.measurements: dict[str, Mapping[str, Any]] = dict(app.config.drillbook_measurements)
        self.procedures: dict[str, Procedure] = {found.name: found for _, found in domain.every("procedure")}
        self.trees: dict[str, Tree] = {found.name: found for _, found in domain.every("tree")}
        self.problems: list[tuple[Path, str]] = []
        self._evidence: dict[tuple[str, str], Evidence] = dict(self._read(model.KINDS, _evidence))
        self._signatures: dict[tuple[str, str], Signature] = dict(
            self._read([SIGNED, TRANSLATION], model.read_signature)
        )
        self._language: str = app.config.language
        self._recordings: dict[tuple[str, str], Recording] = dict(self._read([DEMO], read_cast, CAST_SUFFIX))
        self._contents: dict[tuple[str, str], str] = {}

    def _read(self, kinds: Iterable[str], read: Any, suffix: str = ".json") -> Iterator[tuple[tuple[str, str], Any]]:
        for kind in kinds:
            for name, file in model.files(self.folder, kind, suffix):
                try:
                    found = read(file)
                    if (found.kind, found.name) != (kind, name):
                        raise EvidenceError(f"this is evidence for {found.kind} {found.name}, and counts as none")
                    yield (kind, name), found
                except EvidenceError as error:
                    self.problems.append((file, str(error)))

    # what there is now

    def content(self, kind: str, name: str) -> str:
        """The digest of what a run runs for it; empty when there is nothing. A drill is one of its alert's own tree."""
        if (kind, name) not in self._contents:
            self._contents[kind, name] = self._content(kind, name)
        return self._contents[kind, name]

    def _content(self, kind: str, name: str) -> str:
        if kind == PROCEDURE:
            return procedure_content(self.procedures[name]) if name in self.procedures else ""
        if kind == TREE:
            return tree_content(name, self.trees, self.procedures) if name in self.trees else ""
        if kind == CHECKS:
            return checks_content(self.trees[name]) if name in self.trees else ""
        if kind == PAGE:
            return page_content(self._of(name, BLOCK))
        if kind == MEASUREMENT:
            made = self.measurements.get(name)
            return measurement_content(self._confdir, made["command"], made.get("code", ())) if made else ""
        tree = self.tree_of(name)
        return self.content(TREE, tree) if tree else ""

    def _of(self, docname: str, kind: str) -> tuple[Any, ...]:
        return self._domain.models.get(docname, {}).get(kind, ())

    def tree_of(self, fault: str) -> str:
        """The tree that the alert of a fault leads to; empty when there is none."""
        alert = next((found.alert for found in self._domain.facts.faults if found.name == fault), "")
        leads = [name for name, tree in sorted(self.trees.items()) if alert and alert in tree.alerts]
        return alert if alert in leads else next(iter(leads), "")

    def faults(self) -> dict[str, Fix | None]:
        """All faults, each with the fix that its drill must end at, if there is one."""
        fixes = [node for _, tree in sorted(self.trees.items()) for node in tree.nodes if isinstance(node, Fix)]
        cures: dict[str, Fix] = {}
        for fix in fixes:
            for fault in fix.faults:
                cures.setdefault(fault, fix)
        return {fault.name: cures.get(fault.name) for fault in self._domain.facts.faults} | cures

    def pages(self) -> list[str]:
        """The pages with something to prove or to sign."""
        return [page for page in sorted(self._domain.models) if self.whole(page) or self.to_sign(page)]

    # what is said of it

    def evidence(self, kind: str, name: str) -> Evidence | None:
        """What a run left behind, whether it still holds or not."""
        return self._evidence.get((kind, name))

    def recording(self, name: str) -> Recording | None:
        """What a run recorded of a procedure, whether it still is so or not."""
        return self._recordings.get((DEMO, name))

    def procedure(self, name: str) -> Stamp:
        """Of a procedure: it was run, and undone."""
        reason = self.procedures[name].unproven if name in self.procedures else ""
        return Stamp(PROCEDURE, name, State.UNPROVEN, reason=reason) if reason else self._stamp(PROCEDURE, name)

    def checks(self, tree: str) -> Stamp:
        """Of the checks of a tree: each was run on a healthy system, and printed what the page shows."""
        return self._stamp(CHECKS, tree)

    def drill(self, fault: str) -> Stamp:
        """Of a fault: its drill ended at the right fix."""
        return self._stamp(DRILL, fault)

    def drilled(self, fault: str) -> bool:
        """Whether its drill holds, for the trees of other alerts too that have a fix for it."""
        walked = [self._walked(name, fault) for name, tree in self.trees.items() if fault in tree.faults]
        return all(one.state is State.PROVEN for one in [self.drill(fault), *walked])

    def measurement(self, name: str) -> Stamp:
        """Of a measurement: it was measured."""
        return self._stamp(MEASUREMENT, name)

    def page(self, docname: str) -> Stamp | None:
        """Of the blocks of a page that stand in no procedure and no tree; none when it has none."""
        return self._stamp(PAGE, docname) if self.content(PAGE, docname) else None

    def tree(self, name: str) -> Stamp:
        """Of a tree: it was walked under each fault that its fixes name, as it is now."""
        tree = self.trees.get(name)
        faults = tree.faults if tree else ()
        if not faults:
            fixes = [node for node in tree.nodes if isinstance(node, Fix)] if tree else []
            reasons = dict.fromkeys(fix.not_drilled for fix in fixes if fix.not_drilled)
            return Stamp(TREE, name, State.UNPROVEN, reason=next(iter(reasons), Phrase("no drill ends at a fix of it")))
        parts = [self._walked(name, fault) for fault in faults]
        found = [evidence for fault in faults if (evidence := self.evidence(DRILL, fault))]
        whole = together(TREE, name, parts, figures(*found) if found else "")
        assert whole is not None  # there are parts
        missing = [part.name for part in parts if part.state is State.NONE]
        if whole.state is State.NONE and len(missing) < len(faults):
            return whole._replace(reason=Phrase("the drill of {faults} is missing", faults=" and of ".join(missing)))
        return whole

    def _walked(self, tree: str, fault: str) -> Stamp:
        found = self.evidence(DRILL, fault)
        walked = found.details.get("contents") if found else None
        content = walked.get(tree) if isinstance(walked, dict) else None
        if found is None or content is None:
            return Stamp(DRILL, fault, State.NONE)
        return stamp(
            DRILL, fault, found._replace(content=str(content)), self.content(TREE, tree), self.system, self.days
        )

    def whole(self, docname: str) -> Stamp | None:
        """Of a page with all that stands on it; none when there is nothing to prove."""
        parts = [self.tree(tree.name) for tree in self._of(docname, "tree")]
        parts += [self.procedure(procedure.name) for procedure in self._of(docname, "procedure")]
        own = self.page(docname)
        return together(PAGE, docname, [*parts, *([own] if own else [])])

    def _stamp(self, kind: str, name: str) -> Stamp:
        return stamp(kind, name, self.evidence(kind, name), self.content(kind, name), self.system, self.days)

    def says(self, stamp: Stamp) -> str:
        """What a stamp says, in the language of this build."""
        if isinstance(stamp.reason, Phrase) or not stamp.reason:
            return stamp.said(_)
        found = self._domain.find(stamp.kind, stamp.name)
        docname = found.docname if found else stamp.name  # of a page its own
        return stamp._replace(reason=self._domain.said(docname, stamp.reason)).said(_)

    # people

    def to_sign(self, docname: str) -> tuple[ToSign, ...]:
        """What no run can prove on a page."""
        of = (self._of(docname, kind) for kind in ("tree", "procedure", SEVERITY))
        return tuple(to_sign(*of))

    def signed(self, docname: str) -> Signed | None:
        """The signature of a page, if there is one."""
        found = self._signatures.get((SIGNED, docname))
        return Signed(found, found.content == signed_content(self.to_sign(docname))) if found else None

    def reviewed(self, docname: str) -> Signed | None:
        """The signature of who has read a page in the language of this build, if there is one."""
        found, page = (
            self._signatures.get((TRANSLATION, f"{self._language}/{docname}")),
            coverage(self._domain, docname),
        )
        return Signed(found, page is not None and found.content == page.content) if found else None

    def covered(self, docname: str) -> Covered | None:
        """How much of a page is translated; none in the language that the manual is written in."""
        return coverage(self._domain, docname)

    def owner(self, docname: str) -> str:
        """Who keeps a page right: as its front matter says, or its trees."""
        written = str(self._metadata.get(docname, {}).get(OWNER, "")).strip()
        return written or ", ".join(dict.fromkeys(tree.owner for tree in self._of(docname, "tree") if tree.owner))

    def owner_says(self, docname: str) -> str:
        """The same, in the language of this build."""
        return self._domain.said(docname, self.owner(docname))


def _evidence(file: Path) -> Evidence:
    found = model.read(file)
    if found.kind == MEASUREMENT:
        try:
            measurement(found.details)
        except MeasurementError as error:
            raise EvidenceError(f"this is no measurement, and counts as none: {error}") from None
    return found


def stamps(app: Sphinx) -> Stamps:
    """The stamps of this build. Not before all pages have been read."""
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    if domain.evidence is None:
        domain.evidence = Stamps(app)
        for file, message in domain.evidence.problems:
            warn(Warn.EVIDENCE, message, f"{file}:1")
    assert isinstance(domain.evidence, Stamps)
    return domain.evidence


@guarded(place=lambda app, doctree: (app.env.docname, None))
def note_blocks(app: Sphinx, doctree: nodes.document) -> None:
    """Keep what the blocks of a page say that a run proves."""
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    for block in page_blocks(doctree):
        language = block.get("language", block.tagname)
        domain.note_model(BLOCK, app.env.docname, Block(language, block_text(block), block.get(HOW, AS_SHOWN)))


def setup_evidence(app: Sphinx) -> None:
    """Look at each page that has been read."""
    app.connect("doctree-read", note_blocks)
