"""The digest of the system's code: a proof holds for the code that it was made with, and for no other.

Of the files themselves and never of a commit: else committing the proof would void it.
"""

import glob
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

_COMPILED: Final = "__pycache__"


def code_files(base: Path, globs: Iterable[str]) -> list[str]:
    """The files below *base* that match one of *globs*, by their names relative to it; what Python compiled is none."""
    found = {name for pattern in globs for name in glob.glob(pattern, root_dir=base, recursive=True)}  # noqa: PTH207
    return sorted(name for name in found if _is_code(PurePosixPath(name)) and (base / name).is_file())


def code_digest(base: Path, globs: Iterable[str]) -> str:
    """A hash of the names and contents of these files; empty when there are none."""
    parts = list(_parts(base, globs))
    return sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest() if parts else ""


def _parts(base: Path, globs: Iterable[str]) -> Iterator[str]:
    for name in code_files(base, globs):
        try:
            yield f"{sha256((base / name).read_bytes()).hexdigest()} {name}"
        except OSError:  # it went away, or may not be read: then it is not the same code as before
            yield f"unreadable {name}"


def _is_code(name: PurePosixPath) -> bool:
    return _COMPILED not in name.parts and name.suffix != ".pyc"
