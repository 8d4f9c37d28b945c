"""A published folder: its releases, which of them is current, and the lock that whoever publishes holds.

``current`` is a symbolic link that is replaced in one step. Whatever is interrupted, and wherever: readers have the old
release, whole, or the new one, whole.
"""

import contextlib
import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.portal.plan import PortalError

CURRENT: Final = "current"
RELEASES: Final = "releases"
LOCK: Final = "lock"
MANIFEST: Final = "manifest.json"
IN_USE_S: Final = 60  # a reader may still be loading what was current so long ago
_NEW: Final = ".new-"
_GONE: Final = ".gone-"
_OURS: Final = (CURRENT, RELEASES, LOCK)


class File(NamedTuple):
    """A file of a release."""

    sha256: str
    size: int


class Manifest(NamedTuple):
    """All files of a release by their names from its top, and the digest of what it was made of."""

    plan: str
    files: Mapping[str, File]

    @classmethod
    def read(cls, release: Path) -> "Manifest":
        """The manifest of a release. Raises :exc:`OSError`, :exc:`ValueError`."""
        data = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
        try:
            return cls(data["plan"], {name: File(**one) for name, one in data["files"].items()})
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"{release / MANIFEST} is no manifest") from error

    def as_json(self) -> str:
        """To be written."""
        data: dict[str, Any] = {"plan": self.plan, "files": {name: one._asdict() for name, one in self.files.items()}}
        return json.dumps(data, indent=0, sort_keys=True)

    def digest(self) -> str:
        """Of all contents."""
        return sha256(
            "".join(f"{name}\0{one.sha256}\n" for name, one in sorted(self.files.items())).encode()
        ).hexdigest()


@contextlib.contextmanager
def locked(file: Path, what: str) -> Iterator[int]:
    """Hold the lock, which ends with the processes that have the descriptor which is answered. Raises :exc:`PortalError` that says who holds it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            raise PortalError(
                f"{file}: held by {held.read().strip() or 'another process'}; wait until it has ended"
            ) from None
        held.seek(0)
        held.truncate()
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        held.write(f"process {os.getpid()} on {socket.gethostname()}, which {what} since {now}\n")
        held.flush()
        yield held.fileno()


def current(site: Path) -> Path | None:
    """The release that readers have; ``None`` when there is none."""
    try:
        name = (site / CURRENT).readlink().name
    except OSError:
        return None
    release = site / RELEASES / name
    return release if release.is_dir() else None


def check_site(site: Path) -> None:
    """Ask that a folder is ours, or empty. Raises :exc:`PortalError`."""
    if site.exists() and not site.is_dir():
        raise PortalError(f"{site} is no folder")
    entries = {path.name for path in site.iterdir()} if site.is_dir() else set()
    if entries - {*_OURS} and RELEASES not in entries:
        raise PortalError(f"{site} holds other files and no published manual: name another folder, or an empty one")
    if set(str(site.resolve())) & set('"$\\{};\n'):
        raise PortalError(f"{site} has a character in its name that no configuration of a web server takes")
    if (site / CURRENT).exists() and not (site / CURRENT).is_symlink():
        raise PortalError(f"{site / CURRENT} is no symbolic link, and is replaced by none: move it away")


@contextlib.contextmanager
def new_release(site: Path) -> Iterator[Path]:
    """An empty folder for a release; what is left of it at the end is removed. The lock has to be held."""
    releases = site / RELEASES
    releases.mkdir(parents=True, exist_ok=True)
    for left in [*releases.glob(f"{_NEW}*"), *releases.glob(f"{_GONE}*")]:  # by who was killed
        shutil.rmtree(left)
    for link in site.glob(f".{CURRENT}-*"):
        link.unlink()
    folder = releases / f"{_NEW}{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seal(folder: Path, names: Iterable[str], plan: str) -> Manifest:
    """Write the manifest of these files as they are on the disk, and have the disk keep all of it."""
    files: dict[str, File] = {}
    known: dict[int, File] = {}  # a file with several names is read once
    for name in sorted(names):
        with (folder / name).open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_ino not in known:
                content = file.read()
                known[status.st_ino] = File(sha256(content).hexdigest(), len(content))
                os.fsync(file.fileno())
            files[name] = known[status.st_ino]
    manifest = Manifest(plan, files)
    (folder / MANIFEST).write_text(manifest.as_json(), encoding="utf-8")
    _sync(folder / MANIFEST)
    for place, _, _ in os.walk(folder):
        _sync(Path(place))
    return manifest


def damages(release: Path) -> list[str]:
    """What of a release is not as its manifest says."""
    try:
        manifest = Manifest.read(release)
    except (OSError, ValueError) as error:
        return [str(error)]
    found: list[str] = []
    for name, said in manifest.files.items():
        try:
            content = (release / name).read_bytes()
        except OSError:
            found.append(f"{name} is missing")
            continue
        if len(content) != said.size or sha256(content).hexdigest() != said.sha256:
            found.append(f"{name} is not what it was")
    there = {
        (Path(place) / file).relative_to(release).as_posix() for place, _, ones in os.walk(release) for file in ones
    }
    return found + [f"{name} is not in the manifest" for name in sorted(there - manifest.files.keys() - {MANIFEST})]


def switch(site: Path, folder: Path, manifest: Manifest) -> Path:
    """Give the release its name, and make it the current one, in one step; answers where it is."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    release = site / RELEASES / f"{now}-{manifest.digest()[:12]}"
    folder.rename(release)
    _sync(release.parent)
    lead_to(site, release)
    return release


def lead_to(site: Path, release: Path) -> None:
    """Make a release that is there the current one, in one step. The lock has to be held."""
    if old := current(site):
        os.utime(old)  # when it was last current
    link = site / f".{CURRENT}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(RELEASES) / release.name)
    link.replace(site / CURRENT)
    _sync(site)


def prune(site: Path, keep: int) -> list[str]:
    """Remove all but the *keep* newest of the releases that are not current, and none that was a minute ago."""
    here = current(site)
    old = [path for path in (site / RELEASES).iterdir() if not path.name.startswith(".") and path != here]
    removed: list[str] = []
    for release in sorted(old, reverse=True)[keep:]:
        if time.time() - release.stat().st_mtime > IN_USE_S:
            gone = release.with_name(f"{_GONE}{release.name}")
            release.rename(gone)  # nobody shall find half of it
            shutil.rmtree(gone)
            removed.append(release.name)
    return removed


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
