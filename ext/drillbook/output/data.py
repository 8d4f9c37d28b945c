"""`ops.json` beside the HTML: all procedures, trees, alerts, facts and stamps, for the terminal and for other tools."""

import os
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx

from drillbook.model.data import data_text
from drillbook.pages.manual import SCHEMA_FILE, manual_data
from drillbook.warn import guarded

FILE: Final = "ops.json"


@guarded()
def write_data(app: Sphinx, error: Exception | None) -> None:
    """Write both files, each whole or not at all."""
    if error is not None or app.builder.format != "html" or app.builder.name == "epub":
        return
    replace_text(Path(app.outdir) / FILE, data_text(manual_data(app, app.builder.get_target_uri)))
    replace_text(Path(app.outdir) / SCHEMA_FILE, (Path(__file__).parent / SCHEMA_FILE).read_text(encoding="utf-8"))


def replace_text(file: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)  # noqa: PTH105 - says that it is atomic


def setup_data(app: Sphinx) -> None:
    """Write the data when all pages are written."""
    app.connect("build-finished", write_data)
