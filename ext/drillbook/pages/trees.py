"""`ops:tree` and its nodes `ops:check`, `ops:fix` and `ops:escalate`: from an alert to what clears it.

A tree becomes a numbered list that every builder can write: each node is an item, each answer says to which step to go.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec

from drillbook.live.quantity import parse_duration
from drillbook.model import tree as model
from drillbook.model.console import QUERY_LANGUAGE
from drillbook.model.read_only import why_not_read_only
from drillbook.pages.answers import answer_list, read_answers
from drillbook.pages.blanks import used_blanks
from drillbook.pages.declared import NO_INDEX, optional, valued
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries.entry import joined, link
from drillbook.pages.fields import FILLED, duration, fault_names, field_list, inline_option, inlines, plain_text
from drillbook.pages.parts import blocks, console_commands, text
from drillbook.pages.procedures import gathered
from drillbook.pages.structure import StructureDirective, needed_link, title_of
from drillbook.pages.words import Said, say, written
from drillbook.warn import Warn

LEAST_WITHIN_S: Final = 1.0  # no less than the time between two evaluations of a rule


class NodeDirective(StructureDirective):
    """A node of a tree; its argument is its name, its first paragraph what it asks or says."""

    argument = "NAME"
    option_spec: ClassVar[OptionSpec] = {}
    required_arguments = 1
    has_content = True
    parent = "ops:tree"
    kind: ClassVar[str]

    def structure(self) -> list[Node]:
        """A list item, which the tree puts into its list."""
        content = self.parse_content_to_nodes()
        first = content[0] if content and isinstance(content[0], nodes.paragraph) else None
        if first is None:
            self.warn(Warn.TREE, f"{self.kind} {self.name_} must begin with a paragraph: {self.wants}")
        label = [nodes.inline("", "", self.label(), classes=["ops-kind"])] if self.ends else []
        title = nodes.strong("", "", *label, *(written(first.rawsource, first.children, first) if first else ()))
        head = nodes.paragraph("", "", title, classes=["ops-title"], translatable=False)
        rest = content[1:] if first else content
        item = nodes.list_item("", head, classes=["ops-node", f"ops-{self.kind}"])
        self.set_source_info(head)
        return [self.made(item, self.node(item, text([first]) if first else "", rest))]

    wants: ClassVar[str]
    ends: ClassVar[bool] = True  # whether the tree ends here: then the reader sees with what

    def label(self) -> Said:
        """What the reader sees it end with."""
        raise NotImplementedError

    @property
    def name_(self) -> str:
        """The name of the node."""
        return self.arguments[0]

    def node(self, item: Element, says: str, rest: Sequence[Node]) -> model.Node:
        """Fill *item*, and give its model."""
        raise NotImplementedError


class CheckDirective(NodeDirective):
    """A node that asks: a question, the command that answers it, and where each answer leads.

    An answer is an item of the last list: ``- All run: `exit 0` -> next``.
    """

    holds = "the question, one block of `console` or `promql`, and the list of answers"
    kind, wants, ends = "check", "the question that it answers", False

    def node(self, item: Element, says: str, rest: Sequence[Node]) -> model.Check:
        """The command must change nothing, and the last list must be the answers."""
        lists = [part for part in rest if isinstance(part, nodes.bullet_list)]
        answers = lists[-1] if lists else None
        body = [part for part in rest if part is not answers]
        item += body
        queries = [block.astext() for block in blocks(body, [QUERY_LANGUAGE])]
        for block in blocks(body, [QUERY_LANGUAGE]):
            block["force"] = True  # the highlighter does not know the names of recording rules
        commands = console_commands(body)
        if len(queries) + bool(commands) != 1:
            self.warn(
                Warn.TREE, f"check {self.name_} needs one block of ```console, or one of ```promql, that answers it"
            )
        allowed = self.config.drillbook_read_only
        for command in commands:
            if why := why_not_read_only(command.text, allowed):
                self.warn(
                    Warn.READ_ONLY,
                    f"check {self.name_}: {why}: make it a step of a procedure, or name it in "
                    f"drillbook_read_only in conf.py: {command.text}",
                )
        if answers is None:
            self.warn(
                Warn.TREE,
                f"check {self.name_} needs a list of answers, such as '- All run: `exit 0` -> name of a node'",
            )
        else:
            item += answers
        read = read_answers(self, answers) if answers is not None else ()
        return model.Check(self.name_, says, text(body), commands, "".join(queries[:1]), tuple(read), self.lineno)


class FixDirective(NodeDirective):
    """An end of a tree: the procedure that clears the fault, and how one knows that it did."""

    holds = "what is wrong"
    kind, wants = "fix", "what is wrong"
    option_spec: ClassVar[OptionSpec] = {
        "procedure": valued("The procedure to perform.", "name", needed=True),
        "with": optional("The values of its blanks: `pump=north, count=2`.", "pairs, with commas"),
        "within": valued("How soon the alert clears when it was done.", "duration", needed=True),
        "faults": valued(
            "The faults whose drills must end here. This or `:not-drilled:`, when `drillbook_faults` lists any.",
            "names, with commas",
        ),
        "not-drilled": valued("Why no drill ends here."),
    }

    def label(self) -> Said:
        """That it is a fix."""
        return say("Fix: ")

    def node(self, item: Element, says: str, rest: Sequence[Node]) -> model.Fix:
        """Its procedure must exist, its time must be one."""
        procedure = (self.options.get("procedure") or "").strip()
        within = parse_duration(self.options.get("within") or "")
        if not procedure:
            self.warn(Warn.TREE, f"fix {self.name_} needs ':procedure: name'")
        if within is None:
            self.warn(Warn.TREE, f"fix {self.name_} needs ':within: 5 min', the time by which the alert clears")
        elif within.base < LEAST_WITHIN_S:
            self.warn(
                Warn.TREE,
                f"fix {self.name_}: no alert clears within {within}, as rules are evaluated once in some seconds",
            )
        values: dict[str, str] = {}
        for pair in filter(None, (pair.strip() for pair in (self.options.get("with") or "").split(","))):
            blank, equals, value = (word.strip() for word in pair.partition("="))
            if not (blank and equals and value):
                self.warn(Warn.TREE, f"fix {self.name_}: ':with: blank=value, other=value', not {pair!r}")
            values[blank] = value
        filled = [nodes.literal("", f"{blank}={value}", classes=[FILLED]) for blank, value in values.items()]
        do: list[Node] = [needed_link(self, "procedure", procedure)] if procedure else []
        if filled:
            do += [say(" with "), *inlines(joined(filled))]
        faults, not_drilled = self._drilled()
        item += rest
        item += field_list(
            self,
            [
                (say("Do"), do),
                (say("Clears within"), duration([nodes.Text(str(within))]) if within else []),
                (say("Not drilled"), not_drilled),
            ],
        )
        return model.Fix(
            self.name_,
            says,
            text(rest),
            procedure,
            tuple(values.items()),
            within.base if within else 0,
            self.lineno,
            faults,
            plain_text(not_drilled),
        )

    def _drilled(self) -> tuple[tuple[str, ...], list[Node]]:
        """The faults whose drills end here, or why there are none."""
        faults, not_drilled = fault_names(self, "faults"), inline_option(self, "not-drilled")
        if faults and not_drilled:
            self.warn(
                Warn.TREE,
                f"fix {self.name_}: ':faults:' says by what it is drilled, and ':not-drilled:' that it is not",
            )
        if not faults and not not_drilled:
            self.ops.note_shown(self.env.docname, "fault", "")
            if self.ops.facts.faults:
                self.warn(
                    Warn.TREE,
                    f"fix {self.name_} needs ':faults: name', whose drills must end here, or ':not-drilled: reason'",
                )
        return faults, not_drilled


class EscalateDirective(NodeDirective):
    """An end of a tree: whom to call, and what to have in hand."""

    holds = "what is known by now"
    kind, wants = "escalate", "what is known by now"
    option_spec: ClassVar[OptionSpec] = {
        "to": valued("Whom to call. A person signs for it.", needed=True),
        "bring": valued("What to have in hand.", needed=True),
    }

    def label(self) -> Said:
        """That somebody is to be called."""
        return say("Escalate: ")

    def node(self, item: Element, says: str, rest: Sequence[Node]) -> model.Escalate:
        """Both options are needed: a call without facts in hand wakes two people instead of one."""
        said = {option: inline_option(self, option) for option in ("to", "bring")}
        for option, content in said.items():
            if not content:
                self.warn(Warn.TREE, f"escalate {self.name_} needs ':{option}:'")
        item += rest
        item += field_list(self, [(say("Call"), said["to"]), (say("Have in hand"), said["bring"])])
        return model.Escalate(
            self.name_, says, text(rest), plain_text(said["to"]), plain_text(said["bring"]), self.lineno
        )


class TreeDirective(StructureDirective):
    """A troubleshooting tree: from an alert to what clears it. Its name is by convention that of its alert."""

    argument = "NAME"
    holds = "blanks (`ops:blank`) and nodes: `ops:check`, `ops:fix`, `ops:escalate`; the first is where it begins"
    required_arguments = 1
    has_content = True
    option_spec: ClassVar[OptionSpec] = {
        "title": optional("Its title.", default="its name, as words"),
        "alerts": optional("The alerts that lead to it.", "names", default="the alert that is called as it is"),
        "owner": valued("Who keeps it right.", needed=True),
        "no-index": NO_INDEX,
    }

    def structure(self) -> list[Node]:
        """A container: its fields, and the numbered nodes."""
        name = self.arguments[0]
        alerts = self._alerts(name)
        owner = inline_option(self, "owner")
        if not owner:
            self.warn(Warn.TREE, f"tree {name} needs ':owner:', who keeps it right")
        content = self.parse_content_to_nodes()
        found: list[model.Node] = self.parts(content, *model.NODES)
        uses = [(command, node.line) for node in found if isinstance(node, model.Check) for command in node.commands]
        tree = model.Tree(
            name,
            title_of(self, name),
            tuple(alerts),
            plain_text(owner),
            tuple(found),
            used_blanks(self, uses),
            self.lineno,
        )
        for flaw in model.flaws(tree):
            self.warn_at(Warn.TREE, flaw.message, flaw.line)
        items = [node for node in content if isinstance(node, nodes.list_item) and "ops-node" in node["classes"]]
        anchors = self._wire(tree, items)
        rows = [(say("Alerts"), inlines(joined(link("alert", alert) for alert in alerts))), (say("Owner"), owner)]
        shown = [*field_list(self, rows), *gathered(content, "ops-tree")]
        return [self.container("tree", name, tree, shown, anchors)]

    def _alerts(self, name: str) -> list[str]:
        """The alerts that lead here: those named, or the one that is called as the tree is."""
        known = {alert.name for alert in self.ops.facts.alerts}
        named = [alert for alert in (self.options.get("alerts") or "").replace(",", " ").split() if alert]
        for alert in named or [name]:
            self.ops.note_shown(self.env.docname, "alert", alert)
            if named and alert not in known:
                self.warn(Warn.UNKNOWN, f"tree {name}: there is no alert {alert!r} in the live system")
        if not named and name not in known:
            self.warn(Warn.TREE, f"tree {name} needs ':alerts:': no alert is called as it is")
        return [alert for alert in named or [name] if alert in known]

    def _wire(self, tree: model.Tree, items: Sequence[Element]) -> list[str]:
        """Give each node its target, and each answer its way on."""
        parts = list(zip(tree.nodes, items, strict=True))
        anchors = [self.anchored(item, f"tree-{tree.name}", node.name) for node, item in parts]
        places: dict[str, tuple[int, str]] = {}
        for number, (node, anchor) in enumerate(zip(tree.nodes, anchors, strict=True), 1):
            places.setdefault(node.name, (number, anchor))
        for node, item in parts:
            if isinstance(node, model.Check) and node.answers:
                written = next(part for part in reversed(item.children) if isinstance(part, nodes.bullet_list))
                item.replace(written, answer_list(self, node, places))
        return anchors


def setup_trees(app: Sphinx) -> None:
    """Register the directives."""
    for name, directive in _DIRECTIVES.items():
        app.add_directive_to_domain(OpsDomain.name, name, directive)


_DIRECTIVES: Mapping[str, type[StructureDirective]] = {
    "tree": TreeDirective,
    "check": CheckDirective,
    "fix": FixDirective,
    "escalate": EscalateDirective,
}
