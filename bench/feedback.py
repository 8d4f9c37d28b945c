"""Feedback under load: 100 answers a second for a minute, each stored before it is acknowledged.

Requests are sent at their times, whether or not those before have been answered, and each by a reader of its own: on a
connection of its own. What one takes is measured from when it was due, so that a server that falls behind, or a sender that
does, shows. Errors are all that is not 201. It ends with how many answers the database has.
"""

import argparse
import asyncio
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

import httpx

from drillbook.portal.feedback.store import FeedbackError, Store, open_store

REPORT: Final = Path("build/bench/feedback.json")
TIMEOUT_S: Final = 30
_SHARES: Final = {"median": 0.5, "95 %": 0.95, "99 %": 0.99, "slowest": 1.0}
TELL_S: Final = 10  # how often it says how far it is


class Sent(NamedTuple):
    """What became of all requests: how often each status, or error of the connection, and the seconds that each took."""

    statuses: Counter[str]
    took: list[float]
    whole_s: float


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.feedback",
        description=__doc__,
        epilog=f"The report is in {REPORT}. Exit status: 0 all were stored, 1 one was not, 2 wrong usage, or the database "
        "cannot be used.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rate", type=_whole, default=100, help="answers in a second (default: %(default)s)")
    parser.add_argument("--seconds", type=_whole, default=60, help="for how long (default: %(default)s)")
    parser.add_argument(
        "--database",
        default="",
        metavar="URL",
        help="where to store, and to leave what was stored: none that readers use (default: SQLite, in a new folder)",
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/feedback.db"
        try:
            store = open_store(url)
        except FeedbackError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 2
        before = _count(store)
        with Server(url) as server:
            done = asyncio.run(load(server.address, options.rate, options.seconds))
        stored = _count(store) - before
        store.close()
    report = _report(done, stored, server.cpu_s) | {"rate": options.rate, "seconds": options.seconds}
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    took = report["answered_within_ms"]
    print(
        f"feedback: {report['requests']} requests, {report['errors']} errors, {stored} stored; "
        f"median {took['median']} ms, 99 % {took['99 %']} ms, slowest {took['slowest']} ms\nThe report is in {REPORT}"
    )
    return int(stored != report["requests"] or bool(report["errors"]))


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number above 0, not {text!r}")
    return int(text)


def _count(store: Store) -> int:
    return sum(number for *_, number in store.counts())


def _report(done: Sent, stored: int, cpu_s: float) -> dict[str, Any]:
    took = sorted(done.took)
    within = {name: took[math.ceil(share * len(took)) - 1] for name, share in _SHARES.items()}
    return {
        "requests": len(took),
        "errors": sum(number for status, number in done.statuses.items() if status != "201"),
        "statuses": dict(done.statuses),
        "stored": stored,
        "in_s": round(done.whole_s, 1),
        "answered_within_ms": {name: round(1000 * seconds, 1) for name, seconds in within.items()},
        "server_cpu_ms_each": round(1000 * cpu_s / len(took), 2),
    }


class Server:
    """`drillbook feedback serve`, in a process of its own; one address may send as much as it likes."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, "-m", "drillbook", "feedback", "serve", "--port", "0", "--rate", "999999"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "ext"), "DRILLBOOK_FEEDBACK": url}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the server ended with {self._process.wait()}")
        self.address = line.split()[-1]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=30)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu_s = used.ru_utime + used.ru_stime


async def load(address: str, rate: int, seconds: int) -> Sent:
    """Send, and measure from when a request was due to its answer."""
    statuses: Counter[str] = Counter()
    took: list[float] = []
    origin = {"Origin": address.removesuffix("/-/feedback")}
    said = {"page": "alerts/HighLatency", "subject": "page", "verdict": "no", "text": "x" * 200}
    said |= {"version": "2.1.0", "language": "en"}

    async def send(client: httpx.AsyncClient, due: float) -> None:
        try:
            answered = await client.post(address, json={**said, "key": str(uuid4())}, headers=origin)
            status = str(answered.status_code)
        except httpx.HTTPError as error:
            status = type(error).__name__
        took.append(time.perf_counter() - due)
        statuses[status] += 1

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=TIMEOUT_S, limits=limits) as client:
        begin = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(rate * seconds):
                due = begin + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(send(client, due))
                if number and number % (rate * TELL_S) == 0:
                    errors = statuses.total() - statuses["201"]
                    print(f"feedback: {number} sent, {statuses.total()} answered, {errors} errors", flush=True)
        return Sent(statuses, took, time.perf_counter() - begin)


if __name__ == "__main__":
    sys.exit(main())
