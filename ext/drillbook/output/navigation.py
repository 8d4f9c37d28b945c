"""The navigation of all pages, resolved once: themes such as Furo want all of it on every page.

Sphinx copies and renders the whole tree of contents for each page, which at 130 pages is a fifth of a build, and at 500
most of it. Between two pages only the addresses differ, and what is marked as current.
"""

import html
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from drillbook.warn import guarded

Toctree = Callable[..., str]
_VIRTUAL: Final = ("genindex", "modindex", "py-modindex", "search")
_TAG: Final = re.compile(
    r'(?P<open><ul>|<li class="toctree-l\d+">)|(?P<close></ul>|</li>)'
    r'|<a class="reference internal" href="(?P<href>[^"]*)">'
)

_CURRENT: Final = re.compile(r'class="[^"]*\bcurrent\b')  # the root page is in its own tree


class Piece(NamedTuple):
    """Text of the tree; with ``inside``, a tag that may become current, within those at these indices."""

    text: str
    inside: tuple[int, ...] = ()
    page: str = ""  # of a link


class Tree:
    """The whole tree, for any page."""

    def __init__(self, builder: StandaloneHTMLBuilder, pieces: list[Piece]) -> None:
        self._builder, self._pieces = builder, pieces
        self._links: dict[str, list[int]] = {}
        for index, piece in enumerate(pieces):
            if piece.page:
                self._links.setdefault(piece.page, []).append(index)

    def on(self, page: str) -> str:
        """The HTML that Sphinx itself would make for *page*."""
        own = self._links.get(page, ())
        current = {outer for index in own for outer in self._pieces[index].inside}
        return "".join(self._said(index, piece, page, current) for index, piece in enumerate(self._pieces))

    def _said(self, index: int, piece: Piece, page: str, current: set[int]) -> str:
        if piece.page == page:
            return '<a class="current reference internal" href="#">'
        if piece.page:
            address = self._builder.get_relative_uri(page, piece.page)
            return f'<a class="reference internal" href="{html.escape(address)}">'
        if index not in current:
            return piece.text
        return '<ul class="current">' if piece.text == "<ul>" else f'{piece.text[:-2]} current">'


def read_tree(builder: StandaloneHTMLBuilder, text: str) -> Tree | None:
    """The tree in the HTML that Sphinx made for the root page; ``None`` when it has what cannot be told apart."""
    root = builder.config.root_doc
    pages = {html.escape(builder.get_relative_uri(root, page)): page for page in (*builder.env.found_docs, *_VIRTUAL)}
    pieces = list(_pieces(text, pages))
    known = all(not piece.inside or piece.text or piece.page for piece in pieces)
    return Tree(builder, pieces) if known and not _CURRENT.search(text) else None


def _pieces(text: str, pages: dict[str, str]) -> Iterator[Piece]:
    outer: list[int] = []
    end = count = 0
    for tag in _TAG.finditer(text):
        yield Piece(text[end : tag.start()])
        count, end = count + 1, tag.end()
        if tag["close"]:
            outer.pop()
            yield Piece(tag[0])
        elif tag["open"]:
            outer.append(count)
            yield Piece(tag[0], tuple(outer))
        else:
            yield Piece("", tuple(outer), pages.get(tag["href"], ""))
        count += 1
    yield Piece(text[end:])


_TREES: "WeakKeyDictionary[StandaloneHTMLBuilder, dict[tuple[Any, ...], Tree | None]]" = WeakKeyDictionary()


@guarded(place=lambda app, page, template, context, doctree: (page, None))
def resolve_once(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Give the theme a ``toctree()`` that has the whole tree at hand."""
    native: Toctree | None = context.get("toctree")
    builder = app.builder
    if native is None or not isinstance(builder, StandaloneHTMLBuilder):
        return
    trees = _TREES.setdefault(builder, {})

    def toctree(collapse: bool = True, **options: Any) -> str:
        if collapse or not options.get("titles_only"):
            return native(collapse=collapse, **options)
        key = tuple(sorted(options.items()))
        if key not in trees:
            root = builder._get_local_toctree(app.config.root_doc, collapse=False, **options)
            trees[key] = read_tree(builder, root)
        tree = trees[key]
        return tree.on(page) if tree else native(collapse=collapse, **options)

    context["toctree"] = toctree


def setup_navigation(app: Sphinx) -> None:
    """Come before the theme, which asks for the tree when it is told of a page."""
    app.connect("html-page-context", resolve_once, priority=400)
