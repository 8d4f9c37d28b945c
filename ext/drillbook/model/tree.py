"""Troubleshooting trees: checks, fixes and escalations, named and flat, and the rules of their graph.

The first node is where a reader starts. Every answer leads to a node of the same tree, or to another tree.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from drillbook.model.blank import Blank
from drillbook.model.condition import Condition, clashes
from drillbook.model.console import Command

TREE_PREFIX: Final = "tree "


class Answer(NamedTuple):
    """An answer to a check: what a person recognises, when it holds, and where it leads.

    ``target`` is the name of a node, or of a tree when ``leaves``. ``line`` is its line in its file.
    """

    says: str
    condition: Condition
    target: str
    leaves: bool
    line: int


class Check(NamedTuple):
    """A question, and the command (or the PromQL query) whose result answers it. Checks change nothing."""

    name: str
    says: str  # the question
    text: str  # what else a reader should know
    commands: tuple[Command, ...]
    query: str
    answers: tuple[Answer, ...]
    line: int
    kind: Literal["check"] = "check"


class Fix(NamedTuple):
    """The procedure that clears the fault, with values for its blanks, and how soon the alert clears, in seconds.

    Drills of ``faults`` must end here; ``not_drilled`` says why no drill does.
    """

    name: str
    says: str
    text: str
    procedure: str
    values: tuple[tuple[str, str], ...]
    within_s: float
    line: int
    faults: tuple[str, ...] = ()
    not_drilled: str = ""
    kind: Literal["fix"] = "fix"


class Escalate(NamedTuple):
    """To whom, with what in hand."""

    name: str
    says: str
    text: str
    to: str
    bring: str
    line: int
    kind: Literal["escalate"] = "escalate"


Node = Check | Fix | Escalate
NODES: Final = (Check, Fix, Escalate)


class Tree(NamedTuple):
    """A whole tree; ``alerts`` are those that lead to it."""

    name: str
    title: str
    alerts: tuple[str, ...]
    owner: str
    nodes: tuple[Node, ...]
    blanks: tuple[Blank, ...]
    line: int

    @property
    def faults(self) -> tuple[str, ...]:
        """Those whose drills must end at one of its fixes."""
        return tuple(dict.fromkeys(fault for node in self.nodes if isinstance(node, Fix) for fault in node.faults))


class Flaw(NamedTuple):
    """A broken rule, at a line of the tree's file."""

    message: str
    line: int


def flaws(tree: Tree) -> Iterator[Flaw]:
    """Every rule that *tree* breaks by itself: what it says of other trees is not looked at."""
    if not tree.nodes:
        yield Flaw(f"tree {tree.name} has no checks, fixes or escalations", tree.line)
        return
    nodes: dict[str, Node] = {}
    for node in tree.nodes:
        if node.name in nodes:
            yield Flaw(
                f"{node.name!r} is already the name of the {nodes[node.name].kind} at line {nodes[node.name].line}",
                node.line,
            )
        nodes.setdefault(node.name, node)
    for node in tree.nodes:
        if isinstance(node, Check):
            yield from _answers(node, nodes)
    reached = set(_reached(tree.nodes[0].name, nodes))
    for name, node in nodes.items():
        if name not in reached:
            yield Flaw(f"nothing leads to {node.kind} {name!r}", node.line)
    if circle := find_circle({name: _next(node) for name, node in nodes.items()}):
        yield Flaw(f"a circle: {' -> '.join(circle)}", nodes[circle[0]].line)


def _answers(check: Check, nodes: Mapping[str, Node]) -> Iterator[Flaw]:
    if len(check.answers) < 2:
        yield Flaw(f"check {check.name!r} needs two answers or more, to be a question", check.line)
    for answer in check.answers:
        if not answer.leaves and answer.target not in nodes:
            known = ", ".join(nodes)
            yield Flaw(f"no node is called {answer.target!r}; there are: {known}", answer.line)
    for clash in clashes([answer.condition for answer in check.answers]):
        yield Flaw(f"check {check.name!r}: {clash}", check.line)


def _next(node: Node) -> tuple[str, ...]:
    return tuple(answer.target for answer in node.answers if not answer.leaves) if isinstance(node, Check) else ()


def _reached(start: str, nodes: Mapping[str, Node]) -> Iterator[str]:
    seen, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in seen:
            seen.add(name)
            yield name
            waiting += _next(nodes[name])


def find_circle(ways: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """A way that comes back to its start (``a, b, a``), the first there is; empty when there is none."""
    done: set[str] = set()
    for start in ways:
        path, rest = [start], [iter(ways[start])]
        while path:
            name = next((name for name in rest[-1] if name in ways and name not in done), None)
            if name is None:
                done.add(path.pop())
                rest.pop()
            elif name in path:
                return (*path[path.index(name) :], name)
            else:
                path.append(name)
                rest.append(iter(ways[name]))
    return ()


def tree_ways(trees: Mapping[str, Tree]) -> dict[str, tuple[str, ...]]:
    """To which other trees each tree's answers lead."""
    return {
        name: tuple(
            answer.target for node in tree.nodes if isinstance(node, Check) for answer in node.answers if answer.leaves
        )
        for name, tree in trees.items()
    }
