"""`ops:severity`: the levels of severity as a table, each with the live alerts that carry it."""

from typing import ClassVar

from docutils import nodes
from docutils.nodes import Element, Node
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.nodes import make_id
from sphinx.util.typing import OptionSpec

from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import Described, OpsDomain
from drillbook.pages.entries.entry import joined, link, paragraph
from drillbook.warn import Warn

HEADINGS = ("Severity", "What it means", "Alerts")
WIDTHS = (20, 50, 30)


class SeverityDirective(OpsDirective):
    """A table, from a definition list: the term is ``SEV1: Complete outage``, the definition what it means."""

    has_content = True
    option_spec: ClassVar[OptionSpec] = {"no-index": directives.flag}

    def build(self) -> list[Node]:
        """One row a level, in the order of the page."""
        content = self.parse_content_to_nodes()
        items = [item for node in content if isinstance(node, nodes.definition_list) for item in node.children]
        if not items:
            self.warn(
                Warn.SEVERITY, "ops:severity needs a definition list: 'SEV1: Complete outage', then ': what it means'"
            )
            return content
        self.ops.note_shown(self.env.docname, "alert", "")
        rows = [row for item in items if isinstance(item, Element) for row in self._row(item)]
        named = {name for name, _ in rows}
        for alert in self.ops.facts.alerts:
            if alert.severity not in named:
                self.warn(
                    Warn.SEVERITY,
                    f"the alert {alert.name} has the severity {alert.severity!r}, which is not in the table",
                )
        rest = [node for node in content if not isinstance(node, nodes.definition_list)]
        return [*rest, _table([row for _, row in rows], self)]

    def _row(self, item: Element) -> list[tuple[str, Element]]:
        term = next(item.findall(nodes.term))
        name, _, title = (part.strip() for part in term.astext().partition(":"))
        if not name or " " in name:
            self.warn(Warn.SEVERITY, f"a level is written 'SEV1: Complete outage', not {term.astext()!r}")
            return []
        alerts = [alert.name for alert in self.ops.facts.alerts if alert.severity == name]
        head = paragraph(nodes.strong("", name), f": {title}" if title else "")
        if not self.unindexed:
            document = self.state.document
            anchor = make_id(self.env, document, "severity", name)
            target = nodes.target("", "", ids=[anchor])
            document.note_explicit_target(target)
            head.insert(0, target)
            described = Described(self.env.docname, anchor, f"{name}: {title}" if title else name, self.get_location())
            self.ops.note_object("severity", name, described)
        meaning = [child for part in item.findall(nodes.definition) for child in part.children]
        listed = (
            paragraph(*joined(link("alert", alert) for alert in dict.fromkeys(alerts))) if alerts else paragraph("none")
        )
        row = nodes.row("", nodes.entry("", head), nodes.entry("", *meaning), nodes.entry("", listed))
        return [(name, row)]


def _table(rows: list[Element], directive: OpsDirective) -> nodes.table:
    head = nodes.row("", *(nodes.entry("", nodes.paragraph(text, text)) for text in HEADINGS))
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in WIDTHS), cols=len(WIDTHS))
    group += [nodes.thead("", head), nodes.tbody("", *rows)]
    table = nodes.table("", group, classes=["ops-severities"])
    directive.set_source_info(table)
    return table


def setup_severities(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "severity", SeverityDirective)
