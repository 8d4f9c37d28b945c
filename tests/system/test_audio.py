"""Decoding of hostile recordings, and encoding that is all or nothing."""

import struct
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from audio_enhancement.audio import decode_child
from audio_enhancement.audio.decode import Audio, DecodeError, decode, sniff
from audio_enhancement.audio.encode import encode
from audio_enhancement.dsp.speech import speech_like
from audio_enhancement.errors import BY_CODE
from audio_enhancement.settings import AudioSettings

LIMITS = AudioSettings()
RATE = 16_000
SPEECH = speech_like(1.0)[:, None]

Write = Callable[[bytes], Path]
Child = Callable[[str], None]


@pytest.fixture
def file(tmp_path: Path) -> Write:
    def write(data: bytes) -> Path:
        path = tmp_path / "recording"
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Child:
    """Put a program of our own in the decoder's place: one that hostile bytes have taken over."""

    def write(body: str) -> None:
        script = tmp_path / "child.py"
        script.write_text("import os, signal, struct, sys, time\n" + body)
        monkeypatch.setattr(decode_child, "__file__", str(script))

    return write


def recording(
    tmp_path: Path,
    samples: NDArray[np.float32] = SPEECH,
    sample_rate: int = RATE,
    form: str = "WAV",
    subtype: str | None = None,
) -> bytes:
    path = tmp_path / f"source.{form}"
    with soundfile.SoundFile(path, "w", sample_rate, samples.shape[1], subtype, format=form) as out:
        for start in range(0, len(samples), 1 << 16):
            out.write(samples[start : start + (1 << 16)])
    return path.read_bytes()


def refusal(path: Path, limits: AudioSettings = LIMITS) -> str:
    with pytest.raises(DecodeError) as caught:
        decode(path, limits)
    assert BY_CODE[caught.value.code].scope == "job"
    assert str(caught.value).endswith(".")
    return caught.value.code


def with_wav_size(wav: bytes, size: int) -> bytes:
    data = wav.index(b"data")
    return wav[:4] + struct.pack("<I", size) + wav[8 : data + 4] + struct.pack("<I", size) + wav[data + 8 :]


def with_flac_total(flac: bytes, total: int) -> bytes:
    """STREAMINFO begins at byte 8; the number of samples is the last 36 of the 64 bits from its tenth byte on."""
    packed = int.from_bytes(flac[18:26], "big") >> 36 << 36 | total
    return flac[:18] + packed.to_bytes(8, "big") + flac[26:]


# What is decoded


@pytest.mark.parametrize(
    ("form", "subtype", "name", "tolerance"),
    [
        ("WAV", "PCM_U8", "WAV", 1e-2),
        ("WAV", "PCM_16", "WAV", 1e-4),
        ("WAV", "PCM_24", "WAV", 1e-6),
        ("WAV", "PCM_32", "WAV", 1e-6),
        ("WAV", "FLOAT", "WAV", 0),
        ("WAV", "DOUBLE", "WAV", 0),
        ("WAV", "ULAW", "WAV", 2e-2),
        ("WAVEX", "PCM_24", "WAV", 1e-6),
        ("FLAC", "PCM_16", "FLAC", 1e-4),
        ("FLAC", "PCM_24", "FLAC", 1e-6),
        ("OGG", "VORBIS", "OGG", 0.1),
        ("OGG", "OPUS", "OGG", 0.3),
    ],
)
def test_formats_are_decoded(form: str, subtype: str, name: str, tolerance: float, file: Write, tmp_path: Path) -> None:
    stereo = np.hstack([SPEECH, -0.5 * SPEECH])
    audio = decode(file(recording(tmp_path, stereo, RATE, form, subtype)), LIMITS)
    assert (audio.sample_rate, audio.format) == (RATE, name)
    assert audio.samples.dtype == np.float32
    np.testing.assert_allclose(audio.samples, stereo, atol=tolerance)


@pytest.mark.parametrize("sample_rate", [8_000, 96_000])
def test_sample_rates_at_the_limits_are_decoded(sample_rate: int, file: Write, tmp_path: Path) -> None:
    assert decode(file(recording(tmp_path, SPEECH, sample_rate)), LIMITS).sample_rate == sample_rate


