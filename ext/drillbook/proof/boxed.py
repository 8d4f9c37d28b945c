"""The tasks of a manual, run in boxes: what each box is given, and what came of each example."""

import base64
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from sphinx.application import Sphinx

from drillbook.pages.blocks import test_blocks
from drillbook.proof import collect
from drillbook.proof.box import Plan, run_plans
from drillbook.proof.boxed_python import OPTIONS
from drillbook.proof.collect import Example, Lines, Subject, Task
from drillbook.proof.doctest_report import Proof
from drillbook.proof.session import Verdict

Json = dict[str, Any]
BOXES: Final = 2
UNKNOWN_S: Final = {collect.PROCEDURE: 25.0, collect.PAGE: 5.0, collect.TREE: 3.0, collect.PYTHON: 3.0}
# Trees and pages look at a system that no procedure has touched yet.
_RANK: Final = {collect.PYTHON: 0, collect.TREE: 1, collect.PAGE: 2, collect.PROCEDURE: 3}


class Boxed:
    """What came out of the boxes: proofs of everything that was to be run, and why a box ended before its end."""

    def __init__(self) -> None:
        self.proofs: list[Proof] = []
        self.errors: list[str] = []
        self.python: Json = {}  # as Sphinx's builder counts and tells it

    def run(
        self,
        app: Sphinx,
        tasks: Sequence[Task],
        documents: Mapping[str, nodes.document],
        seconds: Callable[[Task], float],
        say: Callable[[str], None],
    ) -> None:
        """Run all of it. *seconds* is how long a task took the last time."""
        python = python_task(app, documents)
        costs = [(task.data | {"id": number}, seconds(task)) for number, task in enumerate(tasks)]
        if python:
            costs.append((python | {"id": len(tasks)}, UNKNOWN_S[collect.PYTHON]))
        if not costs:
            return
        plans = [Plan(kind="doctest", tasks=part) for part in split(costs)]
        reports = run_plans(app, plans, say)
        self.errors += [report["error"] for report in reports if report["error"]]
        results = {result["id"]: result for report in reports for result in report["tasks"]}
        for number, task in enumerate(tasks):
            self.proofs += _proofs(task, results.get(number))
        if python:
            self._take_python(app, results.get(len(tasks)))

    def _take_python(self, app: Sphinx, result: Json | None) -> None:
        if result is None:
            self.errors.append("the Python examples were not run to their end")
            return
        self.python = {name: result[name] for name in ("words", "counts", "warnings")}
        for outcome in result["outcomes"]:
            docname = outcome["docname"]
            subject = Subject(collect.PAGE, docname, docname)
            file = str(Path(app.srcdir) / outcome["file"]) if outcome["file"] else str(app.env.doc2path(docname))
            line = Lines(file).find(outcome["text"], outcome["line"])  # Sphinx's is that of the block, or near it
            example = Example(subject, collect.PYTHON, file, line, outcome["text"])
            self.proofs.append(Proof(example, Verdict(outcome["verdict"]), outcome["why"]))


def python_task(app: Sphinx, documents: Mapping[str, nodes.document]) -> Json | None:
    """The Python blocks of all pages, as Sphinx's builder wants them, without the rest of the pages."""
    pickled: dict[str, str] = {}
    for docname, doctree in documents.items():
        if blocks := list(test_blocks(doctree)):
            page = nodes.section("")
            for block in blocks:
                copy = block.deepcopy()
                copy.source, copy.line = block.source, block.line
                page.append(copy)
            pickled[docname] = base64.b64encode(pickle.dumps(page)).decode()
    if not pickled:
        return None
    options = {name: app.config[name] for name in OPTIONS}
    return {
        "kind": collect.PYTHON,
        "name": "Python examples",
        "needs_stack": False,
        "documents": pickled,
        "files": {docname: str(app.env.doc2path(docname, False)) for docname in pickled},
        "srcdir": str(app.srcdir),
        "path": [path for path in sys.path if path],
        "options": {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()},
    }


def split(costs: Sequence[tuple[Json, float]]) -> list[list[Json]]:
    """The tasks for each box, so that all have about as much to do: what takes longest is given away first."""
    parts: list[list[Json]] = [[] for _ in range(BOXES)]
    loads = [0.0] * BOXES
    for task, seconds in sorted(costs, key=lambda cost: -cost[1]):
        box = loads.index(min(loads))
        loads[box] += seconds
        parts[box].append(task)
    for part in parts:
        part.sort(key=lambda task: (_RANK[task["kind"]], bool(task.get("checkout")), task["id"]))
    return [part for part in parts if part]


def _proofs(task: Task, result: Json | None) -> Iterator[Proof]:
    """What came of each example of a task."""
    if result is None:
        yield from (Proof(example, Verdict.SKIPPED, "the box ended before it was run") for example in task.examples)
        return
    kinds = {example.line: example.kind for example in task.examples}
    first = task.examples[0]
    for outcome in result["outcomes"]:
        line = outcome["line"] or first.line
        example = Example(task.subject, kinds.get(line, collect.CONSOLE), first.file, line, outcome["text"])
        verdict = Verdict(outcome["verdict"])
        yield Proof(
            example,
            verdict,
            outcome["why"],
            outcome["output"],
            outcome["status"],
            outcome["seconds"],
            declared=verdict is Verdict.UNPROVEN and not outcome["runs"],
            arrivals=tuple((seconds, lines) for seconds, lines in outcome["arrivals"]),
        )
