"""The commands ``drillbook search-records`` and ``drillbook search-push``."""

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

RECORDS_EPILOG: Final = """\
examples:
  drillbook search-records build/html --url https://manual.example/stable/en > records.json

exit status:
  0  the records are printed
  2  usage, or the pages cannot be read
"""
PUSH_EPILOG: Final = """\
examples:
  ALGOLIA_API_KEY=... drillbook search-push --app K8ZX12 --index manual --url https://manual.example/stable/en
  drillbook search-push --dry-run --app K8ZX12 --index manual --url https://manual.example/stable/en

What has changed is written, then what is gone is deleted, of this version and language alone. The key is read from
the environment variable ALGOLIA_API_KEY and from nowhere else. It is for pushing: no page has it.

exit status:
  0  the index has the records
  1  it has not: the service refuses, or does not answer
  2  usage, there is no key, or the pages cannot be read
"""
KEY: Final = "ALGOLIA_API_KEY"
DONE, NOT_PUSHED, USAGE = 0, 1, 2
_ADDRESS: Final = re.compile(r"https?://[^\s/?#]+[^\s?#]*")


def add_parser(commands: Any) -> None:
    """Give the command line both commands."""
    records = commands.add_parser(
        "search-records",
        help="print the search's records for a hosted search",
        description="Print what can be found in a built manual as JSON, in the form that DocSearch reads.",
        epilog=RECORDS_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    records.add_argument(
        "html", nargs="?", type=Path, default=Path("build/html"), help="built pages (default: %(default)s)"
    )
    records.add_argument(
        "--url", type=_address, default=None, help="where the pages are published (default: relative addresses)"
    )
    records.set_defaults(handler=run_records)
    made = commands.add_parser(
        "search-push",
        help="push the search's records to Algolia",
        description="Make an index at Algolia have what can be found in a built manual.",
        epilog=PUSH_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "html", nargs="?", type=Path, default=Path("build/html"), help="built pages (default: %(default)s)"
    )
    made.add_argument("--app", required=True, metavar="ID", help="the application's ID")
    made.add_argument("--index", required=True, metavar="NAME", help="the index; it is made if there is none")
    made.add_argument("--url", type=_address, required=True, help="where the pages are published")
    made.add_argument("--settings", action="store_true", help="give an index that exists our settings, too")
    made.add_argument(
        "--host", type=_address, default=None, metavar="URL", help="a server in place of the service's own"
    )
    made.add_argument("--dry-run", action="store_true", help="say how many records there are, and push none")
    made.set_defaults(handler=run_push)


def run_records(options: argparse.Namespace) -> int:
    """Print the records; returns the exit status."""
    from drillbook.portal.hosted_search import (
        HostedSearchError,
        read_records,
    )  # needs Sphinx, which a walk does without

    try:
        found = read_records(options.html, options.url or "")
    except HostedSearchError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE
    print(json.dumps(found, indent=1, ensure_ascii=False))
    return DONE


def run_push(options: argparse.Namespace) -> int:
    """Push the records; returns the exit status."""
    from drillbook.portal.hosted_search import HostedSearchError, Target, push, read_records

    key = os.environ.get(KEY, "")
    try:
        records = read_records(options.html, options.url or "")
    except HostedSearchError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE
    if options.dry_run:
        print(f"{len(records)} records for the index {options.index}; none is pushed.")
        return DONE
    if not key:
        print(f"drillbook: set {KEY} to a key that may write to the index {options.index}", file=sys.stderr)
        return USAGE
    try:
        done = push(records, Target(options.app, options.index, key, options.host or ""), settings=options.settings)
    except HostedSearchError as error:
        print(f"drillbook: not pushed: {str(error).replace(key, '***')}", file=sys.stderr)
        return NOT_PUSHED
    print(f"{options.index}: {done.written} records written, {done.deleted} deleted, {done.same} as they were.")
    return DONE


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise argparse.ArgumentTypeError(f"an address such as https://manual.example/stable/en, not {text!r}")
    return text
