"""Loudness: bring a recording to a target level, then keep its peaks under a ceiling.

Loudness is measured as ITU-R BS.1770-4 and EBU R 128 define it, with pyloudnorm's K-weighting filters. The gating is
done here, on a stream: pyloudnorm's own meter holds four copies of the recording, which a worker cannot afford.
"""

from typing import Literal, NamedTuple

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from scipy.signal import firwin, lfilter, upfirdn

STEP_S = 0.1  # BS.1770: blocks of 400 ms that overlap by 75 % are four steps of 100 ms each
STEPS_PER_BLOCK = 4
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU, OFFSET_LUFS = -70.0, -10.0, -0.691
CHUNK_S = 10.0  # of a recording in work at a time
ATTACK_DB_PER_S, RELEASE_DB_PER_S = 2000.0, 60.0  # a peak 6 dB over is seen 3 ms ahead, and forgotten in 100 ms
OVERSAMPLING, TAPS_PER_PHASE = 4, 24  # BS.1770-4, annex 2, with twice its taps: hiss near 4 kHz at 8 kHz needs them


class Normalised(NamedTuple):
    """What normalisation did: the samples, the gain in dB, and why it left them alone if it did."""

    samples: NDArray[np.float32]
    gain_db: float
    unchanged: Literal["too_short", "silent"] | None


def normalise(samples: NDArray[np.float32], sample_rate: int, target_lufs: float) -> Normalised:
    """Bring a recording to a loudness.

    Args:
        samples: Shape ``(frames, channels)``; not modified.
        sample_rate: In Hz, at least 8000.
        target_lufs: In LUFS.

    Returns:
        The scaled recording. It is left unchanged if it is shorter than one gating block of 400 ms, or if no block of
        it is louder than −70 LUFS: loudness is not defined then, and a guess would amplify what is nearly nothing.
    """
    if len(samples) < STEPS_PER_BLOCK * round(STEP_S * sample_rate):
        return Normalised(samples, 0.0, "too_short")
    loudness = integrated_loudness(samples, sample_rate)
    if loudness == -np.inf:
        return Normalised(samples, 0.0, "silent")
    gain_db = target_lufs - loudness
    return Normalised(samples * np.float32(10.0 ** (gain_db / 20.0)), gain_db, None)


def integrated_loudness(samples: NDArray[np.float32], sample_rate: int) -> float:
    """Measure the gated loudness of ``(frames, channels)``, in LUFS; ``-inf`` if nothing is louder than −70 LUFS.

    All channels weigh 1: mono and stereo have no surround channels.
    """
    step = round(STEP_S * sample_rate)
    energies = _weighted_energy(samples, sample_rate, step)
    steps_in_block = np.ones(STEPS_PER_BLOCK) / STEPS_PER_BLOCK
    blocks = np.convolve(energies, steps_in_block, mode="valid") if len(energies) >= STEPS_PER_BLOCK else np.zeros(0)
    loud = blocks[_lufs(blocks) >= ABSOLUTE_GATE_LUFS]
    if not loud.size:
        return -np.inf
    gate = max(ABSOLUTE_GATE_LUFS, float(_lufs(loud.mean())) + RELATIVE_GATE_LU)
    return float(_lufs(loud[_lufs(loud) > gate].mean()))


def _lufs(energy: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        level: NDArray[np.float64] = OFFSET_LUFS + 10.0 * np.log10(energy)
    return level


def _weighted_energy(samples: NDArray[np.float32], sample_rate: int, step: int) -> NDArray[np.float64]:
    """Mean square of the K-weighted recording in each whole step, summed over channels."""
    shelf = pyloudnorm.IIRfilter(4.0, 1.0 / np.sqrt(2.0), 1500.0, sample_rate, "high_shelf")
    high_pass = pyloudnorm.IIRfilter(0.0, 0.5, 38.0, sample_rate, "high_pass")
    b, a = np.convolve(shelf.b, high_pass.b), np.convolve(shelf.a, high_pass.a)
    state = np.zeros((4, samples.shape[1]))
    energies = []
    chunk = step * round(CHUNK_S / STEP_S)
    for start in range(0, len(samples) // step * step, chunk):
        weighted, state = lfilter(b, a, samples[start : min(start + chunk, len(samples) // step * step)], 0, state)
        energies.append(np.square(weighted).reshape(-1, step, samples.shape[1]).mean(axis=1).sum(axis=1))
    return np.concatenate(energies) if energies else np.zeros(0)


def limit(samples: NDArray[np.float32], sample_rate: int, ceiling_dbfs: float) -> None:
    """Keep true peaks under a ceiling, in place: a look-ahead limiter, the same gain for all channels.

    The gain reduction in dB is the least curve that covers every peak, rises by at most 2000 dB/s before it and falls
    by 60 dB/s after it. So no sample is clipped, and a recording that stays under the ceiling is not touched.

    Args:
        samples: Shape ``(frames, channels)``.
        sample_rate: In Hz.
        ceiling_dbfs: Highest true peak, in dBFS.
    """
    chunk = round(CHUNK_S * sample_rate)
    reduction = np.empty(len(samples), np.float32)
    for start in range(0, len(samples), chunk):
        over = _true_peaks(samples, start, min(start + chunk, len(samples))) * 10.0 ** (-ceiling_dbfs / 20.0)
        reduction[start : start + chunk] = 20.0 * np.log10(np.maximum(over, 1.0))
    if not reduction.any():
        return
    _decay(reduction, RELEASE_DB_PER_S / sample_rate, chunk)
    _decay(reduction[::-1], ATTACK_DB_PER_S / sample_rate, chunk)
    for start in range(0, len(samples), chunk):
        samples[start : start + chunk] *= 10.0 ** (-reduction[start : start + chunk, None] / 20.0)


def _true_peaks(samples: NDArray[np.float32], start: int, stop: int) -> NDArray[np.float32]:
    """Highest magnitude of any channel at and around each sample, also between it and its neighbours."""
    reach = TAPS_PER_PHASE
    before = min(start, reach)
    part = samples[start - before : stop + reach]
    taps = OVERSAMPLING * firwin(OVERSAMPLING * TAPS_PER_PHASE + 1, 1.0 / OVERSAMPLING, window=("kaiser", 5.0))
    delay = OVERSAMPLING * TAPS_PER_PHASE // 2
    fine = upfirdn(taps.astype(np.float32), part, OVERSAMPLING, axis=0)[delay:]
    fine = np.abs(fine[: len(part) * OVERSAMPLING]).max(axis=1).reshape(len(part), OVERSAMPLING)
    after = fine.max(axis=1)  # at a sample and up to the next one
    around = np.maximum(after, np.concatenate([after[:1], after[:-1]]))
    magnitude = np.abs(part).max(axis=1)
    peaks: NDArray[np.float32] = np.maximum(magnitude, around)[before : before + stop - start]
    return peaks


def _decay(curve: NDArray[np.float32], slope: float, chunk: int) -> None:
    """Raise a curve in place so that it falls by at most ``slope`` per sample.

    max over k ≤ n of (curve[k] − slope (n − k)) = cumulative maximum of (curve[k] + slope k), less slope n: no loop
    over samples. Chunks keep slope n small, so that nothing is lost to rounding.
    """
    level = 0.0
    for start in range(0, len(curve), chunk):
        part = curve[start : start + chunk]
        ramp = slope * np.arange(1, len(part) + 1)
        part[:] = np.maximum(np.maximum.accumulate(part + ramp), level) - ramp
        level = float(part[-1])
