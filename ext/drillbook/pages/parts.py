"""What directives with content share: their text, commands and marked parts, taken out of the parsed nodes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx import addnodes

from drillbook.model.blank import blanks_in
from drillbook.model.console import AS_SHOWN, LANGUAGES, QUERY_LANGUAGE, Command, commands
from drillbook.model.procedure import Part
from drillbook.pages.words import Said, written

WITH_BLANKS = "ops_blanks"  # of a literal block: the names of the blanks in it
FINDS = "ops_finds"  # of a literal block: the blank whose value it prints; a run of the procedure proves it
_WHOLES = {"ops-procedure", "ops-tree"}
TESTED = "testnodetype"  # of the blocks of sphinx.ext.doctest, also of those that are hidden
DIAGRAM = "plantuml"  # the tag of a diagram of sphinxcontrib-plantuml; not every manual has it
MARK = "ops_mark"  # of the bold word that a part of a step begins with: which one it is
HOW = "ops_how"  # of a literal block: how it is run and compared, if not as a plain one


def blocks(parts: Iterable[Node], languages: Sequence[str] = LANGUAGES) -> Iterator[nodes.literal_block]:
    """The literal blocks in *parts* that are written in one of *languages*."""
    for part in parts:
        if isinstance(part, Element):
            yield from (block for block in part.findall(nodes.literal_block) if block.get("language") in languages)


def console_commands(parts: Iterable[Node]) -> tuple[Command, ...]:
    """All commands in the console sessions of *parts*; blocks with blanks are marked."""
    found: list[Command] = []
    for block in blocks(parts):
        if names := tuple(blanks_in(block.astext())):
            block[WITH_BLANKS] = names
        found += commands(block.astext(), block.get(HOW, AS_SHOWN))
    return tuple(found)


def page_blocks(node: Element) -> Iterator[Element]:
    """The blocks below *node* that a run of the page proves: those that stand in no procedure, no tree and no fact."""
    for child in node.children:
        if not isinstance(child, Element) or _WHOLES & set(child.get("classes", ())) or is_fact(child):
            continue
        if isinstance(child, nodes.literal_block | nodes.doctest_block) or TESTED in child or is_drawn(child):
            if FINDS not in child and not child.get(HOW, AS_SHOWN).unproven:
                yield child
        else:
            yield from page_blocks(child)


def block_text(block: Element) -> str:
    """What such a block says; of a diagram, its source."""
    return str(block["diagram"][0]) if is_drawn(block) else block.astext()


def is_fact(node: Element) -> bool:
    """Whether it describes something of the live system, and so was generated from it."""
    kind = node.get("domain"), node.get("objtype")
    return isinstance(node, addnodes.desc) and (kind[0] == "ops" or kind == ("std", "cmdoption"))


def is_drawn(node: Element) -> bool:
    """Whether it is a diagram that its author drew."""
    return node.tagname == DIAGRAM and not node.get("diagram", ("", "", 0, True))[3]


def text(parts: Iterable[Node]) -> str:
    """What *parts* say, without their commands, queries and pictures: a paragraph each, lists with dashes."""
    return "\n\n".join(filter(None, map(_text, parts)))


def _text(node: Node) -> str:
    if isinstance(node, nodes.literal_block):
        return "" if node.get("language") in (*LANGUAGES, QUERY_LANGUAGE) else node.astext()
    if isinstance(node, nodes.paragraph | nodes.Text | nodes.title | nodes.term):
        return " ".join(node.astext().split())
    if isinstance(node, nodes.bullet_list | nodes.enumerated_list):
        return "\n".join(
            "- " + " ".join(text(item.children).split()) for item in node.children if isinstance(item, Element)
        )
    if isinstance(node, nodes.comment | nodes.system_message | nodes.target | nodes.image | nodes.raw):
        return ""
    return text(node.children) if isinstance(node, Element) else ""


def part(content: Sequence[Node]) -> Part:
    """A part of a step, from its nodes."""
    return Part(text(content), console_commands(content))


def marked(content: Sequence[Node], words: Mapping[str, Said]) -> dict[str, list[Node]]:
    """*content* cut before each paragraph that begins with one of *words* and a colon; ``""`` is what stands before.

    The word is made bold, and said as it maps to; it may come again, and then adds to its part.
    """
    parts: dict[str, list[Node]] = {"": []}
    current = ""
    for node in content:
        if word := _begins_with(node, words):
            current = word
            _embolden(node, word, words[word].copy())
        parts.setdefault(current, []).append(node)
    return parts


def _begins_with(node: Node, words: Iterable[str]) -> str:
    if not isinstance(node, nodes.paragraph):
        return ""
    beginning = node.astext().partition(":")[0].strip().lower() if ":" in node.astext() else ""
    return next((word for word in words if word.lower() == beginning), "")


def _embolden(node: Node, word: str, said: Said) -> None:
    """Make the word that a paragraph begins with bold; what follows is the author's, and translated by itself."""
    assert isinstance(node, nodes.paragraph)
    first, *rest = node.children
    if isinstance(first, nodes.Text):
        after = first.astext().lstrip()[len(word) + 1 :]
        text = after.lstrip()
        bold = nodes.strong("", "", said, classes=["ops-mark"])
        bold[MARK] = word
        node.children = []
        node += [bold, nodes.Text(after[: len(after) - len(text)])]
        node += written(node.rawsource.partition(":")[2], [*([nodes.Text(text)] if text else []), *rest], node)
        node["translatable"] = False


def line_of(node: Element, default: int) -> int:
    """The line of *node* in its file, as near as the parser tells."""
    inner = (found.line for found in node.findall(nodes.Element) if found.line)
    return node.line or next(inner, default)
