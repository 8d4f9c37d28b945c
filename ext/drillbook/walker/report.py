"""The report of a walk, for what reads it: each check with what it ran and what was answered, and the end."""

import json
from pathlib import Path
from typing import Any

from drillbook.model.tree import Answer, Check, Escalate, Fix, Tree
from drillbook.walker.looking import Look

Json = dict[str, Any]


class WalkReport:
    """Grows with the walk."""

    def __init__(self, tree: str) -> None:
        self.tree = tree
        self.nodes: list[Json] = []
        self.end: Json = {"kind": "stopped", "name": ""}

    def asked(self, tree: Tree, check: Check) -> None:
        """A check is looked at."""
        said = {"tree": tree.name, "name": check.name, "says": check.says}
        self.nodes.append({**said, "looks": [], "answer": "", "condition": ""})
        self.end = {"kind": "stopped", **said}

    def looked(self, look: Look) -> None:
        """Something was run for it."""
        self.nodes[-1]["looks"].append(look.data)

    def answered(self, answer: Answer) -> None:
        """An answer was taken."""
        self.nodes[-1] |= {"answer": answer.says, "condition": answer.condition.written}

    def ended(self, tree: Tree, node: Fix | Escalate, values: dict[str, str]) -> None:
        """The walk came to an end; *values* are those of the blanks of the procedure."""
        self.end = {"kind": node.kind, "tree": tree.name, "name": node.name, "says": node.says}
        if isinstance(node, Fix):
            self.end |= {"procedure": node.procedure, "values": values, "within_s": node.within_s}
        else:
            self.end |= {"to": node.to}

    def write(self, file: Path) -> None:
        """Write it. Raises :exc:`OSError`."""
        content = {"tree": self.tree, "nodes": self.nodes, "end": self.end}
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
