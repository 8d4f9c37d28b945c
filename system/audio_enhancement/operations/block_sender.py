"""``scripts/block_sender.sh``: who sends what, and an end to it."""

import argparse
import sys

from audio_enhancement.operations.command import OperationError, execute, make_parser, print_json, table
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.storage import senders
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.senders import Sender

KINDS = ("uploads", "failed", "waiting")
OWN = "canary"
"""The sender that is part of the system."""


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "block_sender",
        "See who sends how much and how much of it fails, block a sender, and allow it again.",
        """0  done; also when the sender was blocked, or allowed, before
        1  no such sender, or the database did not answer
        2  wrong usage""",
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list the senders of the last minutes; changes nothing")
    listing.add_argument(
        "--minutes", type=float, default=10.0, metavar="N", help="how far back to look (default: %(default)g min)"
    )
    listing.add_argument("--top", choices=KINDS, help="print nothing but the name of the sender with most of these")
    listing.add_argument("--json", action="store_true", help="print JSON")
    block = commands.add_parser("block", help="end all keys of a sender and its waiting jobs; `allow` undoes it")
    allow = commands.add_parser("allow", help="undo `block`: its keys work again, and its jobs wait again")
    for command in (block, allow):
        command.add_argument("name", metavar="NAME", help="name of the sender, as listed")
    return made


def _others(found: list[Sender]) -> list[Sender]:
    return [sender for sender in found if sender.name != OWN]


def _top(found: list[Sender], kind: str) -> tuple[Sender, float] | None:
    """The sender with most of a kind, and its share of all there are; none where there are none."""
    counts = [getattr(sender, kind) for sender in _others(found)]
    if not sum(counts):
        return None
    most = max(counts)
    return _others(found)[counts.index(most)], most / sum(counts)


def _list(database: Database, options: argparse.Namespace) -> None:
    found = senders.of_last(database, options.minutes * 60)
    if options.json:
        print_json([sender._asdict() for sender in found])
    elif options.top:
        top = _top(found, options.top)
        if top is None:
            raise OperationError(f"{options.top}: none in the last {options.minutes:g} min")
        print(top[0].name)
    else:
        print(table(found, ("SENDER", "UPLOADS", "FAILED", "WAITING", "KEYS")))
        for kind in KINDS:
            top = _top(found, kind)
            print(f"most {kind}: {f'{top[1]:.0%} by {top[0].name}' if top else 'none'}")


def _run(options: argparse.Namespace, _: RunDir) -> int:
    database = Database(DatabaseSettings(pool_size=1))
    if options.command == "list":
        _list(database, options)
        return 0
    if options.name == OWN:
        raise OperationError(f"{OWN} is part of the system: switch it off by the setting canary.api_key")
    try:
        if options.command == "block":
            done = senders.block(database, options.name)
            print(f"{options.name} is blocked: {done.keys} keys and {done.jobs} waiting jobs have ended")
        else:
            done = senders.allow(database, options.name)
            print(f"{options.name} is allowed: {done.keys} keys work again and {done.jobs} jobs wait again")
    except LookupError as error:
        raise OperationError(f"{error.args[0]}; `./scripts/block_sender.sh list` names the senders") from error
    return 0


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
