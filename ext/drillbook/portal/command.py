"""The commands ``drillbook publish`` and ``drillbook serve``."""

import argparse
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from drillbook.portal.feedback.command import VARIABLE

PUBLISH_EPILOG: Final = """\
examples:
  drillbook publish                        publish what conf.py says into build/site
  drillbook publish /srv/manual            the same into a folder that a web server knows
  drillbook publish --check                build and check all of it, and switch nothing
  drillbook publish --only v2.1.0,latest   these versions alone
  drillbook publish --worktree             the files as they are now, in place of the first branch

Readers have the old release until the new one is whole; SITE/current leads to it. An old release is removed when as many
newer ones are there as 'keep' of drillbook_portal says.

exit status:
  0  it is published, or it was, or all of it could be
  1  a version cannot be built, a link or a page is lost, or another process publishes: nothing was switched.
     With --keep-going: it is published without what cannot be built
  2  usage, or conf.py or the repository cannot be read
"""
SERVE_EPILOG: Final = """\
examples:
  drillbook serve                         serve build/site at http://127.0.0.1:8000/
  drillbook serve /srv/manual --port 80   serve another folder at another port
  drillbook serve --database sqlite:///answers.sqlite   take what readers answer, too

A release that is published meanwhile is served from the next request on. http://.../-/health says which.
With --database, or $DRILLBOOK_FEEDBACK, it takes what readers answer at /-/feedback, and shows it at /-/feedback/review.

exit status:
  0  it was ended
  2  usage, nothing is published there, or the address is taken
"""
DONE, FAILED, USAGE = 0, 1, 2
SITE: Final = Path("build/site")
GRACE_S: Final = 5  # for requests that are under way when it is ended


def add_parser(commands: Any) -> None:
    """Give the command line these commands."""
    raw = argparse.RawDescriptionHelpFormatter
    publish = commands.add_parser(
        "publish",
        help="publish all versions and languages as one folder",
        description="Build all versions and languages that conf.py names, and publish them as one folder of static files.",
        epilog=PUBLISH_EPILOG,
        formatter_class=raw,
    )
    publish.add_argument(
        "site", nargs="?", type=Path, default=SITE, metavar="SITE", help="where to (default: %(default)s)"
    )
    publish.add_argument("--only", default="", metavar="NAMES", help="these versions alone: v2.1.0,main")
    publish.add_argument("--worktree", action="store_true", help="the files as they are, in place of the first branch")
    publish.add_argument("--keep-going", action="store_true", help="leave out a version that cannot be built")
    publish.add_argument("--check", action="store_true", help="build and check, and switch nothing")
    publish.add_argument(
        "--cache",
        type=Path,
        default=Path("build/portal"),
        metavar="FOLDER",
        help="where checkouts and builds are kept (default: %(default)s)",
    )
    publish.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    publish.add_argument(
        "--source",
        type=Path,
        default=Path("source"),
        metavar="FOLDER",
        help="where the pages are (default: %(default)s)",
    )
    publish.set_defaults(handler=run_publish)
    serve = commands.add_parser(
        "serve",
        help="serve a published folder",
        description="Serve a published folder over HTTP.",
        epilog=SERVE_EPILOG,
        formatter_class=raw,
    )
    serve.add_argument("site", nargs="?", type=Path, default=SITE, metavar="SITE", help="what (default: %(default)s)")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
    serve.add_argument(
        "--port", type=_port, default=8000, help="the port; 0 for any that is free (default: %(default)s)"
    )
    serve.add_argument(
        "--database",
        metavar="URL",
        help=f"take readers' answers, and store them there (default: ${VARIABLE}, or none are taken)",
    )
    serve.set_defaults(handler=run_serve)


def run_publish(options: argparse.Namespace) -> int:
    """Publish; returns the exit status."""
    from drillbook.portal.building import Build  # needs Sphinx, which the walker does without
    from drillbook.portal.plan import PortalError, read_plan
    from drillbook.portal.publish import Order, publish
    from drillbook.portal.versions import Version

    def told(version: Version, builds: Sequence[Build]) -> None:
        seconds = sum(build.seconds for build in builds)
        how = f"built in {seconds:.0f} s" if seconds else "as it was built before"
        print(f"{version.title:<12} {', '.join(version.languages):<16} {how}", flush=True)

    def say(line: str) -> None:
        if sys.stderr.isatty() or "\n" in line:  # progress is for who looks on; what was left out is for all
            print(line, file=sys.stderr, flush=True)

    only = [name.strip() for name in options.only.split(",") if name.strip()]
    order = Order(options.site, options.cache, only, options.worktree, options.keep_going, options.check)
    try:
        plan = read_plan(options.conf, options.source)
    except PortalError as error:
        return _fail(str(error), USAGE)
    try:
        done = publish(plan, order, told, say)
    except PortalError as error:
        return _fail(f"{error}\nNothing was published.", FAILED)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing was published", FAILED)
    if done.release is None:
        print(f"All of it could be published: {done.pages} pages. Nothing was switched.")
    else:
        state = "published" if done.changed else "nothing has changed since it was published"
        print(f"{options.site}/current: {state}, {done.pages} pages, release {done.release.name}")
    if done.configured:
        print(
            "What nginx reads has changed. Where nginx serves it: nginx -s reload. Until then it sends the old policy"
        )
    if done.left_out:
        return _fail(f"left out, because they cannot be built: {', '.join(done.left_out)}", FAILED)
    return DONE


def run_serve(options: argparse.Namespace) -> int:
    """Serve until it is ended; returns the exit status."""
    import uvicorn

    from drillbook.portal.app import create
    from drillbook.portal.feedback.answer import FeedbackError
    from drillbook.portal.release import current

    site = options.site.resolve()
    if current(site) is None:
        return _fail(f"nothing is published in {options.site}: run drillbook publish {options.site}", USAGE)
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listening = socket.create_server((options.host, options.port), family=family, backlog=256)
    except OSError as error:
        return _fail(f"{options.host}:{options.port}: {error.strerror or error}", USAGE)
    with listening, contextlib.ExitStack() as stack:
        try:
            extra = _feedback(options.database or os.environ.get(VARIABLE, ""), site, stack)
        except FeedbackError as error:
            return _fail(str(error), USAGE)
        host = f"[{options.host}]" if ":" in options.host else options.host
        config = uvicorn.Config(
            create(site, extra),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        print(f"http://{host}:{listening.getsockname()[1]}/", flush=True)
        # uvicorn ends what is under way, and then lets the signal do what it would have done: end us as the keyboard does
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
    return DONE


def _feedback(url: str, site: Path, stack: contextlib.ExitStack) -> Sequence[Any]:
    """The routes that take readers' answers, where a database for them is named; *stack* closes it."""
    if not url:
        return ()
    from drillbook.portal.feedback.routes import from_environment, routes
    from drillbook.portal.feedback.store import open_store

    store = stack.enter_context(contextlib.closing(open_store(url, make=True)))
    return routes(store, from_environment()._replace(pages=f"/{_pages(site)}/"))


def _pages(site: Path) -> str:
    """Where the review finds the pages that answers are about: those of the newest version, as they are written first."""
    from drillbook.portal.release import CURRENT
    from drillbook.portal.site import VERSIONS

    published = json.loads((site / CURRENT / VERSIONS).read_text(encoding="utf-8"))["versions"]
    return f"latest/{published[0]['languages'][0]}"


def _fail(message: str, status: int) -> int:
    print(f"drillbook: {message}", file=sys.stderr)
    return status


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port from 0 to 65535, not {text!r}")
    return int(text)
