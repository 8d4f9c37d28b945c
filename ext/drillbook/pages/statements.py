"""The statements of a page, from its doctree, and the verdict on each.

A generated entry is derived. A block or a step is executed, and a block of a check or a fix drilled, when there is
valid evidence of it. A sentence counts when it names a number with a unit or something of the live system, and is
derived when all of that are roles. Plain prose is no statement, and neither are headings and answers of checks: an
answer is proven with its check.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx import addnodes
from sphinx.environment import BuildEnvironment

from drillbook.live.quantity import parse_duration
from drillbook.model.console import commands
from drillbook.model.procedure import Procedure, Step
from drillbook.model.statement import Kind, Statement, Verdict, excerpt
from drillbook.model.tree import Check, Escalate, Fix, Tree
from drillbook.pages.alert_list import LIST
from drillbook.pages.blanks import ALLOWED
from drillbook.pages.domain import OpsDomain
from drillbook.pages.measurements import MEASURED
from drillbook.pages.parts import FINDS, HOW, block_text
from drillbook.pages.proofs import Proof, Proofs
from drillbook.pages.prose import Reader, Sentence, line_near

_PROSE: Final = (nodes.paragraph, nodes.term, nodes.caption, nodes.line, nodes.attribution)
_SKIPPED: Final = (
    nodes.comment,
    nodes.system_message,
    nodes.title,
    nodes.raw,
    addnodes.toctree,
    nodes.substitution_definition,
)
_GENERATED: Final = {"ops-failures", "ops-answers", "ops-how", "ops-blank-line", ALLOWED, LIST}
_DIAGRAM: Final = "plantuml"  # the tag of a diagram of sphinxcontrib.plantuml; not every manual has it
_DOCSTRING: Final = "docstring of "  # in the source of what autodoc made: it is live code


class _Around(NamedTuple):
    """What stands around a node: a procedure and its step, or a tree and its node."""

    whole: Procedure | Tree | None = None
    part: Step | Check | Fix | Escalate | None = None
    prose: bool = True  # whether sentences count


Judged = tuple[Verdict, str, bool]


class Page:
    """One page, read for its statements."""

    def __init__(self, env: BuildEnvironment, docname: str, file: str, reader: Reader, proofs: Proofs) -> None:
        domain = env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        self._docname, self._file = docname, file
        self._document = env.get_doctree(docname)
        self._reader, self._proofs = reader, proofs
        self._lines = Path(env.doc2path(docname)).read_text(encoding="utf-8", errors="replace").splitlines()
        self._procedures = [model for where, model in domain.every("procedure") if where == docname]

    def statements(self) -> Iterator[Statement]:
        """All of them, in the order of the page; those that a person signs for come last."""
        yield from self._visit(self._document, _Around())
        for said in self._proofs.to_sign(self._docname):
            valid, why = self._proofs.signed(self._docname)
            judged = Verdict.SIGNED if valid else Verdict.UNSIGNED, why, False
            yield self._said(Kind(said.word.value), self._document, said.text, judged, said.line)

    def _visit(self, node: Element, around: _Around) -> Iterator[Statement]:
        for child in node.children:
            if not isinstance(child, Element) or isinstance(child, _SKIPPED):
                continue
            if _GENERATED & set(child.get("classes", ())):
                continue
            if MEASURED in child:
                judged = _by(self._proofs.measurement(child[MEASURED]), Verdict.EXECUTED)
                yield self._said(Kind.BLOCK, child, f"measurement {child[MEASURED]}", judged)
            elif isinstance(child, addnodes.desc):
                yield from self._description(child, around)
            elif isinstance(child, nodes.literal_block | nodes.doctest_block) or child.tagname == _DIAGRAM:
                yield self._said(Kind.BLOCK, child, _shown(child), self._block(child, around))
            elif isinstance(child, _PROSE):
                yield from self._prose(child, around)
            else:
                inside = self._inside(child, around)
                yield from self._claims(child, around, inside)
                yield from self._visit(child, inside)

    def _said(self, kind: Kind, node: Node, text: str, judged: Judged, line: int = 0) -> Statement:
        verdict, why, justified = judged
        place = line or line_near(node)
        return Statement(kind, self._docname, self._file, place, excerpt(text), verdict, why, justified)

    def _description(self, node: addnodes.desc, around: _Around) -> Iterator[Statement]:
        """An entry is generated, with all that it says; of what autodoc describes, only the examples count."""
        domain, kind = node.get("domain"), node.get("objtype")
        if domain == OpsDomain.name or (domain == "std" and kind == "cmdoption"):
            line = next(node.findall(addnodes.desc_signature), node)
            yield self._said(Kind.ENTRY, node, line.astext(), (Verdict.DERIVED, f"{kind} of the live system", False))
            for inner in node.findall(lambda found: isinstance(found, addnodes.desc) and found is not node):
                assert isinstance(inner, addnodes.desc)
                yield from self._description(inner, around)
        else:
            yield from self._visit(node, around._replace(prose=False))

    def _inside(self, node: Element, around: _Around) -> _Around:
        model = getattr(node, "model", None)
        if isinstance(model, Procedure | Tree):
            return around._replace(whole=model, part=None)
        return around._replace(part=model) if isinstance(model, Step | Check | Fix | Escalate) else around

    def _claims(self, node: Element, around: _Around, inside: _Around) -> Iterator[Statement]:
        """What a procedure, a step, or the end of a tree claims as a whole."""
        if isinstance(inside.whole, Procedure) and inside.whole is not around.whole and inside.whole.takes:
            text = f"{inside.whole.name} takes {inside.whole.takes}"
            yield self._said(Kind.FACT, node, text, self._takes(inside.whole), inside.whole.line)
        if inside.part is around.part or inside.part is None:
            return
        part, line = inside.part, inside.part.line
        if isinstance(part, Step) and any(said.commands for said in part.parts):
            yield self._said(Kind.STEP, node, part.says, self._step(part, inside.whole), line)
        elif isinstance(part, Fix):
            yield self._said(Kind.WAY, node, f"{part.name}: {part.says}", self._fix(part, inside.whole), line)

    # sentences

    def _prose(self, block: Element, around: _Around) -> Iterator[Statement]:
        if not around.prose or _DOCSTRING in (block.source or ""):
            return
        for sentence in self._reader.sentences(block, line_near(block)):
            if sentence.mentions:
                line = self._line(block, sentence)
                yield self._said(Kind.SENTENCE, block, sentence.text, _sentence(sentence), line)

    def _line(self, block: Element, sentence: Sentence) -> int:
        """Parsers tell no line of options, and that of a whole table for its cells: there, what is written is sought."""
        written = next((mention.written for mention in sentence.mentions if mention.problem), "")
        if not written or (block.line and not isinstance(block.parent, nodes.entry)):
            return sentence.line
        start = max(sentence.line, 1)
        lines = enumerate(self._lines[start - 1 :], start)
        return next((number for number, text in lines if written in text), sentence.line)

    # verdicts

    def _takes(self, procedure: Procedure) -> Judged:
        if procedure.unproven:
            return Verdict.UNPROVEN, procedure.unproven, True
        proof, takes = self._proofs.procedure(procedure.name), parse_duration(procedure.takes)
        if not proof.valid or proof.seconds is None:
            return Verdict.UNPROVEN, proof.says, False
        if takes is None:
            return Verdict.UNPROVEN, f"{procedure.takes!r} is no time that a run can keep", False
        if proof.seconds > takes.base:
            return Verdict.UNPROVEN, f"the run took {proof.seconds:.0f} s", False
        return Verdict.EXECUTED, proof.says, False

    def _step(self, step: Step, procedure: object) -> Judged:
        assert isinstance(procedure, Procedure)
        typed = [command for part in step.parts for command in part.commands]
        reason = procedure.unproven or next((command.how.unproven for command in typed if command.how.unproven), "")
        if reason:
            return Verdict.UNPROVEN, reason, True
        return _by(self._proofs.procedure(procedure.name), Verdict.EXECUTED)

    def _fix(self, fix: Fix, tree: object) -> Judged:
        assert isinstance(tree, Tree)
        if fix.not_drilled:
            return Verdict.UNPROVEN, fix.not_drilled, True
        if not fix.faults:
            return (
                Verdict.UNPROVEN,
                "no drill ends here: name its faults in :faults:, or say why in :not-drilled:",
                False,
            )
        proofs = {fault: self._proofs.fix(tree.name, fault) for fault in fix.faults}
        void = [f"{fault}: {proof.says}" for fault, proof in proofs.items() if not proof.valid]
        said = "; ".join(void or [f"{fault}: {proof.says}" for fault, proof in proofs.items()])
        return (Verdict.UNPROVEN if void else Verdict.DRILLED), said, False

    def _block(self, block: Element, around: _Around) -> Judged:
        reason = getattr(block.get(HOW), "unproven", "")
        whole = around.whole
        if reason:
            return Verdict.UNPROVEN, reason, True
        if block.tagname == _DIAGRAM and _is_generated(block):
            return Verdict.DERIVED, "drawn from the live system", False
        if FINDS in block:
            users = [found.name for found in self._procedures if block[FINDS] in {blank.name for blank in found.blanks}]
            proofs = [self._proofs.procedure(name) for name in users]
            best = max(proofs, key=lambda proof: proof.valid, default=Proof(False, "no procedure uses the blank"))
            return _by(best, Verdict.EXECUTED)
        if isinstance(whole, Procedure) and isinstance(around.part, Step):
            if whole.unproven:
                return Verdict.UNPROVEN, whole.unproven, True
            return _by(self._proofs.procedure(whole.name), Verdict.EXECUTED, block)
        if isinstance(whole, Tree) and isinstance(around.part, Check):
            asked = self._proofs.check(whole.name, around.part.name)
            if asked.valid:
                return Verdict.DRILLED, asked.says, False
            return _by(self._proofs.checks(whole.name), Verdict.EXECUTED, block)
        if whole is not None:
            return Verdict.UNPROVEN, "it stands in no step and in no check, so nothing runs it", False
        return _by(self._proofs.page(self._docname), Verdict.EXECUTED, block)


def _by(proof: Proof, verdict: Verdict, block: Element | None = None) -> Judged:
    """By what a run proved, unless that says that it could not prove this block, or a command in it."""
    if not proof.valid:
        return Verdict.UNPROVEN, proof.says, False
    if block is not None:
        shown = block_text(block)
        for text in (shown.strip(), *(command.text.strip() for command in commands(shown))):
            if text in proof.unproven:
                return Verdict.UNPROVEN, proof.unproven[text] or "what it shows proves nothing", False
    return verdict, proof.says, False


def _sentence(sentence: Sentence) -> Judged:
    problems = [mention for mention in sentence.mentions if mention.problem]
    if not problems:
        return Verdict.DERIVED, "all that it names are roles", False
    said = "; ".join(dict.fromkeys(mention.problem for mention in problems))
    return Verdict.UNPROVEN, said, all(mention.excused for mention in problems)


def _is_generated(diagram: Element) -> bool:
    return bool(diagram.get("diagram", ("", "", 0, False))[3])


def _shown(block: Element) -> str:
    return str(block.get("alt", "")) or block.astext() if block.tagname == _DIAGRAM else block.astext()
