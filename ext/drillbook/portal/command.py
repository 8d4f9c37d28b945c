"""The command ``drillbook publish``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from drillbook.portal.plan import Plan

EPILOG: Final = """\
examples:
  drillbook publish                        publish what conf.py says into build/site
  drillbook publish /srv/manual            the same into a folder that a web server knows
  drillbook publish --check                build and check all of it, and switch nothing
  drillbook publish --redirects            look whether pages that are gone have redirects; build nothing
  drillbook publish --releases             list the releases that are kept, the newest first
  drillbook publish --rollback             serve the release before the current one again
  drillbook publish /srv/manual --rollback 20261128T101500Z-0123456789ab   serve this one
  drillbook publish --only v2.1.0,latest   these versions alone
  drillbook publish --worktree             the files as they are now, in place of the first branch

Readers have the old release until the new one is whole; SITE/current leads to it. An old release is removed when as many
newer ones are there as 'keep' of drillbook_portal says.

--redirects compares the files as they are with the newest release, and with the first branch where they left it.

exit status:
  0  it is published, or it was, or all of it could be; no page is lost
  1  a version cannot be built, a link or a page is lost, a release is not whole, or another process publishes: nothing
     was switched.
     With --keep-going: it is published without what cannot be built
  2  usage, conf.py or the repository cannot be read, or nothing is published to go back to
"""
DONE, FAILED, USAGE = 0, 1, 2
SITE: Final = Path("build/site")


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "publish",
        help="publish all versions and languages as one folder",
        description="Build all versions and languages that conf.py names, and publish them as one folder of static files.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "site", nargs="?", type=Path, default=SITE, metavar="SITE", help="where to (default: %(default)s)"
    )
    made.add_argument("--only", default="", metavar="NAMES", help="these versions alone: v2.1.0,main")
    made.add_argument("--worktree", action="store_true", help="the files as they are, in place of the first branch")
    made.add_argument("--keep-going", action="store_true", help="leave out a version that cannot be built")
    instead = made.add_mutually_exclusive_group()
    instead.add_argument("--check", action="store_true", help="build and check, and switch nothing")
    instead.add_argument(
        "--redirects",
        action="store_true",
        help="build nothing; look by git whether each page that is gone has a redirect",
    )
    instead.add_argument("--releases", action="store_true", help="list the releases that are kept")
    instead.add_argument(
        "--rollback",
        nargs="?",
        const="",
        metavar="RELEASE",
        help="serve a release that is kept, in place of the current one (default: the one before it)",
    )
    made.add_argument(
        "--cache",
        type=Path,
        default=Path("build/portal"),
        metavar="FOLDER",
        help="where checkouts and builds are kept (default: %(default)s)",
    )
    made.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    made.add_argument(
        "--source",
        type=Path,
        default=Path("source"),
        metavar="FOLDER",
        help="where the pages are (default: %(default)s)",
    )
    made.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Publish; returns the exit status."""
    if options.releases or options.rollback is not None:
        return _releases(options)
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
        return fail(str(error), USAGE)
    if options.redirects:
        return _redirects(plan)
    try:
        done = publish(plan, order, told, say)
    except PortalError as error:
        return fail(f"{error}\nNothing was published.", FAILED)
    except KeyboardInterrupt:
        return fail("interrupted; nothing was published", FAILED)
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
        return fail(f"left out, because they cannot be built: {', '.join(done.left_out)}", FAILED)
    return DONE


def _releases(options: argparse.Namespace) -> int:
    """List the releases, or go back to one."""
    from drillbook.portal.plan import PortalError
    from drillbook.portal.rollback import releases, roll_back

    site = options.site.resolve()
    kept = releases(site)
    if not kept:
        return fail(f"nothing is published in {options.site}", USAGE)
    if options.releases:
        for one in kept:
            says = ", ".join(one.versions) or "it is not whole"
            print(f"{one.name}  {'served' if one.served else '':<6}  {says}")
        return DONE
    try:
        now, before = roll_back(site, options.rollback)
    except PortalError as error:
        return fail(f"{error}\nNothing was switched.", FAILED)
    versions = ", ".join(now.versions)
    print(f"{options.site}/current: release {now.name} is served now, with {versions}. Before it was {before}.")
    return DONE


def _redirects(plan: "Plan") -> int:
    from drillbook.portal.plan import PortalError
    from drillbook.portal.redirects import check_redirects
    from drillbook.portal.repository import repository_of

    try:
        repository = repository_of(plan.confdir)
    except PortalError as error:
        return fail(str(error), USAGE)
    try:
        checked = check_redirects(plan, repository)
    except PortalError as error:
        return fail(str(error), FAILED)
    for what in checked.lacking:
        print(f"There is no {what} to compare with.")
    if checked.before:
        before = ", ".join(checked.before)
        print(f"{checked.pages} pages. Each page of {before} is one of them, or has a redirect.")
    return DONE


def fail(message: str, status: int) -> int:
    """Say why; answers the exit status."""
    print(f"drillbook: {message}", file=sys.stderr)
    return status
