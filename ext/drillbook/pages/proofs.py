"""What is proven today, as statements and coverage ask for it: evidence that is void, or due again, proves nothing.

A stamp leaves the day to its reader, as builds must be the same whenever they are made; a verdict may not.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sphinx.application import Sphinx

from drillbook.model.evidence import CHECKS, DRILL, MEASUREMENT, PAGE, PROCEDURE, Evidence, State
from drillbook.model.signed import ToSign
from drillbook.model.stamp import Stamp
from drillbook.pages.evidence import TREE, stamps


class Proof(NamedTuple):
    """Whether something is proven today, and in words why or why not.

    ``unproven`` maps the examples that the run could not prove to the reason; ``needed`` is false when there is nothing
    to prove.
    """

    valid: bool
    says: str
    seconds: float | None = None
    unproven: Mapping[str, str] = {}
    needed: bool = True


class Proofs:
    """The evidence of one build, held against *today*; unless *stamped*, what has changed since is as good as proven."""

    def __init__(self, app: Sphinx, today: date, stamped: bool = True) -> None:
        self._stamps, self._today, self._stamped = stamps(app), today, stamped

    def procedure(self, name: str) -> Proof:
        """Of a procedure: it was run, and undone."""
        return self._proof(self._stamps.procedure(name), self._stamps.evidence(PROCEDURE, name))

    def page(self, docname: str) -> Proof:
        """Of the blocks of a page that stand in no procedure and no tree."""
        stamp = self._stamps.page(docname)
        if stamp is None:
            return Proof(False, "nothing on the page is run", needed=False)
        return self._proof(stamp, self._stamps.evidence(PAGE, docname))

    def fault(self, name: str) -> Proof:
        """Of a fault: its drill ended at the right fix."""
        return self._proof(self._stamps.drill(name), self._stamps.evidence(DRILL, name))

    def fix(self, tree: str, fault: str) -> Proof:
        """Of a fix of *tree*: the drill of *fault* walked this tree, too, as it is now."""
        proof, found = self.fault(fault), self._stamps.evidence(DRILL, fault)
        if proof.valid and found and not self._as_walked(found, tree):
            return Proof(False, f"the tree {tree} changed since the drill, or was not walked in it")
        return proof

    def checks(self, tree: str) -> Proof:
        """Of all checks of *tree*, on a healthy system."""
        return self._proof(self._stamps.checks(tree), self._stamps.evidence(CHECKS, tree))

    def check(self, tree: str, name: str) -> Proof:
        """Of a check: a walk of *tree* as it is now came to it, in a drill that holds, and it had an answer."""
        for fault in self._stamps.faults():
            proof, found = self.fault(fault), self._stamps.evidence(DRILL, fault)
            if proof.valid and found and self._as_walked(found, tree) and name in _inner(found, "asked").get(tree, ()):
                return Proof(True, f"asked in the drill of {fault}")
        return Proof(False, "no walk of a drill that holds has come to it")

    def measurement(self, name: str) -> Proof:
        """Of a measurement: it was measured."""
        return self._proof(self._stamps.measurement(name), self._stamps.evidence(MEASUREMENT, name))

    def to_sign(self, docname: str) -> tuple[ToSign, ...]:
        """What no run can prove on a page."""
        return self._stamps.to_sign(docname)

    def signed(self, docname: str) -> tuple[bool, str]:
        """Whether what no run can prove on a page is signed as it stands, and by whom."""
        found = self._stamps.signed(docname)
        if found is None:
            return False, "not signed yet"
        said = f"signed by {found.signature.reviewer} on {found.signature.day}"
        return found.valid, said if found.valid else f"not signed since it changed: {said}"

    def _as_walked(self, found: Evidence, tree: str) -> bool:
        walked = _inner(found, "contents").get(tree)
        return bool(walked == self._stamps.content(TREE, tree) if self._stamped else walked)

    def _proof(self, stamp: Stamp, found: Evidence | None) -> Proof:
        if found is None or (self._stamped and stamp.state is not State.PROVEN):
            return Proof(False, stamp.says)
        if self._stamped and stamp.until < self._today.isoformat():
            return Proof(False, f"Due since {stamp.until}. {stamp.says}")
        seconds = found.details.get("seconds")
        return Proof(
            True, stamp.says, float(seconds) if isinstance(seconds, int | float) else None, dict(_listed(found.details))
        )


def _inner(found: Evidence, name: str) -> dict[str, Any]:
    inner = found.details.get(name)
    return inner if isinstance(inner, dict) else {}


def _listed(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The unproven examples that a run listed, by their text."""
    listed = details.get("unproven")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return [(str(item.get("text", "")).strip(), str(item.get("why", ""))) for item in items]


def proofs(app: Sphinx) -> Proofs:
    """What is proven today. Not before all pages have been read."""
    stamped = app.config.drillbook_coverage.get("stamps", True) not in (False, "0")
    return Proofs(app, datetime.now(UTC).date(), stamped)
