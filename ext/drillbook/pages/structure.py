"""Directives with directives inside: a procedure and its steps, a tree and its nodes.

The inner directive gives a node and leaves its model with the outer one, which builds the whole when its content has
been read. So the model is complete before any page is written, and what is wrong is reported at its own line.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeVar

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx import addnodes
from sphinx.util.nodes import make_id

from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import Described
from drillbook.pages.entries.entry import inline_of, literal
from drillbook.pages.parts import line_of
from drillbook.pages.words import silent
from drillbook.warn import Warn

Model = TypeVar("Model")
_OPEN = "drillbook_open"  # the names of the directives around the one that is read
PLACES: Final = "places"  # among the models of a page: where the parts of its procedures and trees stand


class Places(NamedTuple):
    """The anchors of the steps of a procedure, or of the nodes of a tree, in their order."""

    kind: str
    name: str
    anchors: tuple[str, ...]


class StructureDirective(OpsDirective):
    """The base of both."""

    def build(self) -> list[Node]:
        """Build the structure; an inner directive that stands alone keeps its content, with a warning."""
        opened: list[str] = self.env.current_document.setdefault(_OPEN, [])  # type: ignore[assignment]  # ours
        if self.parent and (not opened or opened[-1] != self.parent):
            self.warn(
                Warn.STRUCTURE,
                f"{self.name} stands outside of {self.parent}: is the fence of the {self.parent} longer than its own?",
            )
            return [nodes.container("", *self.parse_content_to_nodes())]
        opened.append(self.name)
        try:
            return self.structure()
        finally:
            opened.pop()

    def structure(self) -> list[Node]:
        """The nodes that stand in place of the directive."""
        raise NotImplementedError

    def made(self, node: Element, model: Any) -> Element:
        """Give *model* to the outer directive and to who reads the page later, with the node that shows it."""
        self.set_source_info(node)
        node.model = model  # type: ignore[attr-defined]  # not an attribute of the document: it must not be written
        return node

    def parts(self, content: Sequence[Node], *kinds: type[Model]) -> list[Model]:
        """The models that inner directives left in *content*."""
        found: list[Model] = []
        for node in content:
            for item in node.findall(nodes.list_item):
                model = getattr(item, "model", None)
                if isinstance(model, kinds) and item is node:
                    found.append(model)
                elif isinstance(model, kinds):
                    message = f"this must stand directly in {self.name}, not in something else in it"
                    self.warn_at(Warn.STRUCTURE, message, line_of(item, self.lineno))
        return found

    def anchored(self, item: Element, prefix: str, term: str) -> str:
        """Let links lead to a part; its anchor, made of what it is called and never of its number, which another part may have tomorrow."""
        document = self.state.document
        anchor = make_id(self.env, document, prefix, term)
        target = nodes.target("", "", ids=[anchor])
        document.note_explicit_target(target)
        head = item[0]
        assert isinstance(head, Element)
        head.insert(0, target)
        return anchor

    def container(
        self, kind: str, name: str, model: Any, content: Sequence[Node], anchors: Sequence[str] = ()
    ) -> Element:
        """The whole: a container with a target, known to the domain by *kind* and *name*, as are the *anchors* of its parts."""
        document = self.state.document
        node = self.made(nodes.container("", classes=["ops", f"ops-{kind}"]), model)
        anchor = make_id(self.env, document, kind, name)
        target = nodes.target("", "", ids=[anchor])
        document.note_explicit_target(target)
        node += [target, *content, *silent(self, model.title)]
        if not self.unindexed:
            docname = self.env.docname
            described = Described(docname, anchor, model.title, self.get_location())
            self.ops.note_object(kind, name, described)
            self.ops.note_model(kind, docname, model)
            self.ops.note_model(PLACES, docname, Places(kind, name, tuple(anchors)))
        return node


def title_of(directive: OpsDirective, name: str) -> str:
    """The option ``:title:``, or the name as words: ``scale-workers`` is ``Scale workers``."""
    title = " ".join((directive.options.get("title") or name.replace("-", " ").replace("_", " ")).split())
    return title[:1].upper() + title[1:]


def needed_link(directive: OpsDirective, kind: str, name: str, title: str | nodes.Text = "") -> Element:
    """A link to an object that must exist: if it does not, that is a warning at the directive."""
    text = inline_of(title) if title else literal(name)
    node = addnodes.pending_xref(
        "",
        text,
        refdomain="ops",
        reftype=kind,
        reftarget=name,
        refexplicit=bool(title),
        refwarn=True,
        refdoc=directive.env.docname,
    )
    directive.set_source_info(node)
    return node
