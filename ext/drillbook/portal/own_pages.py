"""The pages of the portal's own: the first, those that lead on, and the one for what is not there; and maps for robots."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final
from urllib.parse import quote, urlsplit

from drillbook.portal.bar import Shelf
from drillbook.portal.look import INDEX, NOT_FOUND
from drillbook.portal.words import own_name, tag

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}<title>{title}</title>
</head>
<body class="ops-portal-page">
{body}
</body>
</html>
"""
_URLSET: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


def leads_to(address: str, canonical: str = "") -> str:
    """A page that leads on to *address*, with no script."""
    target = escape(address)
    return _PAGE.format(
        head=f'<meta http-equiv="refresh" content="0; url={target}">\n'
        f'<link rel="canonical" href="{escape(canonical or address)}">\n',
        title="Moved",
        body=f'<p>This page is at <a href="{target}">{target}</a>.</p>',
    )


def not_found(shelf: Shelf, title: str) -> str:
    """The page for what is not there. It is shown at any depth, so its links begin at the top of the server."""
    top = f"{urlsplit(shelf.url).path.rstrip('/')}/"
    folder = f"{top}{shelf.versions.start}/{shelf.languages[0]}/"
    version = shelf.versions.named(shelf.versions.aliases[shelf.versions.start])
    links = "\n".join(
        f'<li><a href="{top}{one.name}/{language}/{INDEX}" lang="{tag(language)}" hreflang="{tag(language)}">'
        f"{escape(one.title)}, {escape(own_name(language))}</a></li>"
        for one in shelf.versions.all
        for language in one.languages
    )
    return _PAGE.format(
        head=f'<meta name="robots" content="noindex">\n<link rel="stylesheet" href="{top}{shelf.style}">\n',
        title=f"Not found: {escape(title)}",
        body=f"""\
<main>
<h1>This page is not here</h1>
<p>Search {escape(title)} {escape(version.title)}, or begin at its <a href="{folder}{INDEX}">first page</a>.</p>
<form action="{folder}search.html" role="search">
<input type="search" name="q" aria-label="Search" required><button>Search</button>
</form>
<h2>Versions</h2>
<ul>
{links}
</ul>
</main>""",
    )


def robots(url: str) -> str:
    """What robots may read: all pages; those that are not stable name the stable one themselves."""
    return "User-agent: *\nDisallow: /-/\nAllow: /\n" + (f"Sitemap: {url}/sitemap.xml\n" if url else "")


def sitemaps(shelf: Shelf) -> Iterator[tuple[str, str]]:
    """The index of sitemaps, and one a language, with the pages of the version that people begin at."""
    version = shelf.versions.named(shelf.versions.aliases[shelf.versions.start])
    for language in version.languages:
        entries = "".join(
            f"<url><loc>{_address(shelf, language, page)}</loc><lastmod>{version.made}</lastmod></url>\n"
            for page in sorted(shelf.pages[version.name, language])
            if page not in (NOT_FOUND, "search.html")
        )
        yield _sitemap(language), _xml("urlset", entries)
    entries = "".join(
        f"<sitemap><loc>{escape(shelf.url)}/{_sitemap(language)}</loc></sitemap>\n" for language in version.languages
    )
    yield "sitemap.xml", _xml("sitemapindex", entries)


def _address(shelf: Shelf, language: str, page: str) -> str:
    return f"{escape(shelf.url)}/{shelf.versions.start}/{language}/{quote(page)}"


def _sitemap(language: str) -> str:
    return f"sitemap-{language}.xml"


def _xml(kind: str, entries: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{_URLSET}">\n{entries}</{kind}>\n'


def first_pages(shelf: Shelf) -> Iterator[tuple[str, str]]:
    """What stands where an address ends at a folder: the top, and each version."""

    def page(address: str) -> str:
        return leads_to(
            address, f"{shelf.url}/{shelf.versions.start}/{shelf.languages[0]}/{INDEX}" if shelf.url else ""
        )

    yield INDEX, page(f"{shelf.versions.start}/{_spoken(shelf.versions.start, shelf)}/{INDEX}")
    for name in (*(version.name for version in shelf.versions.all), *shelf.versions.aliases):
        yield f"{name}/{INDEX}", page(f"{_spoken(name, shelf)}/{INDEX}")


def _spoken(name: str, shelf: Shelf) -> str:
    languages: Sequence[str] = shelf.versions.named(shelf.versions.aliases.get(name, name)).languages
    return languages[0]
