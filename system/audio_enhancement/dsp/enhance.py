"""The enhancement of one recording: noise suppression, loudness, limiter."""

import logging

import numpy as np
from numpy.typing import NDArray

from audio_enhancement.dsp.logmmse import suppress
from audio_enhancement.dsp.loudness import limit, normalise
from audio_enhancement.settings import DspSettings

log = logging.getLogger(__name__)


def enhance(samples: NDArray[np.float32], sample_rate: int, settings: DspSettings) -> NDArray[np.float32]:
    """Enhance a recording.

    Importing this module loads scipy, which takes seconds on a cold machine: a worker imports it before it is ready.

    Args:
        samples: Finite, shape ``(frames, channels)``; not modified. A float recording may exceed full scale.
        sample_rate: In Hz.
        settings: Gain floor, alpha, target loudness and ceiling.

    Returns:
        A new array of the same shape, at the target loudness where that is defined, with no true peak over the
        ceiling. Limiting can leave a recording with very high peaks quieter than the target.

    Raises:
        ValueError: The samples are not two-dimensional, or not finite.
    """
    if samples.ndim != 2:
        raise ValueError(f"samples must have the shape (frames, channels), got {samples.shape}")
    peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    if not np.isfinite(peak):
        raise ValueError("samples must be finite")
    if peak > 1.0:  # bring it to full scale: squares of huge floats would overflow
        samples = samples / np.float32(peak)
    suppressed = suppress(samples, sample_rate, settings.gain_floor_db, settings.alpha)
    normalised = normalise(suppressed, sample_rate, settings.target_lufs)
    if normalised.unchanged:
        log.info("loudness left as it is: the recording is %s", normalised.unchanged.replace("_", " "))
    limit(normalised.samples, sample_rate, settings.limiter_ceiling_dbfs)
    return normalised.samples
