"""Places that links lead to: each has one label in the PDF, however many names it has in its page."""

from typing import Final, cast

from docutils import nodes
from docutils.nodes import Element

MARK: Final = "%"  # of an address inside the manual: %page#place


class Places:
    """The labels of the pages that are in the PDF."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}

    def add(self, docname: str, doctree: nodes.document) -> None:
        """Learn the places of a page."""
        self._labels[docname] = docname
        for node in doctree.findall(Element):
            ids = _names(node)
            for name in ids:
                self._labels.setdefault(f"{docname}#{name}", f"{docname}#{ids[0]}")

    def label(self, docname: str, node: Element) -> str:
        """The label that stands where *node* begins; empty when nothing can lead there."""
        name = next(iter(_names(node)), "")
        known = self._labels.get(f"{docname}#{name}", "")
        return known if known == f"{docname}#{name}" else ""

    def find(self, docname: str, reference: Element) -> str:
        """The label that a reference in the page *docname* leads to; empty when that is not in the PDF."""
        if reference.get("refid"):
            return self._labels.get(f"{docname}#{reference['refid']}", "")
        address = reference.get("refuri", "")
        if address.startswith("#"):
            return self.at(f"{docname}{address}")
        return self.at(address.removeprefix(MARK)) if address.startswith(MARK) else ""

    def at(self, address: str) -> str:
        """The label of ``page#place``, or of a page; empty when it is not in the PDF."""
        return self._labels.get(address, "")


def _names(node: Element) -> list[str]:
    """The names of a place."""
    return [name for name in cast(list[str], node.get("ids", [])) if name]
