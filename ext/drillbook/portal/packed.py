"""Compressed copies beside the files of text, made once, so that no server has to make them for each reader."""

import gzip
import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Final

import brotli

# the files that are text, and what a server calls them
TYPES: Final[Mapping[str, str]] = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
    "xml": "text/xml",
    "txt": "text/plain",
}
ENCODINGS: Final[Mapping[str, str]] = {"br": ".br", "gzip": ".gz"}  # the best first
LEAST_BYTES: Final = 1024
_BROTLI_QUALITY: Final = 6  # 9 takes five times as long and saves 2 %
_GZIP_LEVEL: Final = 6


def is_packed(name: str) -> bool:
    """Whether a file is such a copy, by its name."""
    return name.endswith(tuple(ENCODINGS.values()))


def pack(folder: Path, names: Iterable[str], kept: Mapping[str, Path]) -> None:
    """Make the copies of these files in *folder*.

    Args:
        kept: files of an earlier publication by the SHA-256 of their content, whose copies are taken over.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # both compressors let other threads work
        list(pool.map(lambda name: _pack(folder / name, kept), filter(_is_text, names)))


def _is_text(name: str) -> bool:
    return name.rpartition(".")[2] in TYPES


def _pack(file: Path, kept: Mapping[str, Path]) -> None:
    content = file.read_bytes()
    if len(content) <= LEAST_BYTES:
        return
    old = kept.get(sha256(content).hexdigest())
    for ending in ENCODINGS.values():
        copy = file.with_name(file.name + ending)
        before = old.with_name(old.name + ending) if old else None
        if before and before.is_file():
            link_or_copy(copy, before)
        elif ending == ".br":
            copy.write_bytes(brotli.compress(content, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY))
        else:
            copy.write_bytes(gzip.compress(content, _GZIP_LEVEL, mtime=0))


def link_or_copy(place: Path, source: Path) -> None:
    """The same file again at *place*, without a copy where the disk can."""
    try:
        place.hardlink_to(source)
    except OSError:  # another disk, or one that cannot, or a file of somebody else's
        shutil.copyfile(source, place)
