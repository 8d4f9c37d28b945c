"""Stamps on pages: when each was proven and against what, under its title, and in each procedure and tree.

They are put in when a page is written, not when it is read: what a stamp says depends on evidence, on the system's code
and on other pages. A page whose stamps say something else than when it was last written is written again.
"""

from collections.abc import Iterable

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from drillbook.language import _
from drillbook.model.evidence import MEASUREMENT
from drillbook.model.procedure import Procedure
from drillbook.model.recording import DEMO
from drillbook.model.tree import Tree
from drillbook.pages.changes import CHANGES, fill_changes, told
from drillbook.pages.dashboard import everything, fill, fill_cure
from drillbook.pages.demos import PLACE, demo_says, fill_demo
from drillbook.pages.domain import SHOWS, OpsDomain
from drillbook.pages.entries.faults import CURE
from drillbook.pages.evidence import Stamps, stamps
from drillbook.pages.failure_modes import ENDING_OF, TREE_OF, fill_ending, fill_tree
from drillbook.pages.measurements import MEASURED, fill_measurement, measurement_says
from drillbook.pages.stamp_text import signature_paragraph, stamp_paragraph, translation_says
from drillbook.warn import guarded


def page_stamps(found: Stamps, docname: str) -> Element | None:
    """What stands under the title of a page: what it lacks in this language, its stamp, its owner, its signature."""
    whole, signature, owner = found.whole(docname), signature_paragraph(found, docname), found.owner_says(docname)
    said: list[Node] = [
        nodes.paragraph("", text, classes=["ops-translation", "no-search"]) for text in translation_says(found, docname)
    ]
    said += [stamp_paragraph(found, whole)] if whole else []
    said += [signature] if signature else []
    if owner:
        said.append(nodes.paragraph("", _("Owner: {owner}.").format(owner=owner), classes=["ops-owner", "no-search"]))
    return nodes.container("", *said, classes=["ops", "ops-stamps"]) if said else None


@guarded(place=lambda app, doctree, docname: (docname, None))
def stamp_page(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put all stamps into a page that is about to be written."""
    if app.builder.name == "spelling":
        return  # a run wrote them, and names of versions and people are no words
    found = stamps(app)
    whole = found.whole(docname)
    containers = list(doctree.findall(nodes.container))
    alone = sum(isinstance(getattr(node, "model", None), Procedure | Tree) for node in containers) == 1
    for node in containers:
        model = getattr(node, "model", None)
        if isinstance(model, Procedure | Tree):
            made = found.procedure(model.name) if isinstance(model, Procedure) else found.tree(model.name)
            if alone and whole and made.says == whole.says:
                continue  # it stands under the title
            # behind its first part, which carries the anchor of the whole
            node.insert(min(2, len(node.children)), stamp_paragraph(found, made))
        elif SHOWS in node:
            fill(node, app, found, docname)
        elif CHANGES in node:
            fill_changes(node, app, docname)
        elif CURE in node:
            fill_cure(node, app, found, docname)
        elif TREE_OF in node:
            fill_tree(node, app, found, docname)
        elif ENDING_OF in node:
            fill_ending(node, app, found, docname)
        elif PLACE in node:
            fill_demo(node, found)
        elif MEASURED in node:
            fill_measurement(node, found)
    title = doctree.next_node(nodes.title)
    under = page_stamps(found, docname)
    if title is not None and under is not None:
        title.parent.insert(title.parent.index(title) + 1, under)


@guarded(default=())
def stamps_to_rewrite(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """The pages whose stamps say something else than when they were written."""
    domain = env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    found = stamps(app)
    dashboard = everything(app, found)
    changed = str(told(app)) if any(domain.every(CHANGES)) else ""
    says = {docname: said for docname in env.found_docs if (said := _said(domain, found, docname, dashboard, changed))}
    before = dict(domain.stamped)
    domain.stamped.clear()
    domain.stamped.update(says)
    return sorted(docname for docname in env.found_docs if says.get(docname) != before.get(docname))


def _said(domain: OpsDomain, found: Stamps, docname: str, dashboard: str, changed: str) -> str:
    models = domain.models.get(docname, {})
    parts = [found.procedure(one.name).says for one in models.get("procedure", ())]
    parts += [found.tree(one.name).says for one in models.get("tree", ())]
    under = page_stamps(found, docname)
    parts += [under.astext()] if under else []
    parts += [dashboard] if SHOWS in models else []
    parts += [changed] if CHANGES in models else []
    parts += [_demo(found, name) for name in models.get(DEMO, ())]
    parts += [measurement_says(found, name) for name in models.get(MEASUREMENT, ())]
    return "\n".join(parts)


def _demo(found: Stamps, name: str) -> str:
    said, _, kept = demo_says(found, name)
    return f"{said}\n{kept.cast if kept else ''}"


def setup_stamps(app: Sphinx) -> None:
    """Put stamps in before anything else is done to a page."""
    app.connect("env-updated", stamps_to_rewrite)
    app.connect("doctree-resolved", stamp_page, priority=300)
