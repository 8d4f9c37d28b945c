"""How much the estimate of a frame leans on the frame before."""

from collections.abc import Mapping
from typing import Any, Final

from audio_enhancement.settings import DspSettings
from bench.tuning.quality import quality
from bench.tuning.result import Cell, result
from bench.tuning.stack import say

ALPHAS: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


def measure() -> Mapping[str, Any]:
    """Improvement and harm, in dB."""
    rows = []
    for alpha in ALPHAS:
        say(f"{alpha:g}")
        rows.append([str(alpha), *quality(DspSettings().gain_floor_db, alpha)])
    return result(
        "Quality by dsp.alpha",
        [("dsp.alpha", ""), ("Mean improvement", "dB"), ("Least improvement", "dB"), ("Clean speech, after", "dB")],
        rows,
        before=Cell(1, 1, "at 0.8"),
        after=Cell(4, 1, "at the default of 0.98"),
    )
