"""Runs what a check shows, and says what came: in the folder and the environment that the walker was given."""

import json
import urllib.parse
from typing import Any, NamedTuple

from drillbook import process
from drillbook.fetch import SCHEMES, FetchError, fetch
from drillbook.model.condition import Observation


class Look(NamedTuple):
    """What a command or a query gave; ``seen`` is missing when it gave nothing to judge, and ``trouble`` says why."""

    ran: str
    output: str
    seen: Observation | None
    trouble: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """As JSON values, for the report of a walk."""
        status = self.seen.status if self.seen and self.seen.values is None else None
        return {"ran": self.ran, "output": self.output, "status": status, "trouble": self.trouble}


def run_command(command: str, timeout_s: float) -> Look:
    """Run a command."""
    try:
        done = process.run(["bash", "-c", command], timeout_s=timeout_s)
    except OSError as error:
        return Look(command, "", None, f"bash cannot be started: {error.strerror}")
    output = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.timed_out:
        return Look(command, output, None, f"It had not ended after {timeout_s:g} s, and was stopped.")
    return Look(command, output, Observation(done.status, output))


def run_query(query: str, prometheus: str, timeout_s: float) -> Look:
    """Ask Prometheus at the address *prometheus*."""
    if not prometheus.startswith(SCHEMES):
        trouble = f"{prometheus} is no address of a Prometheus: it begins with http:// or https://"
        return Look(query, "", None, trouble)
    url = f"{prometheus.rstrip('/')}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        series = json.loads(fetch(url, timeout_s))["data"]["result"]
        values = tuple(float(one["value"][1]) for one in series)
    except (FetchError, ValueError, KeyError, TypeError) as error:
        return Look(query, "", None, f"Prometheus did not answer: {error}")
    return Look(query, "\n".join(f"{value:g}" for value in values) or "(no data)", Observation(values=values))


def last_line(look: Look) -> str:
    """The value that a command for a blank printed: its last line that is not empty."""
    if look.seen is None or look.seen.status != 0:
        return ""
    lines = [line.strip() for line in look.output.splitlines() if line.strip()]
    return lines[-1] if lines else ""
