"""The command line of ``./faults.py``: break a system on purpose, in a way that happens in life, and mend it again."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from audio_enhancement.faults import FAULTS
from audio_enhancement.faults.fault import Fault, FaultError
from audio_enhancement.operations.command import FAILURES, table
from audio_enhancement.rundir import RunDir
from audio_enhancement.stack.stack import ENVIRONMENT, Stack, StackError

EPILOG = """\
exit status:
  0  listed; or the fault was held and has been taken out
  1  it could not be put in, or not be taken out
  2  wrong usage, or this system is not one to be broken
"""


class _Released(BaseException):
    """It is time to take the fault out."""


def build_parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    parser = argparse.ArgumentParser(
        prog="./faults.py",
        description="Put a fault into a system, for drills. Never use it on a system that somebody needs.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list the faults and the alert that each must raise")
    listing.add_argument("--json", action="store_true", help="print JSON")
    hold = commands.add_parser(
        "hold",
        help="put a fault in until SIGTERM or Ctrl-C",
        description="Put a fault in, print a line that begins with `held`, and stay. SIGTERM or Ctrl-C takes out what "
        "is left of it, so that the system is as it was before.",
    )
    hold.add_argument("name", choices=[fault.name for fault in FAULTS], metavar="NAME", help="name of the fault")
    hold.add_argument(
        "--really",
        action="store_true",
        help="also in a system that was not brought up with `./stack.py up --rules`: it breaks for those who use it",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = build_parser().parse_args(arguments)
    if options.command == "list":
        _list(options.json)
        return 0
    run = RunDir.from_environment()
    if "rules" not in run.stack() and not options.really:
        print(
            f"faults.py: {run.root} is not a system for drills: bring one up with `./stack.py up --rules FOLDER`, "
            "or say --really",
            file=sys.stderr,
        )
        return 2
    os.environ["AE_ENV_FILE"] = str(run.environment_file(ENVIRONMENT))
    os.environ["AE_RUN_DIR"] = str(run.root)
    fault = next(fault for fault in FAULTS if fault.name == options.name)
    try:
        _hold(fault, Stack(run))
    except (FaultError, StackError, *FAILURES) as error:
        print(f"faults.py: {fault.name}: {error}", file=sys.stderr)
        return 1
    return 0


def _hold(fault: Fault, stack: Stack) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _release)
    with suppress(_Released), fault.hold(stack):
        print(f"held {fault.name}: {fault.title}; {fault.alert} is to fire", flush=True)
        while True:
            time.sleep(3600)
    print(f"released {fault.name}", flush=True)


def _release(number: int, frame: Any) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)  # what is being taken out is taken out to its end
    raise _Released


def _list(as_json: bool) -> None:
    names = ("name", "title", "description", "alert", "core", "alone")
    if as_json:
        print(json.dumps([{name: getattr(fault, name) for name in names} for fault in FAULTS], indent=1))
        return
    marks = [(fault.name, fault.alert, " ".join(_marks(fault)), fault.title) for fault in FAULTS]
    print(table(marks, ("FAULT", "ALERT", "", "WHAT")))


def _marks(fault: Fault) -> list[str]:
    return [name for name in ("core", "alone") if getattr(fault, name)]
