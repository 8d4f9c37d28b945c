"""Diagrams of facts of the live system: the base of the directives that draw them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Node
from sphinx.util.typing import OptionSpec
from sphinxcontrib.plantuml import plantuml

from drillbook.output.uml import Diagram, Uml, complete
from drillbook.pages.describe import OpsDirective
from drillbook.pages.words import silent
from drillbook.warn import Warn


class LiveDiagram(OpsDirective):
    """Draw the facts of one kind: those that the argument selects, or all."""

    kind: ClassVar[str]
    group: ClassVar[str]  # what a group of that kind is called
    optional_arguments = 1
    option_spec: ClassVar[OptionSpec] = dict(Uml.option_spec)

    def source(self, facts: Sequence[Any], targets: dict[str, str]) -> Iterator[str]:
        """The lines of PlantUML; *targets* are where the boxes lead, by the name of the fact."""
        raise NotImplementedError

    def words(self, facts: Sequence[Any], said: Callable[[str], str]) -> str:
        """What the picture shows, in sentences; *said* translates what the system calls a thing."""
        raise NotImplementedError

    def titles(self, facts: Sequence[Any]) -> Iterable[str]:
        """What of these sentences the system says."""
        return ()

    def target(self, fact: Any) -> str:
        """Where the box of a fact leads."""
        return f"ops:{self.kind}:{fact.name}"

    def build(self) -> list[Node]:
        """The same nodes as the directive ``uml`` makes."""
        selector = self.arguments[0] if self.arguments else ""
        self.ops.note_shown(self.env.docname, self.kind, selector)
        facts = self.ops.facts.select(self.kind, selector)
        if not facts:
            every = self.ops.facts.of(self.kind)
            groups = dict.fromkeys(filter(None, (fact.group for fact in every))) or dict.fromkeys(
                fact.name for fact in every
            )
            known = ", ".join(groups) or "none at all"
            self.warn(
                Warn.UNKNOWN,
                f"no {self.kind} or {self.group} of {self.kind}s is called {selector!r}; there are: {known}",
            )
            return []
        targets = {fact.name: self.target(fact) for fact in facts}
        source = "\n".join(self.source(facts, targets))
        said = partial(self.ops.said, self.env.docname)
        alt = self.options.get("alt", "")
        node = plantuml(self.block_text, alt=said(alt) or self.words(facts, said), uml=source)
        file, line = self.get_source_info()
        complete(node, Diagram(source, file, line, generated=True), self.env, optional=targets.values())
        node += silent(self, *([alt] if alt else self.titles(facts)))
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


def shown(text: str) -> str:
    """Text that PlantUML shows as it is: what could be its markup becomes numbered characters."""
    return re.sub(r"[^\w ]|_", lambda match: f"&#{ord(match[0])};", " ".join(text.split()))
