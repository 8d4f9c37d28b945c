"""The lint for naked numbers: a number with a unit that is typed in a sentence, where no code keeps it true.

``{ops:fact}`` says it from the live system. For what no code holds there is ``{ops:unproven}``, or a literal for what
a reader types.
"""

import re
from typing import Final

from docutils import nodes
from sphinx.addnodes import desc
from sphinx.application import Sphinx

from drillbook.live.quantity import NUMBER
from drillbook.pages.alert_list import LIST
from drillbook.pages.blanks import ALLOWED
from drillbook.pages.domain import OpsDomain
from drillbook.pages.fact_role import FACT, UNPROVEN
from drillbook.pages.fields import DURATION
from drillbook.warn import Warn, guarded, warn

_UNITS: Final = (
    "%|percent|ns|µs|us|ms|s|sec|secs|seconds?|min|mins|minutes?|h|hours?|d|days?|weeks?|months?"
    "|[kKMGT]i?B|bytes?|[kM]?Hz|dB|LUFS|jobs?|workers?|requests?|connections?|attempts?|retries"
)
NAKED = re.compile(rf"(?<![\w.,:/-]){NUMBER}[ \u00a0]?(?:{_UNITS})(?![\w/-])")
_QUOTED = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.field_name,
    nodes.comment,
    nodes.image,
    nodes.raw,
    nodes.system_message,
    desc,
)
_GENERATED = {"ops-failures", "ops-condition", "ops-way", ALLOWED, DURATION, FACT, LIST, UNPROVEN}


@guarded()
def check_numbers(app: Sphinx, document: nodes.document) -> None:
    """Warn of the naked numbers of one page that has been read."""
    if not app.config.drillbook_check_numbers:
        return
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    for node in document.findall(nodes.Text):
        if node.parent is None or _is_quoted(node) or "docstring of " in (node.parent.source or ""):
            continue
        for match in NAKED.finditer(node.astext()):
            domain.troubled[app.env.current_document.docname] = True
            warn(
                Warn.NUMBER,
                f"{match[0]!r} is typed: quote its fact ({{ops:fact}}`alert:Name.threshold`), or, if no code knows it, "
                f"say {{ops:unproven}}`{match[0]}`",
                node.parent,
            )


def _is_quoted(text: nodes.Text) -> bool:
    node: nodes.Element | None = text.parent
    while node is not None:
        if isinstance(node, _QUOTED) or _GENERATED & set(node.get("classes", ())):
            return True
        node = node.parent
    return False


def setup_numbers(app: Sphinx) -> None:
    """Connect the lint, after a page has been read."""
    app.connect("doctree-read", check_numbers)
