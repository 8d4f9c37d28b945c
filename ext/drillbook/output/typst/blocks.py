"""Blocks: headings, paragraphs, lists, tables, code, admonitions, descriptions of an interface."""

from typing import Final

from docutils import nodes
from docutils.nodes import Element
from sphinx.locale import admonitionlabels

from drillbook.output.typst.code import lines
from drillbook.output.typst.markup import Raw, call, content, inline, string
from drillbook.output.typst.sentences import SentenceTranslator
from drillbook.output.typst.tables import columns, longest
from drillbook.output.typst.translator import wrapped

DEEPEST: Final = 6  # levels of headings in a PDF
ENUMERATION: Final = {"arabic": "1", "loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}
PARAGRAPHS: Final = (
    "ops-title",
    "ops-purpose",
    "ops-how",
    "ops-allowed",
    "ops-blank-line",
    "ops-owner",
    "ops-translation",
    "ops-find",
)
NOTES: Final = tuple(admonitionlabels)  # attention, caution, danger, ...


@wrapped(
    {
        "block_quote": "quoted",
        "attribution": "attribution",
        "term": "term",
        "definition": "defined",
        "classifier": "classifier",
        "line_block": "line-block",
        "caption": "caption",
        "centered": "centred",
        "rubric": "rubric",
        "topic": "framed",
        "sidebar": "framed",
        "glossary": "transparent",
        "definition_list": "definitions",
        "definition_list_item": "transparent",
        "desc": "description",
        "desc_signature": "signature",
        "desc_content": "described",
        "citation": "entry",
        "option_list": "definitions",
        "option_group": "term",
        "option": "mono",
        "option_string": "transparent",
        "description": "defined",
        "option_list_item": "transparent",
        "hlist": "transparent",
        "productionlist": "framed",
        "production": "mono",
        "figure": "framed-figure",
    },
    block=True,
)
class BlockTranslator(SentenceTranslator):
    """What stands by itself."""

    def visit_section(self, node: nodes.section) -> None:
        """One level deeper."""
        self.level += 1

    def depart_section(self, node: nodes.section) -> None:
        """Back up."""
        self.level -= 1

    def visit_title(self, node: Element) -> None:
        """A heading; that of a table or an admonition is no heading of the manual."""
        parent = node.parent
        if isinstance(parent, nodes.section):
            label = self.places.label(self.docname, parent)
            self.open(node, "head", min(self.level - 1, DEEPEST), label)
        else:
            self.open(node, "caption" if isinstance(parent, nodes.table) else "rubric")

    def depart_title(self, node: Element) -> None:
        """End of its text."""
        self.close_block()

    visit_subtitle, depart_subtitle = visit_title, depart_title

    def visit_paragraph(self, node: nodes.paragraph) -> None:
        """A paragraph, with the look of its class."""
        kind = next((name for name in node["classes"] if name in PARAGRAPHS), "")
        stamp = next((name for name in node["classes"] if name.startswith("ops-stamp-")), "")
        if stamp and not self.narrow:
            self.open(node, "stamp", stamp.removeprefix("ops-stamp-"))
        elif kind:
            self.open(node, kind)
        else:
            self.open(node, "p")

    def depart_paragraph(self, node: nodes.paragraph) -> None:
        """Its end."""
        self.close_block()

    def visit_line(self, node: nodes.line) -> None:
        """A line of its own."""
        self.anchor(node)

    def depart_line(self, node: nodes.line) -> None:
        """Its end."""
        self.write("#linebreak()")

    def visit_transition(self, node: nodes.transition) -> None:
        """A rule across."""
        self.write("#rule\n")
        raise nodes.SkipNode

    def visit_literal_block(self, node: Element) -> None:
        """Code in its lines; markup in it is read as its text."""
        self.anchor(node)
        made = lines(self.letters.shown(node.astext()), node.get("language", ""))
        options: dict[str, int] = node.get("highlight_args", {})
        numbers = int(options.get("linenostart", 1)) if node.get("linenos") else 0
        self.write(call("code", made, numbers=numbers, how=node.get("language", "")) + "\n")
        raise nodes.SkipNode

    visit_doctest_block = visit_math_block = visit_literal_block

    def visit_bullet_list(self, node: nodes.bullet_list) -> None:
        """Items; what is ticked has its boxes already."""
        self.anchor(node)
        ticked = "ops-checklist" in node["classes"]
        self.write(f"#{'ticks' if ticked else 'bullets'}(")

    def visit_enumerated_list(self, node: nodes.enumerated_list) -> None:
        """Items with numbers, as they are counted in the source."""
        self.anchor(node)
        style = f"{node.get('prefix', '')}{ENUMERATION.get(node.get('enumtype', ''), '1')}{node.get('suffix', '.')}"
        self.write(f"#numbers({string(style)}, {int(node.get('start', 1))}, ")

    def depart_bullet_list(self, node: Element) -> None:
        """The end of the items."""
        self.write(")\n")

    depart_enumerated_list = depart_bullet_list

    def visit_list_item(self, node: Element) -> None:
        """An item."""
        self.write("[")
        self.anchor(node)

    def depart_list_item(self, node: Element) -> None:
        """Its end."""
        self.write("], ")

    def visit_field_list(self, node: Element) -> None:
        """Names, and what is to be said of each."""
        self.anchor(node)
        self.write("#fields(")

    visit_docinfo = visit_field_list
    depart_docinfo = depart_field_list = depart_bullet_list

    def visit_field(self, node: nodes.field) -> None:
        """Its two parts."""

    def depart_field(self, node: nodes.field) -> None:
        """They have been written."""

    visit_field_name = visit_field_body = visit_list_item
    depart_field_name = depart_field_body = depart_list_item

    def visit_table(self, node: nodes.table) -> None:
        """A table that goes on over pages with its heads."""
        self.anchor(node)
        group = next(node.findall(nodes.tgroup))
        title = next((child for child in node.children if isinstance(child, nodes.title)), None)
        named = content(self.of(title)) if title else Raw("none")
        self.write(f"#grid-table(({''.join(f'{share:.3g}fr, ' for share in columns(group, self.large))}), {named}, ")
        around, self.narrow = self.narrow, longest(group, self.large)
        group.walkabout(self)
        self.narrow = around
        self.write(")\n")
        raise nodes.SkipNode

    def visit_thead(self, node: nodes.thead) -> None:
        """The heads, which come again on each page."""
        self.write("table.header(")

    def depart_thead(self, node: nodes.thead) -> None:
        """Their end."""
        self.write("), ")

    def visit_entry(self, node: nodes.entry) -> None:
        """A cell, over as many columns and rows as it has."""
        across, down = int(node.get("morecols", 0)) + 1, int(node.get("morerows", 0)) + 1
        self.write(f"table.cell(colspan: {across}, rowspan: {down})[")
        self.anchor(node)

    def depart_entry(self, node: nodes.entry) -> None:
        """Its end."""
        self.write("], ")

    def visit_Admonition(self, node: Element) -> None:
        """Its kind in words, as black and white have no colours."""
        kind = type(node).__name__
        self.open(node, "note", kind, Raw(content(inline(str(admonitionlabels.get(kind, ""))))))

    def visit_admonition(self, node: nodes.admonition) -> None:
        """One with a title of its own."""
        title = node.children[0] if node.children and isinstance(node.children[0], nodes.title) else None
        named = content(self.of(title)) if title else content("")
        if title:
            node.remove(title)
        self.open(node, "note", "admonition", named)

    def depart_admonition(self, node: Element) -> None:
        """Its end."""
        self.close_block()

    depart_Admonition = depart_admonition

    def visit_versionmodified(self, node: Element) -> None:
        """Since when; its text says what."""
        self.open(node, "framed")

    depart_versionmodified = depart_admonition

    def visit_option_argument(self, node: Element) -> None:
        """What an option takes."""
        self.write(f"{self.inline(node.get('delimiter', ' '))}#emph[")

    def depart_option_argument(self, node: Element) -> None:
        """Its end."""
        self.close()
