"""`ops:fact`: a live value in a sentence; `ops:unproven`: a number of which no code knows, said to be so."""

from typing import Any

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from drillbook.live.quote import QuoteError, quote
from drillbook.pages.domain import OpsDomain, generated_xref
from drillbook.warn import Warn, warn, warn_internal

FACT = "ops-fact"
UNPROVEN = "ops-unproven"


class FactRole(SphinxRole):
    """``{ops:fact}`setting:api.request_timeout_s```, ``{ops:fact}`HighLatency.for```."""

    argument = "FACT"
    says = (
        "A value of the live system, with its unit, linked to where its fact is shown: of a setting its default, "
        "`pool.size_s`, or a limit, `pool.size_s.maximum`; of an alert `PressureLow.threshold`, `PressureLow.threshold.1` "
        "if it has several, `PressureLow.for` or `PressureLow.severity`."
    )

    def run(self) -> tuple[list[Node], list[system_message]]:
        """The value, linked to where its fact is described; its name in its place when there is no such fact."""
        try:
            return [self._value()], []
        except QuoteError as error:
            self._warn(str(error))
        except Exception as error:  # an exception here would end the whole build, with no file and no line
            self._ops.troubled[self.env.docname] = True
            warn_internal(f"role {self.name}", error, self.get_location())
        return [nodes.literal(self.rawtext, self.text)], []

    def _value(self) -> nodes.Element:
        ops = self._ops
        try:
            found = quote(ops.facts, self.text)
        except QuoteError:
            ops.note_shown(self.env.docname, "setting", self.text)  # read again when such a fact appears
            raise
        ops.note_shown(self.env.docname, found.kind, found.name)
        made = generated_xref(found.kind, found.name, nodes.inline(found.text, found.text, classes=[FACT]))
        self.set_source_info(made)
        return made

    @property
    def _ops(self) -> OpsDomain:
        domain = self.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        return domain

    def _warn(self, message: str) -> None:
        self._ops.troubled[self.env.docname] = True
        warn(Warn.UNKNOWN, message, self.get_location())


def unproven(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: Any = None, content: Any = ()
) -> tuple[list[Node], list[system_message]]:
    """A number that nothing verifies, as its author says: `10 min`. It is counted as unproven."""
    return [nodes.inline(rawtext, nodes.unescape(text), classes=[UNPROVEN])], []


unproven.argument = "TEXT"  # type: ignore[attr-defined]  # as the other roles have it


def setup_fact_role(app: Sphinx) -> None:
    """Register the roles."""
    app.add_role_to_domain(OpsDomain.name, "fact", FactRole())
    app.add_role_to_domain(OpsDomain.name, "unproven", unproven)
