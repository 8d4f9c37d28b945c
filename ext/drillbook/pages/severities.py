"""`ops:severity`: the levels of severity as a table, each with the live alerts that carry it."""

from collections.abc import Sequence
from typing import ClassVar

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.util.nodes import make_id
from sphinx.util.typing import OptionSpec

from drillbook.model.signed import Level
from drillbook.pages.declared import NO_INDEX, valued
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import Described, OpsDomain
from drillbook.pages.entries.entry import joined, link, paragraph, table
from drillbook.pages.words import Said, say, spoken
from drillbook.warn import Warn

SEVERITY = "severity"  # among the models of a page: a level
WIDTHS = (20, 50, 30)


def _headings() -> tuple[Said, ...]:
    return say("Severity"), say("What it means"), say("Alerts")


class SeverityDirective(OpsDirective):
    """The levels of severity as a table, each with the alerts that carry it."""

    holds = "a definition list: the term is `SEV1: Complete outage`, the definition what it means"
    has_content = True
    option_spec: ClassVar[OptionSpec] = {
        "major": valued(
            "The least level that is a major incident; a line is drawn below it.", "a level", default="no line"
        ),
        "no-index": NO_INDEX,
    }

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
        made = table(_headings(), WIDTHS, [row for _, row in rows], "ops-severities")
        self._draw_line(made, [name for name, _ in rows])
        self.set_source_info(made)
        return [*rest, made]

    def _draw_line(self, made: nodes.table, names: Sequence[str]) -> None:
        """Put a row across the table, below the least level that is a major incident."""
        least = self.options.get("major", "").strip()
        if not least:
            return
        if least not in names:
            self.warn(Warn.SEVERITY, f":major: is one of the levels {', '.join(names)}, not {least!r}")
            return
        # Three cells, and no wide one: pages of man cannot span.
        cells = [nodes.entry("", classes=["ops-major"]) for _ in WIDTHS]
        major = say("Above this line: a major incident. Unsure between two levels? Take the higher.")
        cells[1] += paragraph(nodes.strong("", "", major))
        next(made.findall(nodes.tbody)).insert(names.index(least) + 1, nodes.row("", *cells))

    def _row(self, item: Element) -> list[tuple[str, Sequence[Sequence[Node]]]]:
        term = next(item.findall(nodes.term))
        name, _, title = (part.strip() for part in term.astext().partition(":"))
        if not name or " " in name:
            self.warn(Warn.SEVERITY, f"a level is written 'SEV1: Complete outage', not {term.astext()!r}")
            return []
        alerts = [alert.name for alert in self.ops.facts.alerts if alert.severity == name]
        called: list[Node | str] = [": ", spoken(title)] if title else []
        head = paragraph(nodes.strong("", name), *called)
        if not self.unindexed:
            document = self.state.document
            anchor = make_id(self.env, document, "severity", name)
            target = nodes.target("", "", ids=[anchor])
            document.note_explicit_target(target)
            head.insert(0, target)
            described = Described(self.env.docname, anchor, f"{name}: {title}" if title else name, self.get_location())
            self.ops.note_object("severity", name, described)
        meaning = [child for part in item.findall(nodes.definition) for child in part.children]
        said = " ".join(" ".join((head.astext().partition(":")[2], *(part.astext() for part in meaning))).split())
        self.ops.note_model(SEVERITY, self.env.docname, Level(name, said))
        listed = (
            paragraph(*joined(link("alert", alert) for alert in dict.fromkeys(alerts)))
            if alerts
            else paragraph(say("none"))
        )
        return [(name, ([head], meaning, [listed]))]


def setup_severities(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "severity", SeverityDirective)
