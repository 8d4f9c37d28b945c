"""`llms.txt` and `llms-full.txt` beside the HTML, for language models: an index of all pages, and the text of all pages.

The form is that of https://llmstxt.org. The text is as the text builder writes it, of the pages as they are: facts,
stamps and all. Nothing in them depends on the time or the machine, so two builds give the same.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypedDict, cast

from docutils import nodes
from docutils.nodes import Element
from sphinx.application import Sphinx
from sphinx.builders.text import TextBuilder
from sphinx.writers.text import TextTranslator

from drillbook.language import _
from drillbook.output.data import replace_text
from drillbook.output.kept import BUILDERS, Kept
from drillbook.output.summary import summary
from drillbook.output.typst.order import pages
from drillbook.pages.parts import block_text, is_drawn
from drillbook.warn import guarded

INDEX: Final = "llms.txt"
FULL: Final = "llms-full.txt"
PRIORITY: Final = 800  # behind stamps and references, and before the shapes of HTML
RULE: Final = "-" * 79


class Said(TypedDict):
    """What is kept of a page."""

    title: str
    summary: str
    text: str


class PageText(TextTranslator):
    """Writes a page that was made for HTML as text: of what only HTML has, the content."""

    def unknown_visit(self, node: nodes.Node) -> None:
        """Look into it."""

    def unknown_departure(self, node: nodes.Node) -> None:
        """Nothing to end."""

    def visit_plantuml(self, node: Element) -> None:
        """Say what a diagram shows, and its source if somebody has written it."""
        alternative = node.get("alt", "")
        told: list[Element] = [nodes.paragraph(alternative, alternative)] if alternative else []
        if is_drawn(node):
            told.append(nodes.literal_block("", block_text(node)))
        for part in told:
            part.walkabout(self)
        raise nodes.SkipNode


def wanted(app: Sphinx) -> bool:
    """Whether this build writes the files."""
    return app.builder.name in BUILDERS and bool(app.config.drillbook_llms)


@guarded()
def begin(app: Sphinx) -> None:
    """Read what is kept of pages."""
    if wanted(app):
        app.drillbook_llms_kept = Kept(app, "llms")  # type: ignore[attr-defined]  # for the life of this build
        app.drillbook_llms_text = TextBuilder(app, app.env)  # type: ignore[attr-defined]
        app.drillbook_llms_text.init()  # type: ignore[attr-defined]


@guarded(place=lambda app, doctree, docname: (docname, None))
def keep(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep what a page says that is about to be written."""
    if wanted(app):
        title = next(doctree.findall(nodes.title), None)
        translator = PageText(doctree, app.drillbook_llms_text)  # type: ignore[attr-defined]
        doctree.walkabout(translator)
        said = Said(
            title=" ".join(title.astext().split()) if title else docname,
            summary=summary(doctree),
            text=translator.body.rstrip(),
        )
        _kept(app).keep(docname, said)


@guarded()
def write(app: Sphinx, error: Exception | None) -> None:
    """Write both files, each whole or not at all."""
    if error is not None or not wanted(app):
        return
    said = {docname: one for docname, one in _kept(app).every().items() if "nosearch" not in app.env.metadata[docname]}
    replace_text(Path(app.outdir) / INDEX, "\n".join(_index(app, said)))
    replace_text(Path(app.outdir) / FULL, "\n".join(_full(app, said)))


def _index(app: Sphinx, said: dict[str, Said]) -> Iterator[str]:
    root = said.get(app.config.root_doc)
    yield f"# {_line(f'{app.config.project} {app.config.release}')}"
    if root and root["summary"]:
        yield f"\n> {_line(root['summary'])}"
    full = f"[{FULL}]({app.config.html_baseurl}{FULL})"
    yield "\n" + _("The text of all pages stands in {full}.").format(full=full)
    for heading, names in _parts(app, said):
        yield f"\n## {_line(heading)}\n"
        for name in names:
            one = said[name]
            after = f": {_line(one['summary'])}" if one["summary"] else ""
            yield f"- [{_line(one['title'])}]({_address(app, name)}){after}"
    yield ""


def _full(app: Sphinx, said: dict[str, Said]) -> Iterator[str]:
    for _heading, names in _parts(app, said):
        for name in names:
            yield f"{RULE}\nPage: {_address(app, name)}\n\n{said[name]['text']}\n"


def _parts(app: Sphinx, said: dict[str, Said]) -> Iterator[tuple[str, list[str]]]:
    """The pages in the order of the tables of contents, under their captions."""
    parts: dict[str, list[str]] = {}
    heading = _("Begin here")
    for page in pages(app.env):
        heading = page.part or heading
        if page.docname in said:
            parts.setdefault(heading, []).append(page.docname)
    listed = {name for names in parts.values() for name in names}
    yield from parts.items()
    if others := [name for name in said if name not in listed]:
        yield _("Other pages"), others  # that no table of contents leads to


def _address(app: Sphinx, docname: str) -> str:
    """Where a page is: on the site, or, while nobody has said where that is, beside the file."""
    return f"{app.config.html_baseurl}{app.builder.get_target_uri(docname)}" or "./"


def _line(text: str) -> str:
    """*text* as one line of Markdown."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("<", "\\<")


def _kept(app: Sphinx) -> Kept[Said]:
    return cast(Kept[Said], app.drillbook_llms_kept)  # type: ignore[attr-defined]


def setup_llms(app: Sphinx) -> None:
    """Register the files."""
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", keep, priority=PRIORITY)
    app.connect("build-finished", write)
