"""What is proven now, as statements and coverage ask for it."""

from sphinx.application import Sphinx

from drillbook.pages.statements import Proof

_NONE = Proof(False, "no run has proven it")


class Evidence:
    """The evidence of one build."""

    def procedure(self, name: str) -> Proof:
        """Of a procedure."""
        return _NONE

    def tree(self, name: str) -> Proof:
        """Of a tree."""
        return _NONE

    def fault(self, name: str) -> Proof:
        """Of a fault."""
        return _NONE

    def page(self, docname: str) -> Proof:
        """Of a page."""
        return _NONE._replace(needed=False)


def proofs(app: Sphinx) -> Evidence:
    """Nothing, yet."""
    return Evidence()
