"""What a module imports is not its own: ``automodule`` leaves it out before anybody reads its docstring.

Autodoc leaves it out by itself, but late: by then other extensions have been asked to treat the docstrings of other
projects, and warn about what they find there.
"""

from typing import Any

from sphinx.application import Sphinx

from drillbook.warn import guarded


@guarded()
def skip_imported(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """For ``autodoc-skip-member``: ``True`` for what another module defines, else no opinion."""
    home = getattr(obj, "__module__", None)
    here = app.env.current_document.autodoc_module
    foreign = what == "module" and here and home not in (None, here) and not options.imported_members
    return True if foreign else None


def setup_automodule(app: Sphinx) -> None:
    """Listen to autodoc, if it is used."""
    if "sphinx.ext.autodoc" not in app.extensions:
        app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-skip-member", skip_imported)
