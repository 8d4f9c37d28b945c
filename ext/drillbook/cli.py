"""The command ``drillbook``: walk a tree, begin a page, review and sign, publish, tell changes, hear readers, measure, sow faults."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from drillbook import __version__, warroom
from drillbook.model.data import DataError
from drillbook.new import KINDS, NewError, new_page
from drillbook.portal import changes, notify_command, search_command, serve_command
from drillbook.portal import command as portal
from drillbook.portal.feedback import command as feedback
from drillbook.review import command as review
from drillbook.review import job, owners, remind, translations
from drillbook.walker import command as walk
from drillbook.walker.walking import Ended

RAW: Final = argparse.RawDescriptionHelpFormatter
NEW_EPILOG = """\
examples:
  drillbook new procedure restart-gateway --folder source/procedures
  drillbook new alert HighLatency --folder source/alerts

exit status:
  0  the page is there
  2  usage, or the page cannot be written
"""
MEASURE_EPILOG = """\
examples:
  drillbook measure              measure what is missing, old or due
  drillbook measure cache-ttl    measure this one
  drillbook measure --all        measure all

exit status:
  0  all of it is measured
  1  a measurement failed; the others are kept
  2  usage, or conf.py cannot be read
"""
SABOTAGE_EPILOG = """\
examples:
  drillbook sabotage                            sow all faults, one at a time
  drillbook sabotage --sample 10 --seed 7       sow ten of them
  drillbook sabotage --only wrong-flag,no-undo  sow these two

exit status:
  0  as many were caught as drillbook_sabotage_gate wants
  1  too few were caught
  2  usage, a fault does not apply, or a check fails on the clean copy
"""


def parser() -> argparse.ArgumentParser:
    """The command line. Each command brings its ``handler``, which answers the exit status."""
    made = argparse.ArgumentParser(
        prog="drillbook", description="Operations manuals whose facts come from the live system."
    )
    made.add_argument("--version", action="version", version=f"drillbook {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    walk.add_parser(commands)
    _add_new(commands)
    for module in (review, translations, owners, remind, job):
        module.add_parser(commands)
    for module in (portal, serve_command, changes, notify_command, feedback, search_command, warroom):
        module.add_parser(commands)
    _add_measure(commands)
    _add_sabotage(commands)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.handler(options)
    except (DataError, NewError, OSError) as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return Ended.USAGE
    return status


def _add_new(commands: Any) -> None:
    made = commands.add_parser(
        "new",
        help="begin a page from a template",
        description="Begin a page from a template.",
        epilog=NEW_EPILOG,
        formatter_class=RAW,
    )
    made.add_argument("kind", choices=KINDS, help="what the page is")
    made.add_argument("name", help="name of the procedure, tree, alert or checklist; the page is called so")
    made.add_argument("--folder", type=Path, default=Path("source"), help="where it is written (default: %(default)s)")
    made.add_argument("--force", action="store_true", help="overwrite a page that exists")
    made.set_defaults(handler=_new)


def _new(options: argparse.Namespace) -> int:
    page = new_page(options.kind, options.name, options.folder, force=options.force)
    print(f"{page}: written. Fill in what stands in capitals, and add {page.stem} to a toctree.")
    return 0


def _add_measure(commands: Any) -> None:
    made = commands.add_parser(
        "measure",
        help="measure what the manual shows of the live system",
        description="Run the measurements of conf.py, and keep what they measured as evidence. Nothing else should run meanwhile.",
        epilog=MEASURE_EPILOG,
        formatter_class=RAW,
    )
    made.add_argument(
        "names", nargs="*", metavar="NAME", help="which ones (default: those that are missing, old or due)"
    )
    made.add_argument("--all", action="store_true", help="all of them")
    made.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    made.add_argument(
        "--source",
        type=Path,
        default=Path("source"),
        metavar="FOLDER",
        help="where the pages are (default: %(default)s)",
    )
    made.set_defaults(handler=_measure)


def _measure(options: argparse.Namespace) -> int:
    from drillbook.proof.measuring import measure_all  # needs Sphinx, which the walker does without

    return measure_all(options.conf, options.source, options.names, every=options.all, toolkit=__version__)


def _add_sabotage(commands: Any) -> None:
    made = commands.add_parser(
        "sabotage",
        help="sow known faults into copies, and see them caught",
        description="Sow known faults into copies of the project, one at a time, and see whether its checks catch them.",
        epilog=SABOTAGE_EPILOG,
        formatter_class=RAW,
    )
    made.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    made.add_argument("--sample", type=int, default=0, metavar="N", help="sow N of the faults (default: all)")
    made.add_argument("--seed", type=int, default=1, help="which ones a sample has (default: %(default)s)")
    made.add_argument("--only", default="", metavar="NAMES", help="sow these faults: a,b")
    made.add_argument("--jobs", type=int, default=2, help="copies side by side (default: %(default)s)")
    made.add_argument(
        "--report",
        type=Path,
        default=Path("build/sabotage/report.json"),
        metavar="FILE",
        help="where the report is written (default: %(default)s)",
    )
    made.set_defaults(handler=_sabotage)


def _sabotage(options: argparse.Namespace) -> int:
    from drillbook.proof.sabotage_command import sabotage  # needs Sphinx, which the walker does without

    return sabotage(
        options.conf,
        sample=options.sample,
        seed=options.seed,
        only=options.only,
        jobs=max(1, options.jobs),
        report_file=options.report,
    )
