"""What the result cache is worth: clients that send some recordings again and again, and results that are forgotten."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from bench.tuning.load import p95, recordings, steady
from bench.tuning.result import Cell, result
from bench.tuning.stack import bench, say

TTLS_S: Final = (0, 2, 5, 15, 3600)
DIFFERENT: Final = 40
UPLOADS: Final = 240
PER_SECOND: Final = 8.0
SECONDS: Final = 5.0


def measure() -> Mapping[str, Any]:
    """Share of uploads that are answered from the cache, and how long a result takes."""
    bodies = recordings(DIFFERENT, SECONDS)
    weights = 1 / np.arange(1, DIFFERENT + 1)  # Zipf's law: few recordings are sent often, many are sent seldom
    chosen = np.random.default_rng(0).choice(DIFFERENT, UPLOADS, p=weights / weights.sum())
    rows = []
    with bench() as made:
        for ttl_s in TTLS_S:
            made.up({"AE_CACHE_TTL_S": str(ttl_s)}, workers=2)
            done = steady(made, [bodies[number] for number in chosen], PER_SECOND)
            hits = 100 * sum(job.cached for job in done) / len(done)
            say(f"{hits:.0f} % hits")
            rows.append(
                [
                    str(ttl_s),
                    hits,
                    1000 * float(np.mean([job.takes for job in done])),
                    1000 * p95([job.takes for job in done]),
                ]
            )
    return result(
        f"{UPLOADS} uploads of {DIFFERENT} recordings, {PER_SECOND:g} a second, by cache.ttl_s",
        [
            ("cache.ttl_s (s)", ""),
            ("Answered from the cache", "%"),
            ("Mean time to a result", "ms"),
            ("95 % done within", "ms"),
        ],
        rows,
        before=Cell(0, 2, "without a cache"),
        after=Cell(len(TTLS_S) - 1, 2, "with the default of an hour"),
    )
