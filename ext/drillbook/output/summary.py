"""What a page says in one line: for those who list pages, and for what shows a preview of a link."""

from html import escape
from typing import Any, Final

from docutils import nodes
from docutils.nodes import Element
from sphinx.application import Sphinx

from drillbook.warn import guarded

LONGEST: Final = 200  # letters
_APART: Final = (nodes.Admonition, nodes.field_list, nodes.table, nodes.topic, nodes.sidebar)
_NOT_ITS_OWN: Final = {"ops-stamps", "no-search"}
_PREVIEWS: Final = "sphinxext.opengraph"


def summary(doctree: nodes.document) -> str:
    """The first paragraph that is the page's own, cut where it is long; empty when there is none."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if text and not _apart(paragraph):
            return text if len(text) <= LONGEST else f"{text[:LONGEST].rpartition(' ')[0] or text[:LONGEST]} …"
    return ""


def _apart(node: Element) -> bool:
    """Whether it stands in a stamp, a table, an admonition: in what is no running text."""
    around: Element | None = node
    while around is not None:
        if isinstance(around, _APART) or _NOT_ITS_OWN & set(around.get("classes", ())):
            return True
        around = around.parent
    return False


@guarded(place=lambda app, page, *_: (page, None))
def describe_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Give previews the summary, in place of the stamps that stand above it."""
    if doctree is None or _PREVIEWS not in app.extensions or not (said := summary(doctree)):
        return
    own = context["meta"] or {}
    if not any(line.lower().startswith('<meta name="description"') for line in context["metatags"].splitlines()):
        context["metatags"] += f'<meta name="description" content="{escape(said)}" />\n'
    context["meta"] = {"og:description": said, **own}  # which the extension takes as what the author wrote


def setup_summary(app: Sphinx) -> None:
    """Describe pages before the extension does."""
    app.connect("html-page-context", describe_page, priority=400)
