"""What coverage must hold: the gates of ``drillbook_coverage`` in conf.py, which can only be tightened.

What is missing may be listed there by its name, until it is there. Then the list must lose it: so it empties, and
nothing that once was there can go missing again unnoticed.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from drillbook.model.statement import Accuracy, Kind, Statement, accuracy
from drillbook.proof.contract import Clause


class Gates(NamedTuple):
    """The least accuracy in percent, and the items that are known to be missing."""

    accuracy: float = 95
    missing: tuple[str, ...] = ()


class Coverage(NamedTuple):
    """What was found, and what it was held against."""

    statements: tuple[Statement, ...]
    clauses: tuple[Clause, ...]
    gates: Gates

    @property
    def accuracy(self) -> Accuracy:
        """The counts of all statements."""
        return accuracy(self.statements)

    @property
    def written(self) -> Accuracy:
        """The same without what is generated: of what somebody wrote."""
        return accuracy(said for said in self.statements if said.kind is not Kind.ENTRY)

    @property
    def missing(self) -> list[Clause]:
        """The clauses that do not hold."""
        return [clause for clause in self.clauses if clause.problem]

    @property
    def failures(self) -> list[str]:
        """Why it fails, a line each; none when all gates hold."""
        return list(_failures(self))


def gates(option: dict[str, Any]) -> Gates:
    """The gates that conf.py sets."""
    return Gates(option.get("accuracy", Gates().accuracy), tuple(option.get("missing", ())))


def _failures(found: Coverage) -> Iterator[str]:
    missing = {clause.item: clause for clause in found.missing}
    for item, clause in missing.items():
        if item not in found.gates.missing:
            yield f"{clause.place}: {item}: {clause.problem}"
    known = {clause.item for clause in found.clauses}
    for item in found.gates.missing:
        if item not in missing:
            said = "is no longer missing" if item in known else "is nothing that could be missing"
            yield f"{item} {said}: remove it from drillbook_coverage in conf.py"
    if found.accuracy.percent < found.gates.accuracy:
        yield f"accuracy is {found.accuracy.percent} %, and the gate in conf.py is {found.gates.accuracy} %"


def worst_first(statements: Sequence[Statement]) -> list[tuple[str, Accuracy]]:
    """The pages that have statements, those with the most unproven first."""
    pages: dict[str, list[Statement]] = {}
    for statement in statements:
        pages.setdefault(statement.page, []).append(statement)
    counts = {page: accuracy(found) for page, found in pages.items()}
    return sorted(counts.items(), key=lambda item: (-item[1].unproven, item[1].percent, item[0]))
