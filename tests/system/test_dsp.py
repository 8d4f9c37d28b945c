"""The signal processing: does it gain what the manual says, and does nothing bring it down?"""

import time

import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray
from scipy.signal import resample

from audio_enhancement.dsp.enhance import enhance
from audio_enhancement.dsp.logmmse import suppress
from audio_enhancement.dsp.loudness import integrated_loudness, limit, normalise
from audio_enhancement.dsp.quality import si_sdr
from audio_enhancement.dsp.speech import NoiseKind, noisy, speech_like
from audio_enhancement.settings import DspSettings

Samples = NDArray[np.float32]
RATE = 16_000
DEFAULTS = DspSettings()


def denoise(samples: Samples, sample_rate: int = RATE, floor_db: float = -12.0) -> Samples:
    return suppress(samples[:, None], sample_rate, floor_db, 0.98)[:, 0]


def improvement(kind: NoiseKind, snr_db: float, sample_rate: int = RATE, seed: int = 0) -> float:
    clean = speech_like(6, sample_rate, seed)
    recording = noisy(clean, snr_db, seed + 100, kind, sample_rate)
    return si_sdr(clean, denoise(recording, sample_rate)) - si_sdr(clean, recording)


def true_peak_dbfs(samples: Samples) -> float:
    """An oversampler that owes nothing to the limiter's: 8 times, by Fourier transform."""
    return float(20 * np.log10(np.abs(resample(samples, 8 * len(samples))).max()))


# What it is for


@pytest.mark.parametrize("kind", ["white", "pink", "hum"])
@pytest.mark.parametrize("snr_db", [0, 5, 10])
def test_noise_suppression_gains_at_least_2_db_si_sdr(kind: NoiseKind, snr_db: float) -> None:
    gains = [improvement(kind, snr_db, seed=seed) for seed in range(3)]
    assert np.mean(gains) >= 2.0
    assert min(gains) > 0.0


@pytest.mark.parametrize("sample_rate", [8_000, 22_050, 48_000])
def test_the_gain_does_not_depend_on_the_sample_rate(sample_rate: int) -> None:
    assert improvement("white", 5, sample_rate) >= 4.0


def test_a_wrong_floor_shows_in_si_sdr() -> None:
    clean = speech_like(6)
    recording = noisy(clean, 5, 1)
    healthy, wrong = (si_sdr(clean, denoise(recording, floor_db=floor)) for floor in (-12.0, -1.0))
    assert healthy - wrong > 3.0


def test_clean_speech_is_not_harmed() -> None:
    clean = speech_like(6)
    assert si_sdr(clean, denoise(clean)) > 25.0


def test_noise_that_rises_by_20_db_is_followed() -> None:
    noise = np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32) * 0.003
    noise[3 * RATE :] *= 10.0
    out = denoise(noise)
    reduced = 20 * np.log10(out[8 * RATE :].std() / noise[8 * RATE :].std())
    assert reduced == pytest.approx(-12.0, abs=1.0)


def test_digital_silence_teaches_nothing_about_the_noise_after_it() -> None:
    noise = np.random.default_rng(0).standard_normal(8 * RATE).astype(np.float32) * 0.01
    noise[: 2 * RATE] = 0.0  # a muted start
    noise[4 * RATE : 5 * RATE] = 0.0  # and a gap
    out = denoise(noise)
    for start in (2.5, 5.1):
        part = slice(int(start * RATE), int((start + 1) * RATE))
        assert 20 * np.log10(out[part].std() / noise[part].std()) < -9.0


# What it promises


def test_a_floor_of_0_db_returns_the_recording() -> None:
    recording = noisy(speech_like(3), 5, 1)
    np.testing.assert_allclose(denoise(recording, floor_db=0.0), recording, atol=1e-6)


def test_channels_do_not_touch_each_other() -> None:
    left, right = noisy(speech_like(2), 5, 1), noisy(speech_like(2, seed=1), 0, 2, "pink")
    both = suppress(np.stack([left, right], axis=1), RATE, -12.0, 0.98)
    np.testing.assert_array_equal(both, np.stack([denoise(left), denoise(right)], axis=1))


