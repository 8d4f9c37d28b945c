"""The command ``drillbook remind``: each owner is told, in one message, what of theirs is due.

Sent at once, by Apprise, to the address in the owner's environment variable. The texts have absolute days only, so the
same state of the manual gives the same message.
"""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.portal.feedback.answer import FeedbackError
from drillbook.review.command import add_sources, listed
from drillbook.review.due import NOBODY, WORDS, Due, Manual, kept_by, read_manual
from drillbook.review.owners import REST, OwnersError, read_owners

EPILOG: Final = """\
examples:
  drillbook remind --dry-run                   print the messages, and send none
  SHOP_ONCALL=mailtos://... drillbook remind   send them
  drillbook remind --within 7 --owner "shop on-call"

drillbook_owners in conf.py names for each owner the environment variable with the address, as Apprise writes it.
Addresses carry secrets: they are read from the environment alone, and never printed.

exit status:
  0  nothing is due, or all of it was told
  1  a message could not be sent, or nobody is named to be told; the others are sent
  2  usage, or conf.py or the manual's data cannot be read
"""
DONE, UNTOLD, USAGE = 0, 1, 2
_INSTALL: Final = "Apprise is not installed, which sends: pip install 'drillbook[portal]'"


class Message(NamedTuple):
    """What one owner is told."""

    owner: str
    title: str
    body: str


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "remind",
        help="tell each owner what of theirs is due",
        description="Tell each owner, in one message, what of theirs must be proven or signed again.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--dry-run", action="store_true", help="print the messages, and send none")
    made.add_argument("--owner", default="", metavar="NAME", help="tell this one alone")
    made.add_argument("--url", default="", metavar="URL", help="where the manual is (default: as conf.py says)")
    made.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    add_sources(made)
    made.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    try:
        known = read_owners(options.conf)
        manual = read_manual(options.data)
        owners = [options.owner] if options.owner else [*manual.owners, NOBODY]
        if options.owner not in ("", NOBODY, *manual.owners):
            raise OwnersError(f"the manual names no owner {options.owner!r}; there are: {', '.join(manual.owners)}")
        made = list(messages(manual, listed(manual, options), owners, options.url or known.url))
    except (OwnersError, FeedbackError) as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE
    if not made:
        print("Nothing is due.")
    untold = 0
    for message in made:
        name = REST if message.owner == NOBODY else message.owner
        variable = known.of(name).notify
        if options.dry_run:
            print(f"To {message.owner} ({variable or 'no address'}): {message.title}\n\n{message.body}")
        if not variable:
            why = f"drillbook_owners names no 'notify' for {name!r}, {known.place}"
        else:
            why = "" if options.dry_run else send(message, os.environ.get(variable[1:], ""), variable)
        if why:
            untold += 1
            print(f"drillbook: {message.owner} is not told: {why}", file=sys.stderr)
        elif not options.dry_run:
            print(f"{message.owner} is told: {message.title}")
    return UNTOLD if untold else DONE


def messages(manual: Manual, found: Sequence[Due], owners: Sequence[str], url: str) -> Iterator[Message]:
    """One message for each of *owners* who has something to do."""
    for owner in owners:
        theirs = kept_by(found, owner)
        if theirs:
            count = "1 thing is" if len(theirs) == 1 else f"{len(theirs)} things are"
            title = f"{manual.project}: {count} due"
            yield Message(owner, title, "\n".join(_body(theirs, owner, url)))


def _body(found: Sequence[Due], owner: str, url: str) -> Iterator[str]:
    yield "No page names an owner for these." if owner == NOBODY else f"Kept by {owner}, the worst first:"
    yield ""
    for one in found:
        yield f"- {WORDS[one.state]}: {one.what}. {one.says}"
        if url and one.url:
            yield f"  {url.rstrip('/')}/{one.url}"
    yield ""
    yield "A run proves again what has commands. A person signs the rest: drillbook review PAGE shows what, --sign signs it."
    yield ""


def send(message: Message, address: str, variable: str) -> str:
    """Send it, and answer why it could not be sent; empty when it is."""
    if not address.strip():
        return f"{variable} is not set"
    try:
        import apprise  # not every manual sends
    except ImportError:
        return _INSTALL
    log = logging.getLogger("apprise")
    log.addHandler(logging.NullHandler())
    log.propagate = False  # it may log addresses
    asset = apprise.AppriseAsset(app_id="Drillbook", app_desc="Operations manuals", app_url="", async_mode=False)
    sender = apprise.Apprise(asset=asset)
    if not sender.add(address):
        return f"{variable} holds no address that Apprise knows"
    sent = sender.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT)
    return "" if sent else f'the target in {variable} did not take it. See why: apprise -vv -b test "{variable}"'
