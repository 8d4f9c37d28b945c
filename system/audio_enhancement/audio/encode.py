"""Encoding of enhanced recordings: all of the file, or none of it."""

import os
import tempfile
from pathlib import Path

import soundfile

from audio_enhancement.audio.decode import Audio

SUBTYPES = {"WAV": "PCM_16", "FLAC": "PCM_16", "OGG": "VORBIS"}
BLOCK_FRAMES = 1 << 16  # libsndfile's Vorbis encoder puts what it gets at once on the stack


def encode(path: Path, audio: Audio) -> None:
    """Write a recording in its format and sample rate: 16-bit WAV or FLAC, or OGG Vorbis.

    A reader sees the old file or the whole new one, also after a crash or a full disk: the recording is written to a
    temporary file beside it, flushed to the disk, and renamed.

    Raises:
        OSError: The file cannot be written, for example because the disk is full. Nothing is left behind.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        try:
            _write(descriptor, audio)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except soundfile.LibsndfileError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(f"cannot write {path}: {error.error_string}") from error
    except BaseException:  # also a job's time limit, which reaches this thread as any exception
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _write(descriptor: int, audio: Audio) -> None:
    with soundfile.SoundFile(
        descriptor,
        "w",
        samplerate=audio.sample_rate,
        channels=audio.samples.shape[1],
        format=audio.format,
        subtype=SUBTYPES[audio.format],
        closefd=False,
    ) as file:
        for start in range(0, len(audio.samples), BLOCK_FRAMES):
            file.write(audio.samples[start : start + BLOCK_FRAMES])


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
