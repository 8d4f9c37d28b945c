"""What HTML adds: the shapes of procedures and trees, and the style sheets and scripts of the pages that have them."""

from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from sphinx.application import Sphinx

from drillbook.output.fills import setup_fills
from drillbook.output.player import PLAYER
from drillbook.output.script_words import setup_script_words
from drillbook.output.shapes import setup_shapes
from drillbook.output.videos import setup_videos
from drillbook.output.visits import setup_visits
from drillbook.warn import guarded

STATIC = Path(__file__).parent / "static"

# what a page has, by the class of its containers: what it loads
STYLES: Final = {
    "ops-procedure": ("steps.css", "blanks.css"),
    "ops-tree": ("steps.css", "tree.css", "blanks.css", "zoom.css"),
    "ops-blank": ("blanks.css",),
    "ops-ticked": ("checklist.css",),
    "ops-stamps": ("stamps.css",),
    "ops-proof": ("stamps.css",),
    "ops-cure": ("stamps.css",),
    "ops-demo": (f"{PLAYER}.css", "stamps.css", "demos.css"),
    "ops-measurement": ("stamps.css", "plots.css"),
    "ops-alert-list": ("start.css",),
    "ops-search-place": ("start.css",),
}
SCRIPTS: Final = {
    "ops-tree": ("tree.js", "zoom.js"),
    "ops-blank": ("blanks.js",),
    "ops-ticked": ("checklist.js",),
    "ops-stamps": ("stamps.js",),
    "ops-proof": ("stamps.js",),
    "ops-cure": ("stamps.js",),
    "ops-demo": (f"{PLAYER}.min.js", "stamps.js", "demos.js"),
    "ops-measurement": ("stamps.js",),
}
THEMES_CONTENTS: Final = "furo_navigation_tree"


@guarded()
def add_static_files(app: Sphinx) -> None:
    """Let HTML builders copy our static files, and those for browsers load what every page needs."""
    if app.builder.format == "html":
        app.config.html_static_path.append(str(STATIC))
    if app.builder.format == "html" and app.builder.name != "epub":
        app.add_css_file("print.css", media="print", priority=900)  # after all that it changes
        app.add_js_file("reader.js", loading_method="defer")


@guarded()
def add_page_files(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Let a page load what it needs, and no other page."""
    if tree := context.get(THEMES_CONTENTS):  # Sphinx writes headings of no level
        context[THEMES_CONTENTS] = tree.replace('role="heading">', 'role="heading" aria-level="2">')
    if doctree is None or app.builder.name == "epub":  # a page without a source, or a reader with its own looks
        return
    has: set[str] = set()
    for kind in (nodes.container, nodes.definition_list):
        for node in doctree.findall(kind):
            has.update(node.get("classes", ()))
    for style in _loaded(STYLES, has):
        app.add_css_file(style)
    for script in _loaded(SCRIPTS, has):
        app.add_js_file(script, loading_method="defer")


def _loaded(files: Mapping[str, Sequence[str]], has: Set[str]) -> Iterable[str]:
    return dict.fromkeys(file for name, found in files.items() if name in has for file in found)


def setup_html(app: Sphinx) -> None:
    """Register what HTML pages load, and the shapes of what is in them."""
    app.add_css_file("drillbook.css")
    app.connect("builder-inited", add_static_files)
    app.connect("html-page-context", add_page_files, priority=600)  # after the theme
    setup_script_words(app)
    setup_fills(app)
    setup_shapes(app)
    setup_videos(app)
    setup_visits(app)