def test_chunks_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = noisy(speech_like(6), 5, 1)
    whole = denoise(recording)
    monkeypatch.setattr("audio_enhancement.dsp.logmmse.CHUNK_FRAMES", 100)
    np.testing.assert_allclose(denoise(recording), whole, atol=1e-6)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 6400, 70_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_length_comes_back_at_its_length(length: int, channels: int) -> None:
    samples = np.random.default_rng(length).standard_normal((length, channels)).astype(np.float32) * 0.1
    before = samples.copy()
    out = enhance(samples, RATE, DEFAULTS)
    assert out.shape == samples.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    np.testing.assert_array_equal(samples, before)


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 44_100, 96_000, 192_000])
@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((9_600, 1), np.float32),
        np.ones((9_600, 1), np.float32),
        np.full((9_600, 2), 3e38, np.float32),
        np.full((9_600, 2), 1e-40, np.float32),
        np.tile(np.array([[1.0], [-1.0]], np.float32), (4_800, 1)),
        np.eye(9_600, 1, k=-5_000, dtype=np.float32),
    ],
    ids=["silence", "dc", "huge", "denormal", "nyquist", "click"],
)
def test_odd_signals_stay_finite_and_under_the_ceiling(samples: Samples, sample_rate: int) -> None:
    out = enhance(samples, sample_rate, DEFAULTS)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 10 ** (-1 / 20) + 1e-6


def test_an_hour_of_silence_stays_silence() -> None:
    out = enhance(np.zeros((3600 * 8_000, 1), np.float32), 8_000, DEFAULTS)
    assert not out.any()


@pytest.mark.parametrize("bad", [np.zeros(10, np.float32), np.full((10, 1), np.nan, np.float32)])
def test_wrong_input_is_refused(bad: Samples) -> None:
    with pytest.raises(ValueError, match="samples must"):
        enhance(bad, RATE, DEFAULTS)


def test_it_runs_far_faster_than_real_time() -> None:
    recording = noisy(speech_like(10), 5, 1)[:, None]
    enhance(recording[:RATE], RATE, DEFAULTS)
    start = time.process_time()
    enhance(recording, RATE, DEFAULTS)
    assert (time.process_time() - start) / 10.0 < 0.05


# Loudness and limiter


@pytest.mark.parametrize("sample_rate", [8_000, 44_100, 48_000])
def test_loudness_agrees_with_pyloudnorm(sample_rate: int) -> None:
    stereo = np.stack([speech_like(5, sample_rate), 0.3 * speech_like(5, sample_rate, 1)], axis=1)
    stereo[2 * sample_rate : 3 * sample_rate] *= 0.001  # something for the gate to drop
    expected = pyloudnorm.Meter(sample_rate).integrated_loudness(stereo)
    assert integrated_loudness(stereo, sample_rate) == pytest.approx(expected, abs=0.05)


def test_a_full_scale_997_hz_tone_is_at_minus_3_lufs() -> None:
    """The calibration point that BS.1770-4 names."""
    tone = np.sin(2 * np.pi * 997 / 48_000 * np.arange(5 * 48_000)).astype(np.float32)[:, None]
    assert integrated_loudness(tone, 48_000) == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("target", [-30.0, -18.0])
@pytest.mark.parametrize("level", [0.1, 1.0])
def test_enhanced_speech_is_at_the_target(target: float, level: float) -> None:
    recording = noisy(speech_like(6), 10, 1)[:, None] * np.float32(level)
    out = enhance(recording, RATE, DspSettings(target_lufs=target))
    assert integrated_loudness(out, RATE) == pytest.approx(target, abs=0.5)


