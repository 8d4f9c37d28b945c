"""Which faults are drilled, how they are shared out, and what is said of where walks ended."""

from typing import Any, NamedTuple

import pytest

from drillbook.model.drill import (
    End,
    choose,
    difference,
    expected,
    judge_healthy,
    judge_other,
    judge_own,
    read_end,
    split,
    undrilled,
)
from drillbook.model.tree import Escalate, Fix, Tree


class Fault(NamedTuple):
    name: str
    alert: str
    core: bool = True


def fix(name: str, procedure: str, *faults: str, within_s: float = 60, why: str = "", **values: str) -> Fix:
    return Fix(name, "It hangs.", "", procedure, tuple(values.items()), within_s, 1, faults, why)


def tree(name: str, *nodes: Fix, alerts: tuple[str, ...] = ()) -> Tree:
    call = Escalate("call", "Nobody knows.", "", "the mayor", "a lamp", 1)
    return Tree(name, name, alerts or (name,), "me", (*nodes, call), (), 1)


TREES = {
    "Slow": tree("Slow", fix("more", "scale", "starved", workers="4"), fix("index", "reindex", "no-index")),
    "Full": tree("Full", fix("again", "scale", "starved", within_s=90, workers="4"), fix("drop", "drop", why="never")),
    "Gone": tree("Gone", alerts=("Gone", "Lost")),
}
FAULTS = [Fault("starved", "Slow"), Fault("no-index", "Slow", core=False), Fault("lost", "Lost", core=False)]
MORE = End("fix", "Slow", "more", "scale", {"workers": "4"})


def test_what_clears_a_fault_is_what_its_fixes_name() -> None:
    assert expected(TREES, "starved") == ("scale", {"workers": "4"}, 90)
    assert expected(TREES, "flood") is None


def test_the_end_of_a_walk_is_read_and_said() -> None:
    data: dict[str, Any] = {"kind": "fix", "tree": "Slow", "name": "more", "says": "?", "within_s": 3, "to": "x"}
    assert read_end(data | {"procedure": "scale", "values": {"workers": "4"}}) == MORE
    assert str(MORE) == "fix Slow/more: scale workers=4"
    assert str(read_end({"kind": "stopped", "name": ""})) == "stopped /"


@pytest.mark.parametrize(
    ("end", "wrong"),
    [
        (MORE, ""),
        (End("fix", "Full", "again", "scale", {"workers": "4"}), ""),  # led to another tree
        (End("fix", "Slow", "index", "reindex"), "its own tree led to fix Slow/index: reindex, and not to Full/again"),
        (End("fix", "Full", "drop", "drop"), "its own tree led to fix Full/drop: drop"),
        (End("escalate", "Slow", "call"), "its own tree led to escalate Slow/call"),
        (End("stopped", "Slow", "ask"), "its own tree led to stopped Slow/ask"),
    ],
)
def test_its_own_tree_must_end_at_a_fix_that_names_it(end: End, wrong: str) -> None:
    found = judge_own(end, TREES, "starved")
    assert found.startswith(wrong) and bool(found) is bool(wrong)


@pytest.mark.parametrize(
    ("end", "wrong"),
    [
        (MORE, ""),
        (End("escalate", "Full", "call"), ""),
        (End("fix", "Full", "x", "scale", {"workers": "4"}), ""),
        (End("fix", "Full", "x", "scale", {"workers": "8"}), "the tree Full led to a wrong fix, fix Full/x: scale"),
        (End("fix", "Full", "x", "scale"), "the tree Full led to a wrong fix, fix Full/x: scale"),
        (End("fix", "Full", "x", "drop", {"workers": "4"}), "the tree Full led to a wrong fix, fix Full/x: drop"),
        (End("stopped", "Full", "ask"), "the tree Full led nowhere: no answer fitted at Full/ask"),
    ],
)
def test_any_other_tree_must_hurt_nobody(end: End, wrong: str) -> None:
    right = expected(TREES, "starved")
    assert right is not None
    found = judge_other("Full", end, right)
    assert found.startswith(wrong) and bool(found) is bool(wrong)


def test_nothing_is_fixed_while_nothing_is_wrong() -> None:
    assert judge_healthy("Slow", End("escalate", "Slow", "call")) == ""
    assert judge_healthy("Slow", MORE) == "nothing is wrong, and the tree Slow led to fix Slow/more: scale workers=4"
    assert judge_healthy("Slow", End("stopped", "Slow", "ask")).endswith("led to stopped Slow/ask")


def test_a_difference_names_the_things_and_what_they_were() -> None:
    before = {"same": "1", "other": "1", "gone": "x", "moving": "3"}
    after = {"same": "1", "other": "2", "new": "y", "moving": "4"}
    assert difference(before, after, ["moving"]) == ["gone: x -> nothing", "new: nothing -> y", "other: 1 -> 2"]


@pytest.mark.parametrize(
    ("only", "every", "proven", "chosen"),
    [
        ([], False, [], ["starved", "no-index", "lost"]),
        ([], False, ["no-index", "lost", "starved"], ["starved"]),
        ([], True, ["no-index", "lost", "starved"], ["starved", "no-index", "lost"]),
        (["no-index"], False, [], ["no-index"]),
        (["Slow"], False, [], ["starved", "no-index"]),
        (["full"], False, [], ["starved"]),  # a tree with a fix for it
        (["Gone"], False, [], ["lost"]),  # the tree of its alert
        (["LOST", "starved"], False, [], ["starved", "lost"]),
    ],
)
def test_drills_are_chosen(only: list[str], every: bool, proven: list[str], chosen: list[str]) -> None:
    assert choose(FAULTS, TREES, proven, only, every) == (chosen, [])


def test_what_is_asked_for_and_not_there_is_named() -> None:
    assert choose(FAULTS, TREES, [], ["lost", "Never"], False) == (["lost"], ["Never"])


def test_fixes_that_no_drill_ends_at_have_their_reason() -> None:
    assert list(undrilled(TREES, ["starved"])) == [("Full", "drop", "never"), ("Slow", "index", "")]


def test_drills_are_shared_out_by_their_time_and_some_are_alone() -> None:
    seconds = {"a": 90.0, "b": 50.0, "c": 30.0, "d": 20.0, "e": 10.0}
    assert split([*"abcde"], ["d"], seconds, 2) == [["a"], ["b", "c", "e"], ["d"]]
    assert split(["a", "new"], [], seconds, 2) == [["a"], ["new"], []]
    assert split([], [], {}, 2) == [[], [], []]
