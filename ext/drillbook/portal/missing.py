"""The page for what is not there: in the language of the address that was asked for, and of its version if there is one."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from drillbook.portal.bar import Shelf
from drillbook.portal.look import INDEX, NOT_FOUND
from drillbook.portal.own_pages import page
from drillbook.portal.versions import Version
from drillbook.portal.words import own_name, tag, words

_LINK: Final = re.compile(r"""\b(?:href|src|action)=["']([^"'#][^"']*)["']""")


def answered(path: str, files: Container[str]) -> str | None:
    """Which of the *files* of a release says that there is nothing at *path*; ``None`` when no file does."""
    version, _, rest = path.partition("/")
    language = rest.partition("/")[0]
    named = (f"{version}/{language}/{NOT_FOUND}", in_language(language), NOT_FOUND)
    return next((name for name in named if name in files), None)


def folders(shelf: Shelf) -> Mapping[str, Sequence[str]]:
    """The same for servers that look for no files: the languages, each with the folders of versions that have it."""
    every = {version.name: version for version in shelf.versions.all}
    every |= {alias: every[name] for alias, name in shelf.versions.aliases.items()}
    return {
        language: [name for name, version in every.items() if language in version.languages]
        for language in shelf.languages
    }


def fits(text: str, shelf: Shelf, version: Version, language: str) -> bool:
    """Whether the page that a build made for it can be shown at any address: all its links begin at the top of the server."""
    local = [link for link in _LINK.findall(text) if not urlsplit(link).scheme and not link.startswith("//")]
    return bool(local) and all(link.startswith(f"{shelf.top}{version.name}/{language}/") for link in local)


def around(shelf: Shelf, title: str) -> Iterator[tuple[str, str]]:
    """The pages for addresses of no version, or of one that has not the language: one in each language."""
    start = shelf.versions.start
    version = shelf.versions.named(shelf.versions.aliases[start])
    for language in shelf.languages:
        yield in_language(language), not_found(shelf, title, version, language, start)
    yield NOT_FOUND, not_found(shelf, title, version, shelf.languages[0], start)


def not_found(shelf: Shelf, title: str, version: Version, language: str, folder: str = "") -> str:
    """The page of a version, whose *folder* has its name or an alias. It is shown at any depth, so its links begin at the top."""
    says = words(language)
    spoken: Sequence[str] = version.languages
    base = f"{shelf.top}{folder or version.name}/{language if language in spoken else spoken[0]}/"
    links = "\n".join(
        f'<li><a href="{shelf.top}{one.name}/{other}/{INDEX}" lang="{tag(other)}" hreflang="{tag(other)}">'
        f"{escape(one.title)}, {escape(own_name(other))}</a></li>"
        for one in shelf.versions.all
        for other in one.languages
    )
    first = f'<a href="{base}{INDEX}">{escape(says.first)}</a>'
    begin = escape(says.begin).format(manual=f"{escape(title)} {escape(version.title)}", page=first)
    return page(
        language,
        f"{says.gone}: {title}",
        f"""\
<main>
<h1>{escape(says.gone)}</h1>
<p>{begin}</p>
<form action="{base}search.html" role="search">
<input type="search" name="q" aria-label="{escape(says.search)}" required><button>{escape(says.search)}</button>
</form>
<h2>{escape(says.versions)}</h2>
<ul>
{links}
</ul>
</main>""",
        f'<meta name="robots" content="noindex">\n<link rel="stylesheet" href="{shelf.top}{shelf.style}">\n',
    )


def in_language(language: str) -> str:
    """The name of the page in a language, for no version."""
    return f"404-{language}.html"
