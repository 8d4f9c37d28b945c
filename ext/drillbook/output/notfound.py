"""What `sphinx-notfound-page` shows: what the reader looked for is looked for in the search, from whatever depth."""

from typing import Any, Final

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from drillbook.output.search.extension import place, searches
from drillbook.warn import guarded

EXTENSION: Final = "notfound.extension"
TITLE: Final = "This page is not here"
BODY: Final = """\
<h1>{title}</h1>
<p>It may have another name now. An alert's page is found by the name of the alert.</p>
{search}
<p><a href="{start}">The start page</a> leads everywhere.</p>
"""


@guarded()
def fill_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Give the page its text, unless conf.py does, and the root that all scripts begin at."""
    if EXTENSION not in app.extensions or page != app.config.notfound_pagename or doctree is not None:
        return
    context["content_root"] = app.config.notfound_urls_prefix or "/"
    if context["body"] == _default(app.config):
        search = place("path") if searches(app) else ""
        context["title"] = TITLE
        context["body"] = BODY.format(title=TITLE, search=search, start=context["pathto"](app.config.root_doc))


def _default(config: Config) -> str:
    return str(config.values["notfound_context"].default["body"])


def setup_notfound(app: Sphinx) -> None:
    """Change the page behind the extension, and before the theme."""
    app.connect("html-page-context", fill_page, priority=450)
