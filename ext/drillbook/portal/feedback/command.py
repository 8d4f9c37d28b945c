"""The command ``drillbook feedback``: list, export, rate and prune what readers answered; take more of it."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from drillbook.arguments import port
from drillbook.portal.feedback import taking
from drillbook.portal.feedback.answer import TIME, FeedbackError, Received, ago, visible
from drillbook.portal.feedback.rating import worst
from drillbook.portal.feedback.taking import TOKEN, VARIABLE

if TYPE_CHECKING:
    from drillbook.portal.feedback.store import Store

DONE, MISSING, USAGE = 0, 1, 2
EPILOG: Final = """\
examples:
  drillbook feedback list --wrong --since 2026-11-01     what readers say is wrong, the latest first
  drillbook feedback worst                               pages and fixes, the worst rated first
  drillbook feedback export --csv feedback.csv           for a spreadsheet
  drillbook feedback export --json - | jq '.answers[0]'  for other programs
  drillbook feedback import kept.json                    what a browser kept, and its reader copied and sent
  drillbook feedback remove KEY                          an answer with a name in it; list shows its key
  drillbook feedback prune --days 90                     remove what is older than 90 days
  drillbook feedback serve --database sqlite:///feedback.db

databases:
  sqlite:///feedback.db                       a file, in the folder where one is
  postgresql://USER:PASSWORD@HOST/NAME        better in the environment, for its password

exit status:
  0  done
  2  usage, or the database or a file cannot be used
"""
STATUSES: Final = EPILOG[EPILOG.index("exit status:") :]
WORST_EPILOG: Final = """\
The order is that of the share of No which is at least to be expected of more readers: the lower bound of Wilson's
95 % interval. So 8 of 10 come before 1 of 1. "doubted" are those with 2 No or more, and with 20 % at least.

exit status:
  0  done
  2  usage, or the database cannot be used
"""
REMOVE_EPILOG: Final = """\
exit status:
  0  it is removed
  1  there is none with this key
  2  usage, or the database cannot be used
"""
SERVE_EPILOG: Final = f"""\
examples:
  drillbook feedback serve --database sqlite:////var/lib/manual/feedback.db --origin https://manual.example.org

The review is at /-/feedback/review: on the machine itself, or with the token in ${TOKEN},
as the password of any user or as bearer token. With a token set, it is always needed.

exit status:
  0  stopped by a signal
  2  usage, or the address or the database cannot be used