def test_a_recording_of_exactly_the_limit_is_decoded(file: Write, tmp_path: Path) -> None:
    limits = AudioSettings(max_duration_s=1.0)
    assert len(decode(file(recording(tmp_path, SPEECH)), limits).samples) == RATE
    longer = np.vstack([SPEECH, SPEECH[:1]])
    assert refusal(file(recording(tmp_path, longer)), limits) == "too_long"


@pytest.mark.parametrize("size", [0x7FFFF000, 0x80000000, 0xFFFFFFFF])
def test_a_wav_that_was_written_to_a_pipe_is_decoded(size: int, file: Write, tmp_path: Path) -> None:
    """Its header claims 2 or 4 GB because the writer could not know."""
    assert len(decode(file(with_wav_size(recording(tmp_path), size)), LIMITS).samples) == RATE


def test_a_flac_of_open_length_is_decoded(file: Write, tmp_path: Path) -> None:
    flac = with_flac_total(recording(tmp_path, form="FLAC"), 0)
    assert len(decode(file(flac), LIMITS).samples) == RATE


def test_a_flac_that_counts_too_few_gives_what_it_counts(file: Write, tmp_path: Path) -> None:
    flac = with_flac_total(recording(tmp_path, form="FLAC"), 15_000)
    assert len(decode(file(flac), LIMITS).samples) == 15_000


def test_an_ogg_that_breaks_off_is_decoded_as_far_as_it_goes(file: Write, tmp_path: Path) -> None:
    ogg = recording(tmp_path, np.tile(SPEECH, (10, 1)), form="OGG")
    assert 0 < len(decode(file(ogg[: len(ogg) // 2]), LIMITS).samples) < 10 * RATE


def test_floats_over_full_scale_are_no_fault(file: Write, tmp_path: Path) -> None:
    loud = SPEECH * np.float32(1e6)
    np.testing.assert_array_equal(decode(file(recording(tmp_path, loud, subtype="FLOAT")), LIMITS).samples, loud)


# What is refused


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_audio"),
        (b"R", "unsupported_format"),
        (b"these are words, and the file is called recording.wav\n" * 20, "unsupported_format"),
        (b"ID3\x04" + bytes(500), "unsupported_format"),
        (b"FORM\0\0\0\0AIFF" + bytes(500), "unsupported_format"),
        (b"RIFF\0\0\0\0WAVE", "corrupt_audio"),
        (b"RIFF\xff\xff\xff\xffWAVE" + b"garbage" * 1000, "corrupt_audio"),
        (b"fLaC", "corrupt_audio"),
        (b"fLaC" + b"garbage" * 1000, "corrupt_audio"),
        (b"OggS" + b"garbage" * 1000, "corrupt_audio"),
    ],
)
def test_what_is_no_recording_is_refused(data: bytes, code: str, file: Write) -> None:
    assert refusal(file(data)) == code


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.99])
def test_a_recording_that_breaks_off_is_refused(form: str, part: float, file: Write, tmp_path: Path) -> None:
    whole = recording(tmp_path, form=form)
    assert refusal(file(whole[: int(len(whole) * part)])) == "corrupt_audio"


def test_headers_that_promise_more_than_there_is_are_refused(file: Write, tmp_path: Path) -> None:
    assert refusal(file(with_wav_size(recording(tmp_path), 1_000_000_000))) == "corrupt_audio"
    flac = recording(tmp_path, form="FLAC")
    for total in (RATE + 1, 2**36 - 1):
        assert refusal(file(with_flac_total(flac, total))) == "corrupt_audio"


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG"])
def test_a_recording_without_samples_is_refused(form: str, file: Write, tmp_path: Path) -> None:
    assert refusal(file(recording(tmp_path, SPEECH[:0], form=form))) in {"empty_audio", "corrupt_audio"}


@pytest.mark.parametrize("form", ["FLAC", "OGG"])
def test_a_decompression_bomb_is_stopped(form: str, file: Write, tmp_path: Path) -> None:
    """An hour of silence: 89 kB of FLAC for 115 MB of samples."""
    bomb = file(recording(tmp_path, np.zeros((3600 * 8_000, 1), np.float32), 8_000, form))
    assert bomb.stat().st_size < 300_000
    assert refusal(bomb) == "too_long"


