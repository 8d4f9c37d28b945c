"""The pages of the portal's own: the first, and those that lead on; and maps for robots."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final
from urllib.parse import quote

from drillbook.portal.bar import Shelf
from drillbook.portal.look import INDEX, NOT_FOUND
from drillbook.portal.words import tag, words

_PAGE: Final = """\
<!doctype html>
<html lang="{language}">
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


def page(language: str, title: str, body: str, head: str = "") -> str:
    """A page around *body*; that and *head* are HTML."""
    return _PAGE.format(language=tag(language), head=head, title=escape(title), body=body)


def leads_to(address: str, language: str, canonical: str = "") -> str:
    """A page that leads on to *address*, with no script."""
    target, says = escape(address), words(language)
    link = f'<a href="{target}">{target}</a>'
    return page(
        language,
        says.moved,
        f"<main>\n<h1>{escape(says.moved)}</h1>\n<p>{escape(says.now).format(page=link)}</p>\n</main>",
        f'<meta http-equiv="refresh" content="0; url={target}">\n'
        f'<link rel="canonical" href="{escape(canonical or address)}">\n',
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

    canonical = f"{shelf.url}/{shelf.versions.start}/{shelf.languages[0]}/{INDEX}" if shelf.url else ""
    start, spoken = shelf.versions.start, _spoken(shelf.versions.start, shelf)
    yield INDEX, leads_to(f"{start}/{spoken}/{INDEX}", spoken, canonical)
    for name in (*(version.name for version in shelf.versions.all), *shelf.versions.aliases):
        spoken = _spoken(name, shelf)
        yield f"{name}/{INDEX}", leads_to(f"{spoken}/{INDEX}", spoken, canonical)


def _spoken(name: str, shelf: Shelf) -> str:
    languages: Sequence[str] = shelf.versions.named(shelf.versions.aliases.get(name, name)).languages
    return languages[0]