"""


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    raw = argparse.RawDescriptionHelpFormatter
    made = commands.add_parser(
        "feedback",
        help="what readers say of the manual",
        description="List, export and rate what readers answered on the manual's pages; take their answers.",
        epilog=EPILOG,
        formatter_class=raw,
    )
    database = argparse.ArgumentParser(add_help=False)
    database.add_argument(
        "--database",
        metavar="URL",
        help=f"where answers are stored (default: ${VARIABLE})",
    )
    dos = made.add_subparsers(dest="do", required=True, metavar="WHAT")

    def sub(name: str, says: str, epilog: str = STATUSES) -> Any:
        text = f"{says[0].upper()}{says[1:]}."
        return dos.add_parser(name, parents=[database], help=says, description=text, epilog=epilog, formatter_class=raw)

    listed = sub("list", "show answers, the latest first")
    exported = sub("export", "write all answers to a file")
    for one in (listed, exported):
        one.add_argument("--page", default="", metavar="NAME", help="of this page, or of the pages in this folder")
        one.add_argument("--since", type=_day, metavar="DAY", help="on or after this day in UTC: 2026-11-01")
        one.add_argument("--wrong", action="store_true", help="only those that say No")
    form = exported.add_mutually_exclusive_group(required=True)
    form.add_argument("--csv", metavar="FILE", help="as CSV (RFC 4180), without formulas; - for standard output")
    form.add_argument("--json", metavar="FILE", help="as JSON, which drillbook review --feedback reads; - likewise")
    rated = sub("worst", "show pages, fixes and procedures by their share of No", WORST_EPILOG)
    rated.add_argument("--since", type=_day, metavar="DAY", help="of answers on or after this day in UTC")
    taken = sub("import", "store the answers of an export, or those that a browser kept and copied")
    taken.add_argument("file", type=Path, metavar="FILE", help="as JSON; what is stored already is not stored twice")
    gone = sub("remove", "remove one answer, such as one with a name or a password in it", REMOVE_EPILOG)
    gone.add_argument("key", metavar="KEY", help="as list shows it")
    pruned = sub("prune", "remove old answers")
    pruned.add_argument(
        "--days", type=taking.days, default=taking.KEEP_DAYS, help="older than so many (default: %(default)s)"
    )
    served = sub("serve", "take answers by HTTP, for pages that another server has", SERVE_EPILOG)
    served.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    served.add_argument("--port", type=port, default=8001, help="0 for any free one (default: %(default)s)")
    served.add_argument(
        "--pages", default="/", metavar="URL", help="below which the manual's pages are (default: %(default)s)"
    )
    taking.add_options(served)
    made.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    try:
        from drillbook.portal.feedback.store import open_store
    except ImportError as error:
        return _fail(f"feedback needs the packages of drillbook[portal]: {error}")
    url = options.database or os.environ.get(VARIABLE, "")
    if not url:
        return _fail(f"which database? --database URL, or ${VARIABLE}")
    try:
        with closing(open_store(url, make=options.do in ("serve", "import"))) as store:
            return _DO[options.do](store, options)
    except (FeedbackError, OSError) as error:
        return _fail(str(error))


def _list(store: "Store", options: argparse.Namespace) -> int:
    answers = _asked(store, options)
    for one in answers:
        said = one.answer
        about = f"{said.page}  {said.subject}  {said.version} {said.language}  {said.key}"
        print(f"{one.at.strftime(TIME)}  {said.verdict:<3}  {visible(about)}")
        for line in visible(said.text).splitlines():
            print(f"    {line}")
    print(f"{len(answers)} {'answer' if len(answers) == 1 else 'answers'}.")
    return DONE


def _export(store: "Store", options: argparse.Namespace) -> int:
    from drillbook.portal.feedback.export import write_csv, write_json

    answers = _asked(store, options)
    name = options.csv or options.json
    if name == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]  # RFC 4180 has its own line ends
    with nullcontext(sys.stdout) if name == "-" else Path(name).open("w", encoding="utf-8", newline="") as out:
        (write_csv if options.csv else write_json)(answers, out)
    if name != "-":
        print(f"{name}: {len(answers)} answers")
    return DONE


def _asked(store: "Store", options: argparse.Namespace) -> Sequence[Received]:
    return store.answers(page=options.page, since=options.since, wrong=options.wrong)


def _worst(store: "Store", options: argparse.Namespace) -> int:
    rated = worst(store.counts(options.since))
    for one in rated:
        print(f"{'doubted' if one.doubted else '':<8} {100 * one.share:3.0f} %  {visible(one.what)}: {one.says}.")
    if not rated:
        print("Nobody said No.")
    return DONE


def _import(store: "Store", options: argparse.Namespace) -> int:
    from drillbook.portal.feedback.export import read_json
    from drillbook.portal.feedback.store import ConflictError

    answers = read_json(options.file)
    added = 0
    for number, one in enumerate(answers, 1):
        try:
            added += store.add(one.answer, one.at)
        except ConflictError as error:
            return _fail(f"{options.file}: answer {number}: {error}; the {added} before it are stored")
    print(f"{added} of {len(answers)} stored; the others were there.")
    return DONE


def _remove(store: "Store", options: argparse.Namespace) -> int:
    if store.remove(options.key):
        print("Removed.")
        return DONE
    print(f"drillbook: there is no answer {visible(options.key)}", file=sys.stderr)
    return MISSING


def _prune(store: "Store", options: argparse.Namespace) -> int:
    print(f"{store.prune(ago(options.days))} removed.")
    return DONE


def _serve(store: "Store", options: argparse.Namespace) -> int:
    from starlette.applications import Starlette

    from drillbook.portal.feedback.retention import retention
    from drillbook.portal.feedback.routes import ADDRESS, routes
    from drillbook.portal.serving import listen, serve

    app = Starlette(routes=routes(store, taking.settings(options, options.pages)))
    with listen(options.host, options.port) as listening, retention(store, options.keep_days):
        serve(app, listening, options.host, lambda at: print(f"Feedback is taken at {at}{ADDRESS}", flush=True))
    return DONE


_DO: Final = {
    "list": _list,
    "export": _export,
    "import": _import,
    "worst": _worst,
    "remove": _remove,
    "prune": _prune,
    "serve": _serve,
}


def _fail(message: str) -> int:
    print(f"drillbook: {message}", file=sys.stderr)
    return USAGE


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a day such as 2026-11-01, not {text!r}") from None
