"""The command line of the walker, as a part of ``drillbook`` and as the single file of the war room."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, Final, TextIO

from drillbook.arguments import positive
from drillbook.model.data import DataError
from drillbook.walker.manual import BUILT, Manual, fetch_manual, is_address, read_manual
from drillbook.walker.walking import Ended, Options, Walker

EPILOG: Final = """\
examples:
  drillbook walk                                    list the trees
  drillbook walk HighLatency                        read it step by step
  drillbook walk HighLatency --run --prometheus http://127.0.0.1:9090 --log incident.log
  drillbook walk https://manual.example/alerts/HighLatency.html --run

Checks change nothing, and a fix is shown and never run.

exit status:
  0    ended at a fix, or the trees were listed
  2    usage, or the manual's data cannot be read
  3    ended at an escalation
  4    stopped, or no answer fitted and --yes was given
  130  interrupted
"""
SAYS: Final = "Walk a troubleshooting tree, one question at a time."


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "walk",
        help="walk a troubleshooting tree, one question at a time",
        description=SAYS,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(made)
    made.set_defaults(handler=partial(run, made=made))


def add_options(made: argparse.ArgumentParser, built: Path = BUILT) -> None:
    """What can be given; *built* is where the manual's data are when nothing else is said."""
    made.add_argument("tree", nargs="?", help="a tree, an alert, or the address of an alert's page (default: list all)")
    made.add_argument(
        "--data",
        type=Path,
        help=f"the manual's data (default: what is beside the page whose address is given, or else {built})",
    )
    made.add_argument("--run", action="store_true", help="run each check in this folder and propose the answer")
    made.add_argument("--yes", action="store_true", help="take each proposed answer without asking (needs --run)")
    made.add_argument("--prometheus", default="", metavar="URL", help="where queries are sent with --run")
    made.add_argument(
        "--timeout",
        type=positive("seconds", inf),
        default=30,
        metavar="S",
        help="time limit of a check in seconds (default: 30)",
    )
    made.add_argument("--log", type=Path, metavar="FILE", help="append what is asked, run and answered to FILE")
    made.add_argument("--report", type=Path, metavar="FILE", help="write what was walked to FILE, as JSON")
    made.add_argument("--set", action="append", default=[], type=_pair, metavar="BLANK=VALUE", help="fill a blank")
    made.set_defaults(built=built)


def main(built: Path, arguments: Sequence[str] | None = None) -> int:
    """The walker by itself, with the data that lie beside it."""
    made = argparse.ArgumentParser(
        description=SAYS,
        epilog=EPILOG.replace("drillbook walk", f"python3 {Path(sys.argv[0]).name}"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(made, built)
    try:
        return run(made.parse_args(arguments), made)
    except (DataError, OSError) as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return Ended.USAGE


def run(options: argparse.Namespace, made: argparse.ArgumentParser) -> int:
    """Walk; returns the exit status. Raises :exc:`~drillbook.model.data.DataError` when the data cannot be read."""
    if options.yes and not options.run:
        made.error("--yes takes proposed answers, and only --run proposes any")
    if not options.tree:
        _list(read_manual(options.data or options.built))
        return 0
    manual, name = _chosen(options)
    with _log(options.log) as log:
        chosen = Options(
            run=options.run,
            yes=options.yes,
            timeout_s=options.timeout,
            prometheus=options.prometheus,
            values=dict(options.set),
            log=log,
            colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
        )
        walker = Walker(manual, chosen)
        ended = walker.walk(name)
    if options.report:
        walker.report.write(options.report)
    return ended


def _chosen(options: argparse.Namespace) -> tuple[Manual, str]:
    """The manual, and the name of the tree in it that is meant."""
    if is_address(options.tree) and not options.data:
        return fetch_manual(options.tree, options.timeout)
    manual = read_manual(options.data or options.built)
    name = manual.tree(options.tree)
    if name is None:
        names = ", ".join(sorted(manual.trees)) or "none"
        raise DataError(f"there is no tree for {options.tree!r}; there are: {names}")
    return manual, name


def _list(manual: Manual) -> None:
    """Say which trees there are; how old the manual is stands beside them, not among them."""
    print(manual.age.says(datetime.now(UTC).date()), file=sys.stderr)
    for name, tree in sorted(manual.trees.items()):
        alerts = f"  (alerts: {', '.join(tree.alerts)})" if tree.alerts else ""
        print(f"{name}  {tree.title}{alerts}")
    if not manual.trees:
        print("This manual has no trees.", file=sys.stderr)


@contextlib.contextmanager
def _log(file: Path | None) -> Iterator[TextIO | None]:
    if file is None:
        yield None
        return
    with file.open("a", encoding="utf-8") as log:
        yield log


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"write BLANK=VALUE, not {text!r}")
    return name, value
