"""Decoding of recordings that nobody vouches for: in a child process, under limits, with nothing taken on trust.

The child (``decode_child.py``) may crash, hang, eat memory or lie; the caller sees samples or a ``DecodeError``.
What the file's header claims counts for nothing: every limit is checked on what arrives.

A recording that ends too early: a WAV whose header promises more samples than the file holds, or a FLAC that breaks
off, was cut off on its way, and to return the beginning as if it were all would hide that: ``corrupt_audio``. A header
without a promise is no damage, and what is there is decoded: a WAV that was written to a pipe has the largest size, a
FLAC may leave its length open, an Ogg has none to begin with (so one that was cut off is decoded as far as it goes).
Of a FLAC that holds more than its header counts, the frames counted are decoded.
"""

import ctypes.util
import functools
import importlib.util
import logging
import math
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audio_enhancement.audio import decode_child
from audio_enhancement.audio.decode_child import HEADER, Exit
from audio_enhancement.settings import AudioSettings

READ_BYTES = 1 << 20
POLL_S = 0.2  # an exception for this thread (job time limit, shutdown) is delivered between two waits
EXIT_S = 1.0  # from the end of the samples to the end of the process
MAGIC_BYTES = 12

log = logging.getLogger(__name__)


class DecodeError(Exception):
    """A recording that cannot be decoded. ``code`` is a job error of ``errors.py``; the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Audio(NamedTuple):
    """A decoded recording: float32 ``(frames, channels)``, full scale 1; Hz; ``WAV``, ``FLAC`` or ``OGG``."""

    samples: NDArray[np.float32]
    sample_rate: int
    format: str


def sniff(head: bytes) -> str | None:
    """Name the format by the file's first 12 bytes: ``WAV``, ``FLAC``, ``OGG``, or None. Nothing is parsed."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "WAV"
    return {b"fLaC": "FLAC", b"OggS": "OGG"}.get(head[:4])


def decode(path: Path, limits: AudioSettings) -> Audio:
    """Decode a recording in a sandboxed child process.

    Args:
        path: The recording, as uploaded.
        limits: On duration, channels, sample rate, and on the child's time and memory.

    Raises:
        DecodeError: The recording is at fault.
        OSError: The file cannot be read.
        RuntimeError: The decoder itself does not run: the fault is the installation's, and another attempt may help.
    """
    with path.open("rb", buffering=0) as file:  # unbuffered: the child reads on from where this descriptor stands
        head = file.read(MAGIC_BYTES)
        if not head:
            raise DecodeError("empty_audio", "The file is empty.")
        name = sniff(head)
        if name is None:
            raise DecodeError("unsupported_format", "The file is not a WAV, FLAC or OGG recording.")
        file.seek(0)
        header, data = _run(file.fileno(), limits)
    if header is None or len(data) % (4 * header.channels):
        raise DecodeError("corrupt_audio", "The recording breaks off where it should not.")
    samples = np.frombuffer(data, "<f4").reshape(-1, header.channels)
    if not len(samples):
        raise DecodeError("empty_audio", "The recording holds no samples.")
    if not (np.isfinite(samples.min()) and np.isfinite(samples.max())):
        raise DecodeError("non_finite_audio", "The recording holds infinite or undefined samples.")
    return Audio(samples, header.sample_rate, name)


class _Header(NamedTuple):
    sample_rate: int
    channels: int


def _run(file: int, limits: AudioSettings) -> tuple[_Header | None, bytearray]:
    """Run the child on an open file; return its header, if it came as far, and the bytes of the samples."""
    command = [
        sys.executable,
        "-I",  # no environment, no user's packages, nothing from the current folder
        "-S",  # no installed packages either
        decode_child.__file__,
        _libsndfile(),
        str(limits.decode_memory_mb << 20),
        str(math.ceil(limits.decode_timeout_s)),
    ]
    child = subprocess.Popen(  # noqa: S603  the command is ours; the recording is only on stdin
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}, cwd="/", start_new_session=True
    )
    assert child.stdout is not None and child.stderr is not None
    try:
        header, data = _receive(child.stdout.fileno(), limits)
        status = child.wait(timeout=EXIT_S)
        message = os.read(child.stderr.fileno(), 4096)
    except subprocess.TimeoutExpired:
        raise DecodeError("decode_limit_exceeded", "The decoder did not end after its last sample.") from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        child.stdout.close()
        child.stderr.close()
    _judge(status, message.decode(errors="replace"))
    return header, data


def _receive(pipe: int, limits: AudioSettings) -> tuple[_Header | None, bytearray]:
    """Read what the child sends, until it ends, breaks a limit, or its time is up."""
    deadline = time.monotonic() + limits.decode_timeout_s
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    header: _Header | None = None
    data, most = bytearray(), 0
    while (remaining := deadline - time.monotonic()) > 0:
        if not poller.poll(min(remaining, POLL_S) * 1000):
            continue
        part = os.read(pipe, READ_BYTES)
        if not part:
            return header, data
        data += part
        if header is None and len(data) >= HEADER.size:
            header = _checked(_Header(*HEADER.unpack_from(data)), limits)
            del data[: HEADER.size]
            most = int(limits.max_duration_s * header.sample_rate) * header.channels * 4
        if header and len(data) > most:
            raise DecodeError("too_long", f"The recording is longer than {limits.max_duration_s:g} s.")
    raise DecodeError("decode_limit_exceeded", f"Decoding took longer than {limits.decode_timeout_s:g} s.")


def _checked(header: _Header, limits: AudioSettings) -> _Header:
    lowest, highest = limits.min_sample_rate_hz, limits.max_sample_rate_hz
    if not lowest <= header.sample_rate <= highest:
        raise DecodeError(
            "sample_rate_out_of_range", f"The sample rate is {header.sample_rate} Hz, not {lowest} to {highest} Hz."
        )
    if not 1 <= header.channels <= limits.max_channels:
        raise DecodeError(
            "too_many_channels", f"The recording has {header.channels} channels, more than {limits.max_channels}."
        )
    return header


def _judge(status: int, message: str) -> None:
    """Turn the child's exit status into an error, if it is one."""
    if status == Exit.OK:
        return
    if status in (Exit.MEMORY, -signal.SIGXCPU, -signal.SIGKILL):
        raise DecodeError("decode_limit_exceeded", "Decoding needed more memory or processor time than it may use.")
    if status == Exit.UNSUPPORTED:
        raise DecodeError("unsupported_format", "The recording uses an encoding that is not supported.")
    if status == Exit.CORRUPT:
        raise DecodeError("corrupt_audio", "The recording is damaged or breaks off.")
    if status < 0:
        name = signal.Signals(-status).name
        log.warning("the decoder was ended by %s: a recording may be an attack on it", name)
        raise DecodeError("corrupt_audio", f"The recording made the decoder crash ({name}).")
    raise RuntimeError(f"the decoder does not run (exit status {status}): {message.strip()}")


@functools.cache
def _libsndfile() -> str:
    """Find the library: the soundfile package carries one on most platforms, else it is the system's."""
    package = importlib.util.find_spec("_soundfile_data")
    for folder in (package.submodule_search_locations if package else None) or ():
        for library in Path(folder).glob("libsndfile*.so"):
            return str(library)
    library_name = ctypes.util.find_library("sndfile")
    if library_name is None:
        raise RuntimeError("libsndfile is not installed: neither the soundfile package nor the system has it")
    return library_name
