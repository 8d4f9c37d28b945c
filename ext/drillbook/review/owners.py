"""The command ``drillbook owners``: who must look at a change of a page, in a file that GitHub and GitLab read.

What it writes stands between two lines of its own, so a file that says more keeps the rest.
"""

import argparse
import difflib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook import process
from drillbook.model.evidence import write_text
from drillbook.model.owner import Owned
from drillbook.review.due import read_manual

EPILOG: Final = """\
examples:
  drillbook owners                                write CODEOWNERS at the top of the repository
  drillbook owners --check                        compare it, and change nothing
  drillbook owners --file .github/CODEOWNERS      another place that the forge reads

It reads the owners of the last `make html`, and their handles from drillbook_owners in conf.py.

exit status:
  0  it is as it should be
  1  --check found it otherwise, or an owner has no handle; the others are written
  2  usage, or conf.py, the manual's data or the file cannot be read
"""
BEGIN: Final = "# drillbook owners: from here, written from the owners of pages and drillbook_owners in conf.py"
END: Final = "# drillbook owners: to here"
REST: Final = "*"  # in drillbook_owners: who keeps what names no owner
DONE, OTHERWISE, USAGE = 0, 1, 2
_GIT_S: Final = 10


class OwnersError(Exception):
    """Owners that cannot be written or told; the text says why."""


class Owner(NamedTuple):
    """Who an owner is: their handle on the forge, and the variable with the address for messages; either may be empty."""

    handle: str
    notify: str


class Owners(NamedTuple):
    """What conf.py says: who the owners are, at which line, and where the manual is published."""

    by_name: Mapping[str, Owner]
    place: str
    url: str

    def of(self, name: str) -> Owner:
        """Who an owner is; nobody if conf.py does not know."""
        return self.by_name.get(name, Owner("", ""))


def read_owners(conf: Path) -> Owners:
    """What conf.py in the folder *conf* says of owners. Raises :exc:`OwnersError`."""
    from sphinx.errors import ConfigError  # not needed to walk, list and sign

    from drillbook.config import option_place, read_conf

    try:
        config = read_conf(conf.resolve())
    except ConfigError as error:
        raise OwnersError(str(error)) from error
    config.add("html_baseurl", "", "html", str)  # an option of the builder, which is not there
    given: Mapping[str, Any] = config.drillbook_owners
    place = str(option_place(conf, "drillbook_owners"))
    if not given:
        raise OwnersError(f'{place}: say who the owners are: drillbook_owners = {{"shop on-call": "@shop-oncall"}}')
    fields = {name: {"handle": one} if isinstance(one, str) else one for name, one in given.items()}
    owners = {name: Owner(one.get("handle", ""), one.get("notify", "")) for name, one in fields.items()}
    return Owners(owners, place, config.html_baseurl or "")


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "owners",
        help="write CODEOWNERS from the owners of pages",
        description="Write who keeps each page into CODEOWNERS, as GitHub and GitLab read it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--check", action="store_true", help="change nothing; show what is otherwise")
    made.add_argument(
        "--file", type=Path, metavar="FILE", help="the file (default: CODEOWNERS at the top of the repository)"
    )
    made.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    made.add_argument(
        "--source",
        type=Path,
        default=Path("source"),
        metavar="FOLDER",
        help="where the pages are, in the folder of conf.py (default: %(default)s)",
    )
    made.add_argument(
        "--data",
        type=Path,
        default=Path("build/html/ops.json"),
        metavar="FILE",
        help="the manual's data (default: %(default)s)",
    )
    made.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    try:
        known = read_owners(options.conf)
        conf, owned = options.conf.resolve(), read_manual(options.data).owned
        top = _top(conf)
        file = options.file or Path(os.path.relpath(top / "CODEOWNERS"))
        missing = [one for one in owned if not known.of(one.owner).handle]
        rest = [f"{_pattern(conf / options.source, top)} {handle}"] if (handle := known.of(REST).handle) else []
        block = [BEGIN, *rest, *_lines(conf, top, owned, known), END]
        old = file.read_text(encoding="utf-8") if file.exists() else ""
        new = _replaced(old, block, file)
    except OwnersError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE
    for one in missing:
        where = f"{(options.conf / one.file).as_posix()}:{one.line}"
        print(
            f"{where}: the owner {one.owner!r} has no handle: add it to drillbook_owners, {known.place}",
            file=sys.stderr,
        )
    same = old == new
    if options.check:
        shown = difflib.unified_diff(old.splitlines(), new.splitlines(), str(file), "as it should be", lineterm="")
        print(*(shown if not same else [f"{file} is as it should be."]), sep="\n")
    else:
        write_text(file, new)
        print(f"{file}: {'as it was' if same else 'written'}. Pages with an owner: {len({one.page for one in owned})}.")
    return OTHERWISE if missing or (options.check and not same) else DONE


def _lines(conf: Path, top: Path, owned: Sequence[Owned], known: Owners) -> Iterator[str]:
    """A line for each page, in the order of their names."""
    pages: dict[Path, list[str]] = {}
    for one in owned:
        if handle := known.of(one.owner).handle:
            pages.setdefault((conf / one.file).resolve(), []).append(handle)
    for path, handles in sorted(pages.items()):
        yield f"{_pattern(path, top)} {' '.join(dict.fromkeys(handles))}"


def _pattern(path: Path, top: Path) -> str:
    """How the file names a path: from the top of the repository; a folder ends in a slash."""
    try:
        name = path.resolve().relative_to(top).as_posix()
    except ValueError:
        raise OwnersError(f"{path} lies outside of the repository {top}: it can have no owner there") from None
    if name == ".":
        return "*"
    return f"/{name}/".replace(" ", "\\ ") if path.is_dir() else f"/{name}".replace(" ", "\\ ")


def _replaced(old: str, block: Sequence[str], file: Path) -> str:
    """*old* with *block* in place of the one that it has, or behind all that it says."""
    lines = old.splitlines()
    marks = [number for number, line in enumerate(lines) if line in (BEGIN, END)]
    if not marks:
        return "\n".join([*lines, *([""] if lines else []), *block, ""])
    if [lines[number] for number in marks] != [BEGIN, END]:
        raise OwnersError(f"{file}:{marks[0] + 1}: needs this line once, and behind it the other: {BEGIN!r}, {END!r}")
    return "\n".join([*lines[: marks[0]], *block, *lines[marks[1] + 1 :], ""])


def _top(folder: Path) -> Path:
    """The top of the repository that *folder* belongs to; without git it is the folder."""
    try:
        done = process.run(["git", "rev-parse", "--show-toplevel"], timeout_s=_GIT_S, cwd=folder)
    except OSError:
        return folder
    return Path(done.stdout.decode().rstrip("\n")).resolve() if done.status == 0 else folder
