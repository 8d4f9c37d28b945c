"""What the toolkit's own structures look like on paper: trees as steps from the top of a page, boxes to tick, lines."""

from hashlib import sha256
from typing import Any

from docutils import nodes
from docutils.nodes import Element

from drillbook.language import _
from drillbook.output.drawing import draw
from drillbook.output.plot import has_plots, plot
from drillbook.output.shapes import KINDS, boxes_and_arrows, frame_parts, take_anchor
from drillbook.output.typst.blocks import BlockTranslator
from drillbook.output.typst.markup import call
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

    def depart_enumerated_list(self, node: Element) -> None:
        """The end of the steps; of a tree, its drawing: on paper the steps come first."""
        self.write(")\n")
        if "ops-tree" in node["classes"]:
            self._overview(node)

    def _overview(self, node: Element) -> None:
        items = [item for item in node.children if isinstance(item, nodes.list_item)]
        named = [item.deepcopy() for item in items]
        for item in named:
            take_anchor(item)
        if len(named) > 1 and all(item["ids"] for item in named):
            self.picture(draw("", *boxes_and_arrows(named)), _("Overview: the same steps as below"), tall=True)

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
            self.picture(svg, node[TABLE].title, width="64%")
        super().visit_table(node)
