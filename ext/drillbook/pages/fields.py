"""The options of a procedure, a tree or a fix, as a field list; their text may use markup."""

from collections.abc import Iterable, Sequence

from docutils import nodes
from docutils.nodes import Node

from drillbook.pages.describe import OpsDirective
from drillbook.pages.entries.entry import fields
from drillbook.pages.words import written
from drillbook.warn import Warn

DURATION = "ops-duration"  # of a time that an option declares
FILLED = "ops-value"  # of what a fix fills into a blank


def inline_option(directive: OpsDirective, name: str, *, translated: bool = True) -> list[Node]:
    """The nodes of an option's text; it is in the page's catalogue, unless it says the same in every language."""
    return inline_text(directive, directive.options.get(name) or "", translated=translated)


def inline_text(directive: OpsDirective, text: str, *, translated: bool = True) -> list[Node]:
    """The nodes of a line of text in the page's own markup; what is wrong in it is reported where it stands."""
    if not text.strip():
        return []
    parsed, messages = directive.parse_inline(text.strip())
    return [*(written(text, parsed, directive) if translated else parsed), *messages]


def field_list(directive: OpsDirective, rows: Iterable[tuple[str, Sequence[Node]]]) -> list[Node]:
    """Rows of (name, inline nodes); those without content are left out."""
    made = fields(rows)
    for node in made:
        directive.set_source_info(node)
    return made


def listed(text: str | None) -> tuple[str, ...]:
    """The words between the commas of an option."""
    return tuple(filter(None, (word.strip() for word in (text or "").split(","))))


def fault_names(directive: OpsDirective, option: str) -> tuple[str, ...]:
    """The faults that an option names; a warning for each that the live system does not have."""
    named = listed(directive.options.get(option))
    known = {fault.name for fault in directive.ops.facts.faults}
    for fault in named:
        directive.ops.note_shown(directive.env.docname, "fault", fault)
        if known and fault not in known:  # a manual whose system lists no faults may name them all the same
            message = (
                f":{option}: there is no fault {fault!r} in the live system; there are: {', '.join(sorted(known))}"
            )
            directive.warn(Warn.UNKNOWN, message)
    return named


def inlines(content: Iterable[Node | str]) -> list[Node]:
    """Inline nodes, text among them."""
    return [nodes.Text(part) if isinstance(part, str) else part for part in content]


def plain_text(content: Sequence[Node]) -> str:
    """What inline nodes say. (They are not put under another node to be asked: they would then be lost to their own.)"""
    return " ".join("".join(node.astext() for node in content).split())


def strong(text: str) -> nodes.strong:
    """Bold text."""
    return nodes.strong("", text)


def duration(content: Sequence[Node]) -> list[Node]:
    """A declared time: it is a statement of its own, and no number that was typed in a sentence."""
    return [nodes.inline("", "", *content, classes=[DURATION])] if content else []
