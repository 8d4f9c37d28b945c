"""The search in place of Sphinx's own: what pages say is kept as they are written, and the index written at the end."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, Final, cast

from docutils import nodes
from sphinx.application import Sphinx

from drillbook.language import _
from drillbook.output.data import replace_text
from drillbook.output.inputs import raw
from drillbook.output.kept import BUILDERS, Kept
from drillbook.output.search.index import script
from drillbook.output.search.sections import Record, records
from drillbook.pages.domain import OpsDomain
from drillbook.pages.search_field import FIELD
from drillbook.warn import guarded

FILE: Final = "search-index.js"


def place(kind: str) -> str:
    """The HTML of a place for the search.

    *kind* is what it begins with: ``address``, the query of the address; ``path``, the name of a page that is not
    there; ``field``, nothing.
    """
    without = _(
        "The search needs JavaScript. Without it, use the contents at the side, or your browser's search in a page."
    )
    return f'<div data-ops-search="{kind}"><p>{escape(without)}</p></div>'


def searches(app: Sphinx) -> bool:
    """Whether this build has the search."""
    return app.builder.name in BUILDERS and bool(app.config.drillbook_search)


@guarded()
def begin(app: Sphinx) -> None:
    """Take the place of Sphinx's search, and read what is kept of pages."""
    if not searches(app):
        return
    app.builder.search = False  # type: ignore[attr-defined]  # of builders that write HTML
    app.add_css_file("search.css")
    app.add_js_file("search.js", loading_method="defer")
    app.drillbook_search_kept = Kept(app, "search")  # type: ignore[attr-defined]  # for the life of this build


@guarded(place=lambda app, doctree, docname: (docname, None))
def keep(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep the records of a page that is about to be written."""
    if searches(app):
        _kept(app).keep(docname, _records(app, doctree, docname))


def _records(app: Sphinx, doctree: nodes.document, docname: str) -> list[Record]:
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    return list(records(doctree, docname, app.builder.get_target_uri(docname), domain))


@guarded(default=())
def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page of the search: for links, for those who type its address, and for the form of the theme."""
    if searches(app):
        title = _("Search")
        yield "search", {"title": title, "body": f"<h1>{escape(title)}</h1>\n{place('address')}\n"}, "page.html"


@guarded(place=lambda app, doctree, docname: (docname, None))
def fill_fields(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the search where `ops:search` wants it."""
    if searches(app):
        for node in doctree.findall(nodes.container):
            if FIELD in node:
                node += raw(place("field"))


@guarded()
def write(app: Sphinx, error: Exception | None) -> None:
    """Write the index, whole or not at all."""
    if error is not None or not searches(app):
        return
    kept = _kept(app).every()
    replace_text(Path(app.outdir) / FILE, script([Record(*one) for ones in kept.values() for one in ones]))


def _kept(app: Sphinx) -> Kept[list[Record]]:
    return cast(Kept[list[Record]], app.drillbook_search_kept)  # type: ignore[attr-defined]


def setup_search(app: Sphinx) -> None:
    """Register the search."""
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", fill_fields)
    app.connect("doctree-resolved", keep, priority=800)
    app.connect("html-collect-pages", pages)
    app.connect("build-finished", write)
