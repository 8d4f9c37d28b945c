"""`ops:measurement`: what a script of the project measured, before and after, with its table and when that was.

As stamps are, it is filled in when its page is written: the evidence may be of another run than when the page was read.
"""

from typing import ClassVar, Final

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec

from drillbook.language import _
from drillbook.model.evidence import MEASUREMENT
from drillbook.model.measurement import Measurement, measurement, shown
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries.entry import paragraph, table
from drillbook.pages.evidence import Stamps
from drillbook.pages.stamp_text import stamp_paragraph
from drillbook.warn import Warn

MEASURED: Final = "ops_measured"  # of a container: the measurement that stands there
TABLE: Final = "ops_measurement"  # of its table: all that was measured


class MeasurementDirective(OpsDirective):
    """What a script of the project measured: before and after, a plot, a table, and when that was.

    NAME is one of `drillbook_measurements` in conf.py. `drillbook measure` measures it.
    """

    argument = "NAME"
    option_spec: ClassVar[OptionSpec] = {}
    required_arguments = 1

    def build(self) -> list[Node]:
        """A container, filled when the page is written."""
        name = self.arguments[0]
        known = self.config.drillbook_measurements
        if name not in known:
            self.warn(
                Warn.UNKNOWN, f"conf.py has no measurement {name!r}; there are: {', '.join(known) or 'none at all'}"
            )
            return []
        node = nodes.container("", classes=["ops", "ops-measurement"])
        node[MEASURED] = name
        self.set_source_info(node)
        self.ops.note_model(MEASUREMENT, self.env.docname, name)
        return [node]


def fill_measurement(node: Element, found: Stamps) -> None:
    """Put in what was measured, and what is said of it."""
    name = node[MEASURED]
    node += stamp_paragraph(found, found.measurement(name))
    made = measured(found, name)
    if made is not None:
        node += [paragraph(made.compare(_)), _table(made, name)]


def measured(found: Stamps, name: str) -> Measurement | None:
    """What was measured, whether that still holds or not. Evidence that is no measurement was left out when it was read."""
    evidence = found.evidence(MEASUREMENT, name)
    return measurement(evidence.details) if evidence else None


def measurement_says(found: Stamps, name: str) -> str:
    """All that a page shows of it, as text: what changes with it."""
    made = measured(found, name)
    return f"{found.measurement(name).says}\n{made}"


def _table(made: Measurement, name: str) -> nodes.table:
    width = 100 // len(made.columns)
    rows = [[[paragraph(shown(value))] for value in row] for row in made.rows]
    node = table([column.heading for column in made.columns], [width] * len(made.columns), rows, "ops-measured")
    node[TABLE] = made
    node["ids"].append(nodes.make_id(f"measurement-{name}"))  # Sphinx wants one of what has a title
    node["classes"].append("no-search")  # a search for a number leads to what it means, and not to where it was seen
    node.insert(0, nodes.title("", made.title))
    return node


def setup_measurements(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "measurement", MeasurementDirective)
