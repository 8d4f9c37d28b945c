"""`ops:search`: a place for the search on a page of HTML; other builders have nothing to search with."""

from typing import ClassVar, Final

from docutils import nodes
from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec

from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import OpsDomain

FIELD: Final = "ops_search_field"  # of a container: the search stands there


class SearchDirective(OpsDirective):
    """The search, in the page: what one types is found under it. On paper and as text there is none."""

    option_spec: ClassVar[OptionSpec] = {}

    def build(self) -> list[Node]:
        """A container, filled when the page is written."""
        node = nodes.container("", classes=["ops-search-place"])
        node[FIELD] = True
        self.set_source_info(node)
        return [node]


def setup_search_field(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "search", SearchDirective)
