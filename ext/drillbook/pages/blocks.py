"""The blocks on a page that show something: literal blocks and diagrams that an author wrote."""

from collections.abc import Iterator

from docutils import nodes
from docutils.nodes import Element

from drillbook.pages.parts import DIAGRAM, TESTED, is_drawn, is_fact

_WHOLES = {"ops-procedure": "procedure", "ops-tree": "tree"}


def every_block(node: Element, whole: str = "") -> Iterator[tuple[Element, str]]:
    """The blocks below *node*, each with ``procedure`` or ``tree`` if it stands in one.

    Not those of :mod:`sphinx.ext.doctest`, and not what was generated from the live system.
    """
    for child in node.children:
        if not isinstance(child, Element) or is_fact(child) or _is_test(child):
            continue
        if isinstance(child, nodes.literal_block) or is_drawn(child):
            yield child, whole
        elif child.tagname != DIAGRAM:
            classes: list[str] = child.get("classes", [])
            inner = next((_WHOLES[name] for name in classes if name in _WHOLES), whole)
            yield from every_block(child, inner)


def test_blocks(document: nodes.document) -> Iterator[Element]:
    """The Python blocks that Sphinx's own builder tests, those that are hidden too."""
    yield from (node for node in document.findall(Element) if _is_test(node))


def _is_test(node: Element) -> bool:
    tested = isinstance(node, nodes.literal_block | nodes.comment) and TESTED in node
    return tested or isinstance(node, nodes.doctest_block)
