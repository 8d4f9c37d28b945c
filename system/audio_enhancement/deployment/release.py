"""Releases: a version is a built folder that never changes again.

``<run folder>/releases/<version>`` is a copy of ``system/`` with a ``MANIFEST.json`` that holds the SHA-256 of every
file and one digest over all of them. A release is verified against its manifest before each deployment.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from audio_enhancement.rundir import RunDir

MANIFEST = "MANIFEST.json"
VERSION_PATTERN = re.compile(r"v\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?")


class ReleaseError(Exception):
    """A release cannot be built or does not hold what its manifest says; the message says what to do."""


class Manifest(NamedTuple):
    """What a release holds: its version, one digest over all files, and the SHA-256 of each by relative path."""

    version: str
    digest: str
    files: dict[str, str]
    built_at: str


def build_release(source: Path, run: RunDir, version: str) -> Path:
    """Copy ``source`` (a ``system/`` folder) into ``run.releases/version``, read-only, and return that folder.

    The copy grows in a temporary folder and appears in one step, so a release is whole or absent. Building the same
    content again changes nothing.

    Raises:
        ReleaseError: the version is not of the form ``v2.1.0``, the source is no ``system/`` folder, or the version
            has been built before from other content.
    """
    if not VERSION_PATTERN.fullmatch(version):
        raise ReleaseError(f"`{version}` is not a version: write it like v2.1.0 or v2.1.0-rc.1")
    if not (source / "audio_enhancement").is_dir():
        raise ReleaseError(f"{source} holds no audio_enhancement package: name the folder that holds deploy.py")
    run.releases.mkdir(parents=True, exist_ok=True)
    _sweep(run)
    building = run.releases / f".building-{os.getpid()}"
    final = run.releases / version
    try:
        for file in _files(source):
            target = building / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            target.chmod(0o555 if os.access(file, os.X_OK) else 0o444)
        _replace_text(building / "VERSION", version + "\n")
        files = {str(file.relative_to(building)): _sha256(file) for file in _files(building)}
        if final.exists():
            built = read_manifest(final)
            if built.files != files:
                raise ReleaseError(
                    f"{version} has been built from other content ({_difference(built.files, files)}). "
                    "A release never changes: choose a new version"
                )
            verify_release(final)
            return final
        manifest = Manifest(version, _digest(files), files, datetime.now(UTC).isoformat(timespec="seconds"))
        _replace_text(building / MANIFEST, json.dumps(manifest._asdict(), indent=1) + "\n")
        for folder in [building, *(path for path in building.rglob("*") if path.is_dir())]:
            folder.chmod(0o555)
        building.replace(final)
        return final
    finally:
        _remove(building)


def read_manifest(release: Path) -> Manifest:
    """Read the manifest of a release.

    Raises:
        ReleaseError: there is none, or it is damaged.
    """
    try:
        return Manifest(**json.loads((release / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise ReleaseError(f"{release} is not a release: {MANIFEST} cannot be read ({error})") from error


def verify_release(release: Path) -> Manifest:
    """Compare every file of a release with its manifest, and return the manifest.

    Raises:
        ReleaseError: a file was changed, added or removed; the message names it.
    """
    manifest = read_manifest(release)
    found = {str(file.relative_to(release)): _sha256(file) for file in _files(release) if file.name != MANIFEST}
    if found != manifest.files or _digest(found) != manifest.digest or manifest.version != release.name:
        raise ReleaseError(
            f"{release} is not what was built ({_difference(manifest.files, found)}): "
            f"remove it and build {release.name} again"
        )
    return manifest


def built_versions(run: RunDir) -> list[str]:
    """Versions that have been built, the one built last first."""
    found = [folder for folder in run.releases.glob("v*") if (folder / MANIFEST).is_file()]
    return [folder.name for folder in sorted(found, key=lambda folder: read_manifest(folder).built_at, reverse=True)]


def prune_releases(run: RunDir, keep: int, used: set[str]) -> list[str]:
    """Remove all but the ``keep`` releases built last; never one in ``used``. Returns the versions removed."""
    old = [version for version in built_versions(run)[keep:] if version not in used]
    for version in old:
        remove_release(run, version)
    return old


def remove_release(run: RunDir, version: str) -> None:
    """Remove a built release; nothing of it may run."""
    doomed = run.releases / f".removing-{os.getpid()}-{version}"
    (run.releases / version).replace(doomed)  # gone in one step, however long the deletion takes
    _remove(doomed)


def _files(folder: Path) -> Iterator[Path]:
    """Files that belong to a release, in a fixed order: no caches, nothing hidden."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield path


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _digest(files: dict[str, str]) -> str:
    """One digest over all files: the SHA-256 of what ``sha256sum`` would print for them."""
    return hashlib.sha256("".join(f"{sha}  {name}\n" for name, sha in sorted(files.items())).encode()).hexdigest()


def _difference(expected: dict[str, str], found: dict[str, str]) -> str:
    names = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "its digest"


def _replace_text(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.write_text(text)
    file.chmod(0o444)


def _sweep(run: RunDir) -> None:
    """Remove what builds and removals that were killed left behind."""
    for leftover in [*run.releases.glob(".building-*"), *run.releases.glob(".removing-*")]:
        owner = int(leftover.name.split("-")[1])
        if not Path(f"/proc/{owner}").exists() or owner == os.getpid():
            _remove(leftover)


def _remove(folder: Path) -> None:
    """Delete a folder whose parts are read-only."""
    if not folder.exists():
        return
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        path.chmod(0o755)
    shutil.rmtree(folder)
