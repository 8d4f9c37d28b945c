"""`ops:proof`: what is proven and what is not, of the whole manual, the worst first.

Its argument names one kind (procedures, trees, drills, pages, measurements, signatures); without one it shows all of them. As stamps
are, it is filled in when its page is written.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final, NamedTuple

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.errors import NoUri
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import OptionSpec

from drillbook.language import Translate, _
from drillbook.model.evidence import State
from drillbook.model.stamp import WORST_FIRST, Stamp
from drillbook.model.tree import Fix
from drillbook.pages.declared import flag
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import SHOWS, OpsDomain
from drillbook.pages.entries.entry import joined, label, literal, paragraph, table
from drillbook.pages.entries.faults import CURE
from drillbook.pages.evidence import Stamps
from drillbook.pages.fields import inlines
from drillbook.pages.stamp_text import dated, signature_paragraph, signature_state, stamp_paragraph
from drillbook.warn import Warn

Cell = Sequence[Node]
SUMMARY: Final = "ops_summary"  # of a container: a sentence for each kind, in place of its table


class Row(NamedTuple):
    """A line of the table: how bad it is, since when, what it is called, its cells, and its stamp."""

    state: State
    day: str
    name: str
    cells: tuple[Cell, ...]
    stamp: nodes.paragraph


class Cells:
    """What the rows are made with: the stamps, and links from the page that shows them; without a page, text that changes with them."""

    def __init__(self, app: Sphinx, found: Stamps, docname: str = "") -> None:
        domain = app.env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        self.app, self.found, self.docname, self.domain = app, found, docname, domain

    def object(self, kind: str, name: str) -> Cell:
        """A link to a procedure or a tree, by its title."""
        described = self.domain.find(kind, name)
        if described is None:
            return [paragraph(literal(name))]
        return self._link(described.docname, described.anchor, self.domain.said(described.docname, described.title))

    def cure(self, fix: Fix | None) -> Cell:
        """The procedure that a drill must end at, and what it fills in."""
        if fix is None:
            return [paragraph(_("no fix names it"))]
        link, values = self.object("procedure", fix.procedure), [literal("=".join(pair)) for pair in fix.values]
        if values and isinstance(link[0], Element):
            link[0] += [nodes.Text(_(" with ")), *inlines(joined(values))]
        return link

    def page(self, docname: str) -> Cell:
        """A link to a page, by its title."""
        title = self.app.env.titles[docname].astext() if docname in self.app.env.titles else docname
        return self._link(docname, "", title)

    def owner(self, docname: str) -> Cell:
        """Who keeps a page right."""
        return [paragraph(self.found.owner_says(docname) or _("nobody"))]

    def _link(self, docname: str, anchor: str, text: str) -> Cell:
        if not self.docname:  # what is compared from build to build: a link that leads elsewhere is another one
            return [paragraph(f"{text} {docname}#{anchor}")]
        shown = nodes.inline(text, text)
        with contextlib.suppress(NoUri):  # a page that is in no document of a builder that makes several
            return [nodes.paragraph("", "", make_refnode(self.app.builder, self.docname, docname, anchor, shown))]
        return [nodes.paragraph("", "", shown)]


def _row(make: Cells, stamp: Stamp, *cells: Cell) -> Row:
    return Row(stamp.state, stamp.proven, stamp.name, cells, stamp_paragraph(make.found, stamp))


def _procedures(make: Cells) -> Iterator[Row]:
    for name in make.found.procedures:
        yield _row(make, make.found.procedure(name), make.object("procedure", name))


def _trees(make: Cells) -> Iterator[Row]:
    for name in make.found.trees:
        yield _row(make, make.found.tree(name), make.object("tree", name))


def _drills(make: Cells) -> Iterator[Row]:
    for fault, fix in make.found.faults().items():
        yield _row(make, make.found.drill(fault), make.object("fault", fault), make.cure(fix))


def _pages(make: Cells) -> Iterator[Row]:
    for docname in make.found.pages():
        if stamp := make.found.whole(docname):
            yield _row(make, stamp, make.page(docname), make.owner(docname))


def _measurements(make: Cells) -> Iterator[Row]:
    for name in make.found.measurements:
        yield _row(make, make.found.measurement(name), [paragraph(literal(name))])


def _signatures(make: Cells) -> Iterator[Row]:
    for docname in make.found.pages():
        if said := signature_paragraph(make.found, docname):
            signed = make.found.signed(docname)
            day = signed.signature.day.isoformat() if signed else ""
            cells = make.page(docname), make.owner(docname)
            yield Row(signature_state(make.found, docname), day, docname, cells, said)


KINDS: Final[dict[str, Callable[[Cells], Iterator[Row]]]] = {
    "procedures": _procedures,
    "trees": _trees,
    "drills": _drills,
    "pages": _pages,
    "measurements": _measurements,
    "signatures": _signatures,
}


class _Words(NamedTuple):
    """What is said of one kind: its title, the headings of its columns, how many are proven, in a table of them and
    without one, and that there are none."""

    title: str
    headings: tuple[str, ...]
    proven: str
    summary: str
    none: str


def _words(_: Translate) -> dict[str, _Words]:
    proven, page = _("{number} of {all} proven."), (_("Page"), _("Owner"))
    measured, signed = _("{number} of {all} measured."), _("{number} of {all} signed.")
    return {
        "procedures": _Words(
            _("Procedures"),
            (_("Procedure"),),
            proven,
            _("{number} of {all} procedures are proven."),
            _("There are no procedures."),
        ),
        "trees": _Words(
            _("Trees"), (_("Tree"),), proven, _("{number} of {all} trees are proven."), _("There are no trees.")
        ),
        "drills": _Words(
            _("Drills"),
            (_("Fault"), _("Ends at")),
            proven,
            _("{number} of {all} drills passed."),
            _("There are no drills."),
        ),
        "pages": _Words(_("Pages"), page, proven, _("{number} of {all} pages are proven."), _("There are no pages.")),
        "measurements": _Words(
            _("Measurements"),
            (_("Measurement"),),
            measured,
            _("{number} of {all} measurements are made."),
            _("There are no measurements."),
        ),
        "signatures": _Words(
            _("Signatures"),
            page,
            signed,
            _("{number} of {all} pages are signed."),
            _("There are no signatures."),
        ),
    }


class ProofDirective(OpsDirective):
    """What is proven and what is not, of the whole manual, the worst first.

    KIND is one of `procedures`, `trees`, `drills`, `pages`, `measurements` and `signatures`; without it all are shown.
    """

    argument = "[KIND]"
    option_spec: ClassVar[OptionSpec] = {
        "summary": flag("A sentence for each kind, in place of its table: how many are proven, and since when."),
    }
    optional_arguments = 1

    def build(self) -> list[Node]:
        """A container, filled when the page is written."""
        kind = self.arguments[0] if self.arguments else ""
        if kind and kind not in KINDS:
            self.warn(Warn.UNKNOWN, f"ops:proof shows one of {', '.join(KINDS)}, not {kind!r}")
            return []
        node = nodes.container("", classes=["ops", "ops-proof"])
        node[SHOWS] = kind
        node[SUMMARY] = "summary" in self.options
        self.set_source_info(node)
        self.ops.note_model(SHOWS, self.env.docname, kind)
        return [node]


def fill(node: Element, app: Sphinx, found: Stamps, docname: str) -> None:
    """Put the tables in, or their summary."""
    make = Cells(app, found, docname)
    wanted = [node[SHOWS]] if node[SHOWS] else [kind for kind in KINDS if kind != "measurements" or found.measurements]
    if node[SUMMARY]:
        node += [said for kind in wanted for said in _summary(kind, make)]
        return
    for kind in wanted:
        if len(wanted) > 1:
            node += label(_words(_)[kind].title)
        node += _shown(kind, make)


def _shown(kind: str, make: Cells) -> Iterator[Node]:
    words = _words(_)[kind]
    rows = sorted(KINDS[kind](make), key=lambda row: (WORST_FIRST[row.state], row.day, row.name))
    if not rows:
        yield paragraph(words.none)
        return
    yield paragraph(words.proven.format(number=_proven(rows), all=len(rows)))
    headings = (*words.headings, _("Stamp"))
    widths = (25,) * len(words.headings) + (50,)
    yield table(headings, widths, [(*row.cells, [row.stamp]) for row in rows], "ops-proven")


def _summary(kind: str, make: Cells) -> Iterator[Node]:
    """How many are proven and when the last one was; the looks are those of the worst."""
    if rows := list(KINDS[kind](make)):
        last = max(row.day for row in rows)
        said = _words(_)[kind].summary.format(number=_proven(rows), all=len(rows))
        said += _(" The last was on {day}.").format(day=last) if last else ""
        yield dated(said, min((row.state for row in rows), key=WORST_FIRST.__getitem__))


def _proven(rows: Sequence[Row]) -> int:
    return sum(row.state is State.PROVEN for row in rows)


def fill_cure(node: Element, app: Sphinx, found: Stamps, docname: str) -> None:
    """Say of a fault where its drill ends, and whether it did."""
    fault = node[CURE]
    ends = paragraph(
        _("Ends at: "),
        *(part for cell in Cells(app, found, docname).cure(found.faults().get(fault)) for part in cell.children),
    )
    node += [ends, stamp_paragraph(found, found.drill(fault))]


def everything(app: Sphinx, found: Stamps) -> str:
    """All that any such page shows, as text: what changes with it."""
    make = Cells(app, found)
    rows = (row for kind in KINDS.values() for row in kind(make))
    return "\n".join(
        " ".join((*(node.astext() for cell in row.cells for node in cell), row.stamp.astext())) for row in rows
    )


def setup_dashboard(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "proof", ProofDirective)
