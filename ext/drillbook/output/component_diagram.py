"""The directive `ops:component-diagram`: the components of the live system and what each needs, as a diagram."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from docutils import nodes
from docutils.nodes import Node
from docutils.parsers.rst import directives
from sphinx.util.typing import OptionSpec
from sphinxcontrib.plantuml import plantuml

from drillbook.live.facts import ComponentFact
from drillbook.output.uml import Diagram, Uml, complete
from drillbook.pages.declared import Declared, optional
from drillbook.pages.describe import OpsDirective
from drillbook.warn import Warn

# kinds that PlantUML has a shape for; any other is a rectangle
SHAPES = {"actor", "cloud", "component", "database", "file", "folder", "node", "person", "queue", "storage"}


def _direction(argument: str) -> str:
    return directives.choice(argument, ("down", "right"))


class ComponentDiagram(OpsDirective):
    """The components of the system and what each needs, drawn: those of one kind, one, or all.

    Each box leads to the component's page, or to its entry if it has none.
    """

    argument = "[NAME or KIND]"
    optional_arguments = 1
    option_spec: ClassVar[OptionSpec] = {
        **Uml.option_spec,
        "alt": optional("What it shows, in words.", default="all components, and what each needs"),
        "direction": Declared(_direction, "word", "Where the arrows lead: `down` or `right`.", "`down`"),
    }

    def build(self) -> list[Node]:
        """The same nodes as the directive ``uml`` makes."""
        selector = self.arguments[0] if self.arguments else ""
        self.ops.note_shown(self.env.docname, "component", selector)
        facts = [fact for fact in self.ops.facts.select("component", selector) if isinstance(fact, ComponentFact)]
        if not facts:
            known = ", ".join(dict.fromkeys(fact.group for fact in self.ops.facts.components)) or "none at all"
            self.warn(Warn.UNKNOWN, f"no component or kind of components is called {selector!r}; there are: {known}")
            return []
        targets = {fact.name: _target(fact, self.env.docname) for fact in facts}
        source = "\n".join(_source(facts, targets, self.options.get("direction", "down")))
        node = plantuml(self.block_text, alt=self.options.get("alt") or in_words(facts), uml=source)
        file, line = self.get_source_info()
        complete(node, Diagram(source, file, line, generated=True), self.env, optional=targets.values())
        return self._framed(node)

    def _framed(self, node: plantuml) -> list[Node]:
        """The node in a figure, if the author wants a caption or a place for it."""
        framed: nodes.Element = node
        if "caption" in self.options or "align" in self.options:
            framed = nodes.figure("", node)
            self.set_source_info(framed)
            if "align" in self.options:
                framed["align"] = self.options["align"]
        messages: list[nodes.system_message] = []
        if "caption" in self.options:
            inline, messages = self.parse_inline(self.options["caption"])
            caption = nodes.caption(self.options["caption"], "", *inline)
            self.set_source_info(caption)
            framed += caption
        self.add_name(framed)
        return [framed, *messages]


def in_words(facts: Iterable[ComponentFact]) -> str:
    """What the picture shows, in sentences."""
    facts = list(facts)
    titles = {fact.name: fact.title for fact in facts}
    sentences = []
    for fact in facts:
        needs = [titles[name] for name in fact.depends_on if name in titles]
        kind = f" ({fact.group})" if fact.group else ""
        sentences.append(f"{fact.title}{kind} needs {', '.join(needs) or 'none of these'}.")
    return " ".join(["Components and what each needs.", *sentences])


def _target(fact: ComponentFact, docname: str) -> str:
    page = fact.page.strip("/")
    return f"doc:/{page}" if page and page != docname else f"ops:component:{fact.name}"


def _source(facts: Sequence[ComponentFact], targets: dict[str, str], direction: str) -> Iterator[str]:
    names = {fact.name: f"c{number}" for number, fact in enumerate(facts, 1)}
    if direction == "right":
        yield "left to right direction"
    for fact in facts:
        shape = fact.group if fact.group in SHAPES else "rectangle"
        kind = f" <<{_literal(fact.group)}>>" if fact.group and shape == "rectangle" else ""
        yield f'{shape} "{_literal(fact.title)}" as {names[fact.name]}{kind} [["{targets[fact.name]}"]]'
    for fact in facts:
        for needed in fact.depends_on:
            if needed in names:
                yield f"{names[fact.name]} --> {names[needed]}"


def _literal(text: str) -> str:
    """Text that PlantUML shows as it is: what could be its markup becomes numbered characters."""
    return re.sub(r"[^\w ]|_", lambda match: f"&#{ord(match[0])};", " ".join(text.split()))
