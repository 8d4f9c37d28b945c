"""How far noise may be turned down: what is gained on noisy recordings, and what is lost on clean ones."""

from collections.abc import Mapping
from typing import Any, Final

from audio_enhancement.settings import DspSettings
from bench.tuning.quality import quality
from bench.tuning.result import Cell, result
from bench.tuning.stack import say

FLOORS_DB: Final = (-3.0, -6.0, -9.0, -12.0, -15.0, -18.0, -24.0, -30.0)


def measure() -> Mapping[str, Any]:
    """Improvement and harm, in dB."""
    rows = []
    for floor_db in FLOORS_DB:
        say(f"{floor_db:g} dB")
        rows.append([floor_db, *quality(floor_db, DspSettings().alpha)])
    return result(
        "Quality by dsp.gain_floor_db",
        [
            ("dsp.gain_floor_db", "dB"),
            ("Mean improvement", "dB"),
            ("Least improvement", "dB"),
            ("Clean speech, after", "dB"),
        ],
        rows,
        before=Cell(1, 1, "at −6 dB"),
        after=Cell(3, 1, "at the default of −12 dB"),
    )
