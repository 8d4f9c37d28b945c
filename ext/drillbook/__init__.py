"""Drillbook: operations manuals in Sphinx whose facts come from the live system.

``extensions = ["drillbook"]`` in conf.py, and the options of :mod:`drillbook.config.options`.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

try:
    __version__ = version("drillbook")
except PackageNotFoundError:  # used from a checkout, without being installed
    __version__ = "0+checkout"


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Give Sphinx everything that the toolkit has."""
    from drillbook.extension import setup_extension  # here: a walk, a box and a new page need no Sphinx

    return setup_extension(app)
