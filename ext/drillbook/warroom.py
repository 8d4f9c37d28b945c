"""The command ``drillbook warroom``: the offline bundle of a manual that has been built."""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

EPILOG: Final = """\
examples:
  drillbook warroom --pdf build/pdf/stations.pdf   bundle build/html and this PDF into build/warroom

exit status:
  0  the bundle is there
  2  usage, or the pages or the PDF are not there
"""
DONE, USAGE = 0, 2


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "warroom",
        help="bundle the manual for a room without a network",
        description="Bundle the built manual for a room without a network: the PDF, the pages, the walker, checksums.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--html", type=Path, default=Path("build/html"), metavar="FOLDER", help="built pages (default: %(default)s)"
    )
    made.add_argument("--pdf", type=Path, required=True, metavar="FILE", help="the PDF")
    made.add_argument(
        "--target",
        type=Path,
        default=Path("build/warroom"),
        metavar="FOLDER",
        help="where it is written (default: %(default)s)",
    )
    made.add_argument(
        "--conf",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where conf.py is, in its repository (default: here)",
    )
    made.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Make the bundle; returns the exit status."""
    from drillbook.output.made import made_from  # with catalogues, which are Sphinx's: the walker does without
    from drillbook.output.warroom import Bundle, BundleError, bundle

    try:
        files = bundle(Bundle(options.html, options.pdf, made_from(options.conf.resolve())), options.target)
    except BundleError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE
    for file in files:
        print(f"{file.stat().st_size / 1e6:8.2f} MB  {file}")
    return DONE
