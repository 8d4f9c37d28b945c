"""``scripts/backup.sh``: the database and the audio, as they are now, in one folder with checksums."""

import argparse
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audio_enhancement.deployment.state import load_state
from audio_enhancement.operations.command import (
    OperationError,
    database_environment,
    execute,
    make_parser,
    print_json,
    table,
)
from audio_enhancement.rundir import RunDir, write_atomically
from audio_enhancement.settings import DatabaseSettings, StorageSettings
from audio_enhancement.storage import migrate
from audio_enhancement.storage.database import Database

MANIFEST = "MANIFEST.json"
DUMP = "database.dump"
KEPT = ("uploads", "results")
"""Folders of the audio that are kept; ``incoming`` holds uploads that nobody has been answered for."""


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "backup",
        "Back up the database (pg_dump, custom format) and the audio while the system serves. A backup is a folder "
        "named by its time (UTC) under `backups`; it appears when it is whole and verified. Audio files never change, "
        "so they are linked where the volume allows it, and copied elsewhere. Secrets (etc/) are not part of it.",
        """0  done
        1  the backup failed and left nothing behind, or a verified backup is damaged
        2  wrong usage""",
    )
    what = made.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="list the backups, the newest first")
    what.add_argument("--verify", metavar="NAME", help="compare a backup with its checksums")
    made.add_argument("--copy", action="store_true", help="copy the audio even where links would do")
    made.add_argument("--json", action="store_true", help="print the result as JSON")
    return made


def create(run: RunDir, *, copy: bool = False) -> Path:
    """Make a backup; returns its folder.

    The database is read first: whatever a row of that moment names was on disk then, and audio is only ever added.

    Raises:
        OperationError: pg_dump failed, or the result does not hold what was written.
    """
    run.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in run.backups.glob(".partial-*"):
        if not Path(f"/proc/{leftover.name.split('-')[1]}").exists():
            shutil.rmtree(leftover)
    partial = run.backups / f".partial-{os.getpid()}"
    partial.mkdir(mode=0o700)
    try:
        migration = migrate.current(Database(DatabaseSettings()))
        postgres_tool(run, "pg_dump", "--format=custom", "--no-owner", f"--file={partial / DUMP}")
        place_audio(StorageSettings().data_dir, partial / "audio", copy=copy)
        state = load_state(run)
        content = {
            "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "version": state.version if state else None,
            "migration": migration,
            "files": {name: _sha256(partial / name) for name in _names(partial)},
        }
        write_atomically(partial / MANIFEST, json.dumps(content, indent=1) + "\n", mode=0o600)
        verify(run, partial)
        return _publish(partial, run.backups)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def verify(run: RunDir, backup: Path) -> dict[str, Any]:
    """Compare every file of a backup with its checksum and have pg_restore read the dump; returns the manifest.

    Raises:
        OperationError: a file is missing, added or changed; the message names it.
    """
    content = read_manifest(backup)
    found = {name: _sha256(backup / name) for name in _names(backup)}
    differing = sorted(name for name in {*found, *content["files"]} if found.get(name) != content["files"].get(name))
    if differing:
        raise OperationError(
            f"{backup} is damaged: {', '.join(differing[:3])}{' and more' if len(differing) > 3 else ''} "
            "differ from the checksums. Take another backup: `./scripts/backup.sh --list`"
        )
    postgres_tool(run, "pg_restore", "--list", str(backup / DUMP))
    return content


def find(run: RunDir, name: str) -> Path:
    """A backup's folder by its name under `backups` or its path.

    Raises:
        OperationError: there is none; the message lists those that exist.
    """
    for candidate in (run.backups / name, Path(name).resolve()):
        if (candidate / MANIFEST).is_file():
            return candidate
    known = ", ".join(folder.name for folder in existing(run)) or "none"
    raise OperationError(f"there is no backup `{name}`; there is: {known}")


def existing(run: RunDir) -> list[Path]:
    """Folders of all backups, the newest first."""
    return sorted((path.parent for path in run.backups.glob(f"[!.]*/{MANIFEST}")), reverse=True)


def read_manifest(backup: Path) -> dict[str, Any]:
    """Read a backup's manifest."""
    try:
        content: dict[str, Any] = json.loads((backup / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise OperationError(f"{backup} is no backup: {MANIFEST} cannot be read ({error})") from error
    return content


def postgres_tool(run: RunDir, name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs against our database; its address goes through the environment.

    Raises:
        OperationError: it is not installed, or it failed; with its own words.
    """
    program = run.stack().get("binaries", {}).get(name) or shutil.which(name)
    if program is None:
        raise OperationError(f"{name} is not installed: install postgresql-client")
    result = subprocess.run(  # noqa: S603
        [program, *arguments], env=database_environment(), capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise OperationError(f"{name} failed:\n{result.stderr.strip()[-2000:]}")


def place_audio(source: Path, target: Path, *, copy: bool = False) -> int:
    """Link (or copy) all audio from one folder into another; returns the number of files.

    A file that disappears meanwhile belonged to a job that was removed.
    """
    count = 0
    for kept in KEPT:
        (target / kept).mkdir(parents=True, exist_ok=True)
        for file in _files(source / kept):
            if file.name.startswith("."):
                continue  # a result that is being written: it has its name when it is whole
            place = target / file.relative_to(source)
            place.parent.mkdir(exist_ok=True)
            try:
                _link_or_copy(file, place, copy)
            except FileNotFoundError:
                continue
            count += 1
    return count


def _link_or_copy(file: Path, place: Path, copy: bool) -> None:
    if not copy:
        try:
            os.link(file, place)
            return
        except FileExistsError:
            return  # placed before
        except PermissionError:
            pass  # another owner's file: the kernel allows no link to it
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
    shutil.copy2(file, place)


def _publish(partial: Path, backups: Path) -> Path:
    """Give a whole backup its name: the time, and a number when there is one of that second."""
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for name in (stamp, *(f"{stamp}-{number}" for number in range(2, 100))):
        try:
            (backups / name).mkdir(mode=0o700)
        except FileExistsError:
            continue
        partial.replace(backups / name)
        return backups / name
    raise OperationError(f"{backups} holds too many backups of this second")


def _names(backup: Path) -> list[str]:
    return [str(file.relative_to(backup)) for file in _files(backup) if file.name != MANIFEST]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _describe(backup: Path) -> dict[str, Any]:
    content = read_manifest(backup)
    size = sum((backup / name).stat().st_size for name in content["files"])
    return {
        "name": backup.name,
        "created_at": content["created_at"],
        "version": content["version"],
        "migration": content["migration"],
        "files": len(content["files"]),
        "bytes": size,
        "folder": str(backup),
    }


def _run(options: argparse.Namespace, run: RunDir) -> int:
    if options.verify:
        backup = find(run, options.verify)
        verify(run, backup)
        found = [_describe(backup)]
    elif options.list:
        found = [_describe(backup) for backup in existing(run)]
    else:
        found = [_describe(create(run, copy=options.copy))]
    if options.json:
        print_json(found)
    else:
        rows = [
            (one["name"], one["version"], one["migration"], one["files"], f"{one['bytes'] / 1e6:.1f} MB")
            for one in found
        ]
        print(table(rows, ("NAME", "VERSION", "MIGRATION", "FILES", "SIZE")))
        if options.verify:
            print("every file is as it was written")
    return 0


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
