"""What has changed of the trees: their checks, where each answer leads, their fixes and their escalations."""

from collections.abc import Iterator
from typing import Final

from drillbook.live.quantity import readable
from drillbook.model.change_steps import blank_changes, command_changes
from drillbook.model.change_words import (
    Change,
    Editions,
    Json,
    Kind,
    became,
    came_and_went,
    quoted,
    reordered,
    side_by_side,
    typed,
)

_CALLED: Final = {"check": "Check", "fix": "Fix", "escalate": "Escalation"}
_NEVER: Final = "otherwise"


def tree_changes(both: Editions) -> Iterator[Change]:
    """Of all trees."""
    old, new = both.old.data["trees"], both.new.data["trees"]
    for name, was, now in side_by_side(old, new, lambda tree: str(tree["name"])):
        title = str((now or was or {})["title"])
        yield from both.came_or_went("tree", name, f"Tree {title}", was, now)
        if was and now:
            yield from _Tree(both, name, title, was, now).changes()


class _Tree:
    """One tree in both versions."""

    def __init__(self, both: Editions, name: str, title: str, was: Json, now: Json) -> None:
        self._both, self._name, self._title, self._was, self._now = both, name, title, was, now
        self._numbers = {id(node): number for tree in (was, now) for number, node in enumerate(tree["nodes"], 1)}

    def changes(self) -> Iterator[Change]:
        """All of them."""
        was, now, title = self._was, self._now, self._title
        if was["title"] != title:
            yield self._changed(f"Tree {was['title']}", f"now called {title}", Kind.RENAMED)
        if was["owner"] != now["owner"]:
            yield self._changed(f"Owner of the tree {title}", became(was["owner"], now["owner"]))
        if what := came_and_went(was["alerts"], now["alerts"]):
            yield self._changed(f"Alerts that lead to the tree {title}", what)
        firsts: list[Json] = [next(iter(tree["nodes"]), {}) for tree in (was, now)]
        if firsts[0].get("name") != firsts[1].get("name"):
            yield self._changed(
                f"First question of the tree {title}", became(*(quoted(one.get("says", "")) for one in firsts))
            )
        yield from blank_changes(self._both, self._name, title, was, now)
        for _, before, after in side_by_side(was["nodes"], now["nodes"], lambda node: f"{node['kind']} {node['name']}"):
            yield from self._node(before, after)

    def _changed(self, about: str, what: str, kind: Kind = Kind.CHANGED) -> Change:
        return self._both.change(kind, "tree", self._name, about, what, self._was["url"], self._now["url"])

    def _node(self, was: Json | None, now: Json | None) -> Iterator[Change]:
        node = now or was or {}
        about = f"{_CALLED[node['kind']]} {self._numbers[id(node)]} of {self._title}, {quoted(node['says'])}"
        key = f"{self._name} {node['name']}"
        yield from self._both.came_or_went(_CALLED[node["kind"]].lower(), key, about, was, now)
        if was and now:
            if what := "; ".join(_DIFFERS[node["kind"]](was, now)):
                subject = _CALLED[node["kind"]].lower()
                yield self._both.change(Kind.CHANGED, subject, key, about, what, was["url"], now["url"])
            if node["kind"] == "check":
                yield from self._answers(key, about, was, now)

    def _answers(self, check: str, about: str, was: Json, now: Json) -> Iterator[Change]:
        urls = was["url"], now["url"]
        stayed: list[Json] = []
        for says, before, after in side_by_side(was["answers"], now["answers"], lambda answer: str(answer["says"])):
            of, key = f"Answer {quoted(says)} of {about[0].lower()}{about[1:]}", f"{check}: {says}"
            if before and after:
                stayed.append(before)
                if what := "; ".join(self._answer(before, after)):
                    yield self._both.change(Kind.CHANGED, "answer", key, of, what, *urls)
            elif after:
                what = f"new, leads to {self._target(self._now, after)}"
                yield self._both.change(Kind.ADDED, "answer", key, of, what, *urls)
            elif before:
                yield self._both.change(Kind.REMOVED, "answer", key, of, "removed", *urls)
        if reordered(stayed, was["answers"]):
            about = f"Order of the answers of {about[0].lower()}{about[1:]}"
            yield self._both.change(Kind.CHANGED, "check", check, about, "another one", *urls)

    def _answer(self, was: Json, now: Json) -> Iterator[str]:
        if (was["target"], was["leaves"]) != (now["target"], now["leaves"]):
            yield f"leads to {self._target(self._now, now)} now, not to {self._target(self._was, was)}"
        before, after = (answer["condition"]["words"] or _NEVER for answer in (was, now))
        if before != after:
            yield f"holds when {became(before, after)}"

    def _target(self, tree: Json, answer: Json) -> str:
        if answer["leaves"]:
            return f"the tree {answer['target']}"
        node = next((node for node in tree["nodes"] if node["name"] == answer["target"]), None)
        return quoted(node["says"]) if node and node["says"] else str(answer["target"])


def _said(was: Json, now: Json) -> Iterator[str]:
    if was["says"] != now["says"]:
        yield f"{quoted(was['says'])} → {quoted(now['says'])}"
    if was["text"] != now["text"]:
        yield "text changed"


def _check(was: Json, now: Json) -> Iterator[str]:
    yield from _said(was, now)
    yield from command_changes(was["commands"], now["commands"])
    if was["query"] != now["query"]:
        yield f"query {typed(was['query'].strip(), now['query'].strip())}"


def _fix(was: Json, now: Json) -> Iterator[str]:
    yield from _said(was, now)
    before, after = (_done(fix) for fix in (was, now))
    if before != after:
        yield f"procedure {became(before, after)}"
    if was["within_s"] != now["within_s"]:
        yield f"clears within {became(*(str(readable(fix['within_s'], 's')) for fix in (was, now)))}"


def _done(fix: Json) -> str:
    values = ", ".join(f"{name}={value}" for name, value in sorted(fix["values"].items()))
    return f"{fix['procedure']} with {values}" if values else str(fix["procedure"])


def _escalation(was: Json, now: Json) -> Iterator[str]:
    yield from _said(was, now)
    if was["to"] != now["to"]:
        yield f"call {became(was['to'], now['to'])}"
    if was["bring"] != now["bring"]:
        yield f"have in hand {became(was['bring'], now['bring'])}"


_DIFFERS: Final = {"check": _check, "fix": _fix, "escalate": _escalation}
