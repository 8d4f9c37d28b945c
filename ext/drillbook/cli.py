"""The command ``drillbook``: walk a tree in a terminal, begin a new page, review and sign, measure, sow faults."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from drillbook import warroom
from drillbook.model.data import DataError
from drillbook.new import KINDS, NewError, new_page
from drillbook.review import command as review
from drillbook.review import translations
from drillbook.walker import command as walk
from drillbook.walker.walking import Ended

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
    """The command line."""
    made = argparse.ArgumentParser(
        prog="drillbook", description="Operations manuals whose facts come from the live system."
    )
    made.add_argument("--version", action="version", version=f"drillbook {_version()}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter
    walk.add_parser(commands)
    new = commands.add_parser(
        "new",
        help="begin a page from a template",
        description="Begin a page from a template.",
        epilog=NEW_EPILOG,
        formatter_class=raw,
    )
    new.add_argument("kind", choices=KINDS, help="what the page is")
    new.add_argument("name", help="name of the procedure, tree, alert or checklist; the page is called so")
    new.add_argument("--folder", type=Path, default=Path("source"), help="where it is written (default: %(default)s)")
    new.add_argument("--force", action="store_true", help="overwrite a page that exists")
    review.add_parser(commands)
    translations.add_parser(commands)
    warroom.add_parser(commands)
    measure = commands.add_parser(
        "measure",
        help="measure what the manual shows of the live system",
        description="Run the measurements of conf.py, and keep what they measured as evidence. Nothing else should run meanwhile.",
        epilog=MEASURE_EPILOG,
        formatter_class=raw,
    )
    measure.add_argument(
        "names", nargs="*", metavar="NAME", help="which ones (default: those that are missing, old or due)"
    )
    measure.add_argument("--all", action="store_true", help="all of them")
    measure.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    measure.add_argument(
        "--source",
        type=Path,
        default=Path("source"),
        metavar="FOLDER",
        help="where the pages are (default: %(default)s)",
    )
    sabotage = commands.add_parser(
        "sabotage",
        help="sow known faults into copies, and see them caught",
        description="Sow known faults into copies of the project, one at a time, and see whether its checks catch them.",
        epilog=SABOTAGE_EPILOG,
        formatter_class=raw,
    )
    sabotage.add_argument(
        "--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)"
    )
    sabotage.add_argument("--sample", type=int, default=0, metavar="N", help="sow N of the faults (default: all)")
    sabotage.add_argument("--seed", type=int, default=1, help="which ones a sample has (default: %(default)s)")
    sabotage.add_argument("--only", default="", metavar="NAMES", help="sow these faults: a,b")
    sabotage.add_argument("--jobs", type=int, default=2, help="copies side by side (default: %(default)s)")
    sabotage.add_argument(
        "--report",
        type=Path,
        default=Path("build/sabotage/report.json"),
        metavar="FILE",
        help="where the report is written (default: %(default)s)",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    made = parser()
    options = made.parse_args(arguments)
    try:
        if options.command == "sabotage":
            return _sabotage(options)
        if options.command == "measure":
            return _measure(options)
        if options.command == "warroom":
            return warroom.run(options)
        if options.command == "translations":
            return translations.run(options)
        if options.command == "review":
            return review.run(options, made)
        return _new(options) if options.command == "new" else walk.run(options, made)
    except (DataError, NewError, OSError) as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return Ended.USAGE


def _new(options: argparse.Namespace) -> int:
    page = new_page(options.kind, options.name, options.folder, force=options.force)
    print(f"{page}: written. Fill in what stands in capitals, and add {page.stem} to a toctree.")
    return 0


def _measure(options: argparse.Namespace) -> int:
    from drillbook.proof.measuring import measure_all  # needs Sphinx, which the walker does without

    return measure_all(options.conf, options.source, options.names, every=options.all, toolkit=_version())


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


def _version() -> str:
    try:
        return version("drillbook")
    except PackageNotFoundError:  # used from a checkout, without being installed
        return "0+checkout"
