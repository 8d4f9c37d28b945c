"""The sentences of a page, and what each names of the live system: by a role, which a build proves, or as plain text.

Roles and literals are *pieces*: no dot in them ends a sentence, and each is judged as a whole.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.addnodes import pending_xref
from sphinx.environment import BuildEnvironment

from drillbook.live.names import LiveNames, Named
from drillbook.model.sentence import OPAQUE, spans
from drillbook.pages.domain import ANY_TYPE, OPTIONAL, PAGE, OpsDomain
from drillbook.pages.fact_role import UNPROVEN
from drillbook.pages.fields import DURATION, FILLED
from drillbook.pages.numbers import NAKED

_SILENT: Final = {
    "ops-kind",
    "ops-box",
    "ops-condition",
    "ops-way",
    DURATION,
    FILLED,
}  # ours, and not the author's words
_HIDDEN: Final = (nodes.target, nodes.comment, nodes.system_message, nodes.raw, nodes.problematic)
_NO_FACTS: Final = (ANY_TYPE, PAGE, "procedure", "tree", "severity")  # links to what is no fact of the live system
_OPAQUE: Final = (nodes.math, nodes.image, nodes.footnote_reference, nodes.citation_reference)


class Mention(NamedTuple):
    """Something that a sentence names; ``problem`` says why nothing proves it, and is empty when a role does.

    ``excused``: the author has said that it is not proven. ``written`` is what stands in the page.
    """

    problem: str = ""
    excused: bool = False
    written: str = ""


class Sentence(NamedTuple):
    """A sentence, the line it begins in, and what it names."""

    text: str
    line: int
    mentions: tuple[Mention, ...]


class Reader:
    """Reads the sentences of one build's pages."""

    def __init__(self, env: BuildEnvironment) -> None:
        domain = env.get_domain(OpsDomain.name)
        assert isinstance(domain, OpsDomain)
        self._domain = domain
        self._options = env.domains.standard_domain.progoptions
        self._names = LiveNames(domain.facts)

    def sentences(self, block: Element, line: int) -> Iterator[Sentence]:
        """The sentences of a paragraph that begins at *line*."""
        pieces = list(self._pieces(block))
        shown = "".join(text for text, _ in pieces)
        masked = "".join(text if mentions is None else OPAQUE * len(text) for text, mentions in pieces)
        starts = [0]
        for text, _ in pieces:
            starts.append(starts[-1] + len(text))
        for start, stop in spans(masked):
            mentions = [
                mention
                for (_, found), place in zip(pieces, starts, strict=False)
                if found and start <= place < stop
                for mention in found
            ]
            mentions += self._typed(masked[start:stop])
            yield Sentence(shown[start:stop], line + shown.count("\n", 0, start), tuple(mentions))

    def _pieces(self, node: Element) -> Iterator[tuple[str, list[Mention] | None]]:
        """The text of *node* in parts: prose with ``None``, anything else with what it names."""
        for child in node.children:
            if isinstance(child, nodes.Text):
                yield child.astext(), None
            elif isinstance(child, _HIDDEN) or not isinstance(child, Element):
                continue
            elif isinstance(child, nodes.Inline) or child.tagname == "pending_xref":
                yield from self._inline(child)

    def _inline(self, node: Element) -> Iterator[tuple[str, list[Mention] | None]]:
        classes: set[str] = set(node.get("classes", ()))
        if isinstance(node, pending_xref):
            yield node.astext(), list(self._reference(node))
        elif isinstance(node, _OPAQUE) or classes & _SILENT:
            yield node.astext(), []
        elif isinstance(node, nodes.literal):
            yield node.astext(), [_not_linked(named) for named in self._names.in_literal(node.astext())]
        elif UNPROVEN in classes:
            yield (
                node.astext(),
                [Mention(f"the author marks {node.astext()!r} as not proven", excused=True, written=node.astext())],
            )
        else:
            yield from self._pieces(node)

    def _reference(self, node: pending_xref) -> Iterator[Mention]:
        kind, target = node.get("reftype"), node.get("reftarget", "")
        if node.get("refdomain") == "std" and kind == "option":
            yield Mention("" if self._knows_option(node, target) else f"no command has the option {target!r}")
        elif node.get("refdomain") != OpsDomain.name or kind in _NO_FACTS:
            return
        elif node.get(OPTIONAL):  # generated from the live system, whether a page describes it or not
            yield Mention()
        elif self._domain.find(kind, target) is None:
            yield Mention(f"names the {kind} {target!r}, which no page describes")
        elif kind == "command" and (unknown := self._unknown_flags(target, node.astext())):
            yield Mention(f"{target} has no option {', '.join(unknown)}")
        else:
            yield Mention()

    def _knows_option(self, node: pending_xref, target: str) -> bool:
        *command, flag = target.split() or [""]
        programs = {str(node.get("std:program") or ""), "-".join(command)}
        return any((program, flag) in self._options for program in programs)

    def _unknown_flags(self, command: str, shown: str) -> Iterable[str]:
        """The options in the text of a link to *command* that it does not have."""
        known = self._names.flags.get(command, frozenset())
        flags = (word.partition("=")[0] for word in shown.split() if word.startswith("-"))
        return [flag for flag in flags if flag not in known]

    def _typed(self, prose: str) -> Iterator[Mention]:
        yield from map(_not_linked, self._names.in_text(prose))
        for found in NAKED.finditer(prose):
            yield Mention(f"{found[0]!r} is typed, and no code keeps it true", written=found[0])


def _not_linked(named: Named) -> Mention:
    role = f"{{option}}`{named.target}`" if named.kind == "option" else f"{{ops:{named.kind}}}`{named.target}`"
    return Mention(f"names {named.written!r} as text: write {role}", written=named.written)


def line_near(node: Node, default: int = 0) -> int:
    """The line of *node*, or of the nearest around it that knows its own."""
    around: Node | None = node
    while around is not None and not around.line:
        around = around.parent
    return (around.line if around is not None else None) or default
