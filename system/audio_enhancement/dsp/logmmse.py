"""Noise suppression: the log-spectral amplitude estimator, driven by a tracked noise power.

For each frame and frequency bin, with Y the noisy spectrum and λ the noise power:

- a-posteriori SNR ``γ = |Y|² / λ``; a-priori SNR ``ξ = α Â²₋₁ / λ + (1 − α) max(γ − 1, 0)``, the decision-directed
  estimate with Â₋₁ the amplitude estimated in the frame before [1, eq. 51];
- gain G = ξ / (1 + ξ) · exp(½ E₁(v)), v = γ ξ / (1 + ξ), the estimator whose mean squared error of log amplitudes is
  least [2, eq. 20]; never below the floor, which keeps a natural bed of noise instead of musical tones;
- λ follows the speech presence probability P = 1 / (1 + (1 + ξ₁) exp(−γ ξ₁ / (1 + ξ₁))) with the fixed ξ₁ = 15 dB:
  ``λ ← 0.8 λ + 0.2 ((1 − P) |Y|² + P λ)`` [3, eqs. 18, 22]. It has no bias to correct and no window of minima to wait for,
  so it follows rising noise within about a second.

[1] Y. Ephraim, D. Malah, "Speech enhancement using a minimum mean-square error short-time spectral amplitude
    estimator", IEEE Trans. Acoust. Speech Signal Process. 32(6), 1984.
[2] Y. Ephraim, D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude estimator",
    IEEE Trans. Acoust. Speech Signal Process. 33(2), 1985.
[3] T. Gerkmann, R. C. Hendriks, "Unbiased MMSE-based noise power estimation with low complexity and low tracking
    delay", IEEE Trans. Audio Speech Lang. Process. 20(4), 2012.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import exp1

FRAME_S = 0.032  # long enough to part the harmonics of a voice, short enough for its vowels to stand still
CHUNK_FRAMES = 256  # frames in memory at a time: the work space does not grow with the recording
XI_MIN = 10.0 ** (-25 / 10)
GAMMA_MAX = 10.0 ** (40 / 10)
XI_SPEECH = 10.0 ** (15 / 10)
NOISE_SMOOTHING, PRESENCE_SMOOTHING, PRESENCE_MAX = 0.8, 0.9, 0.99
SILENCE = 1e-10  # mean square of a frame, −100 dBFS: below it nothing was recorded, and nothing is learnt
START_S, START_QUANTILE = 1.0, 0.3  # the first noise power: a low quantile over the first second that is not silent
TINY = 1e-20  # keeps quotients finite


def suppress(samples: NDArray[np.float32], sample_rate: int, gain_floor_db: float, alpha: float) -> NDArray[np.float32]:
    """Suppress noise, each channel on its own.

    Args:
        samples: Finite, full scale 1, shape ``(frames, channels)``; any number of frames, also none.
        sample_rate: In Hz.
        gain_floor_db: Least gain that is applied, in dB, at most 0. At 0 the recording comes back unchanged.
        alpha: Weight of the past in the decision-directed estimate, 0 to 1.

    Returns:
        A new array of the same shape, without delay.
    """
    length, channels = samples.shape
    hop = int(next_fast_len(max(1, round(sample_rate * FRAME_S / 2)), real=True))
    # A periodic Hann window, half of it (its root) before the gain and half after: overlapped by half, it sums to 1.
    window = np.sin(np.pi * np.arange(2 * hop, dtype=np.float32) / (2 * hop))
    estimator = _Estimator(channels, hop + 1, sample_rate / hop, 10.0 ** (gain_floor_db / 20.0), alpha)
    output = np.empty_like(samples)
    tail = np.zeros((channels, hop), np.float32)
    hops = -(-length // hop) + 1 if length else 0
    for start in range(0, hops, CHUNK_FRAMES):  # frame t covers the samples from (t - 1) hop to (t + 1) hop
        chunk = min(CHUNK_FRAMES, hops - start)
        blocks = _blocks(samples, start - 1, chunk + 1, hop)
        frames = np.concatenate([blocks[:-1], blocks[1:]], axis=-1)
        spectrum = rfft(frames * window)
        spectrum *= estimator.gains(np.abs(spectrum) ** 2, np.mean(np.square(frames), axis=-1) > SILENCE)
        frames = irfft(spectrum, 2 * hop) * window
        done = frames[..., :hop]
        done[0] += tail
        done[1:] += frames[:-1, :, hop:]
        tail = frames[-1, :, hop:]
        first = (start - 1) * hop
        here = slice(max(first, 0), min(first + chunk * hop, length))
        output[here] = done.transpose(0, 2, 1).reshape(-1, channels)[here.start - first : here.stop - first]
    return output


def _blocks(samples: NDArray[np.float32], start: int, count: int, hop: int) -> NDArray[np.float32]:
    """Cut ``count`` blocks of ``hop`` samples from block ``start`` on, zeros outside: ``(count, channels, hop)``."""
    first, stop = start * hop, (start + count) * hop
    inside = samples[max(first, 0) : stop]
    before = max(-first, 0)
    padded = np.pad(inside, ((before, count * hop - before - len(inside)), (0, 0)))
    return padded.reshape(count, hop, -1).transpose(0, 2, 1)


class _Estimator:
    """What is known of noise and speech from frame to frame; arrays are ``(channels, bins)``."""

    def __init__(self, channels: int, bins: int, frames_per_s: float, floor: float, alpha: float) -> None:
        self.floor, self.alpha, self.start_frames = floor, alpha, max(1, round(START_S * frames_per_s))
        self.started = np.zeros(channels, bool)
        self.noise = np.full((channels, bins), TINY)
        self.presence = np.zeros((channels, bins))
        self.speech = np.zeros((channels, bins))

    def gains(self, power: NDArray[np.float32], active: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Turn powers ``(frames, channels, bins)`` into gains; ``active`` ``(frames, channels)`` is false in silence."""
        for channel in np.flatnonzero(~self.started & active.any(axis=0)):
            start = power[active[:, channel], channel][: self.start_frames]
            # the power of noise in a bin is exponentially distributed: its q-quantile is −ln(1 − q) of its mean
            self.noise[channel] = np.quantile(start, START_QUANTILE, axis=0) / -np.log1p(-START_QUANTILE)
            self.started[channel] = True
        gains = np.empty_like(power)
        for frame, heard in enumerate(active):
            if heard.any():
                gains[frame] = self._gain(power[frame].astype(np.float64), heard[:, None])
            else:
                gains[frame], self.speech = self.floor, np.zeros_like(self.speech)
        return gains

    def _gain(self, power: NDArray[np.float64], active: NDArray[np.bool_]) -> NDArray[np.float64]:
        self._track_noise(power, active)
        gamma = np.minimum(power / self.noise, GAMMA_MAX)
        xi = self.alpha * self.speech / self.noise + (1.0 - self.alpha) * np.maximum(gamma - 1.0, 0.0)
        wiener = np.maximum(xi, XI_MIN)
        wiener /= 1.0 + wiener
        gain: NDArray[np.float64] = wiener * np.exp(0.5 * exp1(np.maximum(gamma * wiener, TINY)))
        np.clip(gain, self.floor, 1.0, out=gain)
        self.speech = gain**2 * power
        return gain

    def _track_noise(self, power: NDArray[np.float64], active: NDArray[np.bool_]) -> None:
        likelihood = (1.0 + XI_SPEECH) * np.exp(np.maximum(-power / self.noise * XI_SPEECH / (1.0 + XI_SPEECH), -200.0))
        presence = 1.0 / (1.0 + likelihood)
        self.presence += (1.0 - PRESENCE_SMOOTHING) * (presence - self.presence)
        # a bin that has held "speech" for long holds noise that rose: let it in [3, section III.B]
        presence = np.where(self.presence > PRESENCE_MAX, np.minimum(presence, PRESENCE_MAX), presence)
        tracked = self.noise + (1.0 - NOISE_SMOOTHING) * (1.0 - presence) * (power - self.noise)
        self.noise = np.where(active, np.maximum(tracked, TINY), self.noise)
