"""The directive `ops:component-diagram`: the components of the live system and what each needs, as a diagram."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from docutils.parsers.rst import directives
from sphinx.util.typing import OptionSpec

from drillbook.language import _
from drillbook.live.facts import ComponentFact
from drillbook.output.live_diagram import LiveDiagram, shown
from drillbook.output.uml import Uml
from drillbook.pages.declared import Declared, optional

# kinds that PlantUML has a shape for; any other is a rectangle
SHAPES = {"actor", "cloud", "component", "database", "file", "folder", "node", "person", "queue", "storage"}


def _direction(argument: str) -> str:
    return directives.choice(argument, ("down", "right"))


class ComponentDiagram(LiveDiagram):
    """The components of the system and what each needs, drawn: those of one kind, one, or all.

    Each box leads to the component's page, or to its entry if it has none.
    """

    argument = "[NAME or KIND]"
    option_spec: ClassVar[OptionSpec] = {
        **Uml.option_spec,
        "alt": optional("What it shows, in words.", default="all components, and what each needs"),
        "direction": Declared(_direction, "word", "Where the arrows lead: `down` or `right`.", "`down`"),
    }

    kind, group = "component", "kind"

    def source(self, facts: Sequence[ComponentFact], targets: dict[str, str]) -> Iterator[str]:
        """A box for each, and an arrow to each that it needs."""
        return _source(facts, targets, self.options.get("direction", "down"))

    def words(self, facts: Sequence[ComponentFact], said: Callable[[str], str]) -> str:
        """A sentence for each."""
        return in_words(facts, said)

    def titles(self, facts: Sequence[ComponentFact]) -> Iterable[str]:
        """What the components are called."""
        return (fact.title for fact in facts)

    def target(self, fact: ComponentFact) -> str:
        """Its page, or its entry if it has none or is described here."""
        page = fact.page.strip("/")
        return f"doc:/{page}" if page and page != self.env.docname else super().target(fact)


def in_words(facts: Iterable[ComponentFact], said: Callable[[str], str]) -> str:
    """What the picture shows, in sentences; *said* translates a title."""
    facts = list(facts)
    titles = {fact.name: said(fact.title) for fact in facts}
    sentences = []
    for fact in facts:
        needs = ", ".join(titles[name] for name in fact.depends_on if name in titles) or _("none of these")
        kind = f" ({fact.group})" if fact.group else ""
        sentences.append(_("{component} needs {others}.").format(component=f"{titles[fact.name]}{kind}", others=needs))
    return " ".join([_("Components and what each needs."), *sentences])


def _source(facts: Sequence[ComponentFact], targets: dict[str, str], direction: str) -> Iterator[str]:
    names = {fact.name: f"c{number}" for number, fact in enumerate(facts, 1)}
    if direction == "right":
        yield "left to right direction"
    for fact in facts:
        shape = fact.group if fact.group in SHAPES else "rectangle"
        kind = f" <<{shown(fact.group)}>>" if fact.group and shape == "rectangle" else ""
        yield f'{shape} "{shown(fact.title)}" as {names[fact.name]}{kind} [["{targets[fact.name]}"]]'
    for fact in facts:
        for needed in fact.depends_on:
            if needed in names:
                yield f"{names[fact.name]} --> {names[needed]}"
