"""The command line of the review."""

import argparse
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from string import Template
from typing import Any, Final

from drillbook.model.evidence import EvidenceError
from drillbook.review.due import WORDS, Manual, Page, due, read_manual, signature
from drillbook.review.signing import SignError, identity, sign
from drillbook.review.translations import add_places, review

EPILOG: Final = """\
examples:
  drillbook review                             list what is due, the worst first
  drillbook review alerts/HighLatency          show its checklist, and what there is to sign
  drillbook review alerts/HighLatency --sign   sign it, as git knows you
  drillbook review alerts/HighLatency --language de --sign
                                               sign its translation, as one who speaks the language

It reads what the last `make html` wrote: build the manual first.

exit status:
  0  nothing is due, or the page was shown or signed
  1  something is due
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
        "--days", type=_days, metavar="N", help="for how many days a signature holds (default: as a proof does)"
    )
    made.add_argument("--language", default="", metavar="NAME", help="show or sign the translation of PAGE, as in de")
    add_places(made)
    made.add_argument("--sign", action="store_true", help="sign PAGE")
    made.add_argument("--yes", action="store_true", help="sign without being asked")


def run(options: argparse.Namespace, made: argparse.ArgumentParser) -> int:
    """Run the command; returns its exit status."""
    if (options.sign or options.yes or options.language) and not options.page:
        made.error("--sign and --language need a page")
    if options.language:
        return _translation(options)
    manual = read_manual(options.data)
    today = datetime.now(UTC).date()
    days = options.days or manual.days
    try:
        if not options.page:
            return _list(manual, options.evidence, days, today)
        page = manual.page(options.page)
        return _sign(page, options) if options.sign else _show(page, options.evidence, days, today)
    except (SignError, EvidenceError) as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE


def _translation(options: argparse.Namespace) -> int:
    try:
        return review(options)
    except SignError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE


def _list(manual: Manual, folder: Path, days: float, today: date) -> int:
    found = due(manual, folder, days, today)
    for one in found:
        print(f"{WORDS[one.state]:<8} {one.what}: {one.says}")
    print(f"{len(found)} due." if found else "Nothing is due.")
    return DUE if found else DONE


def _show(page: Page, folder: Path, days: float, today: date) -> int:
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
        print(f"\n{signature(page, folder, days, today)[1]}")
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


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0
    if not 0 < days < 1e6:
        raise argparse.ArgumentTypeError(f"a number of days above 0, not {text!r}")
    return days
