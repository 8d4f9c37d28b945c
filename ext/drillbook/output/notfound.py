"""What `sphinx-notfound-page` shows: what the reader looked for is looked for in the search, from whatever depth."""

import os
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from drillbook.language import _
from drillbook.output.search.extension import place, searches
from drillbook.warn import guarded

EXTENSION: Final = "notfound.extension"
PREFIX: Final = "notfound_urls_prefix"
HOSTED: Final = "READTHEDOCS_CANONICAL_URL"  # where that host says that it will be
BODY: Final = """\
<h1>{title}</h1>
<p>{named}</p>
{search}
<p>{start}</p>
"""


@guarded()
def begin_at_the_address(app: Sphinx, config: Config) -> None:
    """Have its links begin where the manual will be, unless conf.py says where they do."""
    if EXTENSION not in app.extensions or config.notfound_urls_prefix != config.values[PREFIX].default:
        return
    config.notfound_urls_prefix = urlsplit(config.html_baseurl or os.environ.get(HOSTED, "")).path or "/"


@guarded()
def fill_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Give the page its text, unless conf.py does, and the root that all scripts begin at."""
    if EXTENSION not in app.extensions or page != app.config.notfound_pagename or doctree is not None:
        return
    context["content_root"] = app.config.notfound_urls_prefix or "/"
    if context["body"] == _default(app.config):
        search = place("path") if searches(app) else ""
        context["title"] = title = escape(_("This page is not here"))
        named = escape(
            _("It may have another name now. An alert's page is found by the name of the alert."), quote=False
        )
        first = escape(_("The start page"))
        link = f'<a href="{context["pathto"](app.config.root_doc)}">{first}</a>'
        start = escape(_("{link} leads everywhere.")).format(link=link)
        context["body"] = BODY.format(title=title, named=named, search=search, start=start)


def _default(config: Config) -> str:
    return str(config.values["notfound_context"].default["body"])


def setup_notfound(app: Sphinx) -> None:
    """Change the page behind the extension, and before the theme."""
    app.connect("config-inited", begin_at_the_address)
    app.connect("html-page-context", fill_page, priority=450)
