"""Names of the live system in a text: where a sentence or a literal names a setting, a metric, a command ...

A name that could be a word of the language (``monitor``, ``Silent``) is recognised only in a literal of its own; one
that could not (``queue.relay_after_s``, ``HighLatency``, ``./deploy.py``) wherever it stands.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from drillbook.live.facts import LiveFacts

_NO_WORD: Final = re.compile(r"[_.\-/\d:]|[a-z][A-Z]")


class Named(NamedTuple):
    """A name as it stands in a text: ``target`` is that of its fact, which a role takes."""

    kind: str
    target: str
    written: str


class LiveNames:
    """All names of one build's facts."""

    def __init__(self, facts: LiveFacts) -> None:
        self._forms = dict(_forms(facts))
        self._flags = {
            flag: f"{command.name} {flag}"
            for command in facts.commands
            for option in command.options
            for flag in option.flags
        }
        self.flags: Mapping[str, frozenset[str]] = {
            command.name: frozenset(flag for option in command.options for flag in option.flags)
            for command in facts.commands
        }
        distinct = sorted(filter(_NO_WORD.search, self._forms), key=len, reverse=True)
        either = "|".join(map(re.escape, distinct))
        self._distinct = re.compile(rf"(?<![\w.:/-])(?:{either})(?![\w-]|[/:]\w)") if distinct else None

    def in_text(self, text: str) -> Iterator[Named]:
        """The names in plain text."""
        for found in self._distinct.finditer(text) if self._distinct else ():
            yield Named(*self._forms[found[0]], found[0])

    def in_literal(self, text: str) -> Iterator[Named]:
        """The names in a literal; samples of roles, which show how a page is written, name nothing."""
        text = text.strip()
        if "{ops:" in text:
            return
        if text in self._forms:
            yield Named(*self._forms[text], text)
        elif text in self._flags:
            yield Named("option", self._flags[text], text)
        else:
            yield from self.in_text(text)


def _forms(facts: LiveFacts) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each way to write a name, with the kind and the name of its fact; what comes later counts more."""
    for error in facts.errors:
        yield error.name, ("error", error.name)
    for route in facts.routes:
        if len(route.path) > 1:
            yield route.path, ("route", route.name)
        yield route.name, ("route", route.name)
    for recording in facts.recordings:
        yield recording.name, ("metric", recording.name)
    for metric in facts.metrics:
        for name in (*metric.series, metric.name):
            yield name, ("metric", metric.name)
    for setting in facts.settings:
        if setting.env:
            yield setting.env, ("setting", setting.name)
        yield setting.name, ("setting", setting.name)
    for component in facts.components:
        yield component.name, ("component", component.name)
    for alert in facts.alerts:
        yield alert.name, ("alert", alert.name)
    for command in facts.commands:
        yield command.name, ("command", command.name)
