"""What no run can prove, and a person signs for: whom to call, what a severity means, steps that are only told."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from drillbook.model.contents import content_digest
from drillbook.model.procedure import Procedure
from drillbook.model.tree import Escalate, Tree


class Word(StrEnum):
    """What somebody gives their word for."""

    CONTACT = "contact"
    SEVERITY = "severity"
    STEP = "step"


class Level(NamedTuple):
    """A level of severity, and what its table says it means."""

    name: str
    text: str


class ToSign(NamedTuple):
    """One statement to sign; ``line`` is its line in its page's file, 0 when it is not known."""

    word: Word
    text: str
    line: int


def to_sign(trees: Iterable[Tree], procedures: Iterable[Procedure], levels: Iterable[Level]) -> Iterator[ToSign]:
    """All that a page has to sign."""
    for tree in trees:
        for node in tree.nodes:
            if isinstance(node, Escalate):
                yield ToSign(Word.CONTACT, f"Call {node.to}, with {node.bring} in hand: {node.says}", node.line)
    for level in levels:
        yield ToSign(Word.SEVERITY, f"{level.name} means: {level.text}", 0)
    for procedure in procedures:
        for step in procedure.steps:
            if not any(part.commands for part in step.parts):
                said = " ".join(filter(None, (step.says, *(part.text for part in step.parts))))
                yield ToSign(Word.STEP, f"{procedure.title}: {' '.join(said.split())}", step.line)


def signed_content(statements: Iterable[ToSign]) -> str:
    """The digest that a signature is bound to; empty when there is nothing to sign."""
    said = [[statement.word.value, statement.text] for statement in statements]
    return content_digest(said) if said else ""
