"""The richer shape of procedures, trees, blanks and checklists in a browser, made of the nodes that all builders have.

Trees get an overview drawing, and steps that a link can lead to; what confirms a step and what undoes it get a frame;
blanks get inputs, checklists boxes. Nothing is taken away, and nothing here needs a script to be read.
"""

from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx

from drillbook.language import _
from drillbook.output.drawing import Arrow, Box, draw
from drillbook.output.fills import filled_block, mark_in_sentence
from drillbook.output.inputs import add_boxes, add_input, raw
from drillbook.output.player import add_player
from drillbook.output.plot import add_plot
from drillbook.pages.blanks import BLANK
from drillbook.pages.demos import CAST
from drillbook.pages.domain import OpsDomain
from drillbook.pages.measurements import TABLE
from drillbook.pages.parts import MARK, WITH_BLANKS
from drillbook.warn import guarded, warn_internal

KINDS = ("check", "fix", "escalate")


@guarded(place=lambda app, doctree, docname: (docname, None))
def shape_page(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Shape what a page has once its references are resolved; EPUB readers have no use for inputs."""
    if app.builder.format != "html" or app.builder.name == "epub":
        return
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    for what, node, shape in list(_parts(doctree)):
        try:  # each part by itself: a fault of ours costs that part its shape only
            shape(node, domain, docname)
        except Exception as error:  # whatever it is, the page is written, with the plain nodes
            warn_internal(f"the HTML of {what}", error, node)


Shape = Callable[[Any, OpsDomain, str], None]


def _parts(doctree: nodes.document) -> Iterator[tuple[str, Element, Shape]]:
    """What there is to shape, what it is called, and how that is done."""
    declared = 0
    for node in doctree.findall(Element):
        classes = node.get("classes", ())
        if BLANK in node:
            declared += 1
            yield "a blank", node, lambda node, *_, number=declared: add_input(node, number)
        elif isinstance(node, nodes.literal_block) and WITH_BLANKS in node:
            yield "a command with blanks", node, lambda node, *_: node.replace_self(filled_block(node))
        elif isinstance(node, nodes.container) and "ops-tree" in classes:
            yield "a tree", node, shape_tree
        elif isinstance(node, nodes.container) and "ops-procedure" in classes:
            yield "a procedure", node, shape_procedure
        elif isinstance(node, nodes.literal_block) and CAST in node:
            yield "a recording", node, lambda node, *_: add_player(node)
        elif isinstance(node, nodes.table) and TABLE in node:
            yield "a measurement", node, lambda node, *_: add_plot(node)
        elif isinstance(node, nodes.bullet_list) and "ops-checklist" in classes:
            yield "a checklist", node, lambda node, *_: add_boxes(node)


def shape_procedure(container: Element, domain: OpsDomain, docname: str) -> None:
    """Frame the parts of its steps, and mark its blanks."""
    take_anchor(container)
    for item in container.findall(nodes.list_item):
        if "ops-step" in item["classes"]:
            take_anchor(item)
            frame_parts(item)
    mark_blanks(container)


def shape_tree(container: Element, domain: OpsDomain, docname: str) -> None:
    """Anchors for its steps, a place for what a script adds, and the drawing."""
    take_anchor(container)
    items = [item for item in container.findall(nodes.list_item) if "ops-node" in item["classes"]]
    for item in items:
        take_anchor(item)
    items = [item for item in items if item["ids"]]  # one that stands where it cannot, as was warned of, has no name
    mark_blanks(container)
    title = title_of(container, domain, docname)
    if len(items) > 1:
        drawn = draw(_("Overview of {title}").format(title=title), *boxes_and_arrows(items))
        steps = next(found for found in container.findall(nodes.enumerated_list) if "ops-tree" in found["classes"])
        steps.parent.insert(steps.parent.index(steps), raw(framed(drawn)))
    container.insert(0, raw(f'<div class="ops-bar" data-title="{escape(title)}"></div>'))


def mark_blanks(container: Element) -> None:
    """Let blanks in inline code follow what the reader fills in."""
    for literal in list(container.findall(nodes.literal)):
        mark_in_sentence(literal)


def title_of(container: Element, domain: OpsDomain, docname: str) -> str:
    """The title of a tree; one that is not in the index goes by its name."""
    for _page, tree in domain.every("tree"):
        described = domain.find("tree", tree.name)
        if described and described.docname == docname and described.anchor in container["ids"]:
            return domain.said(docname, described.title)
    return next(iter(container["ids"]), "tree").removeprefix("tree-")


def framed(drawn: str) -> str:
    """A drawing in a box that can be folded away, and scrolls when it is wider than the page."""
    summary = escape(_("Overview"))
    return (
        f'<details class="ops-overview" open><summary>{summary}</summary>'
        f'<div class="ops-scroll">{drawn}</div></details>'
    )


def take_anchor(node: Element) -> None:
    """Let links lead to the whole of *node*, and not to something small in its first part."""
    first = node[0] if node.children else None
    inner = first[0] if isinstance(first, nodes.paragraph) and first.children else None
    for target in (first, inner):
        if isinstance(target, nodes.target) and target.parent is not None:
            node["ids"] += target["ids"]
            target.parent.remove(target)
    first = node[0] if node.children else None
    if isinstance(first, Element) and not isinstance(first, nodes.container) and first.get("ids"):
        node["ids"] += first["ids"]
        first["ids"] = []


def frame_parts(step: Element) -> None:
    """Put what confirms a step, and what undoes it, each into a container of its own."""
    part: Element | None = None
    for child in list(step.children):
        if word := _mark(child):
            part = nodes.container("", classes=["ops-part", f"ops-{word.lower()}"])
            step.insert(step.index(child), part)
        if part is not None:
            step.remove(child)
            part += child


def _mark(node: Node) -> str:
    first = node.children[0] if isinstance(node, nodes.paragraph) and node.children else None
    return str(first.get(MARK, "")) if isinstance(first, nodes.strong) else ""


def boxes_and_arrows(items: list[nodes.list_item]) -> tuple[list[Box], list[Arrow]]:
    """What there is to draw: the steps, their answers, and the other trees that answers lead to."""
    boxes = []
    places: dict[str, int] = {}
    for number, item in enumerate(items, 1):
        kind = next(kind for kind in KINDS if f"ops-{kind}" in item["classes"])
        title = " ".join(_without(item[0], "ops-kind").split())
        boxes.append(Box(number, kind, title, f"#{item['ids'][0]}"))
        places.update(dict.fromkeys(item["ids"], number - 1))
    arrows: list[Arrow] = []
    for number, item in enumerate(items):
        for answer in _answers(item):
            way = next(answer.findall(nodes.reference), None)
            if way is None:  # it leads nowhere, as was warned of
                continue
            label = next(answer.findall(nodes.strong)).astext()
            here = way.get("refid") or ""
            target = way.get("refuri") or f"#{here}"
            if here not in places and target not in places:
                places[target] = len(boxes)
                boxes.append(Box(0, "tree", _tree_of(way), target))
            arrows.append(Arrow(number, places[here] if here in places else places[target], label))
    return boxes, arrows


def _without(node: Node, kind: str) -> str:
    """What *node* says, without what the toolkit puts before it."""
    before = next((part.astext() for part in node.findall(nodes.inline) if kind in part["classes"]), "")
    return node.astext().removeprefix(before)


def _tree_of(way: Element) -> str:
    """The tree that a link leads to, from what it says."""
    before, _name, after = _("go to the tree {name}").partition("{name}")
    return way.astext().removeprefix(before).removesuffix(after)


def _answers(item: Element) -> Iterator[Element]:
    for answers in item.findall(nodes.bullet_list):
        if "ops-answers" in answers["classes"]:
            yield from (answer for answer in answers.children if isinstance(answer, Element))


def setup_shapes(app: Sphinx) -> None:
    """Shape pages after everything else has been done to them."""
    app.connect("doctree-resolved", shape_page, priority=900)
