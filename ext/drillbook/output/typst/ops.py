"""What the toolkit's own structures look like on paper: a tree as its drawing, then its steps from the top of a sheet;
boxes to tick, lines to fill."""

from hashlib import sha256
from typing import Any

from docutils import nodes
from docutils.nodes import Element

from drillbook.language import _
from drillbook.output.drawing import draw
from drillbook.output.plot import has_plots, plot
from drillbook.output.shapes import KINDS, boxes_and_arrows, frame_parts, take_anchor, title_of
from drillbook.output.typst.blocks import BlockTranslator
from drillbook.output.typst.drawings import parts
from drillbook.output.typst.markup import call
from drillbook.pages.domain import OpsDomain
from drillbook.pages.measurements import TABLE

PARTS = {"ops-confirm": "confirm", "ops-undo": "undo"}


class OpsTranslator(BlockTranslator):
    """The whole translator."""

    drawn: dict[str, str]  # file name to the picture that is to be written there

    def picture(self, svg: str, alt: str, **named: Any) -> None:
        """Write a picture that was drawn here."""
        file = f"{sha256(svg.encode()).hexdigest()[:20]}.svg"
        self.drawn[file] = self.letters.shown(svg)
        self.write(call("picture", f"drawn/{file}", self.letters.shown(alt), **named) + "\n")

    def visit_container(self, node: nodes.container) -> None:
        """A tree, a procedure, what is under a title, a part of a step; any other is what stands in it."""
        classes = node["classes"]
        node["closes"] = True
        if "ops-tree" in classes:
            self._overview(node)
            if _stands_free(node):
                self.write("#pagebreak(weak: true)\n")
            self.open(node, "ops-tree")
        elif "ops-procedure" in classes:
            self.open(node, "ops-procedure")
        elif "ops-stamps" in classes:
            self.open(node, "ops-stamps")
        elif part := next((PARTS[name] for name in classes if name in PARTS), ""):
            self.open(node, "part", part)
        else:
            node["closes"] = False
            self.anchor(node)

    def depart_container(self, node: nodes.container) -> None:
        """Its end."""
        if node["closes"]:
            self.close_block()

    def visit_enumerated_list(self, node: nodes.enumerated_list) -> None:
        """The steps of a tree or a procedure, or any others."""
        if "ops-tree" in node["classes"]:
            self.write("#tree-steps(")
        elif "ops-steps" in node["classes"]:
            self.write("#steps(")
        else:
            super().visit_enumerated_list(node)

    def _overview(self, tree: nodes.container) -> None:
        """Its drawing, in parts where its letters would become too small; it stands before the sheet of the steps."""
        tree = tree.deepcopy()
        take_anchor(tree)
        items = [item for item in tree.findall(nodes.list_item) if "ops-node" in item["classes"]]
        for item in items:
            take_anchor(item)
        if len(items) < 2 or not all(item["ids"] for item in items):
            return
        domain = self.builder.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        title = _("Overview of {title}").format(title=title_of(tree, domain, self.docname))
        drawn = list(parts(*boxes_and_arrows(items), self.large))
        for number, part in enumerate(drawn, 1):
            said = f"{title} ({number}/{len(drawn)})" if len(drawn) > 1 else title
            self.picture(draw("", *part), said, title=self.letters.shown(said))

    def visit_list_item(self, node: Element) -> None:
        """A step has a box to tick, and what it is in words."""
        if "ops-node" in node["classes"]:
            kind = next((kind for kind in KINDS if f"ops-{kind}" in node["classes"]), "check")
            self.write(f"{call('tree-step', kind)[1:]}[")
            self.anchor(node)
        else:
            if "ops-step" in node["classes"]:
                frame_parts(node)
            super().visit_list_item(node)

    def visit_plantuml(self, node: Element) -> None:
        """A diagram, or its words where it could not be drawn."""
        self.anchor(node)
        svg = node.get("svg")
        if svg:
            self.picture(svg, node.get("alt", ""))
        else:
            self.write(call("code", [[("", line)] for line in self.letters.shown(node["uml"]).splitlines()]) + "\n")
        raise nodes.SkipNode

    def visit_table(self, node: nodes.table) -> None:
        """That of a measurement has its plot above it."""
        svg = plot(node[TABLE]) if TABLE in node and has_plots() else ""
        if svg:
            self.picture(svg, node[TABLE].title, width="80%")
        super().visit_table(node)


def _stands_free(node: Element) -> bool:
    """Whether nothing is around it but sections: only there can a sheet end."""
    while (node := node.parent) is not None and not isinstance(node, nodes.document):
        if not isinstance(node, nodes.section):
            return False
    return True
