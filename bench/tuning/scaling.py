"""Scaling out and up: more workers on the same processors, and more processors for the same workers."""

import os
from collections.abc import Mapping
from typing import Any, Final

from bench.tuning.load import best_burst, p95, per_second, recordings
from bench.tuning.result import Cell, result
from bench.tuning.stack import bench, say

JOBS: Final = 40
SECONDS: Final = 20.0
WORKERS: Final = (1, 2, 4, 8)


def measure() -> Mapping[str, Any]:
    """Jobs in a second, on one processor and on two."""
    bodies = recordings(JOBS, SECONDS)
    processors = sorted(os.sched_getaffinity(0))
    rows = []
    for count in range(1, min(2, len(processors)) + 1):
        os.sched_setaffinity(0, processors[:count])  # all that is started inherits it
        with bench() as made:
            for workers in WORKERS:
                made.up({"AE_WORKER_CONCURRENCY": "1", "AE_CACHE_TTL_S": "0"}, workers=workers)
                done = best_burst(made, bodies)
                rows.append([f"{count} × {workers}", per_second(done), p95([job.takes for job in done])])
                say(f"{count} x {workers}: {rows[-1][1]:.2f} jobs/s")
    os.sched_setaffinity(0, processors)
    return result(
        f"{JOBS} recordings of {SECONDS:g} s, by processors × workers",
        [("Processors × workers", ""), ("Throughput", "jobs/s"), ("95 % done within", "s")],
        rows,
        before=Cell(4, 1, "two processors and one worker"),
        after=Cell(5, 1, "two processors and two workers"),
    )
