"""What every server that takes readers' answers can be told: from where, how many, and for how long they are kept."""

import argparse
import os
import re
from typing import TYPE_CHECKING, Any, Final

from drillbook.arguments import positive

if TYPE_CHECKING:
    from drillbook.portal.feedback.routes import Settings

VARIABLE: Final = "DRILLBOOK_FEEDBACK"
TOKEN: Final = "DRILLBOOK_REVIEW_TOKEN"  # noqa: S105 - the name of a variable
KEEP_DAYS: Final = 365
RATE: Final = 12.0  # answers in a minute
BURST: Final = 20.0  # answers at once: what a browser kept is sent together
days: Final = positive("days")
_ORIGIN: Final = re.compile(r"null|https?://[^\s/?#@]+")


def add_options(made: Any) -> None:
    """Give a command the options that :func:`settings` reads, and ``keep_days``."""
    group = made.add_argument_group("readers' answers")
    group.add_argument(
        "--origin",
        action="append",
        type=_origin,
        default=[],
        metavar="ORIGIN",
        help="a site whose pages may send, besides this server's: https://manual.example.org; null for pages opened as "
        "files (repeat for more)",
    )
    group.add_argument(
        "--rate",
        type=positive("answers in a minute"),
        default=RATE,
        metavar="N",
        help=f"answers of one client in a minute, after {BURST:g} at once (default: %(default)g)",
    )
    group.add_argument(
        "--keep-days",
        type=days,
        default=KEEP_DAYS,
        metavar="N",
        help="for how many days an answer is kept (default: %(default)s)",
    )


def settings(options: argparse.Namespace, pages: str) -> "Settings":
    """What a command was told, with the token of the environment; *pages* is the address below which the pages are."""
    from drillbook.portal.feedback.limits import Rate
    from drillbook.portal.feedback.routes import Settings

    client = Rate(max(BURST, options.rate), options.rate / 60)
    return Settings(tuple(options.origin), pages, client, token=os.environ.get(TOKEN, ""))


def _origin(text: str) -> str:
    """As browsers write it: they compare it letter by letter."""
    if not _ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"https://HOST, with a port if it has one and no path, or null; not {text!r}")
    return text.lower()
