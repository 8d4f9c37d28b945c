"""`ops:checklist`: a list that is ticked off, on paper or in a browser."""

from typing import ClassVar

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec

from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import OpsDomain
from drillbook.pages.fields import inline_text
from drillbook.pages.words import written
from drillbook.warn import Warn

BOX = "☐ "


class ChecklistDirective(OpsDirective):
    """A list to tick off, on paper or in a browser, which keeps the ticks."""

    argument, holds = "[TITLE]", "lists, an item for each thing to tick"
    option_spec: ClassVar[OptionSpec] = {}
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def build(self) -> list[Node]:
        """The same lists, with boxes that every builder can write."""
        content = self.parse_content_to_nodes()
        lists = [part for node in content for part in node.findall(nodes.bullet_list)]
        if not lists:
            self.warn(Warn.CHECKLIST, "ops:checklist needs a list, an item for each thing to tick")
        for part in lists:
            part["classes"].append("ops-checklist")
            for item in part.children:
                if isinstance(item, Element):
                    _tick(item)
        made = nodes.container("", classes=["ops", "ops-ticked"])
        self.set_source_info(made)
        if self.arguments:
            title = nodes.strong("", "", *inline_text(self, self.arguments[0]))
            made += nodes.paragraph("", "", title, classes=["ops-title"], translatable=False)
        made += content
        return [made]


def _tick(item: Element) -> None:
    first = item[0] if item.children else None
    box = nodes.inline(BOX, BOX, classes=["ops-box"])
    if isinstance(first, nodes.paragraph):
        words = written(first.rawsource, first.children, first)
        first.children = []
        first += [box, *words]
        first["translatable"] = False
    else:
        item.insert(0, nodes.paragraph("", "", box))


def setup_checklists(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "checklist", ChecklistDirective)
