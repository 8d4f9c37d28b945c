"""What a proof is bound to: the digest of what a run runs, with the values of its facts, wherever that stands.

Where a thing stands (its line, its address) and what it is called is no part of it: a page may be moved and keep its
proof. A changed command, answer, threshold or expected line is another content.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from drillbook.model.console import How
from drillbook.model.data import procedure_data, tree_data
from drillbook.model.procedure import Procedure
from drillbook.model.tree import Check, Fix, Tree, tree_ways

_NO_CONTENT: Final = frozenset({"line", "url", "title"})
_FREE: Final = frozenset({"values"})  # its names are an author's


class Block(NamedTuple):
    """A block of a page that a run proves, outside of procedures and trees."""

    language: str
    text: str
    how: How


def content_digest(data: Any) -> str:
    """The digest of JSON values, without where they stand and what they are called."""
    text = json.dumps(_said(data), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _said(data: Any) -> Any:
    if isinstance(data, dict):
        kept = {name: value for name, value in data.items() if name not in _NO_CONTENT}
        return {name: value if name in _FREE else _said(value) for name, value in kept.items()}
    return [_said(value) for value in data] if isinstance(data, list | tuple) else data


def procedure_content(procedure: Procedure) -> str:
    """Of a procedure alone."""
    return content_digest(procedure_data(procedure))


def tree_content(name: str, trees: Mapping[str, Tree], procedures: Mapping[str, Procedure]) -> str:
    """Of a tree, of all trees that it leads to, and of the procedures that their fixes name."""
    found = sorted(_reached(name, trees))
    fixes = sorted({node.procedure for tree in found for node in trees[tree].nodes if isinstance(node, Fix)})
    return content_digest(
        {
            "tree": name,
            "trees": [tree_data(trees[tree]) for tree in found],
            "procedures": [procedure_data(procedures[fix]) for fix in fixes if fix in procedures],
        }
    )


def checks_content(tree: Tree) -> str:
    """Of what the checks of a tree run, on whatever system: not of where their answers lead."""
    checks = [node for node in tree_data(tree)["nodes"] if node["kind"] == Check._field_defaults["kind"]]
    return content_digest([[check["commands"], check["query"]] for check in checks]) if checks else ""


def _reached(start: str, trees: Mapping[str, Tree]) -> Iterator[str]:
    ways, seen, waiting = tree_ways(trees), set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name in trees and name not in seen:
            seen.add(name)
            yield name
            waiting += ways[name]


def page_content(blocks: Iterable[Block]) -> str:
    """Of the blocks of a page; empty when there is none."""
    said = [[block.language, block.text, block.how._asdict()] for block in blocks]
    return content_digest(said) if said else ""
