"""A release put together: every version in every language, with the bar on each page, and all that stands around them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from drillbook.model.change import read_edition
from drillbook.model.data import DataError
from drillbook.portal import headers, missing, nginx, translations
from drillbook.portal.bar import PageError, Shelf, canonical, decorated, shelf
from drillbook.portal.building import Build
from drillbook.portal.feeds import FEED, FOLDER, Published, write_feeds
from drillbook.portal.look import NOT_FOUND, is_page, published_files, resolved
from drillbook.portal.moved import Moved
from drillbook.portal.own_pages import first_pages, leads_to, robots, sitemaps
from drillbook.portal.packed import link_or_copy, pack
from drillbook.portal.plan import Plan, PortalError
from drillbook.portal.versions import Versions

STATIC: Final = Path(__file__).parent / "static"
VERSIONS: Final = "versions.json"
_BAR: Final = re.compile(
    r'<nav class="ops-portal".*?</nav>|<(?:link rel="stylesheet" href|script src)="[./]*_portal/[^>]*>', re.DOTALL
)
_BAR_LINK: Final = re.compile(r'(?:href|src)="([^"]*)"')


class Parts(NamedTuple):
    """What a release is made of, and the folder *root* that a server will find it in."""

    plan: Plan
    versions: Versions
    builds: Sequence[Build]
    moved: Moved
    root: Path


def assemble(folder: Path, parts: Parts, kept: Mapping[str, Path]) -> list[str]:
    """Fill the empty *folder*; answers the names of its files.

    Args:
        kept: files of an earlier release by the SHA-256 of their content: what they were compressed to is taken over.

    Raises:
        PortalError: A page has no place for the bar, or all pages together carry too much inline.
    """
    draft = _Draft(folder)
    published = list(_published(parts)) if parts.plan.url else []  # a feed has whole addresses
    made = shelf(
        parts.versions,
        parts.builds,
        parts.plan.languages,
        parts.moved,
        parts.plan.url,
        _hashed(draft, "portal.css"),
        _hashed(draft, "portal.js"),
        FEED if published else "",
    )
    for build in parts.builds:
        _add(draft, build, made, parts.plan.title)
    for page, text in first_pages(made):
        draft.write(page, text.encode())
    for page, text in _around(made, parts):
        draft.write(page, text.encode())
    if published:
        written = write_feeds(folder / FOLDER, f"{parts.plan.url}/{FOLDER}", published)
        draft.names += [file.relative_to(folder).as_posix() for file in written]
    pack(folder, sorted(published_files(folder)), kept)
    draft.names = sorted(published_files(folder))
    for alias, version in parts.versions.aliases.items():
        draft.repeat(version, alias)
    return draft.names


class _Draft:
    """A release as it grows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []

    def write(self, name: str, content: bytes) -> None:
        self._place(name).write_bytes(content)

    def link(self, name: str, source: Path) -> None:
        link_or_copy(self._place(name), source)

    def repeat(self, folder: str, name: str) -> None:
        """All files of a folder at another address, but what stands there."""
        for file in [one for one in self.names if one.startswith(f"{folder}/")]:
            again = f"{name}{file.removeprefix(folder)}"
            if not (self.folder / again).exists():
                self.link(again, self.folder / file)

    def _place(self, name: str) -> Path:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        self.names.append(name)
        return place


def _hashed(draft: _Draft, file: str) -> str:
    """Add a file of ours under a name that changes when it does; answers the name."""
    content, kind = (STATIC / file).read_bytes(), Path(file)
    name = f"{headers.HASHED_FOLDER}{kind.stem}-{sha256(content).hexdigest()[:12]}{kind.suffix}"
    draft.write(name, content)
    return name


def _add(draft: _Draft, build: Build, shelf: Shelf, title: str) -> None:
    version, language = build.version, build.language
    for name in published_files(build.folder):
        there, file = f"{version.name}/{language}/{name}", build.folder / name
        if name == translations.FILE:
            draft.write(there, translations.without_eval(file.read_text(encoding="utf-8")).encode())
            continue
        if not is_page(name):
            draft.link(there, file)
            continue
        text = file.read_text(encoding="utf-8")
        if name == NOT_FOUND and not missing.fits(text, shelf, version, language):
            continue
        try:
            text = decorated(text, shelf, version, language, name)
        except PageError as error:
            raise PortalError(
                f"{version.title} {language}: {name}: {error}, so that it cannot carry the bar"
            ) from error
        draft.write(there, text.encode())
    gone = f"{version.name}/{language}/{NOT_FOUND}"
    if gone not in draft.names:
        draft.write(gone, missing.not_found(shelf, title, version, language).encode())
    for old, new in shelf.moved.stubs(frozenset(build.look.pages)):
        page, mark, anchor = new.partition("#")
        address = f"{'../' * old.count('/')}{quote(page)}{mark}{quote(anchor)}"
        folder = canonical(shelf, version, language, page)
        whole = f"{shelf.url}/{folder}/{language}/{quote(page)}" if shelf.url else ""
        draft.write(f"{version.name}/{language}/{old}", leads_to(address, language, whole).encode())


def _around(shelf: Shelf, parts: Parts) -> Iterator[tuple[str, str]]:
    """What stands at the top."""
    try:
        given = headers.headers([build.look for build in parts.builds], parts.plan.feedback)
    except headers.PolicyError as error:
        raise PortalError(str(error)) from error
    yield VERSIONS, _json(parts.versions.as_data())
    yield headers.FILE, _json(headers.as_data(given))
    yield nginx.FILE, nginx.nginx_conf(parts.root, missing.folders(shelf))
    yield nginx.INCLUDED, nginx.nginx_headers(given)
    yield from missing.around(shelf, parts.plan.title)
    yield "robots.txt", robots(shelf.url)
    if shelf.url:  # a sitemap has whole addresses
        yield from sitemaps(shelf)


def _published(parts: Parts) -> Iterator[Published]:
    """All versions that say what is in them, in the language of the source, the oldest first."""
    language = parts.plan.languages[0]
    for version in reversed(parts.versions.all):
        for build in parts.builds:
            if build.version == version and build.language == language:
                with suppress(DataError):  # an older toolkit wrote less, or nothing
                    data, made = read_edition(build.folder), datetime.fromisoformat(version.made)
                    yield Published(version.title, made, data, f"{parts.plan.url}/{version.name}/{language}/")


def _json(data: Any) -> str:
    return f"{json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True)}\n"


def stray_links(folder: Path, parts: Parts) -> Iterator[str]:
    """Links of the bars that lead to no file of the release."""
    for build in parts.builds:
        place = f"{build.version.name}/{build.language}"
        for name in build.look.pages:
            text = (folder / place / name).read_text(encoding="utf-8")
            for address in _BAR_LINK.findall("".join(_BAR.findall(text))):
                target, _ = resolved(f"{place}/{name}", unescape(address))
                if target is not None and not (folder / target).is_file():
                    yield f"{place}/{name}: the bar leads to {address!r}, which is not there"
