"""`ops:procedure` and `ops:step`: what an operator does, how each step is confirmed, and how it is undone."""

from collections.abc import Sequence
from typing import ClassVar

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec

from drillbook.model.procedure import NOTHING, OWN_STEPS, Procedure, Step, flaws
from drillbook.pages.blanks import used_blanks
from drillbook.pages.declared import NO_INDEX, optional, valued
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries.entry import joined, literal
from drillbook.pages.fields import (
    duration,
    fault_names,
    field_list,
    inline_option,
    inline_text,
    inlines,
    listed,
    plain_text,
)
from drillbook.pages.parts import marked, part
from drillbook.pages.structure import StructureDirective, needed_link, title_of
from drillbook.pages.words import Said, say
from drillbook.warn import Warn

CONFIRM, UNDO = "Confirm", "Undo"


def _fields() -> dict[str, Said]:
    """What an option is called on the page."""
    return {
        "when": say("When"),
        "who": say("Who"),
        "takes": say("Takes"),
        "risk": say("Risk"),
        "needs": say("Needs"),
    }


class StepDirective(StructureDirective):
    """One step: what to do, in the imperative."""

    argument, holds = "WHAT TO DO", "the command, then paragraphs that begin with `Confirm:` and `Undo:`"
    option_spec: ClassVar[OptionSpec] = {}
    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    parent = "ops:procedure"

    def structure(self) -> list[Node]:
        """A list item, which the procedure puts into its list."""
        title = inline_text(self, self.arguments[0])
        content = self.parse_content_to_nodes()
        parts = marked(content, {CONFIRM: say("Confirm:"), UNDO: say("Undo:")})
        step = Step(
            plain_text(title),
            part(parts[""]),
            part(parts[CONFIRM]) if CONFIRM in parts else None,
            part(parts[UNDO]) if UNDO in parts else None,
            self.lineno,
        )
        head = nodes.paragraph("", "", nodes.strong("", "", *title), classes=["ops-title"], translatable=False)
        item = nodes.list_item("", head, *content, classes=["ops-step"])
        return [self.made(item, step)]


class ProcedureDirective(StructureDirective):
    """A procedure: what an operator does, step by step. Its name is what roles, fixes and other procedures call it by."""

    argument, holds = "NAME", "blanks (`ops:blank`) and steps (`ops:step`)"
    required_arguments = 1
    has_content = True
    option_spec: ClassVar[OptionSpec] = {
        "title": optional("Its title.", default="its name, as words"),
        "purpose": valued("What it is for, in one sentence.", needed=True),
        "when": valued("When to use it.", needed=True),
        "who": valued("Who may run it.", needed=True),
        "takes": valued("How long it takes. A run that takes longer makes it unproven.", "duration", needed=True),
        "risk": valued("What may go wrong, and whom it hurts.", needed=True),
        "needs": valued("What must be there before."),
        "undone-by": valued(
            "The procedure that undoes all of it; or `its steps`, and how; or `nothing`, and why.",
            "name, or `its steps, how`, or `nothing, why`",
            needed=True,
        ),
        "given": valued("The fault in which a run proves it: it is put in first, and held.", "name of a fault"),
        "leaves": valued(
            "What may differ when it was done and undone, as lines of the snapshot name it; `*` stands for anything.",
            "patterns, with commas",
        ),
        "unproven": valued("Why no run proves it. The reader is told."),
        "no-index": NO_INDEX,
    }

    def structure(self) -> list[Node]:
        """A container: purpose, fields, and the numbered steps."""
        name = self.arguments[0]
        for option in ("purpose", "when", "who", "takes", "risk", "undone-by"):
            if not (self.options.get(option) or "").strip():
                self.warn(Warn.PROCEDURE, f"procedure {name} does not say ':{option}:'")
        purpose = inline_option(self, "purpose")
        said = {option: inline_option(self, option, translated=option != "takes") for option in _fields()}
        undone_by, undone = self._undone()
        given = fault_names(self, "given")
        if len(given) > 1:
            self.warn(Warn.PROCEDURE, f"procedure {name}: ':given:' names one fault, in which it is proven")
        leaves = listed(self.options.get("leaves"))
        unproven = inline_option(self, "unproven")
        if unproven and given:
            self.warn(
                Warn.PROCEDURE, f"procedure {name}: ':given:' says how it is proven, and ':unproven:' that it is not"
            )
        content = self.parse_content_to_nodes()
        steps = self.parts(content, Step)
        uses = [(command, step.line) for step in steps for part in step.parts for command in part.commands]
        procedure = Procedure(
            name=name,
            title=title_of(self, name),
            purpose=plain_text(purpose),
            **{option: plain_text(text) for option, text in said.items()},
            undone_by=undone_by,
            undone_text=plain_text(undone),
            steps=tuple(steps),
            blanks=used_blanks(self, uses),
            line=self.lineno,
            given="".join(given[:1]),
            leaves=leaves,
            unproven=plain_text(unproven),
        )
        for message, line in flaws(procedure):
            self.warn_at(Warn.PROCEDURE, message, line)
        head: list[Node] = []
        if purpose:
            head.append(nodes.paragraph("", "", *purpose, classes=["ops-purpose"], translatable=False))
        rows = [(title, said[option]) for option, title in _fields().items()]
        rows = [(title, duration(text) if title == "Takes" else text) for title, text in rows]
        left = inlines(joined(map(literal, leaves)))
        rows += [(say("Undone by"), undone), (say("Leaves changed"), left), (say("Not proven"), unproven)]
        head += field_list(self, rows)
        items = [node for node in content if isinstance(node, nodes.list_item) and "ops-step" in node["classes"]]
        parts = zip(items, steps, strict=True)
        anchors = [self.anchored(item, f"procedure-{name}", step.says) for item, step in parts]
        shown = [*head, *gathered(content, "ops-steps")]
        return [self.container("procedure", name, procedure, shown, anchors)]

    def _undone(self) -> tuple[str, list[Node]]:
        """The procedure that undoes this one, and the text that says so."""
        text = (self.options.get("undone-by") or "").strip()
        name, _, rest = text.partition(",")
        if not text or name.strip().lower() in (NOTHING, OWN_STEPS):
            return "", inline_text(self, text)
        link = needed_link(self, "procedure", name.strip())
        return name.strip(), [link, *([nodes.Text(", "), *inline_text(self, rest)] if rest else [])]


def gathered(content: Sequence[Node], kind: str) -> list[Node]:
    """*content* with its list items in one numbered list; what stands between two items belongs to the first."""
    before: list[Node] = []
    items: list[Element] = []
    for node in content:
        if isinstance(node, nodes.list_item):
            items.append(node)
        elif items:
            items[-1] += node
        else:
            before.append(node)
    if not items:
        return before
    made = nodes.enumerated_list("", *items, enumtype="arabic", prefix="", suffix=".", classes=[kind])
    return [*before, made]


def setup_procedures(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive_to_domain(OpsDomain.name, "procedure", ProcedureDirective)
    app.add_directive_to_domain(OpsDomain.name, "step", StepDirective)
