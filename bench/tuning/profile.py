"""Where a job's time goes, stage by stage, for the kinds of recording that clients send."""

import io
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from audio_enhancement.audio.decode import Audio, decode
from audio_enhancement.audio.encode import encode
from audio_enhancement.dsp.logmmse import suppress
from audio_enhancement.dsp.loudness import limit, normalise
from audio_enhancement.settings import AudioSettings, DspSettings
from bench.tuning.load import recordings
from bench.tuning.result import Cell, result
from bench.tuning.stack import say

SECONDS: Final = 60.0
TIMES: Final = 5
KINDS: Final = ((8_000, 1), (16_000, 1), (44_100, 1), (48_000, 1), (48_000, 2))


def measure() -> Mapping[str, Any]:
    """Time for a minute of audio, in ms."""
    rows = []
    for rate_hz, channels in KINDS:
        kind = f"{rate_hz / 1000:g} kHz {'mono' if channels == 1 else 'stereo'}"
        say(kind)
        stages = _stages(rate_hz, channels)
        rows.append([kind, *stages, sum(stages)])
    return result(
        "Time of a job for a minute of audio, by stage and kind of recording",
        [("Recording", ""), *((name, "ms") for name in ("Decode", "Suppress", "Loudness", "Encode", "All"))],
        rows,
        before=Cell(4, 5, "as 48 kHz stereo"),
        after=Cell(1, 5, "as 16 kHz mono"),
        drawn=(1, 2, 3, 4),
    )


def _stages(rate_hz: int, channels: int) -> list[float]:
    (body,) = recordings(1, SECONDS, rate_hz=rate_hz, channels=channels)
    dsp, limits = DspSettings(), AudioSettings()
    with tempfile.TemporaryDirectory() as folder:
        upload = Path(folder, "upload.wav")
        upload.write_bytes(io.BytesIO(body).getbuffer())
        heard, decoding = _median(lambda: decode(upload, limits))
        quiet, suppressing = _median(lambda: suppress(heard.samples, heard.sample_rate, dsp.gain_floor_db, dsp.alpha))

        def loudness() -> np.ndarray[Any, Any]:
            made = normalise(quiet, heard.sample_rate, dsp.target_lufs).samples
            limit(made, heard.sample_rate, dsp.limiter_ceiling_dbfs)
            return made

        loud, normalising = _median(loudness)
        _, encoding = _median(lambda: encode(Path(folder, "result"), Audio(loud, heard.sample_rate, heard.format)))
    return [1000 * seconds for seconds in (decoding, suppressing, normalising, encoding)]


def _median(work: Callable[[], Any]) -> tuple[Any, float]:
    """What *work* gives, and its median time in s."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        made = work()
        times.append(time.perf_counter() - began)
    return made, median(times)
