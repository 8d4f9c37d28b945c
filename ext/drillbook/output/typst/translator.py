"""The translator from doctree to Typst: what it does with any node, and the one way in, :func:`translate`.

Nodes of sentences, of blocks and of the toolkit's own have a module each. A node that nobody knows is shown with its
name and its text, and a warning says so; so nothing ever vanishes on paper.
"""

from collections.abc import Mapping
from typing import Any, Final

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.builders import Builder
from sphinx.util.docutils import SphinxTranslator

from drillbook.output.typst.letters import Letters
from drillbook.output.typst.markup import Value, call, inline
from drillbook.output.typst.places import Places
from drillbook.warn import Warn, warn

TRANSPARENT: Final = frozenset(
    {
        *("document", "start_of_file", "generated", "compound", "compact_paragraph", "decoration", "container"),
        *("inline", "substitution_reference", "acronym", "math_reference", "termsep", "PassthroughTextElement"),
        *("pending_xref", "pending_xref_condition", "desc_signature_line", "desc_sig_element", "desc_inline"),
        *("tgroup", "tbody", "row", "hlistcol", "legend", "acks", "todo_node"),
    }
)
"""Nodes whose children say all."""
SILENT: Final = frozenset(
    {
        *("comment", "substitution_definition", "pending", "index", "toctree", "highlightlang", "meta", "colspec"),
        *("system_message", "tabular_col_spec", "desc_sig_anchor", "octicon", "fontawesome"),
    }
)
"""Nodes that say nothing to a reader, or stand elsewhere in the PDF."""


class BaseTranslator(SphinxTranslator):
    """What all parts of the translator write with."""

    def __init__(self, document: nodes.document, builder: Builder, places: Places, docname: str, level: int) -> None:
        super().__init__(document, builder)
        self.places, self.docname = places, docname
        self.level = level  # of the heading that a section would have now
        self.body: list[str] = []

    letters: Letters
    large = False  # print

    def inline(self, text: str) -> str:
        """A text as markup, with letters that can be shown."""
        return inline(self.letters.shown(text))

    def write(self, markup: str) -> None:
        """Write markup."""
        self.body.append(markup)

    def anchor(self, node: Element) -> None:
        """Let links lead here."""
        if label := self.places.label(self.docname, node):
            self.write(call("anchor", label))

    def open(self, node: Element, name: str, *positional: Value, **named: Value) -> None:
        """Begin a call whose content follows; links to *node* lead into it."""
        self.write(f"{call(name, *positional, **named) if positional or named else '#' + name}[")
        self.anchor(node)

    def close(self, node: Node | None = None) -> None:
        """End the content of a call."""
        self.write("]")

    def close_block(self, node: Node | None = None) -> None:
        """The same, at the end of a block."""
        self.write("]\n")

    def of(self, node: Element) -> str:
        """What stands in *node*, as markup by itself."""
        kept, self.body = self.body, []
        try:
            for child in node.children:
                child.walkabout(self)
            return "".join(self.body)
        finally:
            self.body = kept

    def dispatch_visit(self, node: Node) -> None:
        """Sphinx's rule, and two lists of names."""
        names = [kind.__name__ for kind in type(node).__mro__]
        for name in names:
            if hasattr(self, f"visit_{name}"):
                getattr(self, f"visit_{name}")(node)
                return
            if name in SILENT:
                raise nodes.SkipNode
            if name in TRANSPARENT:
                assert isinstance(node, Element)
                self.anchor(node)
                return
        self.unknown_visit(node)

    def dispatch_departure(self, node: Node) -> None:
        """As it was visited."""
        for kind in type(node).__mro__:
            if hasattr(self, f"depart_{kind.__name__}"):
                getattr(self, f"depart_{kind.__name__}")(node)
                return
            if kind.__name__ in TRANSPARENT or hasattr(self, f"visit_{kind.__name__}"):
                return
        self.unknown_departure(node)

    def unknown_visit(self, node: Node) -> None:
        """Show what it is and says."""
        name = type(node).__name__
        warn(Warn.PAPER, f"the PDF has no form for {name!r}: it shows its text", node)
        self.write(f"{call('unknown', name)}[")
        if isinstance(node, Element) and not any(True for _ in node.findall(nodes.Text)):
            self.write(call("code", (((("", node.rawsource or str(node)[:500]),),))))

    def unknown_departure(self, node: Node) -> None:
        """End it."""
        self.close_block()


def skip(self: Any, node: Node) -> None:
    """Nothing is left to write."""
    raise nodes.SkipNode


def wrapped(names: Mapping[str, str], *, block: bool) -> Any:
    """A class decorator: visitors for nodes that are one call around their content."""

    def add(cls: type) -> type:
        for name, function in names.items():
            setattr(cls, f"visit_{name}", lambda self, node, function=function: self.open(node, function))
            setattr(cls, f"depart_{name}", BaseTranslator.close_block if block else BaseTranslator.close)
        return cls

    return add
