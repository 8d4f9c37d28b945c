"""A small manual with a section for alerts, one for procedures and one to look things up, and its data."""

from pathlib import Path
from typing import Any

from sphinx.testing.util import SphinxTestApp
from tests.toolkit.handbook import CALL, CHECK, FIX, PROCEDURE, RULES, handbook, tree

from drillbook.model.change import read_edition

BOOK = "# Stations\n\n```{toctree}\nalerts/SlowReports\nprocedures/restart\nreference\n```\n"
TREE = "# Slow reports\n\n" + tree(CHECK, FIX, CALL)
REFERENCE = "# Look up\n\n```{ops:alerts}\n```\n"


def book(folder: Path, **changed: str) -> Path:
    """A manual with a page in each section; keywords change a page or the rules."""
    made = handbook(folder, changed.get("index", BOOK))
    pages = {"alerts/SlowReports": TREE, "procedures/restart": "# Restart\n\n" + PROCEDURE, "reference": REFERENCE}
    for name, text in pages.items():
        file = made / f"{name}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(changed.get(name.rpartition("/")[2], text))
    rules = changed.get("rules", RULES).replace("slow.html", "alerts/SlowReports.html")
    (made / "rules.yml").write_text(rules)
    return made


def data_of(folder: Path) -> dict[str, Any]:
    """What a build of the manual writes."""
    app = SphinxTestApp("html", srcdir=folder, builddir=folder / "_build")
    try:
        app.build()
        return read_edition(Path(app.outdir))
    finally:
        app.cleanup()