def test_loudness_that_is_not_defined_is_left_alone() -> None:
    short, silent = speech_like(0.39)[:, None], np.full((RATE, 1), 1e-5, np.float32)
    assert normalise(short, RATE, -18.0)[1:] == (0.0, "too_short")
    assert normalise(silent, RATE, -18.0)[1:] == (0.0, "silent")
    assert normalise(silent, RATE, -18.0).samples is silent


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("ceiling", [-12.0, -1.0])
def test_true_peaks_stay_under_the_ceiling(sample_rate: int, ceiling: float) -> None:
    loud = 8 * np.stack([speech_like(4, sample_rate), speech_like(4, sample_rate, 1)], axis=1)
    limit(loud, sample_rate, ceiling)
    assert true_peak_dbfs(loud) == pytest.approx(ceiling, abs=0.2)
    assert np.abs(loud).max() <= 10 ** (ceiling / 20) + 1e-6


def test_a_peak_between_samples_is_seen() -> None:
    tone = 0.99 * np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4).astype(np.float32)[:, None] * np.sqrt(2)
    tone = (tone * 0.98 / np.abs(tone).max()).astype(np.float32)  # samples at −0.2 dBFS, the wave itself at +2.8
    limit(tone, RATE, -1.0)
    assert np.abs(tone[RATE // 2]).max() == pytest.approx(10 ** (-4.01 / 20), abs=0.01)


def test_the_limiter_leaves_quiet_parts_and_quiet_recordings_alone() -> None:
    quiet = speech_like(4)[:, None]
    same = quiet.copy()
    limit(same, RATE, -1.0)
    np.testing.assert_array_equal(same, quiet)
    click = quiet.copy()
    click[RATE] = 2.0
    limit(click, RATE, -1.0)
    np.testing.assert_array_equal(click[: RATE - 100], quiet[: RATE - 100])  # 6 ms before it, nothing is known of it
    np.testing.assert_array_equal(click[RATE + RATE // 4 :], quiet[RATE + RATE // 4 :])  # 250 ms after it is over


def test_the_limiter_works_across_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    loud = 10 * speech_like(4)[:, None]
    whole, pieces = loud.copy(), loud.copy()
    limit(whole, RATE, -1.0)
    monkeypatch.setattr("audio_enhancement.dsp.loudness.CHUNK_S", 0.37)
    limit(pieces, RATE, -1.0)
    np.testing.assert_allclose(pieces, whole, atol=1e-5)
    assert integrated_loudness(pieces, RATE) == pytest.approx(integrated_loudness(whole, RATE), abs=1e-3)


# The measure and the fixture


def test_si_sdr_of_known_mixtures() -> None:
    rng = np.random.default_rng(0)
    clean = rng.standard_normal(100_000).astype(np.float32)
    noise = rng.standard_normal(100_000).astype(np.float32)
    assert si_sdr(clean, clean + 0.1 * noise) == pytest.approx(20.0, abs=0.1)
    assert si_sdr(clean, 7.0 * (clean + 0.1 * noise)) == pytest.approx(20.0, abs=0.1)
    assert si_sdr(clean, -3.0 * clean) > 100.0
    with pytest.raises(ValueError, match="not silent"):
        si_sdr(np.zeros(10, np.float32), clean[:10])
    with pytest.raises(ValueError, match="one shape"):
        si_sdr(clean, clean[:-1])


def test_the_fixture_is_deterministic_and_like_speech() -> None:
    first, again, other = speech_like(6), speech_like(6), speech_like(6, seed=1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.abs(first).max() < 1.0
    frames = np.square(first[: len(first) // 320 * 320].reshape(-1, 320)).mean(axis=1)
    pauses = np.mean(frames < 1e-3 * frames.mean())
    assert 0.1 < pauses < 0.6
    spectrum = np.abs(np.fft.rfft(first)) ** 2
    hertz = np.fft.rfftfreq(len(first), 1 / RATE)
    assert spectrum[hertz < 1000].sum() > spectrum[(hertz > 1000) & (hertz < 4000)].sum() > 0
    assert spectrum[hertz > 4000].sum() > 1e-4 * spectrum.sum()


@pytest.mark.parametrize("kind", ["white", "pink", "hum"])
def test_noise_has_the_level_asked_for(kind: NoiseKind) -> None:
    clean = speech_like(4)
    noise = noisy(clean, 5.0, 3, kind) - clean
    assert 20 * np.log10(clean.std() / noise.std()) == pytest.approx(5.0, abs=0.1)
