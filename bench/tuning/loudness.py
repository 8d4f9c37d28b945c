"""How much the limiter must take away for a louder target: what stays of the peaks, and of the loudness asked for."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audio_enhancement.dsp.loudness import integrated_loudness, limit, normalise
from audio_enhancement.settings import DspSettings
from bench.tuning.quality import RATE_HZ, SEEDS, speaker
from bench.tuning.result import Cell, result
from bench.tuning.stack import say

TARGETS_LUFS: Final = (-28.0, -23.0, -18.0, -16.0, -14.0, -12.0, -9.0, -6.0)
HEARD_DB: Final = 0.5  # of gain that is taken away, from which a limited sample counts


def measure() -> Mapping[str, Any]:
    """Share of the recording that the limiter turns down, by how much at most, and what loudness is reached."""
    rows = []
    for target in TARGETS_LUFS:
        say(f"{target:g} LUFS")
        each = [_limited(speaker(seed)[:, None], target) for seed in SEEDS]
        rows.append([target, *np.mean(each, axis=0).tolist()])
    return result(
        "Work of the limiter by dsp.target_lufs",
        [("dsp.target_lufs", "LUFS"), ("Turned down", "%"), ("By at most", "dB"), ("Reached", "LUFS")],
        rows,
        before=Cell(5, 1, "at −12 LUFS"),
        after=Cell(2, 1, "at the default of −18 LUFS"),
        drawn=[1, 2],
    )


def _limited(samples: NDArray[np.float32], target_lufs: float) -> tuple[float, float, float]:
    loud = normalise(samples, RATE_HZ, target_lufs).samples
    kept = loud.copy()
    limit(kept, RATE_HZ, DspSettings().limiter_ceiling_dbfs)
    sounding = np.abs(loud[:, 0]) > 1e-4
    taken_db = 20.0 * np.log10(np.abs(loud[sounding, 0]) / np.abs(kept[sounding, 0]))
    return 100.0 * float(np.mean(taken_db > HEARD_DB)), float(taken_db.max()), integrated_loudness(kept, RATE_HZ)
