"""Feedback under load: 100 answers a second for a minute, each stored before it is acknowledged.

Requests are sent at their times, whether or not those before have been answered. Each is an answer of its own.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from drillbook.portal.feedback.store import open_store


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.feedback",
        description=__doc__,
        epilog="Exit status: 0 all were stored, 1 one was not, 2 wrong usage.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rate", type=int, default=100, help="answers in a second (default: 100)")
    parser.add_argument("--seconds", type=int, default=60, help="for how long (default: 60)")
    parser.add_argument(
        "--database", default="", metavar="URL", help="where to store (default: SQLite, in a new folder)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/feedback.db"
        store = open_store(url)
        before = len(store.answers())
        with (server := Server(url)) as address:
            figures = asyncio.run(load(address, options.rate, options.seconds))
        stored = len(store.answers()) - before
        store.close()
    figures |= {
        "server_cpu_ms_each": round(1000 * server.cpu_s / figures["sent"], 2),
        "stored": stored,
        "errors": {status: n for status, n in figures["statuses"].items() if status != "201"},
    }
    print(json.dumps(figures, indent=1))
    return int(stored != options.rate * options.seconds or bool(figures["errors"]))


class Server:
    """`drillbook feedback serve`, in a process of its own; one client may send as much as it likes."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, "-m", "drillbook", "feedback", "serve", "--port", "0", "--rate", "999999"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "ext"), "DRILLBOOK_FEEDBACK": url}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().split()[-1]

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu_s = used.ru_utime + used.ru_stime


async def load(address: str, rate: int, seconds: int) -> dict[str, Any]:
    """Send, and measure from when a request was due to its answer."""
    statuses: dict[str, int] = {}
    took: list[float] = []
    origin = {"Origin": address.removesuffix("/-/feedback")}

    async def send(client: httpx.AsyncClient, due: float) -> None:
        said = {
            "key": str(uuid4()),
            "page": "alerts/HighLatency",
            "subject": "page",
            "verdict": "no",
            "text": "x" * 200,
        }
        try:
            answered = await client.post(address, json={**said, "version": "2.1.0", "language": "en"}, headers=origin)
            status = str(answered.status_code)
        except httpx.HTTPError as error:
            status = type(error).__name__
        statuses[status] = statuses.get(status, 0) + 1
        took.append(time.perf_counter() - due)

    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=50)) as client:
        begin = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(rate * seconds):
                due = begin + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(send(client, due))
        whole = time.perf_counter() - begin
    cuts = statistics.quantiles(took, n=100)
    milliseconds = {"median": cuts[49], "95 %": cuts[94], "99 %": cuts[98], "slowest": max(took)}
    return {
        "sent": rate * seconds,
        "in_s": round(whole, 1),
        "statuses": statuses,
        "answered_within_ms": {name: round(1000 * value, 1) for name, value in milliseconds.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
