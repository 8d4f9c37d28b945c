"""Walks a tree of the manual as an operator does: run the check, compare, go on; to the fix or the escalation."""

import json
import os
import pickle
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from drillbook.model.condition import Observation, choose
from drillbook.model.tree import Check, Escalate, Fix, Tree
from drillbook.process import run

REPOSITORY = Path(__file__).resolve().parents[2]


def trees_of(doctrees: Path) -> dict[str, Tree]:
    """The trees of a manual that has been built."""
    environment = pickle.loads((doctrees / "environment.pickle").read_bytes())
    models = environment.domaindata["ops"]["models"].values()
    return {tree.name: tree for page in models for tree in page.get("tree", ())}


def walk(
    trees: Mapping[str, Tree], name: str, run_dir: Path, prometheus: str
) -> tuple[Fix | Escalate | str, list[str]]:
    """The end of the tree *name*, and what was answered on the way; the name of a check at which nothing fits."""
    said: list[str] = []
    tree, node = trees[name], trees[name].nodes[0]
    while isinstance(node, Check):
        seen = observe(node, run_dir, prometheus)
        index = choose([answer.condition for answer in node.answers], seen)
        if index is None:
            return node.name, said
        answer = node.answers[index]
        said.append(f"{tree.name}/{node.name}: {answer.says}")
        if answer.leaves:
            tree, node = trees[answer.target], trees[answer.target].nodes[0]
        else:
            node = next(found for found in tree.nodes if found.name == answer.target)
    return node, said


def observe(check: Check, run_dir: Path, prometheus: str) -> Observation:
    """Run a check's command in the root of the release, or its query."""
    if check.query:
        return Observation(values=query(prometheus, check.query))
    environment = {**os.environ, "RUN_DIR": str(run_dir)}
    script = f". $RUN_DIR/etc/operator.env\n{check.commands[0].text}"
    done = run(["bash", "-c", script], timeout_s=60, cwd=REPOSITORY / "system", env=environment)
    return Observation(done.status, (done.stdout + done.stderr).decode())


def query(prometheus: str, expression: str) -> tuple[float, ...]:
    """The values of an instant query."""
    url = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        result = json.load(answer)["data"]["result"]
    return tuple(float(series["value"][1]) for series in result)
