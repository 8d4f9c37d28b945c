"""``scripts/purge_cache.sh``: forget cached results."""

import argparse
import sys

from audio_enhancement.operations.command import execute, make_parser
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import CacheSettings
from audio_enhancement.storage import cache


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "purge_cache",
        "Forget all cached results, so that every recording is enhanced anew. Jobs and their audio stay.",
        """0  done; also when the cache was empty
        1  Redis did not answer
        2  wrong usage""",
    )
    made.add_argument("--dry-run", action="store_true", help="count the cached results and keep them")
    return made


def _run(options: argparse.Namespace, _: RunDir) -> int:
    settings = CacheSettings()
    if options.dry_run:
        print(f"{cache.entries(settings)} cached results; nothing was removed")
    else:
        print(f"removed {cache.purge(settings)} cached results")
    return 0


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
