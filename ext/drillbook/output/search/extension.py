"""The search in place of Sphinx's own: what pages say is kept as they are written, and the index written at the end.

A page that has not changed is not written again, so its records are kept beside the doctrees, each with the time of its
doctree: after a build that was interrupted, those that are not of the present doctree are made anew.
"""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, Final, cast

from docutils import nodes
from sphinx.application import Sphinx

from drillbook.language import _
from drillbook.output.data import replace_text
from drillbook.output.search.index import script
from drillbook.output.search.sections import Record, records
from drillbook.pages.domain import OpsDomain
from drillbook.warn import guarded

FILE: Final = "search-index.js"
KEPT: Final = "drillbook-search.json"
BUILDERS: Final = ("html", "dirhtml")
PAGE: Final = """\
<h1>{title}</h1>
<div data-ops-search><p>{without}</p></div>
"""

Kept = dict[str, tuple[int, list[Record]]]  # document name to the time of its doctree, in ns, and its records


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
    app.drillbook_search_kept = _read(_file(app))  # type: ignore[attr-defined]  # for the life of this build


@guarded(place=lambda app, doctree, docname: (docname, None))
def keep(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep the records of a page that is about to be written."""
    if searches(app):
        _kept(app)[docname] = (_time(app, docname), _records(app, doctree, docname))


def _records(app: Sphinx, doctree: nodes.document, docname: str) -> list[Record]:
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    return list(records(doctree, docname, app.builder.get_target_uri(docname), domain))


@guarded(default=())
def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page of the search: for links, for those who type its address, and for the form of the theme."""
    if searches(app):
        without = _(
            "The search needs JavaScript. Without it, use the contents at the side, or your browser's search in a page."
        )
        body = PAGE.format(title=escape(_("Search")), without=escape(without))
        yield "search", {"title": _("Search"), "body": body}, "page.html"


@guarded()
def write(app: Sphinx, error: Exception | None) -> None:
    """Write the index, whole or not at all."""
    if error is not None or not searches(app):
        return
    kept = _kept(app)
    for docname in sorted(app.env.found_docs):
        if kept.get(docname, (0, []))[0] != _time(app, docname):
            doctree = app.env.get_doctree(docname)
            app.env.apply_post_transforms(doctree, docname)  # which keeps it
    for gone in kept.keys() - app.env.found_docs:
        del kept[gone]
    found = [record for _, (_, ones) in sorted(kept.items()) for record in ones]
    replace_text(Path(app.outdir) / FILE, script(found))
    replace_text(_file(app), json.dumps(kept, ensure_ascii=False))


def _kept(app: Sphinx) -> Kept:
    return cast(Kept, app.drillbook_search_kept)  # type: ignore[attr-defined]


def _file(app: Sphinx) -> Path:
    return Path(app.doctreedir) / f"{app.builder.name}-{KEPT}"


def _time(app: Sphinx, docname: str) -> int:
    return (Path(app.doctreedir) / f"{docname}.doctree").stat().st_mtime_ns


def _read(file: Path) -> Kept:
    """What is kept; nothing when it cannot be read: then all pages are looked at again."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        return {name: (int(time), [Record(*one) for one in ones]) for name, (time, ones) in read.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def setup_search(app: Sphinx) -> None:
    """Register the search."""
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", keep, priority=800)
    app.connect("html-collect-pages", pages)
    app.connect("build-finished", write)
