"""The decoder that runs alone in a sandboxed process: a recording comes in on stdin, raw samples go out on stdout.

``decode.py`` starts it by its file name as ``python -I -S decode_child.py LIBSNDFILE MEMORY_BYTES CPU_SECONDS``. It calls
libsndfile by its documented C interface (https://libsndfile.github.io/libsndfile/api.html) and imports nothing but
the standard library: it is ready in 20 ms, where the soundfile package, which imports numpy, takes 200 ms.

Before the first byte of the recording is looked at, the process has given up what a hostile recording could misuse:
root, memory, CPU time, writing files, starting processes, and opening anything at all: only stdin, stdout and stderr
are left, and no file, socket or program can be opened any more.

Output: ``HEADER`` (sample rate in Hz, channels), then float32 samples, little-endian, channels interleaved.
Exit status: a member of ``Exit``; any other, or a signal, is for the parent to judge.
"""

import contextlib
import ctypes
import os
import resource
import struct
import sys
from enum import IntEnum

HEADER = struct.Struct("<ii")
BLOCK_BYTES = 1 << 18
NOBODY = 65534

READ_MODE = 0x10
CONTAINER_MASK, ENCODING_MASK = 0x0FFF0000, 0xFFFF
WAV, WAVEX, FLAC, OGG = 0x010000, 0x130000, 0x170000, 0x200000
# PCM of 8 to 32 bits, float, double, µ-law, A-law, Vorbis, Opus. Rarer ones are not worth what they expose.
ENCODINGS = {1, 2, 3, 4, 5, 6, 7, 0x10, 0x11, 0x60, 0x64}
UNSUPPORTED_ENCODING = 4  # of sf_error()
STREAMED_FROM = 0x7FFF0000  # writers that cannot seek back put a data size from here on into a WAV header
UNCOUNTED = 2**63 - 1  # SF_COUNT_MAX: a FLAC header that leaves the number of frames open


class Exit(IntEnum):
    """How decoding ended."""

    OK = 0
    UNSUPPORTED = 10
    CORRUPT = 11
    MEMORY = 12


class Info(ctypes.Structure):
    """SF_INFO of sndfile.h."""

    _fields_ = (
        ("frames", ctypes.c_int64),
        ("sample_rate", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("format", ctypes.c_int),
        ("sections", ctypes.c_int),
        ("seekable", ctypes.c_int),
    )


def confine(memory_bytes: int, cpu_s: int) -> None:
    """Give up, for good, what decoding does not need."""
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):  # a container may forbid it; the limits hold all the same
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)


def wav_data_is_cut_off(file: int) -> bool:
    """Tell whether a WAV header promises more samples than the file holds.

    libsndfile reads such a file to its end without a word. A size that means "I could not know" is no promise.
    """
    size, position = os.fstat(file).st_size, 12
    while len(head := os.pread(file, 8, position)) == 8:
        length = int.from_bytes(head[4:], "little")
        if head.startswith(b"data"):
            return length < STREAMED_FROM and position + 8 + length > size
        position += 8 + length + length % 2
    return False


def decode(library: ctypes.CDLL, file: int, out: int) -> Exit:
    """Decode the recording in ``file`` and write header and samples to ``out``."""
    library.sf_open_fd.restype = ctypes.c_void_p
    library.sf_open_fd.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.POINTER(Info), ctypes.c_int)
    library.sf_readf_float.restype = ctypes.c_int64
    library.sf_readf_float.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    library.sf_error.argtypes = (ctypes.c_void_p,)

    info = Info()
    handle = library.sf_open_fd(file, READ_MODE, ctypes.byref(info), 0)
    if not handle:
        return Exit.UNSUPPORTED if library.sf_error(None) == UNSUPPORTED_ENCODING else Exit.CORRUPT
    container = info.format & CONTAINER_MASK
    if container not in (WAV, WAVEX, FLAC, OGG) or info.format & ENCODING_MASK not in ENCODINGS:
        return Exit.UNSUPPORTED
    if container in (WAV, WAVEX) and wav_data_is_cut_off(file):
        return Exit.CORRUPT
    write(out, memoryview(HEADER.pack(info.sample_rate, info.channels)))
    frame_bytes = 4 * info.channels
    block = ctypes.create_string_buffer(max(1, BLOCK_BYTES // frame_bytes) * frame_bytes)
    frames = 0
    while (read := library.sf_readf_float(handle, block, len(block) // frame_bytes)) > 0:
        write(out, memoryview(block)[: read * frame_bytes])
        frames += read
    cut_off = container == FLAC and frames < info.frames != UNCOUNTED
    if cut_off or library.sf_error(handle):
        return Exit.CORRUPT
    return Exit.OK


def write(out: int, data: memoryview) -> None:
    """Write all of it: a pipe may take less at a time."""
    while data:
        data = data[os.write(out, data) :]


def main(arguments: list[str]) -> int:
    """Confine this process, then decode stdin to stdout."""
    library = ctypes.CDLL(arguments[0])
    confine(int(arguments[1]), int(arguments[2]))
    try:
        return decode(library, 0, 1)
    except MemoryError:
        return Exit.MEMORY


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # nothing to tidy up, and no chance for hostile state to run on the way out
