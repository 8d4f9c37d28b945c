"""What HTML adds: the style sheet of the toolkit."""

from pathlib import Path

from sphinx.application import Sphinx

from drillbook.warn import guarded

STATIC = Path(__file__).parent / "static"


@guarded()
def add_static_files(app: Sphinx) -> None:
    """Let HTML builders copy our static files."""
    if app.builder.format == "html":
        app.config.html_static_path.append(str(STATIC))


def setup_html(app: Sphinx) -> None:
    """Register what HTML pages load."""
    app.add_css_file("drillbook.css")
    app.connect("builder-inited", add_static_files)
