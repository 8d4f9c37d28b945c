"""The answers of a check, as they are written and as they are shown.

Each is an item of the check's last list: what a person recognises, the condition as a literal, an arrow, and where to
go: the name of a node of this tree, or ``tree`` and the name of another::

    - All run: `exit 0` -> queue-grows
    - Redis does not answer: `/Could not connect/` -> tree RedisDown
    - Otherwise -> call-platform
"""

import re
from collections.abc import Iterator, Mapping

from docutils import nodes
from docutils.nodes import Element, Node

from drillbook.live.quantity import Quantity
from drillbook.live.quote import QuoteError, quote
from drillbook.model.condition import OTHERWISE, Condition, ConditionError, parse_condition, words
from drillbook.model.tree import TREE_PREFIX, Answer, Check
from drillbook.pages.parts import line_of
from drillbook.pages.structure import StructureDirective, needed_link
from drillbook.pages.words import later, say, spoken
from drillbook.warn import Warn

_ARROW = re.compile(r"\s*(?:->|→|⟶)\s*")
_FORM = "an answer is written '- what one sees: `condition` -> name of a node'"


def read_answers(directive: StructureDirective, answers: Element) -> Iterator[Answer]:
    """The answers of a list; one warning at each item that is none."""
    for item in answers.children:
        assert isinstance(item, Element)
        line = line_of(item, directive.lineno)
        try:
            yield _read(directive, item, line)
        except ConditionError as error:
            directive.warn_at(Warn.TREE, f"{error}", line)


def _read(directive: StructureDirective, item: Element, line: int) -> Answer:
    if len(item.children) != 1 or not isinstance(item[0], nodes.paragraph):
        raise ConditionError(f"one line only: {_FORM}")
    paragraph = item[0]
    literals = [index for index, part in enumerate(paragraph.children) if isinstance(part, nodes.literal)]
    split = literals[-1] if literals else -1
    condition = paragraph[split].astext() if literals else ""
    before = "".join(part.astext() for part in paragraph.children[: max(split, 0)])
    after = "".join(part.astext() for part in paragraph.children[split + 1 :])
    said, arrow, target = _split(after)
    if not arrow or not target:
        raise ConditionError(f"where does this lead? {_FORM}")
    if not literals:
        before, said = said, ""
        condition = OTHERWISE if before.strip(" :.,").lower() == OTHERWISE else ""
        if not condition:
            raise ConditionError(f"when does this hold? {_FORM}, or '- Otherwise -> name of a node'")
    if said:
        raise ConditionError(f"{said!r} stands between the condition and the arrow: {_FORM}")
    leaves = target.startswith(TREE_PREFIX)
    target = target.removeprefix(TREE_PREFIX).strip()
    says = " ".join(before.split()).rstrip(" :—–-")
    return Answer(says or OTHERWISE.capitalize(), _condition(directive, condition), target, leaves, line)


def _split(text: str) -> tuple[str, bool, str]:
    """What stands before the last arrow, whether there is one, and what stands behind it."""
    arrows = list(_ARROW.finditer(text))
    if not arrows:
        return text.strip(), False, ""
    return text[: arrows[-1].start()].strip(), True, " ".join(text[arrows[-1].end() :].split()).rstrip(".")


def _condition(directive: StructureDirective, text: str) -> Condition:
    facts = directive.ops.facts

    def fact(name: str) -> Quantity | None:
        try:
            found = quote(facts, name)
        except QuoteError as error:
            raise ConditionError(str(error)) from None
        directive.ops.note_shown(directive.env.docname, found.kind, found.name)
        return found.quantity

    return parse_condition(text, fact)


def answer_list(directive: StructureDirective, check: Check, places: Mapping[str, tuple[int, str]]) -> Element:
    """The answers as a list in which each names the step that it leads to, as a link."""
    made = nodes.bullet_list("", bullet="-", classes=["ops-answers"])
    file = directive.get_source_info()[0]
    for answer in check.answers:
        parts: list[Node] = [nodes.strong("", "", _said(answer))]
        if not answer.condition.otherwise:
            parts += [nodes.inline("", "", _when(answer.condition), classes=["ops-condition"])]
        parts += [nodes.Text(": "), *_way(directive, answer, places)]
        paragraph = nodes.paragraph("", "", *parts, translatable=False)
        paragraph.source, paragraph.line = file, answer.line
        made += nodes.list_item("", paragraph)
    directive.set_source_info(made)
    return made


def _said(answer: Answer) -> Node:
    """What a person recognises; one that says nothing but that it is the other one, the toolkit says."""
    return say("Otherwise") if answer.says == OTHERWISE.capitalize() else spoken(answer.says)


def _when(condition: Condition) -> Node:
    return later(lambda _: f" ({words(condition, _)})")


def _way(directive: StructureDirective, answer: Answer, places: Mapping[str, tuple[int, str]]) -> Iterator[Node]:
    if answer.leaves:
        way = needed_link(directive, "tree", answer.target, say("go to the tree {name}", name=answer.target))
        way.line = answer.line
        yield way
    elif answer.target in places:
        number, anchor = places[answer.target]
        title = say("go to step {number}", number=number)
        yield nodes.reference("", "", title, internal=True, refid=anchor, classes=["ops-way"])
    else:  # already refused; the reader still sees what was meant
        yield nodes.inline("", "", say("go to {name}", name=answer.target))
