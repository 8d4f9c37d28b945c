"""What stands in sentences."""

import re
from pathlib import PurePosixPath
from typing import Final

from docutils import nodes
from docutils.nodes import Element

from drillbook.output.typst.markup import call, string
from drillbook.output.typst.raw import visible
from drillbook.output.typst.translator import BaseTranslator, wrapped
from drillbook.warn import Warn, warn

BREAK: Final = "\u200b"  # where a word that is wider than its column may be broken
_JOINT: Final = re.compile(r"(?<=[/._=&?-])(?=\w)|(?<=[a-z])(?=[A-Z])")
CLASSES: Final = {  # of an inline node: the look that it has on paper
    "ops-condition": "condition",
    "ops-kind": "kind",
    "ops-mark": "mark",
    "ops-box": "without",
    "ops-fact": "fact",
    "ops-duration": "fact",
    "guilabel": "strong",
    "menuselection": "strong",
}


@wrapped(
    {
        "emphasis": "emph",
        "title_reference": "emph",
        "literal_emphasis": "emph",
        "strong": "strong",
        "literal_strong": "strong",
        "literal": "mono",
        "kbd": "mono",
        "math": "mono",
        "superscript": "super",
        "subscript": "sub",
        "manpage": "emph",
        "problematic": "strong",
        "number_reference": "emph",
        "desc_name": "sig-name",
        "desc_annotation": "sig-note",
        "desc_addname": "sig-rest",
        "desc_sig_keyword": "strong",
    },
    block=False,
)
class SentenceTranslator(BaseTranslator):
    """Words, links, signatures."""

    def visit_Text(self, node: nodes.Text) -> None:
        """A text; line ends are spaces."""
        text = str(node)
        parent = node.parent
        if not isinstance(parent, nodes.FixedTextElement):
            text = re.sub(r"\s*\n\s*", " ", text)
        if isinstance(parent, nodes.literal) and self.narrow:
            text = " ".join(_JOINT.sub(BREAK, word) if len(word) > self.narrow else word for word in text.split(" "))
        self.write(self.inline(text))

    narrow = 0  # in a table: how long a word may be that is not broken

    def depart_Text(self, node: nodes.Text) -> None:
        """It has been written."""

    def visit_inline(self, node: nodes.inline) -> None:
        """The looks of its classes, from the outermost to the innermost."""
        looks = [CLASSES[name] for name in node["classes"] if name in CLASSES]
        self.anchor(node)
        self.write("".join(f"#{look}[" for look in looks))
        node["looks"] = len(looks)

    def depart_inline(self, node: nodes.inline) -> None:
        """As many as there were."""
        self.write("]" * node["looks"])

    def visit_reference(self, node: nodes.reference) -> None:
        """A link with its page number, or to the world outside with its address."""
        label = self.places.find(self.docname, node)
        address = node.get("refuri", "")
        if label:
            way = "ops-way" in node["classes"] or any("ops-way" in child["classes"] for child in node.findall(Element))
            self.open(node, "to", label, way=way)
        elif re.match(r"[a-z][a-z0-9+.-]*:", address):
            self.open(node, "web", address, shown=node.astext() == address)
        else:  # to a page that is not in this PDF
            self.open(node, "elsewhere")

    def depart_reference(self, node: nodes.reference) -> None:
        """End of its text."""
        self.close()

    def visit_abbreviation(self, node: nodes.abbreviation) -> None:
        """Its letters; what they stand for comes behind them."""

    def depart_abbreviation(self, node: nodes.abbreviation) -> None:
        """What they stand for."""
        if node.get("explanation"):
            self.write(self.inline(f" ({node['explanation']})"))

    def visit_target(self, node: nodes.target) -> None:
        """A place; one that only names what follows it is written there."""
        self.anchor(node)

    def depart_target(self, node: nodes.target) -> None:
        """Its text has been written."""

    def visit_footnote_reference(self, node: nodes.footnote_reference) -> None:
        """The footnote itself, at its first reference."""
        label = self.places.find(self.docname, node)
        note = next((one for one in self.document.findall(nodes.footnote) if node.get("refid") in one["ids"]), None)
        if note is None:
            self.write(f"#super[{self.inline(node.astext())}]")
        elif note.get("written"):
            self.write(f"#footnote(label({string(label)}))")
        else:
            note["written"] = True
            self.write(f"#footnote[{self._note(note)}]#label({string(label)})")
        raise nodes.SkipNode

    def _note(self, note: nodes.footnote) -> str:
        """What a footnote says; its first paragraph stands in a sentence, where a block could not."""
        parts = []
        for child in note.children:
            if isinstance(child, nodes.paragraph):
                parts.append(self.of(child))
            elif isinstance(child, Element) and not isinstance(child, nodes.label):
                parts.append(self.of(nodes.container("", child)))
        return "#parbreak()".join(parts)

    def visit_footnote(self, node: nodes.footnote) -> None:
        """It stands at the end of the paper's page; one that nothing refers to stands where it is."""
        refs = self.document.findall(nodes.footnote_reference)
        if any(reference.get("refid") in node["ids"] for reference in refs):
            raise nodes.SkipNode
        self.open(node, "entry")

    def depart_footnote(self, node: nodes.footnote) -> None:
        """End of one that nothing refers to."""
        self.close_block()

    def visit_citation_reference(self, node: nodes.citation_reference) -> None:
        """A link in brackets."""
        self.write(f"{call('to', self.places.find(self.docname, node))}[{self.inline(f'[{node.astext()}]')}]")
        raise nodes.SkipNode

    def visit_label(self, node: nodes.label) -> None:
        """The name of a citation, or of a footnote that nothing refers to."""
        self.write(f"#strong[{self.inline(f'[{node.astext()}]')}] ")
        raise nodes.SkipNode

    def visit_raw(self, node: nodes.raw) -> None:
        """What an author wrote for this engine; of what is for others, the words that nothing beside it says for paper."""
        formats = _formats(node)
        beside = {name for other in node.parent.children if isinstance(other, nodes.raw) for name in _formats(other)}
        if "typst" in formats:
            self.write(node.astext())
        elif "typst" not in beside and (said := visible(node.astext(), formats)):
            kind = f"raw {' '.join(formats)}"
            how = "write {only} html around it, and what paper shows in {only} typst"
            warn(Warn.PAPER, f"the PDF cannot show {kind}, and has its words: {how}", node)
            end = "" if isinstance(node.parent, nodes.TextElement) else "\n\n"
            self.write(f"{call('unknown', kind)}[{self.inline(said)}]{end}")
        raise nodes.SkipNode

    def visit_download_reference(self, node: Element) -> None:
        """A file to fetch; paper can only name it."""
        self.open(node, "mono")

    def depart_download_reference(self, node: Element) -> None:
        """Its name, when its text is another."""
        self.close()
        name = PurePosixPath(node.get("refuri") or node.get("filename") or node["reftarget"]).name
        if name not in node.astext():
            self.write(f"{self.inline(' (')}#mono[{self.inline(name)}]{self.inline(')')}")

    def visit_desc_parameterlist(self, node: Element) -> None:
        """Parameters in brackets."""
        self._bracketed(node, "(", ")")

    def visit_desc_type_parameter_list(self, node: Element) -> None:
        """Type parameters."""
        self._bracketed(node, "[", "]")

    def visit_desc_optional(self, node: Element) -> None:
        """Parameters that need not be there."""
        self._bracketed(node, "[", "]")

    def _bracketed(self, node: Element, first: str, last: str) -> None:
        self.write(self.inline(first))
        for number, child in enumerate(node.children):
            if number:
                self.write(self.inline(", "))
            child.walkabout(self)
        self.write(self.inline(last))
        raise nodes.SkipNode

    def visit_desc_returns(self, node: Element) -> None:
        """An arrow, and what follows it."""
        self.write(self.inline(" → "))

    def depart_desc_returns(self, node: Element) -> None:
        """It has been written."""

    def visit_desc_parameter(self, node: Element) -> None:
        """Its parts say all."""

    def depart_desc_parameter(self, node: Element) -> None:
        """It has been written."""

    visit_desc_type_parameter, depart_desc_type_parameter = visit_desc_parameter, depart_desc_parameter

    def visit_image(self, node: nodes.image) -> None:
        """A picture, as wide as it says, or as it is."""
        file = self.pictures.get(node["uri"])
        if file is None:
            self.write(f"#unknown({string('image')})[{self.inline(node.get('alt') or node['uri'])}]")
        else:
            around = node.parent.parent if isinstance(node.parent, nodes.reference) else node.parent
            inside = isinstance(around, nodes.TextElement)
            alt = self.letters.shown(node.get("alt", ""))
            self.write(call("picture", file, alt, width=_length(node), inside=inside) + "\n")
        raise nodes.SkipNode

    pictures: dict[str, str]


def _formats(node: nodes.raw) -> list[str]:
    return str(node.get("format", "")).split()


def _length(node: nodes.image) -> str:
    """The width as a share of the line or a length, as the author gave it; empty for none."""
    width = str(node.get("width", "")).replace(" ", "")
    found = re.fullmatch(r"([0-9.]+)(%|px|pt|cm|mm|in|em)?", width)
    return f"{found[1]}{found[2] or 'px'}" if found else ""
