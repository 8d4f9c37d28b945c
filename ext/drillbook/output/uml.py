"""The directive ``uml``: that of sphinxcontrib-plantuml, and a node that knows its place, its links and its words."""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from docutils import nodes
from docutils.nodes import Node
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import OptionSpec
from sphinxcontrib.plantuml import UmlDirective, plantuml

from drillbook.output.links import link_node, written
from drillbook.pages.declared import Declared
from drillbook.pages.domain import OpsDomain
from drillbook.pages.words import silent_words
from drillbook.warn import Warn, warn, warn_internal


class Diagram(NamedTuple):
    """A diagram of a page: its source, and where its first line stands."""

    source: str
    file: str
    first_line: int
    generated: bool = False  # then all of it comes from the one line where the directive stands

    def line(self, line: int) -> int:
        """The line in the file of a line of the source; of its beginning when the line is 0."""
        return self.first_line + (0 if self.generated else max(line - 1, 0))

    def place(self, line: int) -> str:
        """``file:line`` of a line of the source."""
        return f"{self.file}:{self.line(line)}"


def _as(name: str, type: str, help: str, *, needed: bool = False) -> Declared:
    """An option of sphinxcontrib-plantuml, described."""
    return Declared(UmlDirective.option_spec[name], type, help, needed=needed)


class Uml(UmlDirective):  # type: ignore[misc]  # sphinxcontrib-plantuml has no types
    """A diagram in PlantUML, inline in HTML and told in words where there are no pictures.

    A link is written `[[doc:page]]`, `[[ref:label]]` or `[[ops:component:name]]`.
    """

    argument, holds = "[FILE]", "the source of the diagram, unless a file has it"
    option_spec: ClassVar[OptionSpec] = {
        "alt": _as("alt", "text", "What it shows, in words: for who cannot see it, and for print.", needed=True),
        "caption": _as("caption", "text", "A line below it."),
        "align": _as("align", "word", "Where it stands: `left`, `center` or `right`."),
        "name": _as("name", "text", "A label that links can lead to."),
    }

    def run(self) -> list[Node]:
        """The node, possibly in a figure."""
        try:
            made: list[Node] = super().run()
            for node in (found for part in made for found in part.findall(plantuml)):
                self._complete(node)
        except Exception as error:  # an exception here would end the whole build, with no file and no line
            warn_internal(f"directive {self.name}", error, self._place())
            return []
        return made

    def _place(self) -> str:
        source, line = self.state_machine.get_source_and_line(self.lineno)
        return f"{source}:{line}"

    def _complete(self, node: plantuml) -> None:
        env: BuildEnvironment = self.state.document.settings.env
        if self.arguments:
            place = Diagram(node["uml"], str(env.relfn2path(self.arguments[0])[1]), 1)
        else:
            source, line = self.state_machine.get_source_and_line(self.lineno)
            if not self.content:
                first = line
            elif offset := self.content.offset(0):  # reStructuredText counts from the beginning of the file
                first = offset + 1
            else:  # and Markdown from the directive
                first = line + self.content_offset + 1
            place = Diagram(node["uml"], str(source), first)
        if not " ".join(node.get("alt", "").split()):
            trouble(env)
            warn(Warn.DIAGRAM, "this diagram has no text alternative: say in :alt: what it shows", self._place())
        complete(node, place, env)
        node += silent_words(node.get("alt", ""), source=place.file)


def trouble(env: BuildEnvironment) -> None:
    """Have the page read again until nothing is wrong with it."""
    domain = env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    domain.troubled[env.docname] = True


def complete(node: plantuml, diagram: Diagram, env: BuildEnvironment, *, optional: Iterable[str] = ()) -> None:
    """Give a node its place and its links; *optional* are targets that need not exist."""
    node["diagram"] = tuple(diagram)
    node.source, node.line = diagram.file, diagram.first_line
    optional = set(optional)
    for link in written(diagram.source):
        made = link_node(link, env, optional=link.target in optional)
        if made is None:
            trouble(env)
            message = f"the link {link.target!r} in this diagram is no address, and names no role: write [[doc:page]]"
            warn(Warn.DIAGRAM, f"{message}, [[ref:label]] or [[ops:component:name]]", diagram.place(link.line))
            continue
        for part in made.findall(nodes.Element):
            part.source, part.line = diagram.file, diagram.line(link.line)
        node += made
