"""Threads or processes: the same jobs, run by as many threads in other numbers of workers."""

from collections.abc import Mapping
from typing import Any, Final

from bench.tuning.load import best_burst, p95, per_second, recordings
from bench.tuning.result import Cell, result
from bench.tuning.stack import bench, say

CASES: Final = ((1, 1), (1, 2), (1, 4), (2, 1), (2, 2), (2, 4), (4, 1))
JOBS: Final = 40
SECONDS: Final = 20.0


def measure() -> Mapping[str, Any]:
    """Jobs in a second, and the time of one attempt."""
    bodies = recordings(JOBS, SECONDS)
    rows = []
    with bench() as made:
        for workers, threads in CASES:
            made.up({"AE_WORKER_CONCURRENCY": str(threads), "AE_CACHE_TTL_S": "0"}, workers=workers)
            done = best_burst(made, bodies)
            attempts = [job.finished - job.started for job in done if job.started is not None]
            rows.append([f"{workers} × {threads}", per_second(done), p95(attempts)])
            say(f"{workers} x {threads}: {rows[-1][1]:.2f} jobs/s")
    return result(
        f"{JOBS} recordings of {SECONDS:g} s, by workers × worker.concurrency",
        [("Workers × threads", ""), ("Throughput", "jobs/s"), ("95 % of attempts take", "s")],
        rows,
        before=Cell(2, 1, "four threads in one worker"),
        after=Cell(4, 1, "two threads in each of two workers"),
    )
