"""What an entry is, and the small vocabulary of nodes that all entries are written with.

Only nodes that every builder writes: paragraphs, lists, field lists, literals. A field list, and not a wide table,
because it reads on a telephone.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.addnodes import desc_addname, desc_annotation, desc_name, desc_sig_space

from drillbook.pages.domain import ANY_TYPE, generated_xref
from drillbook.pages.words import spoken

# reStructuredText, Markdown, a template of Prometheus, an option: a builder would make one dash of its two
_CODE = re.compile(r"``(.+?)``|`([^`]+)`|(\{\{.*?\}\})|(?<![\w-])(--[a-z][\w-]*)")
_BULLET = re.compile(r"[-*] +")


class Entry(NamedTuple):
    """The description of one object: what a page shows of a fact."""

    kind: str
    name: str
    signature: tuple[Element, ...]
    body: list[Node]
    title: str = ""  # what a link says instead of the name
    aliases: tuple[str, ...] = ()
    options: tuple["Entry", ...] = ()  # of a command: kind "option", its aliases are its further flags


def signature(name: Node | str, *, before: str = "", after: Node | str = "") -> tuple[Element, ...]:
    """The line that an entry begins with: *name*, and what stands around it in lighter type."""
    parts: list[Element] = [desc_addname(before, before)] if before else []
    parts.append(desc_name("", "", node_of(name)))
    if after:
        parts += [desc_sig_space(), desc_annotation("", "", node_of(after))]
    return tuple(parts)


def paragraph(*content: Node | str) -> nodes.paragraph:
    """A paragraph of text and inline nodes; only its parts are translated, each by who says it."""
    return nodes.paragraph("", "", *map(node_of, content), translatable=False)


def node_of(part: Node | str) -> Node:
    """A node, or a text as one; words of the toolkit are both."""
    return part if isinstance(part, Node) else nodes.Text(part)


def inline_of(part: Node | str) -> nodes.inline:
    """The same in an inline node."""
    return nodes.inline("", "", node_of(part))


def literal(text: str) -> nodes.literal:
    """Something that is typed as it stands."""
    return nodes.literal(text, text)


def link(kind: str, name: str, title: str = "") -> Element:
    """A name, or in its place a title, as a link if some page describes it."""
    return generated_xref(kind, name, nodes.inline("", "", spoken(title)) if title else literal(name))


def joined(parts: Iterable[Node]) -> list[Node | str]:
    """Inline nodes with commas between them."""
    content: list[Node | str] = []
    for part in parts:
        content += [", ", part] if content else [part]
    return content


def label(text: Node | str) -> nodes.paragraph:
    """A heading within an entry, too small for a section."""
    return paragraph(nodes.strong("", "", node_of(text)))


def code(text: str, language: str) -> nodes.literal_block:
    """A literal block; templates may stand in it, so what the highlighter cannot read is no fault."""
    return nodes.literal_block(text, text, language=language, force=True)


def fields(rows: Iterable[tuple[str, Sequence[Node | str]]]) -> list[Node]:
    """A field list of the rows that have content; none if there are none."""
    items = [
        nodes.field(
            "",
            nodes.field_name("", "", node_of(name), translatable=False),
            nodes.field_body("", paragraph(*content)),
        )
        for name, content in rows
        if content
    ]
    return [nodes.field_list("", *items)] if items else []


def definitions(items: Iterable[tuple[Sequence[Node | str], Sequence[Node]]]) -> list[Node]:
    """A definition list of (term, definition); none if there are none."""
    made = [
        nodes.definition_list_item(
            "",
            nodes.term("", "", *map(node_of, term), translatable=False),
            nodes.definition("", *(definition or [nodes.paragraph()])),
        )
        for term, definition in items
    ]
    return [nodes.definition_list("", *made)] if made else []


def table(
    headings: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Sequence[Node]]], kind: str
) -> nodes.table:
    """A table of rows of cells, each of them some nodes."""
    made = [nodes.row("", *(nodes.entry("", *cell) for cell in row)) for row in rows]
    head = nodes.row("", *(nodes.entry("", paragraph(text)) for text in headings))
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in widths), cols=len(widths))
    group += [nodes.thead("", head), nodes.tbody("", *made)]
    return nodes.table("", group, classes=[kind])


def prose(text: str) -> list[Node]:
    """Text of the live system: paragraphs, simple lists, and words in backticks and options, which link if they can."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    return [_block(block) for block in blocks]


def _block(block: str) -> Node:
    if not _BULLET.match(block):
        return paragraph(sentence(block))
    items = [item for item in re.split(r"(?:^|\n)\s*[-*] +", block) if item]
    made = (nodes.list_item("", paragraph(sentence(item))) for item in items)
    return nodes.bullet_list("", *made, bullet="-")


def sentence(text: str) -> Node:
    """One line of such text, which the page's catalogue translates."""
    return spoken(" ".join(text.split()), inline)


def inline(text: str) -> list[Node | str]:
    """Its words, and what in it is code."""
    content: list[Node | str] = []
    end = 0
    for match in _CODE.finditer(text):
        word = next(filter(None, match.groups()))
        content += [text[end : match.start()], literal(word) if match[3] else _word(word)]
        end = match.end()
    return [part for part in (*content, text[end:]) if part]


def _word(word: str) -> Node:
    return generated_xref(ANY_TYPE, word, literal(word))
