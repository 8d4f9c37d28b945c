"""A synthetic recording that behaves as speech does under noise suppression, made from nothing but a seed.

It is the canary's known recording and the fixture of the tests: no recording of a person, no licence, no file.
Synthesis follows the source-filter model of speech production [1]: a glottal source whose pitch falls over a phrase,
formants that move from vowel to vowel, hiss for unvoiced consonants, three to five syllables a second, and pauses
between phrases. The pauses, and the gaps between harmonics, are what a noise tracker lives on.

[1] G. Fant, "Acoustic Theory of Speech Production", Mouton, 1960. Formants of American English vowels, rounded:
    G. E. Peterson, H. L. Barney, "Control methods used in a study of the vowels", J. Acoust. Soc. Am. 24, 1952.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

NoiseKind = Literal["white", "pink", "hum"]

FORMANTS_HZ = np.array(
    [
        [270, 2290, 3010, 3700],  # i
        [530, 1840, 2480, 3600],  # ɛ
        [660, 1720, 2410, 3500],  # æ
        [730, 1090, 2440, 3400],  # ɑ
        [570, 840, 2410, 3300],  # ɔ
        [300, 870, 2240, 3300],  # u
        [490, 1350, 1690, 3300],  # ɝ
    ],
    dtype=np.float64,
)
UPPER_HZ = np.array([4500.0, 5500.0, 6500.0, 7500.0])  # resonances that hardly move; they carry the treble
BANDWIDTHS_HZ = (70.0, 100.0, 140.0, 220.0, 300.0, 350.0, 400.0, 450.0)
CONTROL_HZ = 200.0  # rate of pitch, amplitudes and formants; articulation has no content above about 30 Hz
BAND_HZ = 8000.0  # voiced sound above this is too weak to matter
BREATH = 0.01  # hiss beneath a voice
RMS = 0.05  # of the whole signal, full scale being 1: about −26 dBFS


def speech_like(seconds: float, sample_rate: int = 16_000, seed: int = 0) -> NDArray[np.float32]:
    """Make a clean, speech-like recording.

    Args:
        seconds: Length in s.
        sample_rate: In Hz.
        seed: The same seed gives the same samples.

    Returns:
        Samples of shape ``(round(seconds * sample_rate),)``, −26 dBFS RMS, peaks below full scale.
    """
    rng = np.random.default_rng(seed)
    count = round(seconds * sample_rate)
    time = np.arange(count) / sample_rate
    knots = np.arange(int(seconds * CONTROL_HZ) + 2) / CONTROL_HZ
    pitch, voicing, hiss, formants = _articulation(knots, rng)
    signal = _voiced(time, knots, pitch, voicing, formants, sample_rate)
    signal += np.interp(time, knots, hiss) * _hiss(count, sample_rate, rng)
    return (signal * (RMS / max(float(np.sqrt(np.mean(signal**2))) if count else 0.0, 1e-9))).astype(np.float32)


def _articulation(
    knots: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Say syllable after syllable: pitch in Hz, voiced and unvoiced amplitude, formants in Hz, one row per knot."""
    pitch, formants = np.full(knots.size, 110.0), np.zeros((knots.size, 4))
    voicing, hiss = np.zeros(knots.size), np.zeros(knots.size)
    vowel = FORMANTS_HZ[rng.integers(len(FORMANTS_HZ))]
    now = 0.15
    while now < knots[-1]:
        syllables = int(rng.integers(3, 8))
        for position in range(syllables):
            consonant = float(rng.uniform(0.04, 0.11)) if rng.random() < 0.75 else 0.0
            length = float(rng.uniform(0.13, 0.26))
            hiss += rng.uniform(0.1, 0.5) * _hump(knots, now, consonant)
            now += consonant
            voicing += rng.uniform(0.5, 1.0) * _hump(knots, now, length)
            during = (knots >= now - consonant) & (knots < now + length)
            accent = rng.uniform(0.9, 1.2)
            pitch[during] = 125.0 * accent * (1.0 - 0.25 * position / syllables)
            following = FORMANTS_HZ[rng.integers(len(FORMANTS_HZ))]
            glide = np.clip((knots[during, None] - now) / length, 0.0, 1.0)
            formants[during] = vowel + (following - vowel) * glide
            vowel, now = following, now + length
        now += float(rng.uniform(0.2, 0.5))  # the speaker breathes
    formants[formants[:, 0] == 0.0] = vowel
    smooth = np.hanning(15) / np.hanning(15).sum()
    pitch = np.convolve(np.pad(pitch, 7, mode="edge"), smooth, mode="valid")
    pitch *= 1.0 + 0.005 * rng.standard_normal(knots.size)  # jitter
    hiss += BREATH * voicing
    return pitch, voicing, hiss, np.hstack([formants, np.tile(UPPER_HZ, (knots.size, 1))])


