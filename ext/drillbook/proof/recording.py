"""Keeps a recording of each procedure that a demo shows, made of the run that has just proven it."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from sphinx.application import Sphinx

from drillbook.model.evidence import file_of, now, write_text
from drillbook.model.procedure import Procedure
from drillbook.model.recording import CAST_SUFFIX, DEMO, Chapter, Typed, cast
from drillbook.pages.demos import demos_of
from drillbook.pages.evidence import stamps
from drillbook.proof.collect import PROCEDURE
from drillbook.proof.doctest_report import Proof, of_subject
from drillbook.proof.session import Verdict


def record_demos(app: Sphinx, proofs: Sequence[Proof]) -> list[Path]:
    """Write a recording of each demo's procedure that *proofs* prove, and answer where.

    *proofs* are in the order of the run: those of a procedure begin with its steps, what undoes them follows.
    """
    found, written = stamps(app), []
    for name in demos_of(app.env):
        procedure = found.procedures.get(name)
        mine = [
            proof for proof in proofs if (proof.example.subject.kind, proof.example.subject.name) == (PROCEDURE, name)
        ]
        if procedure is None or not mine or of_subject(mine) != Verdict.PROVEN:
            continue
        text = cast(
            procedure.title,
            list(_chapters(procedure, mine)),
            name=name,
            content=found.content(PROCEDURE, name),
            system=found.system,
            version=app.config.release,
            recorded=now(),
        )
        file = file_of(found.folder, DEMO, name, CAST_SUFFIX)
        write_text(file, text)
        written.append(file)
    return written


def _chapters(procedure: Procedure, proofs: Sequence[Proof]) -> Iterator[Chapter]:
    """The steps with what was typed in each: what it does, and what confirms it."""
    run = iter(proofs)
    for step in procedure.steps:
        count = sum(len(part.commands) for part in (step.action, step.confirm) if part)
        typed = tuple(Typed(proof.example.text, proof.output, proof.arrivals) for proof in itertools.islice(run, count))
        if typed:  # what only a person does cannot be seen
            yield Chapter(step.says, typed)
