"""Whether each page that is gone has a redirect, by what git knows alone: quick enough for every change of the manual.

What `drillbook publish` compares when all is built, this compares before: the files that are pages, in the working tree,
in the newest release, and where the work left the first branch. Which files are pages is what conf.py says now.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from sphinx.project import EXCLUDE_PATHS
from sphinx.util.matching import Matcher

from drillbook.portal.moved import PAGE, Edition, ask_for_redirects, read_moved
from drillbook.portal.plan import Plan, PortalError
from drillbook.portal.repository import Repository

WORKING_TREE: Final = "the working tree"


class Checked(NamedTuple):
    """What was compared: how many pages there are, the editions before, and those that could not be had."""

    pages: int
    before: tuple[str, ...]
    lacking: tuple[str, ...]


def check_redirects(plan: Plan, repository: Repository) -> Checked:
    """Compare the pages. Raises :exc:`PortalError` with a line for each page that is gone without a redirect."""
    now = Edition(WORKING_TREE, "", _pages(plan, repository, _tracked(plan, repository)))
    before, lacking = [], []
    for what, commit in _former(plan, repository):
        if commit:
            listed = repository.git("ls-tree", "-r", "-z", "--name-only", commit, "--", _source(plan, repository))
            before.append(Edition(what, "", _pages(plan, repository, listed.split("\0"))))
        else:
            lacking.append(what)
    ask_for_redirects(plan, read_moved(plan), [(edition, now) for edition in before], now.pages)
    return Checked(len(now.pages), tuple(edition.title for edition in before), tuple(lacking))


def _former(plan: Plan, repository: Repository) -> Iterator[tuple[str, str]]:
    """What is compared with, and its commit; where there is none, what is lacking."""
    tags = repository.tags(plan.tags)
    yield (tags[0], f"refs/tags/{tags[0]}") if tags else (f"release ({', '.join(plan.tags)})", "")
    for branch in plan.branches[:1]:
        try:
            commit = repository.git("merge-base", "HEAD", repository.branch(branch)).strip()
        except PortalError:  # none of this name, or a clone that does not reach so far back
            yield f"branch {branch}", ""
        else:
            yield branch, commit


def _source(plan: Plan, repository: Repository) -> str:
    return repository.below(plan.confdir / plan.source)


def _tracked(plan: Plan, repository: Repository) -> Iterator[str]:
    """The files that are there and that git does not ignore."""
    listed = repository.git(
        *("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", _source(plan, repository))
    )
    yield from (name for name in listed.split("\0") if (repository.top / name).is_file())


def _pages(plan: Plan, repository: Repository, files: Iterable[str]) -> frozenset[str]:
    """Those of *files*, named from the top of the repository, that Sphinx makes a page of; as names of these pages."""
    source, excluded = PurePosixPath(_source(plan, repository)), Matcher([*plan.excluded, *EXCLUDE_PATHS])
    below = (Path(name).relative_to(source) for name in files if name)
    return frozenset(
        f"{path.with_suffix('').as_posix()}{PAGE}"
        for path in below
        if path.suffix in plan.suffixes
        and not any(excluded(one.as_posix()) for one in (path, *path.parents) if one != Path())
    )
