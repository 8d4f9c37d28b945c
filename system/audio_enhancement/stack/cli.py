"""Command line of the local stack: ``stack.py up``, ``down``, ``status``, ``fetch``, ``snapshot``."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from audio_enhancement.deployment.journal import DeploymentError
from audio_enhancement.deployment.release import ReleaseError
from audio_enhancement.rundir import RunDir
from audio_enhancement.stack import packages, postgres
from audio_enhancement.stack.packages import PackageError
from audio_enhancement.stack.stack import Stack, StackError, Status, to_json
from audio_enhancement.stack.supervise import SupervisorError

_FAILURES = (StackError, PackageError, SupervisorError, DeploymentError, ReleaseError)


def build_parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    parser = argparse.ArgumentParser(
        prog="stack.py",
        description="Run the whole system on this machine, in one run folder, on free ports.",
        epilog="Exit status: 0 done (status: everything runs), 1 not, 2 wrong usage.",
    )
    parser.add_argument(
        "--run-dir", type=Path, metavar="FOLDER", help="run folder (default: $RUN_DIR, else `run` beside `system`)"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser(
        "up",
        help="start everything; what runs is left alone",
        description="Start everything; what runs is left alone. The first time it makes secrets, database and API "
        "keys, and deploys the version that system/VERSION names.",
    )
    up.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_assignment,
        help="a setting by its environment name, such as AE_CANARY_INTERVAL_S=5; may be repeated; kept in the folder",
    )
    up.add_argument(
        "--servers-only", action="store_true", help="do not deploy: only Redis, PostgreSQL, nginx and so on"
    )
    up.add_argument(
        "--rules",
        type=_folder,
        metavar="FOLDER",
        help="take the alert rules from this folder and not from the release, for drills; kept in the folder. "
        "Such a stack may be broken on purpose",
    )
    down = commands.add_parser(
        "down",
        help="stop everything; data stays",
        description="Stop everything, also what a killed supervisor left running. Data stays: `up` continues with it.",
    )
    down.add_argument(
        "--timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="time that processes get to finish their work before they are killed (default: %(default)g s)",
    )
    status = commands.add_parser(
        "status",
        help="show what runs and where",
        description="Show what runs, since when, and where it is reached.",
    )
    status.add_argument("--json", action="store_true", help="print JSON")
    commands.add_parser(
        "fetch",
        help="fetch what `up` needs from the network",
        description="Fetch the servers' programs that this machine lacks, so that `up` needs no network. "
        "Starts nothing and needs no run folder.",
    )
    commands.add_parser(
        "snapshot",
        help="list all that an operator could leave changed, to compare before and after",
        description="Print one sorted line `thing  value` for everything that an operator could leave changed: what "
        "serves, programs, settings, rows, keys, indexes, files and so on. On a healthy system without clients two "
        "snapshots are the same. Secrets show as digests; what the canary and scrapes do does not show.",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = build_parser().parse_args(arguments)
    run = RunDir(options.run_dir.resolve()) if options.run_dir else RunDir.from_environment()
    started = time.monotonic()
    stack = Stack(run, lambda line: print(f"{time.monotonic() - started:5.1f} s  {line}", flush=True))
    try:
        if options.command == "up":
            stack.up(deploy=not options.servers_only, overrides=dict(options.overrides), rules=options.rules)
            _summary(stack)
        elif options.command == "down":
            ran = stack.down(options.timeout)
            print(f"{run.root}: {'everything has stopped' if ran else 'nothing ran'}")
        elif options.command == "fetch":
            postgres.template(packages.find_all(print), print)
            print(f"all programs are here: {packages.cache_folder()}, and those of the system")
        elif options.command == "snapshot":
            # Imported here: the database's libraries take a second, which the others need not wait for.
            from audio_enhancement.stack.snapshot import snapshot

            print("\n".join(f"{thing}  {value}" for thing, value in sorted(snapshot(run).items())))
        else:
            status = stack.status()
            print(json.dumps(to_json(status), indent=1) if options.json else table(status))
            return 0 if status.ready and all(process.state == "RUNNING" for process in status.programs) else 1
    except _FAILURES as error:
        print(f"stack.py {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


def table(status: Status) -> str:
    """A status for people."""
    serving = f"{status.version} ({status.colour})" if status.version else "nothing deployed"
    lines = [
        f"{status.run_dir}: {'running' if status.running else 'not running'}, {serving}, "
        f"{'ready' if status.ready else 'not ready'}",
        *(f"  {name:<14}{url}" for name, url in status.urls.items()),
    ]
    width = max((len(process.name) for process in status.programs), default=0)
    now = datetime.now(UTC)
    for process in status.programs:
        age = f"{(now - process.since).total_seconds():8.0f} s" if process.since else ""
        lines.append(f"  {process.name:<{width}}  {_coloured(process.state):<9}{process.pid or '-':>8}{age}")
    return "\n".join(lines)


def _coloured(state: str) -> str:
    text = f"{state:<9}"
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"\033[{'32' if state == 'RUNNING' else '31'}m{text}\033[0m"


def _summary(stack: Stack) -> None:
    status = stack.status()
    for name, url in status.urls.items():
        print(f"  {name:<14}{url}")
    print(f"  API key       in {stack.run.client_file}")


def _assignment(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"`{text}` is not of the form NAME=VALUE")
    return name, value


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"`{text}` is not a folder")
    return path.resolve()
