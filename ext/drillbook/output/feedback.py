"""Places in HTML for what readers say: under each fix, each procedure and each page. Empty until the script fills them.

Without ``drillbook_feedback``, the address to send to, there is none of it.
"""

from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from docutils.nodes import Element
from sphinx.application import Sphinx

from drillbook.model.procedure import Procedure
from drillbook.model.tree import Fix, Tree
from drillbook.output.inputs import raw
from drillbook.warn import guarded


@guarded(place=lambda app, doctree, docname: (docname, None))
def add_places(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a place at the end of each fix, and of each procedure's last step."""
    if not _wanted(app):
        return
    for node, subject in list(_subjects(doctree)):
        node.append(raw(f'<div class="ops-feedback" data-subject="{escape(subject)}"></div>'))


def _subjects(doctree: nodes.document) -> Iterator[tuple[Element, str]]:
    for container in doctree.findall(nodes.container):
        model = getattr(container, "model", None)
        items = list(container.findall(nodes.list_item))
        if isinstance(model, Tree):
            fixes = ((item, getattr(item, "model", None)) for item in items)
            yield from ((item, f"fix {model.name}/{fix.name}") for item, fix in fixes if isinstance(fix, Fix))
        elif isinstance(model, Procedure) and (steps := [item for item in items if "ops-step" in item["classes"]]):
            yield steps[-1], f"procedure {model.name}"


@guarded()
def add_page_place(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Put a place at the end of each page, with what an answer says of it, and let the page load the script."""
    if doctree is None or not _wanted(app):
        return
    config = app.config
    says = {
        "subject": "page",
        "page": page,
        "version": config.release or config.version,
        "language": config.language or "en",
        "send": config.drillbook_feedback,
        # where a copy that is opened as a file can send to
        "published": urljoin(config.html_baseurl, config.drillbook_feedback) if config.html_baseurl else "",
    }
    written = "".join(f' data-{name}="{escape(value)}"' for name, value in says.items() if value)
    context["body"] += f'<div class="ops ops-feedback"{written}></div>'
    app.add_css_file("feedback.css")
    app.add_js_file("feedback.js", loading_method="defer")


def _wanted(app: Sphinx) -> bool:
    return bool(app.config.drillbook_feedback) and app.builder.format == "html" and app.builder.name != "epub"


def setup_feedback(app: Sphinx) -> None:
    """Add the places after the shapes."""
    app.connect("doctree-resolved", add_places, priority=950)
    app.connect("html-page-context", add_page_place)
