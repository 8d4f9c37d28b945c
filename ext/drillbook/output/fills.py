"""Blanks inside commands in HTML: each is an element of its own, which a script fills and paper leaves a line for.

The highlighter would cut ``{{ worker }}`` into several pieces; so it gets a plain word in its place, which is replaced
in what it made.
"""

import re
from typing import Final

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from drillbook.model.blank import blanks_in
from drillbook.warn import guarded

_BLANK = re.compile(r"\{\{\s*([A-Za-z][\w-]*)\s*\}\}")
_WORD: Final = "opsblank{}n{}x"


class FilledBlock(nodes.literal_block):
    """A literal block with blanks in it; made for HTML builders alone."""


class Fill(nodes.inline):
    """A blank in a sentence; made for HTML builders alone. ``blank`` is its name."""


def fill(name: str) -> str:
    """The HTML of a blank; its name is a word of ASCII letters, or else no blank."""
    return f'<span class="ops-fill" data-blank="{name}">{{{{ {name} }}}}</span>'


def filled_block(block: nodes.literal_block) -> FilledBlock:
    """The same block, of the kind that marks its blanks."""
    made = FilledBlock(block.rawsource, "", *block.children, **block.attributes)
    made.source, made.line = block.source, block.line
    return made


def mark_in_sentence(literal: nodes.literal) -> None:
    """Make the blanks in inline code elements of their own."""
    text = literal.astext()
    if "code" in literal["classes"] or not any(blanks_in(text)):
        return
    end = 0
    literal.clear()
    for match in _BLANK.finditer(text):
        literal += nodes.Text(text[end : match.start()])
        literal += Fill(match[0], match[0], blank=match[1])
        end = match.end()
    literal += nodes.Text(text[end:])


@guarded(place=lambda translator, node: node)
def visit_block(translator: HTML5Translator, node: FilledBlock) -> None:
    """Highlight with words in place of the blanks, and put the blanks into what comes out."""
    source = node.astext()
    if node.rawsource != source:  # it has markup of its own and is not highlighted
        translator.visit_literal_block(node)
        return
    salt = next(number for number in range(len(source) + 1) if f"opsblank{number}" not in source)
    names = [match[1] for match in _BLANK.finditer(source)]
    words = iter(_WORD.format(salt, index) for index in range(len(names)))
    plain = _BLANK.sub(lambda _: next(words), source)
    node.rawsource, node.children = plain, [nodes.Text(plain)]
    try:
        translator.visit_literal_block(node)
    except nodes.SkipNode:
        written = translator.body.pop()
        for index, name in enumerate(names):
            written = written.replace(_WORD.format(salt, index), fill(name))
        translator.body.append(written)
        raise


def depart_block(translator: HTML5Translator, node: FilledBlock) -> None:
    """End a block with markup of its own."""
    if node.rawsource != node.astext():
        translator.depart_literal_block(node)


def depart_fill(translator: HTML5Translator, node: Fill) -> None:
    """Sphinx comes here only when the visit failed, and then nothing is left to write."""


@guarded(place=lambda translator, node: node)
def visit_fill(translator: HTML5Translator, node: Fill) -> None:
    """Write a blank into a sentence."""
    translator.body.append(fill(node["blank"]))
    raise nodes.SkipNode


def setup_fills(app: Sphinx) -> None:
    """Register the nodes."""
    app.add_node(FilledBlock, html=(visit_block, depart_block))
    app.add_node(Fill, html=(visit_fill, depart_fill))
