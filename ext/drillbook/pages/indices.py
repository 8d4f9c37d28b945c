"""Indices of the `ops` domain: alerts, procedures, trees, settings and metrics, each on a page of its own."""

from collections import defaultdict
from collections.abc import Iterable
from typing import ClassVar

from sphinx.domains import Index, IndexEntry

from drillbook.language import Translate
from drillbook.warn import guarded


class _OpsIndex(Index):
    kind: ClassVar[str]

    @guarded(default=([], False))
    def generate(self, docnames: Iterable[str] | None = None) -> tuple[list[tuple[str, list[IndexEntry]]], bool]:
        """The objects of one kind under the headings of :meth:`heading`."""
        wanted = None if docnames is None else set(docnames)
        content: dict[str, list[IndexEntry]] = defaultdict(list)
        for name, _, kind, docname, anchor, _ in self.domain.get_objects():
            if kind == self.kind and (wanted is None or docname in wanted):
                content[self.heading(name)].append(IndexEntry(name, 0, docname, anchor, "", "", ""))
        return sorted(content.items()), False

    def heading(self, name: str) -> str:
        """The group that a name stands in: its first letter."""
        return name[0].upper()


def titles(_: Translate) -> dict[str, str]:
    """What the indices are called, by their names."""
    return {
        "alerts": _("Index of alerts"),
        "procedures": _("Index of procedures"),
        "trees": _("Index of troubleshooting trees"),
        "settings": _("Index of settings"),
        "metrics": _("Index of metrics"),
    }


class AlertIndex(_OpsIndex):
    """All alerts."""

    name, localname, shortname, kind = "alerts", "Index of alerts", "alerts", "alert"


class ProcedureIndex(_OpsIndex):
    """All procedures."""

    name, localname, shortname, kind = "procedures", "Index of procedures", "procedures", "procedure"


class TreeIndex(_OpsIndex):
    """All troubleshooting trees."""

    name, localname, shortname, kind = "trees", "Index of troubleshooting trees", "trees", "tree"


class SettingIndex(_OpsIndex):
    """All settings, by component."""

    name, localname, shortname, kind = "settings", "Index of settings", "settings", "setting"

    def heading(self, name: str) -> str:
        """The component."""
        return name.partition(".")[0]


class MetricIndex(_OpsIndex):
    """All metrics."""

    name, localname, shortname, kind = "metrics", "Index of metrics", "metrics", "metric"
