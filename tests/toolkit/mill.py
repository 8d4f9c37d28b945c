"""What tests of proofs share: a box with the mill of tests/roots in it."""

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from drillbook.model.console import AS_SHOWN, How, commands
from drillbook.model.data import command_data
from drillbook.proof.box import Plan, Report, run_plans

ROOT = Path(__file__).parents[1] / "roots" / "mill"


def application(confdir: Path, **stack: Any) -> Any:
    """As much of Sphinx's application as a box asks for."""
    spec = importlib.util.spec_from_file_location("mill_conf", confdir / "conf.py")
    assert spec and spec.loader
    conf = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conf)
    return SimpleNamespace(confdir=str(confdir), config=SimpleNamespace(drillbook_stack=conf.drillbook_stack | stack))


def copy(folder: Path) -> Path:
    """The mill's project, to change it at will."""
    return Path(shutil.copytree(ROOT, folder / "mill", ignore=shutil.ignore_patterns("__pycache__")))


def session(text: str, how: How = AS_SHOWN, number: int = 0, *, needs_stack: bool = True) -> dict[str, Any]:
    """A task that types *text*, as a page with one block."""
    typed = [command_data(command) for command in commands(text, how)]
    block = {"kind": "console", "line": 1, "text": text, "commands": typed}
    task = {"id": number, "kind": "page", "name": f"session {number}", "needs_stack": needs_stack, "checkout": False}
    return task | {"blocks": [block]}


def in_boxes(app: Any, *tasks: Sequence[dict[str, Any]], say: Any = lambda _: None) -> list[Report]:
    """What comes of each list of tasks, in a box of its own."""
    return run_plans(app, [Plan(kind="doctest", tasks=[*each]) for each in tasks], say)
