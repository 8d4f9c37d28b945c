"""What all operator commands share: their options' form, their settings, their errors and their exit statuses."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import redis
from sqlalchemy import make_url

from audio_enhancement.deployment.journal import DeploymentError
from audio_enhancement.deployment.release import ReleaseError
from audio_enhancement.deployment.state import load_state
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.stack.supervise import SupervisorError
from audio_enhancement.storage.database import DatabaseUnavailable

DEFAULT_ENVIRONMENT = "production"


class OperationError(Exception):
    """An operation did not take place; the message says why, what holds now, and what to do."""


FAILURES = (
    OperationError,
    DeploymentError,
    ReleaseError,
    SupervisorError,
    DatabaseUnavailable,
    redis.RedisError,
    OSError,
)
"""What ends a command with one line and status 1 and not with a traceback."""


def make_parser(name: str, description: str, exit_statuses: str) -> argparse.ArgumentParser:
    """A parser for ``scripts/<name>.sh``.

    Args:
        name: of the script.
        description: what it does, in a sentence or two.
        exit_statuses: one line per status, like ``0  done``.
    """
    lines = "\n".join(f"  {line.strip()}" for line in exit_statuses.strip().splitlines())
    return argparse.ArgumentParser(
        prog=f"./scripts/{name}.sh",
        description=description,
        epilog=f"exit status:\n{lines}\n\nThe run folder is taken from RUN_DIR; else it is `run` beside `system`.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def execute(
    parser: argparse.ArgumentParser,
    action: Callable[[argparse.Namespace, RunDir], int],
    arguments: Sequence[str] | None = None,
) -> int:
    """Parse the arguments, let settings be those of the run folder, and run ``action``; returns the exit status."""
    options = parser.parse_args(arguments)
    run = RunDir.from_environment()
    run.stack()  # ends with a message when there is no stack
    os.environ["AE_ENV_FILE"] = str(run.environment_file(environment_of(run)))
    os.environ["AE_RUN_DIR"] = str(run.root)
    try:
        return action(options, run)
    except FAILURES as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{parser.prog}: stopped; it is safe to run it again", file=sys.stderr)
        return 130


def environment_of(run: RunDir) -> str:
    """The environment that this run folder serves."""
    state = load_state(run)
    return state.environment if state else DEFAULT_ENVIRONMENT


def print_json(content: Any) -> None:
    """Print a result for machines."""
    print(json.dumps(content, indent=1, default=str))


def table(rows: Sequence[Sequence[object]], head: Sequence[str]) -> str:
    """Rows in columns as wide as their widest cell."""
    cells = [list(head), *[["-" if cell is None else str(cell) for cell in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def database_environment() -> dict[str, str]:
    """The database's address as libpq's programs read it: nothing of it shows in a list of processes."""
    url = make_url(DatabaseSettings().dsn.get_secret_value())
    values = {
        "PGHOST": url.host,
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password else None,
        "PGDATABASE": url.database,
    }
    return {"PATH": os.environ.get("PATH", os.defpath), **{name: value for name, value in values.items() if value}}
