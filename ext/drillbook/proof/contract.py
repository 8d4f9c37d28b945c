"""The contract between the live system and the manual, in both directions: what one has, the other has, too.

Each thing that is missing is an *item* with a name that stays the same from run to run, so that conf.py can list those
that are known.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from docutils.nodes import Element
from sphinx.environment import BuildEnvironment

from drillbook.live.facts import AlertFact
from drillbook.model.tree import Fix
from drillbook.pages.domain import OpsDomain
from drillbook.pages.proofs import Proofs

_KINDS: Final = ("setting", "alert", "metric", "command", "route", "error", "component", "table")


class Clause(NamedTuple):
    """One thing that must hold. ``problem`` is empty when it does; ``place`` is where a keeper mends it."""

    item: str
    problem: str
    place: str

    @property
    def kind(self) -> str:
        """What sort of clause it is: ``alert: page``, ``setting: entry``."""
        return f"{self.item.partition(' ')[0]}: {self.item.rpartition(': ')[2]}"


class Contract:
    """All clauses of one build's facts and pages. *folder* is where the commands of the manual are typed."""

    def __init__(self, env: BuildEnvironment, proofs: Proofs, folder: Path) -> None:
        domain = env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        self._env, self._domain, self._proofs, self._folder = env, domain, proofs, folder
        self._alerts: Mapping[str, AlertFact] = {alert.name: alert for alert in reversed(domain.facts.alerts)}

    def clauses(self) -> Iterator[Clause]:
        """Every clause, those that hold and those that do not."""
        for alert in self._domain.facts.alerts:
            if self._alerts[alert.name] is alert:
                yield from self._alert(alert)
        yield from self._alert_pages()
        yield from self._entries()
        yield from self._options()
        yield from self._scripts()
        yield from self._procedures()
        yield from self._fixes()
        yield from self._faults()
        yield from self._pages()

    # alerts and their pages

    def _alert(self, alert: AlertFact) -> Iterator[Clause]:
        place, url = str(alert.place), alert.runbook_url
        page = self._domain.page_of(url) if url else None
        where = f"its runbook_url leads to no page of this manual: {url}" if url else "it has no runbook_url"
        yield Clause(f"alert {alert.name}: page", "" if page else where, place)
        if page is None:
            return
        fragment = url.partition("#")[2]
        lost = f"its runbook_url names #{fragment}, and the page {page} has no such anchor"
        yield Clause(
            f"alert {alert.name}: anchor", lost if fragment and fragment not in self._anchors(page) else "", place
        )
        trees = [tree for where, tree in self._domain.every("tree") if where == page and alert.name in tree.alerts]
        yield Clause(f"alert {alert.name}: tree", "" if trees else f"there is no tree for it on its page {page}", place)

    def _anchors(self, page: str) -> set[str]:
        return {name for node in self._env.get_doctree(page).findall(Element) for name in node["ids"]}

    def _alert_pages(self) -> Iterator[Clause]:
        """A page among those of the alerts is that of an alert; the page that lists them is not meant."""
        own = {page for alert in self._alerts.values() if (page := self._domain.page_of(alert.runbook_url))}
        named = {page for page in own if PurePosixPath(page).name in self._alerts}
        folders = {PurePosixPath(page).parent for page in named}
        for page in sorted(self._env.found_docs):
            path = PurePosixPath(page)
            if path.parent in folders and path.name != "index" and page not in self._env.toctree_includes:
                problem = f"no alert of the live system leads to it: there is none called {path.name}"
                yield Clause(f"page {page}: alert", "" if page in own else problem, self._file(page))

    # what the live system has

    def _entries(self) -> Iterator[Clause]:
        facts = self._domain.facts
        for kind in _KINDS:
            known = (*facts.of(kind), *(facts.recordings if kind == "metric" else ()))
            for name, fact in {fact.name: fact for fact in known}.items():
                found = self._domain.find(kind, name)
                problem = "" if found else f"no page describes it: show it by {{ops:{kind}s}}"
                yield Clause(f"{kind} {name}: entry", problem, str(fact.place))

    def _options(self) -> Iterator[Clause]:
        known = self._env.domains.standard_domain.progoptions
        for command in self._domain.facts.commands:
            program = "-".join(command.name.split())
            for option in command.options:
                if option.flags:
                    problem = (
                        "" if (program, option.name) in known else "no page describes it: show it by {ops:commands}"
                    )
                    yield Clause(f"option {command.name} {option.name}: entry", problem, str(command.place))

    def _scripts(self) -> Iterator[Clause]:
        """What lies beside a script that is a command of the live system is one, too."""
        commands = {command.name for command in self._domain.facts.commands if command.name.startswith("./")}
        scripts = {PurePosixPath(command) for command in commands if len(PurePosixPath(command).parts) > 1}
        for folder, suffix in sorted({(script.parent, script.suffix) for script in scripts}):
            for file in sorted((self._folder / folder).glob(f"[!._]*{suffix}")):
                if file.is_file() and os.access(file, os.X_OK):
                    name = f"./{folder / file.name}"
                    problem = "" if name in commands else "drillbook_commands in conf.py does not name it"
                    yield Clause(f"script {name}: command", problem, str(file))

    # what the manual has

    def _procedures(self) -> Iterator[Clause]:
        for page, procedure in self._domain.every("procedure"):
            proof = self._proofs.procedure(procedure.name)
            problem = "" if proof.valid or procedure.unproven else proof.says
            yield Clause(f"procedure {procedure.name}: run", problem, self._file(page, procedure.line))

    def _fixes(self) -> Iterator[Clause]:
        for page, tree in self._domain.every("tree"):
            for fix in (node for node in tree.nodes if isinstance(node, Fix)):
                yield Clause(
                    f"fix {tree.name}/{fix.name}: drill", self._fix(tree.name, fix), self._file(page, fix.line)
                )

    def _fix(self, tree: str, fix: Fix) -> str:
        if fix.not_drilled:
            return ""
        proofs = {fault: self._proofs.fix(tree, fault) for fault in fix.faults}
        if not proofs:
            return "no drill ends here: name its faults in :faults:, or say why in :not-drilled:"
        return "; ".join(f"{fault}: {proof.says}" for fault, proof in proofs.items() if not proof.valid)

    def _faults(self) -> Iterator[Clause]:
        named = {fault for _, tree in self._domain.every("tree") for fault in tree.faults}
        for fault in self._domain.facts.faults:
            problem = "" if fault.name in named else "no fix of a tree names it in :faults:, so it is never drilled"
            yield Clause(f"fault {fault.name}: fix", problem, str(fault.place))

    def _pages(self) -> Iterator[Clause]:
        for page in sorted(self._env.found_docs):
            proof = self._proofs.page(page)
            if proof.needed:
                yield Clause(f"page {page}: run", "" if proof.valid else proof.says, self._file(page))

    def _file(self, page: str, line: int = 0) -> str:
        file = str(self._env.doc2path(page))
        return f"{file}:{line}" if line else file


def counted(clauses: Iterable[Clause]) -> dict[str, tuple[int, int]]:
    """How many clauses of each kind there are, and how many of them do not hold."""
    every, broken = Counter[str](), Counter[str]()
    for clause in clauses:
        every[clause.kind] += 1
        broken[clause.kind] += bool(clause.problem)
    return {kind: (count, broken[kind]) for kind, count in every.items()}
