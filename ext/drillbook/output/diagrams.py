"""Diagrams: PlantUML in pages, drawn once, inline in HTML, told in words wherever there are no pictures.

The syntax is that of sphinxcontrib-plantuml, whose directive and node these are::

    ```{uml}
    :alt: The gateway queues jobs in Redis.
    [Gateway] as gateway [[ops:component:gateway]]
    [Redis] as redis [[doc:/reference/redis]]
    gateway --> redis
    ```

``alt`` is required. How links are written is told in :mod:`drillbook.output.links`. Other options: ``caption``,
``align``, ``name``.

All diagrams of a manual that are not in the cache are drawn in one process, after the pages are read and before they
are written (:mod:`drillbook.output.plantuml`). The cache is a folder beside the doctrees; a picture's name in it is a
digest of its source and of the engine. What other builders than HTML need is :func:`svg_of`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from docutils.nodes import Node
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib.plantuml import plantuml

from drillbook.language import _
from drillbook.output.component_diagram import ComponentDiagram
from drillbook.output.gallery import Gallery
from drillbook.output.links import resolved, without_links, written
from drillbook.output.plantuml import EngineError, Failure
from drillbook.output.svg import sanitise
from drillbook.output.table_diagram import TableDiagram
from drillbook.output.uml import Diagram, Uml
from drillbook.pages.domain import OpsDomain
from drillbook.warn import Warn, guarded, warn, warn_internal


def draws(builder: Builder) -> bool:
    """Whether the builder's pages have pictures; EPUB readers and terminals get words."""
    return (builder.format == "html" and builder.name != "epub") or builder.format == "typst"


class DiagramCollector(EnvironmentCollector):
    """Keeps the diagrams of every page, so that all can be drawn at once."""

    @guarded(place=lambda self, app, env, docname: (docname, None))
    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Forget a page."""
        _diagrams(env).pop(docname, None)

    @guarded()
    def merge_other(self, app: Sphinx, env: BuildEnvironment, docnames: Iterable[str], other: BuildEnvironment) -> None:
        """Take over what another process read."""
        theirs = _diagrams(other)
        _diagrams(env).update({docname: theirs[docname] for docname in docnames if docname in theirs})

    @guarded(place=lambda self, app, doctree: (app.env.docname, None))
    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """Keep the diagrams of the page that was read."""
        if found := [Diagram(*node["diagram"]) for node in doctree.findall(plantuml)]:
            _diagrams(app.env)[app.env.docname] = found


def _diagrams(env: BuildEnvironment) -> dict[str, list[Diagram]]:
    """Document name to its diagrams; kept with the environment."""
    return cast(dict[str, list[Diagram]], _kept(env, "drillbook_diagrams"))


def _drawn(env: BuildEnvironment) -> dict[str, list[str]]:
    """Document name to the pictures that were there when it was last written; kept with the environment."""
    return cast(dict[str, list[str]], _kept(env, "drillbook_drawn"))


def _kept(env: BuildEnvironment, name: str) -> dict[str, Any]:
    if not hasattr(env, name):
        setattr(env, name, {})
    kept: dict[str, Any] = getattr(env, name)
    return kept


def _gallery(builder: Builder) -> Gallery:
    """The pictures of this build."""
    gallery: Gallery | None = getattr(builder, "drillbook_gallery", None)
    if gallery is None:
        gallery = Gallery(Path(builder.doctreedir) / "diagrams", builder.config.drillbook_diagram_timeout_s)
        builder.drillbook_gallery = gallery  # type: ignore[attr-defined]
    return gallery


@guarded(default=())
def draw_all(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Draw what is missing; answer with the pages whose pictures came or went."""
    if not draws(app.builder):
        return ()
    gallery = _gallery(app.builder)
    pages = sorted(_diagrams(env).items())
    try:
        gallery.fill([diagram.source for _, diagrams in pages for diagram in diagrams])
    except EngineError as error:
        warn(Warn.DIAGRAM, str(error), pages[0][1][0].place(0))
    else:
        for diagram in (diagram for _, diagrams in pages for diagram in diagrams):
            _warn_of(diagram, gallery)
    now = {docname: [gallery.name(diagram.source) for diagram in diagrams] for docname, diagrams in pages}
    before, env.drillbook_drawn = _drawn(env), now  # type: ignore[attr-defined]
    return [docname for docname in now if now[docname] != before.get(docname)]


def _warn_of(diagram: Diagram, gallery: Gallery) -> None:
    """Say why a diagram has no picture, or what its picture lacks in a page; in every build, until it is right."""
    targets: set[str] = set()
    failure = gallery.failures.get(diagram.source)
    try:
        picture = gallery.picture(diagram.source)
        dropped = sanitise(picture, label="", prefix="", link=targets.add).dropped if picture else ()
    except ValueError as error:
        failure, dropped = Failure(str(error)), ()
    if failure:
        warn(Warn.DIAGRAM, f"this diagram cannot be drawn: {failure.message}", diagram.place(failure.line))
    if dropped:
        message = f"left out of this diagram, because a page must not run or fetch it: {', '.join(dropped)}"
        warn(Warn.DIAGRAM, message, diagram.place(0))
    for target in sorted(targets - {link.target for link in written(diagram.source)}):
        message = f"the link {target!r} is left out of this diagram: a macro made it, and links must be written out"
        warn(Warn.DIAGRAM, message, diagram.place(0))


