"""``scripts/rotate_api_key.sh``: a new API key for a client, while the old one goes on working for a time."""

import argparse
import sys
from pathlib import Path

from audio_enhancement.deployment.state import MONITOR
from audio_enhancement.operations.command import OperationError, environment_of, execute, make_parser, table
from audio_enhancement.rundir import RunDir, write_atomically
from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.stack.render import read_env, write_env
from audio_enhancement.stack.supervise import Supervisor
from audio_enhancement.storage import keys
from audio_enhancement.storage.database import Database

LONGEST_OVERLAP_S = 30 * 86_400


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "rotate_api_key",
        "Make a new API key for a client. Older keys of that name end after the overlap; a new client gets its first "
        "key by --first. The keys named `client` and "
        "`canary` are the run folder's own: they are written where they are used, and not printed.",
        """0  done
        1  no valid key has that name, with --first one has it, or the database did not answer
        2  wrong usage""",
    )
    what = made.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", metavar="NAME", help="name of the client whose key is rotated")
    what.add_argument("--list", action="store_true", help="list names and times of all keys, never the keys")
    made.add_argument("--first", action="store_true", help="the client is new, and no valid key may have its name")
    made.add_argument(
        "--overlap-s",
        type=float,
        default=3600.0,
        metavar="SECONDS",
        help="time that the old keys go on working; 0 ends them at once (default: %(default)g s)",
    )
    made.add_argument(
        "--output", type=Path, metavar="FILE", help="write the key to this file (mode 0600) and do not print it"
    )
    return made


def _run(options: argparse.Namespace, run: RunDir) -> int:
    database = Database(DatabaseSettings())
    if options.list:
        rows = [
            (key.name, *map(_time, (key.created_at, key.expires_at, key.revoked_at)))
            for key in keys.list_keys(database)
        ]
        print(table(rows, ("NAME", "CREATED", "EXPIRES", "REVOKED")))
        return 0
    if not 0 <= options.overlap_s <= LONGEST_OVERLAP_S:
        raise OperationError(f"--overlap-s {options.overlap_s:g}: choose 0 to {LONGEST_OVERLAP_S} s")
    if options.output and not options.output.parent.is_dir():
        raise OperationError(f"{options.output.parent} is not a folder; no key was made")
    key = _first(database, options.name) if options.first else _rotate(database, options.name, options.overlap_s)
    if options.output:
        write_atomically(options.output, key + "\n", mode=0o600)
    places = [str(place) for place in (options.output, _keep(run, options.name, key)) if place]
    print(f"new key of {options.name}: {'written to ' + ' and '.join(places) if places else key}")
    if not options.first:
        print(f"older keys of {options.name} end in {options.overlap_s:g} s")
    return 0


def _first(database: Database, name: str) -> str:
    if any(known.name == name and keys.is_valid(known) for known in keys.list_keys(database)):
        raise OperationError(f"{name!r} has a valid key already: rotate it without --first")
    return keys.create(database, name)[1]


def _rotate(database: Database, name: str, overlap_s: float) -> str:
    try:
        return keys.rotate(database, name, overlap_s)
    except LookupError as error:
        names = sorted({known.name for known in keys.list_keys(database)})
        raise OperationError(
            f"{error.args[0]}; known: {', '.join(names) or 'none'}. A new client gets its first key by --first"
        ) from error


def _time(moment: object) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _keep(run: RunDir, name: str, key: str) -> Path | None:
    """Put one of the run folder's own keys where it is used; returns that file."""
    if name == "client":
        file, variable = run.client_file, "AE_API_KEY"
    elif name == "canary":
        file, variable = run.environment_file(environment_of(run)), "AE_CANARY_API_KEY"
    else:
        return None
    write_env(file, {**read_env(file), variable: key})
    supervisor = Supervisor(run)
    if name == "canary" and MONITOR in supervisor.status():
        supervisor.stop(MONITOR)
        supervisor.start(MONITOR)
    return file


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
