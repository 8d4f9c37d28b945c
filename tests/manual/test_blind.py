"""Trees are walked blind: nothing that a check types or waits for comes from the injector of a fault."""

import json
from pathlib import Path
from typing import Any

import pytest

from audio_enhancement.faults import FAULTS, storage

TRACES = ("faults", storage.NAME, *(fault.name for fault in FAULTS))


def asked(tree: dict[str, Any]) -> list[str]:
    """What the checks of a tree type, and what their answers look for."""
    checks = [node for node in tree["nodes"] if node["kind"] == "check"]
    typed = [command["text"] for check in checks for command in check["commands"]]
    return typed + [answer["condition"]["written"] for check in checks for answer in check["answers"]]


def traces(tree: dict[str, Any]) -> list[str]:
    return [f"{tree['name']}: {text}" for text in asked(tree) for trace in TRACES if trace in text]


def test_no_check_asks_for_what_an_injector_left(manual: Path) -> None:
    trees = json.loads((manual / "ops.json").read_text(encoding="utf-8"))["trees"]
    assert all(map(asked, trees))
    assert [found for tree in trees for found in traces(tree)] == []


@pytest.mark.parametrize("text", ["pgrep -f 'faults.py hold'", f"ls /data | grep {storage.NAME}", "echo redis-down"])
def test_one_that_did_would_be_found(text: str) -> None:
    check = {"kind": "check", "commands": [{"text": text}], "answers": []}
    assert traces({"name": "StorageLow", "nodes": [check]})
