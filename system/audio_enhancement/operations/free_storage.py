"""``scripts/free_storage.sh``: what lies in the audio storage that does not belong there, and away with it."""

import argparse
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from audio_enhancement.operations.command import OperationError, execute, make_parser, table
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import StorageSettings
from audio_enhancement.storage.files import AudioFiles

MB = 1_000_000


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "free_storage",
        "List the files in the audio storage that are no upload and no result, and take them out. "
        "Audio of jobs is never touched: it goes with its job, by the setting storage.retention_s.",
        """0  done; also when there was nothing to take out
        1  a file is audio of a job, does not exist, or could not be moved
        2  wrong usage""",
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list such files, the largest first; changes nothing")
    listing.add_argument("--names", action="store_true", help="print nothing but their paths")
    move = commands.add_parser("move", help="move such files to another folder; `mv` brings them back")
    move.add_argument("files", nargs="+", type=Path, metavar="FILE", help="paths as listed")
    move.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help="folder outside of the audio storage; made if missing"
    )
    remove = commands.add_parser("remove", help="remove such files for good")
    remove.add_argument("files", nargs="+", type=Path, metavar="FILE", help="paths as listed")
    return made


def _list(files: AudioFiles, names: bool) -> None:
    found = sorted(files.foreign(), key=lambda one: -one[1])
    if names:
        print("\n".join(str(path) for path, _ in found))
        return
    rows = [
        (path, f"{size / MB:.1f} MB", f"{datetime.fromtimestamp(path.lstat().st_mtime, UTC):%Y-%m-%dT%H:%M:%SZ}")
        for path, size in found
    ]
    if rows:
        print(table(rows, ("FILE", "SIZE", "CHANGED")))
    print(f"{len(found)} files do not belong here: {sum(size for _, size in found) / MB:.1f} MB")
    print(f"{files.free_ratio():.0%} of the audio storage is free")


def _take_out(files: AudioFiles, named: list[Path], target: Path | None) -> None:
    foreign = {path for path, _ in files.foreign()}
    if target is not None and target.resolve().is_relative_to(files.root.resolve()):
        raise OperationError(f"{target} is in the audio storage itself")
    for path in named:  # all are looked at before the first goes
        if path.absolute() not in foreign:
            raise OperationError(f"{path} is audio of a job, or not in {files.root}; nothing was taken out")
    for path in named:
        if target is None:
            path.unlink()
            print(f"removed {path}")
        else:
            target.mkdir(parents=True, exist_ok=True)
            if (target / path.name).exists():
                raise OperationError(f"{target / path.name} exists; {path} stays where it is")
            print(f"moved {path} to {shutil.move(path, target)}")


def _run(options: argparse.Namespace, _: RunDir) -> int:
    files = AudioFiles(StorageSettings())
    if options.command == "list":
        _list(files, options.names)
    else:
        _take_out(files, options.files, options.to if options.command == "move" else None)
    return 0


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