def svg_of(node: plantuml, builder: Builder, prefix: str = "") -> str | None:
    """The picture of a diagram node as an SVG element, sanitised, with its links leading where the node's lead.

    For any builder, once references are resolved; *prefix* begins every id. ``None`` when there is no picture: the
    reader of the log knows why.
    """
    diagram = Diagram(*node["diagram"])
    gallery = _gallery(builder)
    if not gallery.known(diagram.source):  # made while pages were written
        try:
            gallery.fill([diagram.source])
        except EngineError as error:
            warn(Warn.DIAGRAM, str(error), diagram.place(0))
        else:
            _warn_of(diagram, gallery)
    picture = gallery.picture(diagram.source)
    if picture is None:
        return None
    links = {link["target"]: resolved(link) for link in node.findall(nodes.inline) if "target" in link}
    try:
        return sanitise(picture, label=label(node), prefix=prefix, link=links.get).svg
    except ValueError:  # as was warned of
        return None


def troubles(builder: Builder, drawn: Sequence[Node]) -> list[str]:
    """What is wrong with each of the diagram nodes *drawn*, for a builder that writes no pages; empty if it is drawn."""
    gallery = _gallery(builder)
    sources = [Diagram(*node["diagram"]).source for node in drawn if isinstance(node, plantuml)]
    try:
        gallery.fill(sources)
    except EngineError as error:
        return [str(error)] * len(sources)
    return [gallery.failures[source].message if source in gallery.failures else "" for source in sources]


def label(node: plantuml) -> str:
    """What a diagram shows, in words."""
    caption = next((child.astext() for child in node.parent.children if isinstance(child, nodes.caption)), "")
    return " ".join((node.get("alt") or caption or _("Diagram")).split())


@guarded(place=lambda app, doctree, docname: (docname, None))
def place_pictures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each diagram of a page its picture, or in its place words that every builder can write."""
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    for number, node in enumerate(list(doctree.findall(plantuml)), 1):
        if domain.extracts:
            continue  # what is to be translated of a diagram stands in it
        if not Diagram(*node["diagram"]).generated:
            node["alt"] = domain.said(docname, node.get("alt", ""))
        svg = None
        try:
            if draws(app.builder):
                svg = svg_of(node, app.builder, f"diagram-{number}-")
        except Exception as error:  # whatever it is, this diagram is told in words and the build goes on
            warn_internal("a diagram", error, node)
        if svg is None:
            _tell(node)
        else:
            node["svg"] = svg


def _tell(node: plantuml) -> None:
    """Put words in the place of a diagram: what it shows, where its links lead, and its source."""
    told: list[Node] = [nodes.paragraph("", "", nodes.Text(_("Diagram: {says}").format(says=label(node))))]
    links = [link for link in node.children if isinstance(link, nodes.inline)]
    if links:
        items = (nodes.list_item("", nodes.paragraph("", "", *link.children)) for link in links)
        told.append(nodes.bullet_list("", *items, bullet="-"))
    if not Diagram(*node["diagram"]).generated:  # a generated diagram's alternative says all that it shows
        source = without_links(node["uml"])
        told.append(nodes.literal_block(source, source, language="text"))
    figure = node.parent
    if not isinstance(figure, nodes.figure):
        node.replace_self(told)
        return
    told += [nodes.paragraph("", "", *child.children) for child in figure.children if isinstance(child, nodes.caption)]
    figure.replace_self(nodes.container("", *told, ids=figure["ids"], names=figure["names"]))


@guarded(place=lambda translator, node: node)
def visit_html(translator: HTML5Translator, node: plantuml) -> None:
    """Write the picture into the page."""
    # it can be wider than a telephone and then scrolls, also from a keyboard
    translator.body.append(translator.starttag(node, "div", CLASS="diagram", TABINDEX="0"))
    # a node that another extension made after the pictures were placed has only its words
    translator.body.append(f"{node.get('svg') or translator.encode(label(node))}</div>\n")
    raise nodes.SkipNode


def depart_html(translator: HTML5Translator, node: plantuml) -> None:
    """Sphinx comes here only when the visit failed, and then nothing is left to write."""


def setup_diagrams(app: Sphinx) -> None:
    """Register diagrams in place of what sphinxcontrib-plantuml does with them."""
    app.setup_extension("sphinxcontrib.plantuml")
    app.add_node(plantuml, override=True, html=(visit_html, depart_html))
    for name in ("uml", "plantuml"):
        app.add_directive(name, Uml, override=True)
    app.add_directive_to_domain(OpsDomain.name, "component-diagram", ComponentDiagram)
    app.add_directive_to_domain(OpsDomain.name, "table-diagram", TableDiagram)
    app.add_env_collector(DiagramCollector)
    for style in ("diagrams.css", "zoom.css"):
        app.add_css_file(style)
    app.add_js_file("zoom.js", loading_method="defer")
    app.connect("env-updated", draw_all)
    app.connect("doctree-resolved", place_pictures)
