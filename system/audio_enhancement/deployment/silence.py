"""Silences in Alertmanager for the alerts that a deployment itself would raise.

A worker that is drained ends, and its scrape fails until Prometheus has read its new targets: WorkerDown would fire
about work that is meant. The silence names the programs that the operation stops, so an alert about any other
process still reaches people, and it ends by itself when the operation dies. API: Alertmanager's OpenAPI v2.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import httpx

SILENCED_ALERTS = ("ApiDown", "WorkerDown", "MonitorDown")


class Silences:
    """Silences of one operation, found again by its id: whoever finishes the operation can lift them.

    Every method raises `httpx.HTTPError` when Alertmanager does not answer; a deployment goes on without silences.
    """

    def __init__(self, alertmanager_url: str, operation: str) -> None:
        self.url = alertmanager_url.rstrip("/")
        self.author = f"deploy.py {operation}"

    def create(self, programs: Iterable[str], seconds: float, comment: str) -> None:
        """Silence the alerts that stopping ``programs`` raises, for ``seconds``; no more than once per operation."""
        if self.active():
            return
        begin = datetime.now(UTC)
        pattern = "|".join(map(re.escape, sorted(programs)))
        answer = httpx.post(
            f"{self.url}/api/v2/silences",
            json={
                "matchers": [
                    {"name": "alertname", "value": "|".join(SILENCED_ALERTS), "isRegex": True, "isEqual": True},
                    {"name": "program", "value": pattern, "isRegex": True, "isEqual": True},
                ],
                "startsAt": begin.isoformat(),
                "endsAt": (begin + timedelta(seconds=seconds)).isoformat(),
                "createdBy": self.author,
                "comment": comment,
            },
            timeout=3,
            trust_env=False,
        )
        answer.raise_for_status()

    def active(self) -> list[str]:
        """Ids of the silences of this operation that hold now."""
        answer = httpx.get(f"{self.url}/api/v2/silences", timeout=3, trust_env=False)
        answer.raise_for_status()
        return [
            silence["id"]
            for silence in answer.json()
            if silence["createdBy"] == self.author and silence["status"]["state"] != "expired"
        ]

    def expire(self) -> None:
        """Lift all silences of this operation."""
        for silence in self.active():
            httpx.delete(f"{self.url}/api/v2/silence/{silence}", timeout=3, trust_env=False).raise_for_status()
