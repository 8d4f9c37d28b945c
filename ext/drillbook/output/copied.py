"""What a copy button of `sphinx-copybutton` copies: the commands of a session, as :mod:`drillbook.model.console` reads it.

By itself it knows one delimiter of here-documents, and takes the empty lines of outputs along.
"""

from pathlib import Path
from typing import Final

from sphinx.application import Sphinx
from sphinx.config import Config

from drillbook.warn import guarded

EXTENSION: Final = "sphinx_copybutton"
RULES: Final = Path(__file__).with_name("copied.js")


@guarded()
def take_commands(app: Sphinx, config: Config) -> None:
    """Put our rules in place of the extension's."""
    if EXTENSION in app.extensions:
        config.html_context["copybutton_format_func"] = RULES.read_text(encoding="utf-8")


def setup_copied(app: Sphinx) -> None:
    """Change what the extension has set."""
    app.connect("config-inited", take_commands, priority=900)
