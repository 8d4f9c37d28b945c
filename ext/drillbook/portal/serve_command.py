"""The command ``drillbook serve``."""

import argparse
import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from drillbook.arguments import port
from drillbook.portal.command import DONE, SITE, USAGE, fail
from drillbook.portal.feedback import taking
from drillbook.portal.feedback.answer import FeedbackError

EPILOG: Final = """\
examples:
  drillbook serve                         serve build/site at http://127.0.0.1:8000/
  drillbook serve /srv/manual --port 80   serve another folder at another port
  drillbook serve --database sqlite:///answers.sqlite   take what readers answer, too
  drillbook serve --database sqlite:///answers.sqlite --keep-days 90 --rate 6   keep it for 90 days, and take less

A release that is published meanwhile is served from the next request on. http://.../-/health says which.
With --database, or $DRILLBOOK_FEEDBACK, it takes what readers answer at /-/feedback, and shows it at /-/feedback/review.

exit status:
  0  it was ended
  2  usage, nothing is published there, or the address or the database cannot be used
"""


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "serve",
        help="serve a published folder",
        description="Serve a published folder over HTTP.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("site", nargs="?", type=Path, default=SITE, metavar="SITE", help="what (default: %(default)s)")
    made.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
    made.add_argument("--port", type=port, default=8000, help="the port; 0 for any that is free (default: %(default)s)")
    made.add_argument(
        "--database",
        metavar="URL",
        help=f"take readers' answers, and store them there (default: ${taking.VARIABLE}, or none are taken)",
    )
    taking.add_options(made)
    made.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Serve until it is ended; returns the exit status."""
    from drillbook.portal.app import create
    from drillbook.portal.release import current
    from drillbook.portal.serving import listen, serve

    site = options.site.resolve()
    if current(site) is None:
        return fail(f"nothing is published in {options.site}: run drillbook publish {options.site}", USAGE)
    try:
        with listen(options.host, options.port) as listening, contextlib.ExitStack() as stack:
            app = create(site, _feedback(options, site, stack))
            serve(app, listening, options.host, lambda address: print(f"{address}/", flush=True))
    except (FeedbackError, OSError) as error:
        return fail(str(error), USAGE)
    return DONE


def _feedback(options: argparse.Namespace, site: Path, stack: contextlib.ExitStack) -> Sequence[Any]:
    """The routes that take readers' answers, where a database for them is named; *stack* closes it."""
    url = options.database or os.environ.get(taking.VARIABLE, "")
    if not url:
        return ()
    from drillbook.portal.feedback.retention import retention
    from drillbook.portal.feedback.routes import routes
    from drillbook.portal.feedback.store import open_store

    store = stack.enter_context(contextlib.closing(open_store(url, make=True)))
    stack.enter_context(retention(store, options.keep_days))
    return routes(store, taking.settings(options, f"/{_pages(site)}/"))


def _pages(site: Path) -> str:
    """Where the review finds the pages that answers are about: those of the newest version, as they are written first."""
    from drillbook.portal.release import CURRENT
    from drillbook.portal.site import VERSIONS

    published = json.loads((site / CURRENT / VERSIONS).read_text(encoding="utf-8"))["versions"]
    return f"latest/{published[0]['languages'][0]}"
