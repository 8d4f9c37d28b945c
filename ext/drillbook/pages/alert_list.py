"""`ops:alert-list`: all alerts by their severity, each with what it says and a link to its page."""

from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar, Final

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec

from drillbook.live.facts import AlertFact
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import NAMED, PAGE, OpsDomain, generated_xref
from drillbook.pages.entries.entry import definitions, link, literal, paragraph
from drillbook.pages.words import say
from drillbook.warn import Warn

LIST: Final = "ops-alert-list"  # the class of the container


class AlertListDirective(OpsDirective):
    """All alerts of the live system, the most severe first, each with its summary and a link to its page.

    The page is the one that the `runbook_url` of the alert ends in.
    """

    option_spec: ClassVar[OptionSpec] = {}

    def build(self) -> list[Node]:
        """A definition list: a term for each severity, and under it the alerts in the order of their names."""
        self.ops.note_shown(self.env.docname, "alert", "")
        alerts = {(_level(alert), alert.name): alert for alert in reversed(self.ops.facts.alerts)}
        if not alerts:
            self.warn(Warn.UNKNOWN, "there are no alerts: is drillbook_alerts in conf.py right?")
            return []
        listed = [alerts[key] for key in sorted(alerts, key=lambda key: (not key[0], key))]
        made = nodes.container("", *definitions(_levels(listed)), classes=["ops", LIST])
        self.set_source_info(made)
        return [made]


def _level(alert: AlertFact) -> str:
    return alert.severity


def _levels(alerts: list[AlertFact]) -> Iterator[tuple[list[Node | str], list[Node]]]:
    for severity, found in groupby(alerts, _level):
        items = (nodes.list_item("", paragraph(_link(alert), f": {alert.summary}")) for alert in found)
        term: list[Node | str] = [link("severity", severity)] if severity else [say("No severity")]
        yield term, [nodes.bullet_list("", *items, bullet="-")]


def _link(alert: AlertFact) -> Element:
    if not alert.runbook_url:
        return link("alert", alert.name)
    made = generated_xref(PAGE, alert.runbook_url, literal(alert.name))
    made[NAMED] = True
    return made


def setup_alert_list(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "alert-list", AlertListDirective)
