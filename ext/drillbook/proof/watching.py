"""Watches the alerts of a stack while a drill goes on, and keeps its timeline."""

import json
import textwrap
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from drillbook.fetch import FetchError, fetch

_ANSWER_S: Final = 5
_PAUSE_S: Final = 0.5


class Timeline:
    """What happened, with UTC times and the seconds since the beginning."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        """Add what just happened; of several lines, all but the first belong to it."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        first, *rest = text.splitlines() or [""]
        self.lines.append(f"{now} {self.seconds:7.1f} s  {first}")
        self.lines += textwrap.indent("\n".join(rest), "    ").splitlines()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began


class Alert(NamedTuple):
    """An alert that Alertmanager has; ``state`` is ``active``, or ``suppressed`` while it is silenced."""

    name: str
    state: str
    labels: Mapping[str, str]
    runbook_url: str


class Watch:
    """Asks Alertmanager and Prometheus, and notes in the timeline what has changed."""

    def __init__(self, prometheus: str, alertmanager: str, timeline: Timeline) -> None:
        self._prometheus, self._alertmanager = prometheus.rstrip("/"), alertmanager.rstrip("/")
        self._timeline = timeline
        self._seen: dict[str, str] = {}

    def look(self) -> list[Alert] | None:
        """The alerts that fire now; ``None`` when one of the two does not answer."""
        try:
            found = json.loads(fetch(f"{self._alertmanager}/api/v2/alerts", _ANSWER_S))
            rules = json.loads(fetch(f"{self._prometheus}/api/v1/alerts", _ANSWER_S))["data"]["alerts"]
            sent = [_alert(one["labels"], one["status"]["state"], one["annotations"]) for one in found]
            unsent = [_alert(one["labels"], "unsent", one["annotations"]) for one in rules if one["state"] == "firing"]
        except (FetchError, ValueError, KeyError, TypeError) as error:
            self._note({"alerts cannot be seen": str(error)})
            return None
        # what is sent has the labels of the whole Prometheus too
        alerts = [*sent, *(one for one in unsent if not any(one.labels.items() <= two.labels.items() for two in sent))]
        self._note({f"{alert.name} {_shown(alert.labels)}": alert.state for alert in alerts})
        return alerts

    def until(self, holds: Callable[[list[Alert]], bool], limit_s: float) -> bool:
        """Look until *holds* says of the alerts that it is so; false when it was not for *limit_s* seconds."""
        deadline = time.monotonic() + limit_s
        while True:
            alerts = self.look()
            if alerts is not None and holds(alerts):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE_S)

    def _note(self, now: dict[str, str]) -> None:
        for what in sorted(now.keys() | self._seen.keys()):
            if now.get(what) != self._seen.get(what):
                self._timeline.note(f"alert {what}: {now.get(what, 'resolved')}")
        self._seen = now


def _alert(labels: dict[str, Any], state: str, annotations: dict[str, str]) -> Alert:
    return Alert(labels["alertname"], state, labels, annotations.get("runbook_url", ""))


def _shown(labels: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "alertname")
