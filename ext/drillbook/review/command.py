"""The command line of the review."""

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from string import Template
from typing import Any, Final

from drillbook.arguments import positive
from drillbook.model.data import DataError
from drillbook.model.evidence import EvidenceError
from drillbook.portal.feedback.answer import FeedbackError, ago, visible
from drillbook.portal.feedback.rating import Rated, worst
from drillbook.review.due import (
    NOBODY,
    SIGNATURE,
    WORDS,
    Due,
    Manual,
    Page,
    aged,
    due,
    kept_by,
    read_manual,
    signature,
)
from drillbook.review.signing import SignError, identity, sign
from drillbook.review.translations import add_places, review

EPILOG: Final = """\
examples:
  drillbook review                             list what is due, the worst first
  drillbook review --within 7                  what will be due after 7 more days, too
  drillbook review --owner "shop on-call"      what these keep; "nobody" keeps what has no owner
  drillbook review --feedback feedback.json    the same, and first what readers doubt
  drillbook review --json > due.json           the same for machines
  drillbook review alerts/HighLatency          show its checklist, and what there is to sign
  drillbook review alerts/HighLatency --sign   sign it, as git knows you
  drillbook review alerts/HighLatency --language de --sign
                                               sign its translation, as one who speaks the language

It reads what the last `make html` wrote: build the manual first.

exit status:
  0  nothing is due, or the page was shown or signed
  1  something is due, or will be --within days
  2  usage, the manual's data cannot be read, or the page cannot be signed
"""
TEMPLATE: Final = Path(__file__).parents[1] / "templates" / "review-checklist.md"
DONE, DUE, USAGE = 0, 1, 2
WIDTH: Final = 100


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "review",
        help="list what must be proven or signed again, and sign a page",
        description="List what must be proven or signed again, the worst first; show a page's checklist; sign a page.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("page", nargs="?", default="", help="a page: its name, its file or its address (default: list)")
    made.add_argument("--due", action="store_true", help="list what is due, as without a page")
    made.add_argument("--json", action="store_true", help="list it as JSON, with absolute days")
    made.add_argument("--owner", default="", metavar="NAME", help=f'list what NAME keeps; "{NOBODY}" has no owner')
    add_sources(made)
    made.add_argument("--language", default="", metavar="NAME", help="show or sign the translation of PAGE, as in de")
    add_places(made)
    made.add_argument("--sign", action="store_true", help="sign PAGE")
    made.add_argument("--yes", action="store_true", help="sign without being asked")
    made.set_defaults(handler=partial(run, made=made))


def add_sources(made: argparse.ArgumentParser) -> None:
    """What the list of what is due is made from, and up to when."""
    made.add_argument(
        "--within", type=_whole_days, default=0, metavar="DAYS", help="list what will be due after DAYS more, too"
    )
    made.add_argument(
        "--data",
        type=Path,
        default=Path("build/html/ops.json"),
        metavar="FILE",
        help="the manual's data (default: %(default)s)",
    )
    made.add_argument(
        "--evidence",
        type=Path,
        default=Path("source/evidence"),
        metavar="FOLDER",
        help="where signatures are kept (default: %(default)s)",
    )
    made.add_argument(
        "--days",
        type=positive("days"),
        metavar="N",
        help="for how many days a signature holds (default: as a proof does)",
    )
    made.add_argument(
        "--feedback",
        metavar="URL|FILE",
        help="what readers answered in as many days as a signature holds: the URL of its database, or a file of "
        "drillbook feedback export --json; what 2 or more say No to, and 20 %% at least, is due",
    )


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


def run(options: argparse.Namespace, made: argparse.ArgumentParser) -> int:
    """Run the command; returns its exit status."""
    if (options.sign or options.yes or options.language) and not options.page:
        made.error("--sign and --language need a page")
    if options.page and (options.due or options.json or options.owner or options.within):
        made.error("--due, --json, --owner and --within are for the list: leave the page away")
    if options.language:
        return _translation(options)
    manual = read_manual(options.data)
    try:
        if not options.page:
            return _list(manual, options)
        page = manual.page(options.page)
        return _sign(page, options) if options.sign else _show(page, options.evidence, options.days or manual.days)
    except (SignError, EvidenceError, FeedbackError) as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE


