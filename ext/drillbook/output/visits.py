"""A page says which text it has, and a script says whether that has changed since its reader was there."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from docutils import nodes
from docutils.nodes import Element
from sphinx.application import Sphinx

from drillbook.pages.stamp_text import STAMP
from drillbook.warn import guarded

NAME: Final = "drillbook-content"
SCRIPT, STYLE = "visits.js", "visits.css"
_DIGITS: Final = 16
_NO_TEXT: Final = (nodes.raw, nodes.comment, nodes.system_message)


def content(doctree: Element) -> str:
    """A digest of what a page says. What stamps say is left out: a page that was proven again is the same page."""
    text = " ".join(" ".join(_texts(doctree)).split())
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _texts(node: Element) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child.astext()
        elif isinstance(child, Element) and not isinstance(child, _NO_TEXT) and STAMP not in child.get("classes", ()):
            yield from _texts(child)


@guarded()
def add_content(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Put the digest into the head of a page that has a source, and the script that reads it."""
    if doctree is None or app.builder.name == "epub":
        return
    context["metatags"] = f'{context.get("metatags", "")}\n    <meta name="{NAME}" content="{content(doctree)}">'
    app.add_css_file(STYLE)
    app.add_js_file(SCRIPT, loading_method="defer")


def setup_visits(app: Sphinx) -> None:
    """Look at each page that is written."""
    app.connect("html-page-context", add_content)
