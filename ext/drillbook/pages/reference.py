"""The directives that show live facts: `ops:settings`, `ops:alerts`, `ops:metrics`, `ops:recordings`, `ops:commands`,
`ops:routes`, `ops:errors`, `ops:components`, `ops:faults` and `ops:tables`.

Each takes the name of one fact, or of a group (a component's settings, an alert group, a tag of routes, a command with
its subcommands); without an argument it shows all.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from drillbook.live.facts import LiveFacts, names
from drillbook.pages.describe import OpsDirective, describe
from drillbook.pages.domain import SHOWS, OpsDomain
from drillbook.pages.entries import Entry
from drillbook.pages.entries.commands import command
from drillbook.pages.entries.components import component
from drillbook.pages.entries.faults import fault
from drillbook.pages.entries.metrics import metric
from drillbook.pages.entries.routes import error, route
from drillbook.pages.entries.rules import alert, recording
from drillbook.pages.entries.settings import setting
from drillbook.pages.entries.tables import table_entry
from drillbook.warn import Warn


class ReferenceDirective(OpsDirective):
    """Show the facts of one kind."""

    argument = "[NAME or GROUP]"
    optional_arguments = 1
    final_argument_whitespace = True  # a command with its subcommand, a method with its path
    kind: ClassVar[str]
    context: ClassVar[tuple[str, ...]] = ()  # further kinds that the entries show something of

    def build(self) -> list[nodes.Node]:
        """One entry a fact; a warning when there is none."""
        facts = self.ops.facts
        selector = " ".join(self.arguments[0].split()) if self.arguments else ""
        for kind, wanted in ((self.kind, selector), *((kind, "") for kind in self.context)):
            self.ops.note_shown(self.env.docname, kind, wanted)
        selected = facts.select(self.kind, selector)
        if not selected:
            self.warn(Warn.UNKNOWN, self._nothing(selector))
        entries = [self.entry(fact, facts) for fact in selected]
        return [*_described(self, entries)]

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """The entry of one fact."""
        raise NotImplementedError

    def _nothing(self, selector: str) -> str:
        everything = self.ops.facts.of(self.kind)
        if not everything:
            return f"there are no {self.kind}s: is drillbook_{_option(self.kind)} in conf.py right?"
        known = dict.fromkeys([*filter(None, (fact.group for fact in everything)), *names(everything)])
        shown = ", ".join(list(known)[:12]) + (", ..." if len(known) > 12 else "")
        return f"no {self.kind} or group of {self.kind}s is called {selector!r}; there are: {shown}"


def _option(kind: str) -> str:
    return "alerts" if kind == "recording" else f"{kind}s"


def _described(directive: OpsDirective, entries: Iterable[Entry]) -> Iterable[addnodes.desc]:
    """Entries as nodes; of rules that share a name, the first is what links lead to."""
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        first = (entry.kind, entry.name) not in seen
        seen.add((entry.kind, entry.name))
        yield describe(directive, entry, indexed=first and not directive.unindexed)


class Settings(ReferenceDirective):
    """The settings of the system: those of one component, one of them, or all."""

    kind = "setting"

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """The field table of a setting."""
        return setting(fact)


class Alerts(ReferenceDirective):
    """The alert rules of Prometheus: those of one group, one of them, or all."""

    kind, context = "alert", ("metric", "recording")

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """An alert, its expression linked to its metrics."""
        return alert(fact, _queryable(facts))


class Recordings(ReferenceDirective):
    """The metrics that Prometheus records by its rules: those of one group, one of them, or all."""

    kind, context = "recording", ("metric",)

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """A recorded metric."""
        return recording(fact, _queryable(facts))


class Metrics(ReferenceDirective):
    """The metrics of the system: those of one module, one of them, or all."""

    kind = "metric"

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """A metric."""
        return metric(fact)


class Commands(ReferenceDirective):
    """The commands of the system with their options: one with its subcommands, one subcommand, or all."""

    kind = "command"

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """A command."""
        return command(fact)


class Routes(ReferenceDirective):
    """The routes of the HTTP API: those with one tag, one as `GET /healthz`, or all."""

    kind = "route"

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """A route."""
        return route(fact)


class Errors(ReferenceDirective):
    """The errors with a stable code: those of one scope, one by its code, or all."""

    kind = "error"

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """An error."""
        return error(fact)


class Components(ReferenceDirective):
    """The components of the system: those of one kind, one of them, or all."""

    kind, context = "component", ("component", "fault")

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """A component, linked to its neighbours and its faults."""
        return component(fact, facts.components, facts.faults)


class Faults(ReferenceDirective):
    """The faults that drills put into the system: those that raise one alert, one of them, or all. Each has its stamp."""

    kind = "fault"

    def build(self) -> list[nodes.Node]:
        """The entries; each tells its cure and its stamp, so the page follows what is proven."""
        self.ops.note_model(SHOWS, self.env.docname, self.kind)
        return super().build()

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """A fault."""
        return fault(fact)


class Tables(ReferenceDirective):
    """The tables of the database with their columns, keys and indexes: those of one schema, one of them, or all."""

    kind = "table"

    def entry(self, fact: Any, facts: LiveFacts) -> Entry:
        """A table."""
        return table_entry(fact)


def _queryable(facts: LiveFacts) -> set[str]:
    series = {name for fact in facts.metrics for name in (fact.name, *fact.series)}
    return series | {fact.name for fact in facts.recordings}


def setup_reference(app: Sphinx) -> None:
    """Register the directives."""
    for directive in (Settings, Alerts, Recordings, Metrics, Commands, Routes, Errors, Components, Faults, Tables):
        app.add_directive_to_domain(OpsDomain.name, f"{directive.kind}s", directive)
