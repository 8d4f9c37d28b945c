"""Pages that are no longer where they were: who may be gone, where the others are, and the small pages that lead there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from drillbook.portal.building import Build
from drillbook.portal.look import NOT_FOUND
from drillbook.portal.plan import Plan, PortalError
from drillbook.portal.versions import Kind

GONE: Final = None
PAGE: Final = ".html"
Pages = frozenset[str]


class Moved(NamedTuple):
    """Old pages and where they are now, as file names; a new one may have an anchor. ``None`` is for one that is gone."""

    to: Mapping[str, str | None]

    def find(self, page: str, pages: Pages) -> str | None:
        """The page, or what it has become, or what it was before, among the *pages* of another version."""
        if page in pages:
            return page
        after = self.after(page)
        if after and after.partition("#")[0] in pages:
            return after
        return next((old for old in self.to if old in pages and self._leads(old, page)), None)

    def after(self, page: str) -> str | None:
        """Where a page is after all moves; ``None`` when it is gone or has not moved."""
        found: str | None = None
        seen = {page}
        while (following := self.to.get(page)) is not None:
            found, page = following, following.partition("#")[0]
            if page in seen:
                return None
            seen.add(page)
        return None if page in self.to and self.to[page] is GONE else found

    def _leads(self, old: str, page: str) -> bool:
        return (self.after(old) or "").partition("#")[0] == page

    def stubs(self, pages: Pages) -> Iterator[tuple[str, str]]:
        """The old pages that a version with these *pages* lacks, and where each is in it."""
        for old in self.to:
            if old not in pages and (new := self.after(old)) and new.partition("#")[0] in pages:
                yield old, new


def read_moved(plan: Plan) -> Moved:
    """The redirects of conf.py. Raises :exc:`PortalError` for a circle."""
    moved = Moved({f"{old}{PAGE}": _file(new) for old, new in plan.redirects.items()})
    for old in moved.to:
        page, seen = old, [old]
        while (following := moved.to.get(page)) is not None:
            page = following.partition("#")[0]
            if page in seen:
                circle = " -> ".join(_name(one) for one in [*seen, page])
                raise PortalError(f"{_line(plan, old)}: 'redirects' go in a circle: {circle}")
            seen.append(page)
    return moved


def _file(page: str | None) -> str | None:
    if page is None:
        return None
    name, mark, anchor = page.partition("#")
    return f"{name}{PAGE}{mark}{anchor}"


def _name(file: str) -> str:
    return file.removesuffix(PAGE)


def _line(plan: Plan, old: str) -> str:
    """Where a redirect stands: the line of its file, or the option in conf.py."""
    place = plan.redirects_place
    try:
        lines = Path(place.file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return str(place)
    named = (at for at, line in enumerate(lines, 1) if line.strip().strip("\"'").startswith(_name(old)))
    return f"{place.file}:{next(named, place.line)}"


class Edition(NamedTuple):
    """A version in a language, and its pages."""

    title: str
    language: str
    pages: Pages


def check_moved(plan: Plan, moved: Moved, builds: Sequence[Build], published: Sequence[tuple[Edition, str]]) -> None:
    """Ask that no page is lost from one version to the next, nor from what is *published* to what will be.

    Args:
        published: what readers have now, with the name of the version that takes its place.

    Raises:
        PortalError: A page was in a version and is not in the next, and nobody said where it went.
    """
    pairs = [*_pairs(builds), *_renewed(builds, published)]
    ask_for_redirects(plan, moved, pairs, frozenset().union(*(build.look.pages for build in builds)))


def ask_for_redirects(plan: Plan, moved: Moved, pairs: Iterable[tuple[Edition, Edition]], everywhere: Pages) -> None:
    """Ask that no page of the first of a pair is lost in the second.

    A page that moved may be anywhere among *everywhere*: the version that moved it a second time need not have it.

    Raises:
        PortalError: A page is lost, and nobody said where it went.
    """
    lost: dict[str, str] = {}
    for former, now in pairs:
        for page in sorted(former.pages - now.pages - {NOT_FOUND}):
            if page in lost:
                continue
            new = (moved.after(page) or "").partition("#")[0]
            if page not in moved.to:
                lost[page] = f"{_name(page)} is in {former.title} and not in {now.title}"
            elif new and new not in everywhere:
                lost[page] = f"{_name(page)} is said to be {_name(new)}, which no version has"
    if lost:
        listed = "\n".join(f"{_line(plan, page)}: {says}" for page, says in lost.items())
        raise PortalError(
            f"{listed}\nSay in 'redirects' of drillbook_portal where each of these pages is now, or None for one that is gone."
        )


def _pairs(builds: Sequence[Build]) -> Iterator[tuple[Edition, Edition]]:
    """Each release with the next one, and the newest release with each branch."""
    for language in dict.fromkeys(build.language for build in builds):
        mine = [build for build in builds if build.language == language]
        releases = [build for build in reversed(mine) if build.version.kind is Kind.RELEASE]  # oldest first
        pairs = list(pairwise(releases))
        pairs += [(releases[-1], build) for build in mine if releases and build.version.kind is Kind.BRANCH]
        for old, new in pairs:
            yield _edition(old), _edition(new)


def _renewed(builds: Sequence[Build], published: Sequence[tuple[Edition, str]]) -> Iterator[tuple[Edition, Edition]]:
    for former, name in published:
        for build in builds:
            if build.version.name == name and build.language == former.language:
                yield former._replace(title=f"{former.title} as it is published"), _edition(build)


def _edition(build: Build) -> Edition:
    return Edition(build.version.title, build.language, frozenset(build.look.pages))