def _translation(options: argparse.Namespace) -> int:
    try:
        return review(options)
    except SignError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE


def listed(manual: Manual, options: argparse.Namespace) -> list[Due]:
    """What is due, as the options of :func:`add_sources` say. Raises :exc:`FeedbackError`."""
    days = options.days or manual.days
    rated = _rated(options.feedback, days) if options.feedback else []
    return due(manual, options.evidence, days, today(), options.within, rated)


def _rated(source: str, days: float) -> list[Rated]:
    """What readers rated within *days*, the worst first."""
    since = ago(days)
    if "://" not in source:
        from drillbook.portal.feedback.export import read_json  # needs no database

        answers = (one.answer for one in read_json(Path(source)) if one.at >= since)
        return worst((answer.page, answer.subject, answer.verdict, 1) for answer in answers)
    try:
        from drillbook.portal.feedback.store import open_store
    except ImportError as error:
        raise FeedbackError(f"a database needs the packages of drillbook[portal]: {error}") from error
    with closing(open_store(source, make=False)) as store:
        return worst(store.counts(since))


def _list(manual: Manual, options: argparse.Namespace) -> int:
    found = listed(manual, options)
    if options.owner:
        if options.owner.casefold() not in map(str.casefold, (*manual.owners, NOBODY)):
            known = ", ".join(manual.owners) or "none"
            raise DataError(f"the manual names no owner {options.owner!r}; there are: {known}")
        found = kept_by(found, options.owner)
    if options.json:
        print(json.dumps(_data(found, options.within), indent=1, ensure_ascii=False))
    else:
        for one in found:
            print(visible(f"{WORDS[one.state]:<8} {one.what}: {_says(one)}"))
        print(f"{len(found)} due." if found else "Nothing is due.")
    return DUE if found else DONE


def _says(one: Due) -> str:
    """With ages, for somebody who reads it today."""
    owners = f" Its owner is {', '.join(one.owners)}." if one.kind == SIGNATURE and one.owners else ""
    return f"{aged(one.says, today(), one.until)}{owners}"


def _data(found: list[Due], within: int) -> dict[str, Any]:
    entries = [{**one._asdict(), "state": WORDS[one.state]} for one in found]
    return {"day": today().isoformat(), "within_days": within, "due": entries}


def _show(page: Page, folder: Path, days: float) -> int:
    print(f"{page.title} ({page.name})")
    if page.owner:
        print(f"Owner: {page.owner}")
    print()
    for text in checklist(page.title):
        print(text)
    if page.to_sign:
        print("To sign, as no run can prove it:")
        for word, text in page.to_sign:
            print(textwrap.fill(f"{word}: {text}", WIDTH, initial_indent="  - ", subsequent_indent="    "))
        found = signature(page, folder, days)
        print(f"\n{aged(found.says, today(), found.until)}")
    else:
        print("There is nothing to sign.")
    return DONE


def checklist(title: str) -> Iterator[str]:
    """The questions of the template, as lines for a terminal."""
    lines = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(title=title).splitlines()[2:]
    for line in lines:
        if line.startswith(":::{ops:checklist}"):
            yield line.partition("}")[2].strip()
        elif line.startswith("- "):
            yield f"  [ ] {line[2:]}"
        elif line.strip(": "):
            yield line
        elif line == ":::":
            yield ""


def _sign(page: Page, options: argparse.Namespace) -> int:
    who = identity(options.evidence)
    if not options.yes and not _agreed(page, str(who)):
        raise SignError("not signed")
    print(f"{sign(page, who, options.evidence)}: signed by {who}. Commit it.")
    return DONE


def _agreed(page: Page, who: str) -> bool:
    if not sys.stdin.isatty():
        raise SignError("nobody is there to be asked: sign on a terminal, or with --yes")
    for word, text in page.to_sign:
        print(textwrap.fill(f"{word}: {text}", WIDTH, initial_indent="  - ", subsequent_indent="    "))
    try:
        answer = input(f"Do you vouch for this, as {who}? Type yes: ")
    except (EOFError, KeyboardInterrupt):
        print()
        return False
    return answer.strip().lower() == "yes"


def _whole_days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5):
        raise argparse.ArgumentTypeError(f"a whole number of days, not {text!r}")
    return int(text)
