"""``scripts/rebuild_indexes.sh``: find indexes that the tables should have and do not, and build them."""

import argparse
import sys

from audio_enhancement.operations.command import execute, make_parser, print_json, table
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.indexes import missing, rebuild


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "rebuild_indexes",
        "Build the indexes that the tables should have and do not. Tables are read and written meanwhile. "
        "What is there stays as it is, so it is safe to run at any time.",
        """0  every index is there; also when some had to be built
        1  with --check: some are missing; else: the database did not answer, or a build broke off
        2  wrong usage""",
    )
    made.add_argument("--check", action="store_true", help="list what is missing and build nothing")
    made.add_argument("--json", action="store_true", help="print JSON")
    return made


def _run(options: argparse.Namespace, _: RunDir) -> int:
    database = Database(DatabaseSettings(pool_size=1))
    found = missing(database)
    if options.json:
        print_json([index._asdict() for index in found])
    elif options.check:
        if found:
            print(table([index[:3] for index in found], ("INDEX", "TABLE", "STATE")))
        print(f"{len(found)} indexes are missing")
    if options.check:
        return 1 if found else 0
    for index in found:
        rebuild(database, index)
        if not options.json:
            print(f"{index.name}: built on {index.table}")
    if not options.json:
        print(f"{len(found)} indexes were built; every index is there")
    return 0


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