def _hump(knots: NDArray[np.float64], start: float, length: float) -> NDArray[np.float64]:
    """Rise and fall between ``start`` and ``start + length`` (s), flat in the middle; nothing for no length."""
    if length <= 0.0:
        return np.zeros(knots.size)
    inside = np.clip((knots - start) / length, 0.0, 1.0)
    return np.sin(np.pi * inside) ** 0.7


def _voiced(
    time: NDArray[np.float64],
    knots: NDArray[np.float64],
    pitch: NDArray[np.float64],
    voicing: NDArray[np.float64],
    formants: NDArray[np.float64],
    sample_rate: int,
) -> NDArray[np.float64]:
    """Sum the harmonics of a glottal pulse train, each as loud as the vocal tract lets it through at that moment.

    Additive, so nothing aliases at any sample rate. The source falls by 12 dB an octave and the lips' radiation
    raises 6: amplitude 1/k for harmonic k. A formant is a two-pole resonance: |H|² = F⁴ / ((F² − f²)² + (B f)²).
    """
    phase = 2.0 * np.pi * np.cumsum(np.interp(time, knots, pitch)) / sample_rate
    signal = np.zeros(time.size)
    for harmonic in range(1, int(min(BAND_HZ, sample_rate / 2) / pitch.min()) + 1):
        frequency = harmonic * pitch
        amplitude = voicing / harmonic * (frequency < min(BAND_HZ, sample_rate / 2 * 0.95))
        for formant, bandwidth in zip(formants.T, BANDWIDTHS_HZ, strict=True):
            amplitude = amplitude * formant**2 / np.hypot(formant**2 - frequency**2, bandwidth * frequency)
        signal += np.interp(time, knots, amplitude) * np.cos(harmonic * phase)
    return signal


def _hiss(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise of unvoiced consonants: unit variance, most of it around 4 kHz (or as high as the sample rate allows)."""
    centre = min(4000.0, 0.35 * sample_rate)
    shape = 1.0 / (1.0 + ((np.fft.rfftfreq(max(count, 1), 1 / sample_rate) - centre) / 1200.0) ** 2)
    return _unit_rms(np.fft.irfft(np.fft.rfft(rng.standard_normal(max(count, 1))) * shape, max(count, 1))[:count])


def noisy(
    clean: NDArray[np.float32], snr_db: float, seed: int, kind: NoiseKind = "white", sample_rate: int = 16_000
) -> NDArray[np.float32]:
    """Add noise to a recording at a signal-to-noise ratio measured over its whole length, pauses included.

    Args:
        clean: Samples of shape ``(n,)``.
        snr_db: In dB.
        seed: The same seed gives the same noise.
        kind: ``white``, ``pink`` (power falls by 3 dB an octave from 20 Hz on), or ``hum`` (mains: harmonics of 50 Hz with a slow
            beat, over a faint hiss).
        sample_rate: In Hz.

    Returns:
        Samples of shape ``(n,)``.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(clean.size)
    if kind == "pink":
        frequency = np.fft.rfftfreq(clean.size, 1 / sample_rate)
        noise = np.fft.irfft(np.fft.rfft(noise) / np.sqrt(np.maximum(frequency, 20.0)), clean.size)
    elif kind == "hum":
        time = np.arange(clean.size) / sample_rate
        beat = 1.0 + 0.1 * np.sin(2.0 * np.pi * 0.3 * time)
        harmonics = [k for k in range(1, 13) if 50 * k < sample_rate / 2]
        tones = [np.sin(2.0 * np.pi * (50.0 * k * time + rng.random())) / k for k in harmonics]
        noise = beat * _unit_rms(np.sum(tones, axis=0)) + 0.1 * noise
    level = float(np.sqrt(np.mean(np.square(clean, dtype=np.float64)))) * 10.0 ** (-snr_db / 20.0)
    mixture: NDArray[np.float32] = (clean + level * _unit_rms(noise)).astype(np.float32)
    return mixture


def _unit_rms(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = signal / np.sqrt(np.mean(signal**2))
    return scaled
