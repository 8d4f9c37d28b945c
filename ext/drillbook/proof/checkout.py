"""The repository as a box shows it: a copy of what git lists, so that nothing else of the folder is in reach."""

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from drillbook.process import run

_GIT_S = 60


def checkout_of(folder: Path) -> Path | None:
    """The top of the repository that *folder* belongs to, if it belongs to one."""
    try:
        found = run(["git", "-C", str(folder), "rev-parse", "--show-toplevel"], timeout_s=_GIT_S)
    except OSError:  # no git
        return None
    return Path(found.stdout.decode().rstrip("\n")) if found.status == 0 else None


def environments(top: Path) -> Iterator[Path]:
    """Where the virtual environment that runs us stands in *top*: as a folder, or as a link to it."""
    here = Path(sys.prefix).resolve()
    yield from (path for path in sorted(top.iterdir()) if path.is_dir() and path.resolve() == here)


def copy_checkout(top: Path, target: Path, places: Iterable[Path] = ()) -> None:
    """Copy to *target* what git lists in *top*, new files too; each of *places* in it becomes an empty folder.

    The virtual environment that runs us is made such a place, or stays the link that it is.
    """
    listed = run(
        ["git", "-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], timeout_s=_GIT_S
    )
    if listed.status != 0:
        raise OSError(f"git cannot list {top}: {listed.stderr.decode('utf-8', 'replace').strip()}")
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, copy = top / name, target / name
        if source.is_symlink() or source.is_file():  # git lists what was removed, until that is committed
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)
    for place in [*environments(top), *places]:
        if place.is_relative_to(top) and place != top:
            copy = target / place.relative_to(top)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if place.is_symlink():
                copy.symlink_to(place.resolve())
            else:
                copy.mkdir(exist_ok=True)