def test_channels_and_sample_rate_are_limited(file: Write, tmp_path: Path) -> None:
    assert refusal(file(recording(tmp_path, np.tile(SPEECH, (1, 3))))) == "too_many_channels"
    assert refusal(file(recording(tmp_path, np.zeros((9, 500), np.float32)))) == "too_many_channels"
    for sample_rate in (4_000, 192_000, 2**31 - 1):
        assert refusal(file(recording(tmp_path, SPEECH[:9], sample_rate))) == "sample_rate_out_of_range"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(value: float, file: Write, tmp_path: Path) -> None:
    bad = SPEECH.copy()
    bad[-1] = value
    assert refusal(file(recording(tmp_path, bad, subtype="FLOAT"))) == "non_finite_audio"


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_rare_encodings_are_refused(subtype: str, file: Write, tmp_path: Path) -> None:
    assert refusal(file(recording(tmp_path, subtype=subtype))) == "unsupported_format"


def test_damaged_recordings_never_reach_the_caller_as_anything_else(file: Write, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for form in ("WAV", "FLAC", "OGG"):
        whole = recording(tmp_path, form=form)
        for _ in range(40):
            damaged = bytearray(whole)
            for place in rng.integers(12, rng.choice([200, len(whole)]), size=rng.integers(1, 30)):
                damaged[place] = rng.integers(256)
            try:
                samples = decode(file(bytes(damaged)), LIMITS).samples
            except DecodeError as error:
                assert error.code in BY_CODE
            else:
                assert samples.size and np.isfinite(samples).all()


def test_a_file_that_is_gone_is_the_callers_matter(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "gone", LIMITS)


# A child that misbehaves


def test_a_child_that_hangs_is_killed_with_all_it_started(child: Child, file: Write, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    child(f"child = os.fork() or os.getpid()\nopen({str(pids)!r}, 'a').write(f'{{child}}\\n')\ntime.sleep(60)")
    limits = AudioSettings(decode_timeout_s=1.0)
    start = time.monotonic()
    assert refusal(file(recording(tmp_path)), limits) == "decode_limit_exceeded"
    assert time.monotonic() - start < 30.0
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    deadline = time.monotonic() + 5.0
    while any(is_running(pid) for pid in started):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "corrupt_audio"),
        ("os.abort()", "corrupt_audio"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "decode_limit_exceeded"),
        ("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass", "decode_limit_exceeded"),
        ("pass", "corrupt_audio"),
        ("os.write(1, struct.pack('<ii', 16000, 2) + b'12345')", "corrupt_audio"),
        ("os.write(1, struct.pack('<ii', 16000, 0))", "too_many_channels"),
        ("os.write(1, struct.pack('<ii', 16000, -2))", "too_many_channels"),
        ("os.write(1, struct.pack('<ii', -1, 1))", "sample_rate_out_of_range"),
        ("os.write(1, struct.pack('<ii', 8000, 1))\nwhile True: os.write(1, bytes(1 << 16))", "too_long"),
        ("os.close(1)\ntime.sleep(60)", "decode_limit_exceeded"),
        ("os.write(2, bytes(1 << 20))", "decode_limit_exceeded"),
    ],
)
def test_whatever_the_child_does_is_a_decode_error(
    body: str, code: str, child: Child, file: Write, tmp_path: Path
) -> None:
    child(body)
    limits = AudioSettings(decode_timeout_s=2.0)
    assert refusal(file(recording(tmp_path)), limits) == code


def test_a_decoder_that_cannot_run_is_no_fault_of_the_recording(child: Child, file: Write, tmp_path: Path) -> None:
    child("import no_such_module")
    with pytest.raises(RuntimeError, match="no_such_module"):
        decode(file(recording(tmp_path)), LIMITS)


def test_too_little_memory_is_a_decode_error(file: Write, tmp_path: Path) -> None:
    limits = AudioSettings.model_construct(**LIMITS.model_dump() | {"decode_memory_mb": 17})
    flac = recording(tmp_path, np.tile(SPEECH, (1, 2)), form="FLAC")
    assert refusal(file(flac), limits) in {"decode_limit_exceeded", "corrupt_audio"}


