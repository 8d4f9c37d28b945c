"""How well recordings come out under given settings: several noises, loudnesses of noise, and speakers."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio_enhancement.dsp.logmmse import suppress
from audio_enhancement.dsp.quality import si_sdr
from audio_enhancement.dsp.speech import NoiseKind, noisy, speech_like

RATE_HZ: Final = 16_000
SECONDS: Final = 10.0
NOISES: Final[tuple[NoiseKind, ...]] = ("white", "pink", "hum")
SNRS_DB: Final = (0.0, 5.0, 10.0)
SEEDS: Final = (1, 2, 3)


class Quality(NamedTuple):
    """Of all recordings, in dB.

    ``mean`` and ``least`` are improvements in SI-SDR of noisy ones; ``clean`` is the SI-SDR of clean ones after the
    enhancement, which ought to have left them alone: the lower, the more harm was done.
    """

    mean: float
    least: float
    clean: float


def quality(gain_floor_db: float, alpha: float) -> Quality:
    """Of the suppression with these settings."""
    better = [
        si_sdr(clean, _suppressed(heard, gain_floor_db, alpha)) - si_sdr(clean, heard) for clean, heard in _heard()
    ]
    left = [si_sdr(clean, _suppressed(clean, gain_floor_db, alpha)) for clean in map(speaker, SEEDS)]
    return Quality(float(np.mean(better)), min(better), float(np.mean(left)))


def speaker(seed: int) -> NDArray[np.float32]:
    """A clean recording of one of the speakers."""
    return speech_like(SECONDS, RATE_HZ, seed)


def _heard() -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    for seed in SEEDS:
        clean = speaker(seed)
        for kind in NOISES:
            for snr_db in SNRS_DB:
                yield clean, noisy(clean, snr_db, seed, kind, RATE_HZ)


def _suppressed(samples: NDArray[np.float32], gain_floor_db: float, alpha: float) -> NDArray[np.float32]:
    made: NDArray[np.float32] = suppress(samples[:, None], RATE_HZ, gain_floor_db, alpha)[:, 0]
    return made
