"""The capacity model, held against what comes out: jobs in a second for recordings of other lengths."""

from collections.abc import Mapping
from statistics import median
from typing import Any, Final

from bench.tuning.load import best_burst, burst, per_second, recordings
from bench.tuning.result import Cell, result
from bench.tuning.stack import bench, say

LENGTHS_S: Final = (2.0, 5.0, 10.0, 30.0, 60.0)
ALONE: Final = 5
AUDIO_S: Final = 600.0  # in a burst
WORKERS: Final = 2


def measure() -> Mapping[str, Any]:
    """Predicted from a job that is alone, and measured."""
    rows = []
    with bench() as made:
        made.up({"AE_WORKER_CONCURRENCY": "1", "AE_CACHE_TTL_S": "0"}, workers=WORKERS)
        for seconds in LENGTHS_S:
            bodies = recordings(max(ALONE, round(AUDIO_S / seconds)) + ALONE, seconds)
            alone = median(
                job.finished - (job.started or 0.0) for body in bodies[:ALONE] for job in burst(made, [body])
            )
            predicted, measured = WORKERS / alone, per_second(best_burst(made, bodies[ALONE:]))
            rows.append([seconds, 1000 * alone, predicted, measured, 100 * measured / predicted])
            say(f"{seconds:g} s: predicted {predicted:.2f}, measured {measured:.2f} jobs/s")
    return result(
        f"The capacity model and the measured throughput, {WORKERS} workers on two processors",
        [
            ("Length of a recording", "s"),
            ("Time of a job alone", "ms"),
            ("Predicted", "jobs/s"),
            ("Measured", "jobs/s"),
            ("Measured of predicted", "%"),
        ],
        rows,
        before=Cell(2, 2, "predicted for recordings of 10 s"),
        after=Cell(2, 3, "measured"),
        drawn=(2, 3),
        log=("x", "y"),
    )