CONFINED = """
import os, socket, sys
sys.path.insert(0, sys.argv[1])
import decode_child
decode_child.confine(512 << 20, 10)
actions = {
    "open": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "socket": lambda: socket.socket(),
    "pipe": lambda: os.pipe(),
    "fork": lambda: os.fork(),
    "run": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "grow": lambda: bytearray(1 << 30),
    "write": lambda: os.write(0, b"x"),
    "root": lambda: os.setuid(0) if os.getuid() else None,
    "limits": lambda: decode_child.resource.setrlimit(decode_child.resource.RLIMIT_NOFILE, (64, 64)),
}
try:
    actions[sys.argv[2]]()
except (OSError, ValueError, MemoryError) as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("action", ["open", "socket", "pipe", "grow", "write", "fork", "run", "root", "limits"])
def test_the_confined_process_can_do_nothing_else(action: str, tmp_path: Path) -> None:
    script = tmp_path / "confined.py"
    script.write_text(CONFINED)
    with (tmp_path / "out").open("w+b") as stdin:
        done = subprocess.run(
            [sys.executable, "-I", "-S", script, Path(decode_child.__file__).parent, action],
            stdin=stdin,
            capture_output=True,
            check=False,
        )
    refused = {
        "grow": b"MemoryError",
        "fork": b"BlockingIOError",
        "run": b"BlockingIOError",
        "root": b"PermissionError",
    }
    if action == "limits":
        refused["limits"] = b"ValueError"
    assert done.stdout.strip() == refused.get(action, b"OSError")


def test_nothing_stays_open_and_threads_do_not_mind(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(recording(tmp_path))
    bad.write_bytes(recording(tmp_path)[:5000])
    before = len(list(Path("/proc/self/fd").iterdir()))
    with ThreadPoolExecutor(4) as pool:
        shapes = list(pool.map(lambda _: decode(good, LIMITS).samples.shape, range(12)))
        codes = list(pool.map(lambda _: refusal(bad), range(12)))
    assert set(shapes) == {(RATE, 1)}
    assert set(codes) == {"corrupt_audio"}
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# Encoding


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG"])
@pytest.mark.parametrize("sample_rate", [8_000, 44_100, 96_000])
def test_what_is_encoded_is_decoded_again(form: str, sample_rate: int, tmp_path: Path) -> None:
    samples = np.hstack([speech_like(1, sample_rate)[:, None]] * 2)
    path = tmp_path / "result"
    encode(path, Audio(samples, sample_rate, form))
    audio = decode(path, LIMITS)
    assert (audio.sample_rate, audio.format) == (sample_rate, form)
    np.testing.assert_allclose(audio.samples, samples, atol=0.1 if form == "OGG" else 1e-4)
    assert [entry.name for entry in tmp_path.iterdir()] == ["result"]


def test_samples_over_full_scale_are_clipped_not_wrapped(tmp_path: Path) -> None:
    path = tmp_path / "result"
    encode(path, Audio(np.array([[1.5], [-1.5]], np.float32), RATE, "WAV"))
    np.testing.assert_allclose(decode(path, LIMITS).samples, [[1.0], [-1.0]], atol=1e-4)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from audio_enhancement.audio.decode import Audio
from audio_enhancement.audio.encode import encode
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
noise = np.random.default_rng(0).uniform(-1, 1, (100_000, 1)).astype(np.float32)
try:
    encode(Path(sys.argv[1]), Audio(noise, 16_000, sys.argv[2]))
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG"])
def test_a_file_that_cannot_be_written_whole_is_not_written(form: str, tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(b"the result before")
    done = subprocess.run(
        [sys.executable, "-B", "-c", FULL_DISK, path, form],  # -B: else its byte code would be cut off as well
        env={"PYTHONPATH": str(Path(decode_child.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot write" in done.stdout
    assert path.read_bytes() == b"the result before"
    assert list(tmp_path.iterdir()) == [path]


# Magic bytes


def test_sniffing_needs_twelve_bytes_and_no_parser() -> None:
    assert sniff(b"RIFF\0\0\0\0WAVE") == "WAV"
    assert sniff(b"fLaC" + bytes(8)) == "FLAC"
    assert sniff(b"OggS" + bytes(8)) == "OGG"
    for head in (b"", b"RIFF", b"RIFF\0\0\0\0AVI ", b"WAVE\0\0\0\0RIFF", b"\0" * 12):
        assert sniff(head) is None
