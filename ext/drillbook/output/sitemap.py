"""What `sphinx-sitemap` writes, made right: it collects pages as they are written, which is in the order of processes,
and after a small change leaves out all others."""

from datetime import UTC, datetime
from typing import Any

from sphinx.application import Sphinx

from drillbook.output.kept import BUILDERS
from drillbook.warn import guarded


@guarded()
def collect(app: Sphinx, error: Exception | None) -> None:
    """Give the extension every page of the manual, in the order of their names."""
    links: Any = getattr(app, "sitemap_links", None)
    if error is not None or links is None or app.builder.name not in BUILDERS:
        return
    while not links.empty():
        links.get_nowait()
    for docname in sorted(app.env.found_docs):
        links.put((app.builder.get_target_uri(docname), _changed(app, docname)))


def _changed(app: Sphinx, docname: str) -> str | None:
    """When git last saw a change of a page, in UTC; ``None`` where nobody asked git."""
    dates: dict[str, tuple[str, bool] | None] = getattr(app.env, "git_last_updated", {})
    timestamp = (dates.get(docname) or (None,))[0]
    return datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if timestamp else None


def setup_sitemap(app: Sphinx) -> None:
    """Collect before the extension writes."""
    app.connect("build-finished", collect, priority=400)
