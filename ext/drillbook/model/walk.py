"""A walk through trees: where one is, what was answered, and the way back. No input and no output in here."""

from collections.abc import Mapping
from typing import NamedTuple

from drillbook.model.tree import Answer, Check, Node, Tree


class Taken(NamedTuple):
    """An answer that was taken, and where."""

    tree: Tree
    check: Check
    answer: Answer


class Walk:
    """Begins at the first node of a tree. ``node`` is where one stands; ``taken`` is how one came there."""

    def __init__(self, trees: Mapping[str, Tree], start: str) -> None:
        self.trees = trees
        self.tree = trees[start]
        self.node: Node = self.tree.nodes[0]
        self.taken: list[Taken] = []

    @property
    def number(self) -> int:
        """The number of the node on its page."""
        return self.tree.nodes.index(self.node) + 1

    def answer(self, index: int) -> None:
        """Take an answer of the check where one stands. Raises :exc:`KeyError` if it leads to nothing that is there."""
        assert isinstance(self.node, Check)  # a fix and an escalation have no answers to take
        answer = self.node.answers[index]
        tree = self.trees[answer.target] if answer.leaves else self.tree
        nodes = {node.name: node for node in reversed(tree.nodes)}
        node = tree.nodes[0] if answer.leaves else nodes[answer.target]
        self.taken.append(Taken(self.tree, self.node, answer))
        self.tree, self.node = tree, node

    def back(self) -> bool:
        """Go back one answer; false at the start."""
        if not self.taken:
            return False
        self.tree, self.node, _ = self.taken.pop()
        return True
