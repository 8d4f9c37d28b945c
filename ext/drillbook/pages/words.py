"""Words of a page, by who says them: the toolkit, an author, or the live system; each ends in the page's language.

Models are made while a page is parsed, and always from English: no digest, condition or command may depend on who
reads. So nothing is translated before that is over. The toolkit's words are a kind of text, and those of authors and of
the system stand in placeholders, which Sphinx's gettext builder extracts; two transforms put the language in.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import extract_messages

from drillbook.language import Translate, _
from drillbook.model.translation import one_line
from drillbook.pages.domain import OpsDomain
from drillbook.warn import guarded

WORDS: Final = "ops_words"  # of a placeholder: who reads its message again when it is translated
PASSAGES: Final = "passages"  # of a document that is being read: what of it is to be translated
MARKUP, PLAIN, SILENT = "markup", "plain", "silent"
_BEFORE_SPHINX, _AFTER_SPHINX = 15, 21  # its own transform, which translates, has 20

_PLACE: Final = re.compile(r"\{\w+\}")

Read = Callable[[str], Sequence[Node | str]]


class Said(nodes.Text):
    """Words of the toolkit: English while the page is parsed, and afterwards what ``tell`` makes of its language."""

    tell: Callable[[Translate], str]

    def __reduce__(self) -> tuple[type[nodes.Text], tuple[str]]:
        """As a plain text, should it ever be kept: it is there only while a page is read."""
        return nodes.Text, (str(self),)

    def copy(self) -> "Said":
        """The same words, which still wait for their language."""
        return later(self.tell)


def later(tell: Callable[[Translate], str]) -> Said:
    """Words that *tell* puts together, given what translates a message."""
    made = Said(tell(str))
    made.tell = tell
    return made


def say(message: str, **values: object) -> Said:
    """A message of the toolkit's catalogue, with *values* in its places."""
    return later(lambda _: filled(_(message), values))


def around(message: str, *inner: Node) -> list[Node]:
    """A message with one place, and what stands there."""

    def part(number: int) -> Said:
        return later(lambda _: _PLACE.split(_(message), maxsplit=1)[number])

    return [part(0), *inner, part(1)]


def filled(message: str, values: dict[str, object]) -> str:
    """*message* with *values* in its places; one without any may have braces."""
    return message.format(**values) if values else message


def spoken(text: str, read: Read | None = None) -> nodes.inline:
    """Words without the page's markup: a title, what the live system says of itself. *read* makes nodes of them."""
    made = _placeholder(PLAIN, text)
    made.read = read or _plain  # type: ignore[attr-defined]  # a function: no attribute of the document
    made.extend(_nodes(made.read(text)))  # type: ignore[attr-defined]
    return made


def silent(directive: SphinxDirective, *texts: str) -> list[Node]:
    """Words that do not stand here, and are shown elsewhere in the language of the page: titles, for links."""
    return silent_words(*texts, source=directive.get_source_info()[0])


def silent_words(*texts: str, source: str) -> list[Node]:
    """The same, for words of the file *source*."""
    made = [_placeholder(SILENT, text) for text in dict.fromkeys(texts) if text]
    for node in made:
        node.source = source
    return [nodes.paragraph("", "", *made, translatable=False)] if made else []


def written(source: str, content: Sequence[Node], place: Element | SphinxDirective) -> list[Node]:
    """Words in the page's own markup: *source* is how they are written, *content* what the parser made of them."""
    if not content:
        return []
    made = _placeholder(MARKUP, source)
    if isinstance(place, Element):
        made.source, made.line = place.source, place.line
    else:
        place.set_source_info(made)
    made.extend(content)
    return [made]


def _placeholder(kind: str, text: str) -> nodes.inline:
    made = nodes.inline(one_line(text), translatable=True)
    made[WORDS] = kind
    return made


def _plain(text: str) -> list[Node | str]:
    return [text]


def _nodes(content: Sequence[Node | str]) -> list[Node]:
    # a text of ours is also a str
    return [part if isinstance(part, Node) else nodes.Text(part) for part in content]


def _page(transform: SphinxTransform) -> tuple[str, None]:
    return transform.env.current_document.docname, None


class Speak(SphinxTransform):
    """Put in the language of the toolkit's and the system's words, and count what of the page has a translation."""

    default_priority = _BEFORE_SPHINX

    @guarded(place=_page)
    def apply(self, **kwargs: Any) -> None:
        """Before Sphinx translates what has markup."""
        for said in list(self.document.findall(Said)):
            text = said.tell(_)
            said.parent.replace(said, [nodes.Text(text)] if text else [])
        domain = self.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        for node in _placeholders(self.document):
            node.source, node.line = node.source or _source(node), node.line or 0
        if domain.extracts:
            return
        docname = self.env.current_document.docname
        if domain.catalogues:
            setattr(self.document, PASSAGES, passages(self.document))
            domain.catalogues.refuse(docname)
        for node in _placeholders(self.document):
            if node[WORDS] == PLAIN:
                node.children = []
                node.extend(_nodes(node.read(domain.said(docname, node.rawsource))))
                unwrap(node)
            elif node[WORDS] == SILENT and node.parent is not None:
                _remove(node)


class Unwrap(SphinxTransform):
    """Take the placeholders away that Sphinx has filled with translations."""

    default_priority = _AFTER_SPHINX

    @guarded(place=_page)
    def apply(self, **kwargs: Any) -> None:
        """After Sphinx has translated; what extracts messages still needs them."""
        domain = self.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        if not domain.extracts:
            for node in _placeholders(self.document):
                unwrap(node)


def passages(document: nodes.document) -> set[str]:
    """What is to be translated of a page that has been parsed, and in which nothing has been translated yet."""
    return {
        message
        for node, message in extract_messages(document)
        if not _inside(node, nodes.substitution_definition) and not _inside(node, nodes.docinfo)
    }


def _inside(node: Node | None, kind: type[Node]) -> bool:
    while node is not None:
        if isinstance(node, kind):
            return True
        node = node.parent
    return False


def _placeholders(document: nodes.document) -> list[Any]:
    """What waits for its language, inline nodes; some know how to ``read`` it."""
    return [node for node in document.findall(nodes.inline) if WORDS in node]


def _source(node: Node) -> str:
    around: Node | None = node
    while around is not None and not around.source:
        around = around.parent
    return str(around.source) if around is not None else "<unknown>"


def unwrap(node: Element) -> None:
    """Put the children of *node* in its place; texts that now are neighbours become one, as without the placeholder."""
    parent = node.parent
    place = parent.index(node)
    parent[place : place + 1] = node.children
    end = place + len(node.children)
    for at in (end, place):
        before, after = parent.children[at - 1 : at], parent.children[at : at + 1]
        if before and after and type(before[0]) is type(after[0]) is nodes.Text:
            parent[at - 1 : at + 1] = [nodes.Text(before[0].astext() + after[0].astext())]


def _remove(node: Element) -> None:
    """Remove a placeholder, and the paragraph that held nothing else."""
    parent = node.parent
    parent.remove(node)
    if not parent.children and parent.parent is not None:
        parent.parent.remove(parent)


def setup_words(app: Sphinx) -> None:
    """Register the transforms."""
    app.add_transform(Speak)
    app.add_transform(Unwrap)
