"""What each page gets on its way out: the bar with the menus of versions and languages, and links for search engines.

Made here and not by the builds, because the toolkits of old versions know nothing of newer ones. All of it works without a
script, which keeps the place on the page, and every link is relative, so that the folder can be served below any address.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from drillbook.portal.building import Build
from drillbook.portal.look import INDEX, NOT_FOUND
from drillbook.portal.moved import Moved
from drillbook.portal.versions import Kind, Version, Versions
from drillbook.portal.words import Words, own_name, tag, words

_BODY: Final = re.compile(r"""<body\b(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_HEAD_END: Final = re.compile(r"</head\s*>", re.IGNORECASE)
_CANONICAL: Final = re.compile(r"""<link\b[^>]*\brel=["']?canonical\b[^>]*>\n?""", re.IGNORECASE)
# Who reads by keyboard or by ear comes first to the theme's link to the text, and then to us.
_SKIP: Final = re.compile(r"""<a\b[^>]*\bclass=["'][^"']*\bskip[-\w]*[^>]*>.*?</a>""", re.IGNORECASE | re.DOTALL)


class Shelf(NamedTuple):
    """All that is published: the versions, their pages in each language, what has moved, and the address, if there is one."""

    versions: Versions
    pages: Mapping[tuple[str, str], frozenset[str]]  # (name of the version, language)
    languages: Sequence[str]
    moved: Moved
    url: str
    style: str  # the bar's style sheet, from the top
    script: str  # and its script
    feed: str  # the feed of all that changes, from the top; empty where there is none

    @property
    def top(self) -> str:
        """The way from the top of the server to that of the portal."""
        return f"{urlsplit(self.url).path.rstrip('/')}/"

    def find(self, version: str, language: str, page: str) -> str | None:
        """The address, from the top, of a page or of what became of it; ``None`` where there is none."""
        pages = self.pages.get((version, language))
        found = self.moved.find(page, pages) if pages else None
        if found is None:
            return None
        name, mark, anchor = found.partition("#")
        return f"{version}/{language}/{quote(name)}{mark}{quote(anchor)}"

    def start(self, version: str, language: str) -> str:
        """The address, from the top, of a version's first page, in a language that the version has."""
        spoken = self.versions.named(version).languages
        return f"{version}/{language if language in spoken else spoken[0]}/{INDEX}"


def shelf(
    versions: Versions,
    builds: Sequence[Build],
    languages: Sequence[str],
    moved: Moved,
    url: str,
    style: str,
    script: str,
    feed: str,
) -> Shelf:
    """Put the builds on the shelf."""
    pages = {(build.version.name, build.language): frozenset(build.look.pages) for build in builds}
    return Shelf(versions, pages, languages, moved, url, style, script, feed)


class PageError(ValueError):
    """A page has no place for the bar."""


class _Spot(NamedTuple):
    """Where a page is: whose bar and links are made."""

    shelf: Shelf
    version: Version
    language: str
    page: str

    @property
    def top(self) -> str:
        """The way from here to the top; the page for what is not there is shown at any depth."""
        return self.shelf.top if self.page == NOT_FOUND else "../" * (2 + self.page.count("/"))

    @property
    def words(self) -> Words:
        """Those of its language."""
        return words(self.language)


class _Way(NamedTuple):
    """A link, what a reader has to know when what is there is not quite the same, and whether the page is the same at all."""

    address: str
    missing: str = ""
    same: bool = True

    @property
    def attributes(self) -> str:
        """Those of the link; a page that has moved may say itself which place is meant."""
        keeps = " data-ops-same" if self.same and "#" not in self.address else ""
        return f'href="{self.address}"{keeps}'


def decorated(text: str, shelf: Shelf, version: Version, language: str, page: str) -> str:
    """The page with the bar in it. Lines stay where they are. Raises :exc:`PageError`."""
    head = _HEAD_END.search(text)
    body = _BODY.search(text, head.end() if head else 0)
    if not head or not body:
        raise PageError("it has no head or no body")
    skip = _SKIP.search(text, body.end())
    at = skip.end() if skip else body.end()
    spot = _Spot(shelf, version, language, page)
    before = _CANONICAL.sub(lambda found: "\n" if found[0].endswith("\n") else "", text[: head.start()])
    return f"{before}{''.join(_head(spot))}{text[head.start() : at]}{_bar(spot)}{text[at:]}"


def canonical(shelf: Shelf, version: Version, language: str, page: str) -> str:
    """In which folder search engines shall find a page: that of the stable version, if it has it, or else its own."""
    stable = shelf.versions.stable
    return "stable" if stable and page in shelf.pages.get((stable, language), ()) else version.name


def _head(spot: _Spot) -> Iterator[str]:
    shelf, language, page = spot.shelf, spot.language, spot.page
    yield f'<link rel="stylesheet" href="{spot.top}{shelf.style}">'
    yield f'<script src="{spot.top}{shelf.script}" defer></script>'
    if shelf.feed:
        title = escape(spot.words.feed)
        yield f'<link rel="alternate" type="application/atom+xml" title="{title}" href="{spot.top}{shelf.feed}">'
    if page == NOT_FOUND:
        return
    folder = canonical(shelf, spot.version, language, page)
    base = escape(f"{shelf.url}/{folder}/" if shelf.url else f"{spot.top}{folder}/")
    yield f'<link rel="canonical" href="{base}{language}/{quote(page)}">'
    name = shelf.versions.aliases.get(folder, folder)
    spoken = [one for one in shelf.languages if page in shelf.pages.get((name, one), ())]
    if len(spoken) > 1:
        for one in spoken:
            yield f'<link rel="alternate" hreflang="{tag(one)}" href="{base}{one}/{quote(page)}">'
        if spoken[0] == shelf.languages[0]:
            yield f'<link rel="alternate" hreflang="x-default" href="{base}{spoken[0]}/{quote(page)}">'


def _bar(spot: _Spot) -> str:
    labels = _labels(spot, spot.version)
    shown = f"{escape(spot.version.title)}{f' ({escape(labels)})' if labels else ''}"
    menus = _menu(f"{spot.words.version}: <b>{shown}</b>", _version_items(spot))
    if len(spot.version.languages) > 1:
        menus += _menu(f"{spot.words.language}: <b>{escape(own_name(spot.language))}</b>", _language_items(spot))
    if spot.shelf.feed:
        menus += f'<a href="{spot.top}{spot.shelf.feed}" type="application/atom+xml">{escape(spot.words.feed)}</a>'
    return f'<nav class="ops-portal" aria-label="{escape(spot.words.bar)}"><div>{menus}</div>{_note(spot)}</nav>'


def _menu(title: str, items: Iterator[str]) -> str:
    return f'<details name="ops-portal"><summary>{title}</summary><ul>{"".join(items)}</ul></details>'


def _version_items(spot: _Spot) -> Iterator[str]:
    for other in spot.shelf.versions.all:
        way = _way(spot, other)
        yield _item(way, escape(other.title), other == spot.version, _labels(spot, other), way.missing)


def _language_items(spot: _Spot) -> Iterator[str]:
    for other in spot.version.languages:
        way = _way(spot, spot.version, other)
        name = f'<span lang="{tag(other)}">{escape(own_name(other))}</span>'
        yield _item(way, name, other == spot.language, way.missing)


def _item(way: _Way, name: str, here: bool, *added: str) -> str:
    current = ' aria-current="page"' if here else ""
    small = escape("; ".join(filter(None, added)))
    return f"<li><a {way.attributes}{current}>{name}</a>{f' <small>{small}</small>' if small else ''}</li>"


def _way(spot: _Spot, version: Version, language: str = "") -> _Way:
    """From here to the same page in a version, in this language or another."""
    shelf, language, page = spot.shelf, language or spot.language, spot.page
    if page == NOT_FOUND:
        return _Way(f"{spot.top}{shelf.start(version.name, language)}", spot.words.first, same=False)
    if found := shelf.find(version.name, language, page):
        return _Way(f"{spot.top}{found}")
    first = version.languages[0]
    if language not in version.languages and (found := shelf.find(version.name, first, page)):
        return _Way(f"{spot.top}{found}", own_name(first))
    return _Way(f"{spot.top}{shelf.start(version.name, language)}", spot.words.elsewhere, same=False)


def _labels(spot: _Spot, version: Version) -> str:
    says, versions = spot.words, spot.shelf.versions
    told = {versions.latest: says.latest, versions.stable: says.stable}
    found = [told[version.name]] if version.name in told else []
    if version.kind is Kind.RELEASE and not version.is_final:
        found.append(says.prerelease)
    if version.name == versions.deployed:
        found.append(says.deployed)
    return ", ".join(found)


def _note(spot: _Spot) -> str:
    """What a reader has to know who is not on the stable version, or not on the one that is deployed."""
    says, versions, version = spot.words, spot.shelf.versions, spot.version
    target = versions.stable
    if version.name == versions.stable:
        if versions.deployed in ("", version.name):
            return ""
        text, target = says.not_in_use, versions.deployed
    elif not versions.stable:
        return ""
    elif version.name == versions.deployed:
        text = says.in_use
    else:
        text = says.old if version.is_final else says.ahead
    better = versions.named(target)
    way = _way(spot, better)
    link = says.same if way.same else says.other
    told = text.format(this=version.title, stable=better.title, deployed=better.title)
    return f'<p role="note">{escape(told)} <a {way.attributes}>{escape(link)}</a>.</p>'
