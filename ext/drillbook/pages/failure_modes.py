"""`ops:failure-modes`: each component, what happens to it, which alert says so, and where the drill of that ended.

What is live stands in the table when its page is read. Trees, cures and stamps depend on other pages and on evidence,
so they are put in when it is written.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec

from drillbook.language import _
from drillbook.live.facts import ComponentFact, FaultFact
from drillbook.pages.dashboard import Cells
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import SHOWS, OpsDomain
from drillbook.pages.entries.entry import link, paragraph, sentence, table
from drillbook.pages.evidence import Stamps
from drillbook.pages.stamp_text import stamp_paragraph
from drillbook.pages.words import Said, say
from drillbook.warn import Warn, warn

TREE_OF: Final = "ops_tree_of"  # of a container: the fault whose tree is put in
ENDING_OF: Final = "ops_ending_of"  # of a container: the fault whose cure and stamp are put in
FAILURES: Final = "ops-failures"  # the class of the table
_WIDTHS: Final = (16, 24, 14, 16, 30)

Cell = Sequence[Node]


def _headings() -> tuple[Said, ...]:
    return say("Component"), say("What happens"), say("Alert"), say("Tree"), say("The drill ends at")


class FailureModes(OpsDirective):
    """Failure modes: a row for each fault of each component, those of one kind, one of them, or all.

    Each row says what happens, the alert, the tree, and where the drill ends, with its stamp.
    """

    argument = "[NAME or KIND]"
    option_spec: ClassVar[OptionSpec] = {}
    optional_arguments = 1

    def build(self) -> list[Node]:
        """The table; a warning for each component and each fault that would be missing in it."""
        selector = self.arguments[0] if self.arguments else ""
        facts = self.ops.facts
        for kind, wanted in (("component", selector), ("fault", "")):
            self.ops.note_shown(self.env.docname, kind, wanted)
        self.ops.note_model(SHOWS, self.env.docname, FAILURES)
        components = [fact for fact in facts.select("component", selector) if isinstance(fact, ComponentFact)]
        if not components:
            known = ", ".join(fact.name for fact in facts.components) or "none at all"
            self.warn(Warn.UNKNOWN, f"no component or kind of components is called {selector!r}; there are: {known}")
            return []
        for fault in facts.faults:
            if not fault.component and not selector:
                self._missing(f"fault {fault.name} does not say which component it harms: give it a component", fault)
        rows = [row for component in components for row in self._rows(component)]
        made = table(_headings(), _WIDTHS, rows, "ops-proven")
        made["classes"].append(FAILURES)
        self.set_source_info(made)
        return [nodes.container("", made, classes=["ops", "ops-proof"])]

    def _rows(self, component: ComponentFact) -> Iterator[tuple[Cell, ...]]:
        faults = [fault for fault in self.ops.facts.faults if fault.component == component.name]
        for fault in faults:
            happens: Cell = [paragraph(link("fault", fault.name, fault.title[:1].upper() + fault.title[1:]))]
            alert: Cell = [paragraph(link("alert", fault.alert) if fault.alert else say("none: it raises no alert"))]
            name: Cell = [paragraph(link("component", component.name, component.title))]
            yield name, happens, alert, self._later(TREE_OF, fault.name), self._later(ENDING_OF, fault.name)
        if faults:
            return
        if not component.undrilled:
            self._missing(
                f"no fault harms component {component.name}: add one, or say why there is none, as its 'undrilled'",
                component,
            )
        why = [say("none: "), sentence(component.undrilled)] if component.undrilled else [say("none")]
        name = [paragraph(link("component", component.name, component.title))]
        blank = say("none: no fault raises one"), say("none: no alert leads to one"), say("none: it is not drilled")
        yield name, [paragraph(*why)], *([paragraph(reason)] for reason in blank)

    def _later(self, key: str, fault: str) -> Cell:
        node = nodes.container()
        node[key] = fault
        self.set_source_info(node)
        return [node]

    def _missing(self, message: str, fact: ComponentFact | FaultFact) -> None:
        self._trouble()
        warn(Warn.UNDESCRIBED, message, str(fact.place))


def fill_tree(node: Element, app: Sphinx, found: Stamps, docname: str) -> None:
    """Link the tree that the alert of a fault leads to."""
    tree = found.tree_of(node[TREE_OF])
    node.replace_self(
        [*Cells(app, found, docname).object("tree", tree)] if tree else [paragraph(_("none: no alert leads to one"))]
    )


def fill_ending(node: Element, app: Sphinx, found: Stamps, docname: str) -> None:
    """Say where the drill of a fault must end, and whether it did."""
    fault = node[ENDING_OF]
    cure = Cells(app, found, docname).cure(found.faults().get(fault))
    node.replace_self([*cure, stamp_paragraph(found, found.drill(fault))])


def setup_failure_modes(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "failure-modes", FailureModes)
