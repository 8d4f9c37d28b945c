"""What came of all examples of a manual: a story for people, and JSON for machines.

``report.json`` has ``schema``, ``project``, ``version``, ``began`` (UTC), ``seconds``, ``verdict`` (``proven`` or
``failed``), ``counts`` (proven, unproven, failed, skipped), ``kinds`` (the same counts for each kind of example),
``subjects`` (kind, name, verdict, seconds of each page, procedure and tree), ``examples`` (subject, kind, file, line,
text, verdict, why, output, status, seconds; ``declared``: its author says that nothing proves it) and ``errors``.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from drillbook.model.evidence import CHECKS
from drillbook.proof.collect import TREE, Example, Subject
from drillbook.proof.session import Verdict

SCHEMA: Final = 1
Json = dict[str, Any]
_WIDTH: Final = 100


class Proof(NamedTuple):
    """What came of an example. ``declared``: its author says that nothing proves it. ``arrivals``: when its output came."""

    example: Example
    verdict: Verdict
    why: str = ""
    output: str = ""
    status: int | None = None
    seconds: float = 0
    declared: bool = False
    arrivals: tuple[tuple[float, int], ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the page is wrong, or nothing says that it is right and nobody said why."""
        return self.verdict is Verdict.FAILED


class Outcome(NamedTuple):
    """Everything that a run found, in the order of the pages."""

    proofs: tuple[Proof, ...]
    errors: tuple[str, ...]
    seconds: float

    @property
    def verdict(self) -> str:
        """``failed`` when one example did, or when the run did not come to its end."""
        return "failed" if self.errors or any(proof.failed for proof in self.proofs) else "proven"


def report(outcome: Outcome, *, project: str, version: str, began: str, python: Json) -> Json:
    """The report, as JSON values."""
    kinds = sorted({proof.example.kind for proof in outcome.proofs})
    return {
        "schema": SCHEMA,
        "project": project,
        "version": version,
        "began": began,
        "seconds": round(outcome.seconds, 1),
        "verdict": outcome.verdict,
        "counts": counts(outcome.proofs),
        "kinds": {kind: counts([proof for proof in outcome.proofs if proof.example.kind == kind]) for kind in kinds},
        "subjects": list(_subjects(outcome.proofs)),
        "examples": [_example(proof) for proof in outcome.proofs],
        "python": python,
        "errors": list(outcome.errors),
    }


def counts(proofs: Sequence[Proof]) -> dict[str, int]:
    """How many have each verdict."""
    found = Counter(proof.verdict for proof in proofs)
    return {verdict.value: found[verdict] for verdict in Verdict}


def of_subject(proofs: Sequence[Proof]) -> str:
    """The verdict on what *proofs* are all examples of."""
    verdicts = {proof.verdict for proof in proofs}
    order = (Verdict.FAILED, Verdict.PROVEN, Verdict.SKIPPED)  # a skipped one says so by itself, or follows a failure
    return next((verdict.value for verdict in order if verdict in verdicts), Verdict.UNPROVEN.value)


def _subjects(proofs: Sequence[Proof]) -> Iterator[Json]:
    for subject in dict.fromkeys(proof.example.subject for proof in proofs):
        mine = [proof for proof in proofs if proof.example.subject == subject]
        seconds = round(sum(proof.seconds for proof in mine), 1)
        yield {"kind": subject.kind, "name": subject.name, "verdict": of_subject(mine), "seconds": seconds}


def _example(proof: Proof) -> Json:
    example = proof.example
    return {
        "subject": str(example.subject),
        "kind": example.kind,
        "file": example.file,
        "line": example.line,
        "text": example.text,
        "verdict": proof.verdict.value,
        "why": proof.why,
        "output": proof.output,
        "status": proof.status,
        "seconds": round(proof.seconds, 2),
        "declared": proof.declared,
    }


def story(proof: Proof) -> str:
    """The whole story of one example that failed."""
    example = proof.example
    title = f"{example.file}:{example.line}: {example.kind} of {example.subject}"
    shown = "\n".join(f"    {line}" for line in example.text.splitlines())
    why = "\n".join(f"    {line}" for line in proof.why.splitlines())
    return f"{title}\n{shown}\n{why}\n"


def evidence_of(outcome: Outcome) -> Iterator[tuple[Subject, Json, str]]:
    """What is to be recorded: each page, procedure and tree of which something was proven and nothing failed, and its log."""
    if outcome.errors:
        return
    for subject in dict.fromkeys(proof.example.subject for proof in outcome.proofs):
        mine = [proof for proof in outcome.proofs if proof.example.subject == subject]
        if of_subject(mine) == Verdict.PROVEN:
            unproven = [proof for proof in mine if proof.verdict is Verdict.UNPROVEN]
            details = {
                "examples": len(mine),
                "unproven": [{"text": proof.example.text, "why": " ".join(proof.why.split())} for proof in unproven],
                "seconds": round(sum(proof.seconds for proof in mine), 1),
            }
            kept = subject._replace(kind=CHECKS) if subject.kind == TREE else subject  # a tree is proven by drills
            yield kept, details, "".join(f"{proof.example.text}\n{proof.output}{proof.verdict}\n" for proof in mine)


def summary(outcome: Outcome) -> str:
    """What is told at the end: counts, and what is unproven, with its reason."""
    lines: list[str] = []
    weak = [proof for proof in outcome.proofs if proof.verdict is Verdict.UNPROVEN]
    if weak:
        lines += ["Not proven:", *(f"  {_one_line(proof)}" for proof in weak), ""]
    kinds: dict[str, list[Proof]] = {}
    for proof in outcome.proofs:
        kinds.setdefault(proof.example.kind, []).append(proof)
    for kind, proofs in sorted(kinds.items()):
        found = counts(proofs)
        lines.append(f"{kind:<10}" + "".join(f"{found[verdict.value]:>6} {verdict.value}" for verdict in Verdict))
    total = counts(outcome.proofs)
    lines.append(f"{'all':<10}" + "".join(f"{total[verdict.value]:>6} {verdict.value}" for verdict in Verdict))
    return "\n".join(lines) + "\n"


def _one_line(proof: Proof) -> str:
    example = proof.example
    said = f"{example.file}:{example.line}: {_first_line(proof)}"
    return f"{said[:_WIDTH]}: {' '.join(proof.why.split())}"


def _first_line(proof: Proof) -> str:
    return next(iter(proof.example.text.splitlines()), "")
