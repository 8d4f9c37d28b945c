"""The command line of the messages."""

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from drillbook.model.data import DataError
from drillbook.portal.changes import add_versions, version, versions

EPILOG: Final = """\
examples:
  drillbook notify old/ops.json build/html --url https://manual.example/v2.1.0/en/
                           tell what the new version changes
  drillbook notify         send what still waits: run it every few minutes
  drillbook notify old build/html --dry-run
                           print the messages, send nothing

conf.py names the targets in drillbook_notify; their addresses come from environment variables.
A message is tried until its receiver took it. It may arrive twice, if the command is killed; both have the same id.

exit status:
  0  nothing waits
  1  something could not be sent; it is kept and tried again by the next run
  2  usage, conf.py, a version or the outbox cannot be read, or another process is sending
"""
DONE, WAITING, USAGE = 0, 1, 2


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "notify",
        help="send what has changed in a new version",
        description="Send what has changed in a new version to the targets of conf.py, and what still waits.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_versions(made, nargs="?")
    made.add_argument("--url", default="", metavar="URL", help="where the new version is, for the messages")
    made.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    made.add_argument(
        "--outbox",
        type=Path,
        default=Path("var/outbox.db"),
        metavar="FILE",
        help="where messages are kept until they are sent, and after; to be kept itself (default: %(default)s)",
    )
    made.add_argument("--now", action="store_true", help="try again at once what failed a moment ago")
    made.add_argument("--dry-run", action="store_true", help="print the messages, send and keep nothing")
    made.set_defaults(handler=partial(run, made=made))


def run(options: argparse.Namespace, made: argparse.ArgumentParser) -> int:
    """Run the command; returns its exit status."""
    if (options.old is None) != (options.new is None):
        made.error("name both versions, OLD and NEW, or none, to send what still waits")
    if options.new is None and (options.dry_run or options.since):
        made.error("name both versions, OLD and NEW")
    from sphinx.errors import ConfigError  # the walker, behind the same command, does without Sphinx

    from drillbook.config import read_conf

    try:
        conf = read_conf(options.conf.resolve()).drillbook_notify
    except ConfigError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE
    try:
        return _run(options, conf)
    except ImportError as error:
        print(f"drillbook: messages need drillbook[portal]: {error}", file=sys.stderr)
        return USAGE


def _run(options: argparse.Namespace, conf: Any) -> int:
    from drillbook.portal.notify import address_of, messages, send, targets
    from drillbook.portal.outbox import Outbox, OutboxError

    wanted, found = targets(conf), []
    if not wanted:
        raise DataError(f"{options.conf / 'conf.py'} names nobody to tell: drillbook_notify is empty")
    if options.new is not None:
        old, new = versions(options)
        if not version(new):
            raise DataError(f"{options.new} does not say its version: set release in conf.py")
        found = list(messages(old, new, wanted, options.url))
    if options.dry_run:
        for message in found:
            print(f"To {message.to}: {message.title}\n\n{message.body}\n")
        print(f"{len(found)} message{'' if len(found) == 1 else 's'}, nothing sent.")
        return DONE
    try:
        outbox = Outbox(options.outbox)
        outbox.put(found, _now())
        for sent in send(outbox, address_of, _now, known=[one.digest for one in wanted], at_once=options.now):
            what = f"{sent.message.version} to {sent.message.to}"
            if sent.again:
                print(f"drillbook: {what}: {sent.why}; again at {sent.again:%Y-%m-%dT%H:%MZ}", file=sys.stderr)
            else:
                print(f"sent     {what}")
        return _left(outbox.waiting(), {one.digest for one in wanted})
    except OutboxError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE


def _left(waiting: Any, known: set[str]) -> int:
    """Say what is still there, and give the verdict."""
    for kept in waiting:
        if kept.message.target not in known:
            what = f"{kept.message.version} to {kept.message.to}"
            print(f"drillbook: {what}: kept, as conf.py no longer names the target", file=sys.stderr)
    left = sum(kept.message.target in known for kept in waiting)
    print(f"{left} waiting." if left else "Nothing waits.")
    return WAITING if left else DONE


def _now() -> datetime:
    return datetime.now(UTC)
