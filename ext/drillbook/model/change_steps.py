"""What has changed of the procedures: their steps, what they need, what they risk.

A step is known by its words: one that was put in before it does not make it another. A step with other words that does
the same was renamed.
"""

import json
from collections.abc import Iterator
from typing import Final

from drillbook.model.change_words import Change, Editions, Json, Kind, became, quoted, reordered, side_by_side, typed

_FIELDS: Final = {
    "purpose": "Purpose",
    "when": "When to use it",
    "who": "Who may run it",
    "takes": "How long it takes",
    "risk": "Risk",
    "needs": "What it needs",
}
_PARTS: Final = {"action": "", "confirm": "confirmation", "undo": "undoing"}


def procedure_changes(both: Editions) -> Iterator[Change]:
    """Of all procedures."""
    old, new = both.old.data["procedures"], both.new.data["procedures"]
    for name, was, now in side_by_side(old, new, lambda procedure: str(procedure["name"])):
        title = str((now or was or {})["title"])
        yield from both.came_or_went("procedure", name, f"Procedure {title}", was, now)
        if was and now:
            yield from _procedure(both, name, title, was, now)


def _procedure(both: Editions, name: str, title: str, was: Json, now: Json) -> Iterator[Change]:
    urls = was["url"], now["url"]
    if was["title"] != title:
        yield both.change(Kind.RENAMED, "procedure", name, f"Procedure {was['title']}", f"now called {title}", *urls)
    for field, called in _FIELDS.items():
        if was[field] != now[field]:
            yield both.change(
                Kind.CHANGED, "procedure", name, f"{called}: {title}", became(was[field], now[field]), *urls
            )
    if was["undone_text"] != now["undone_text"]:
        what = became(was["undone_text"], now["undone_text"])
        yield both.change(Kind.CHANGED, "procedure", name, f"What undoes {title}", what, *urls)
    yield from blank_changes(both, name, title, was, now)
    yield from _steps(both, name, title, was, now)


def blank_changes(both: Editions, name: str, title: str, was: Json, now: Json) -> Iterator[Change]:
    """Of what a reader fills in, in a procedure or a tree."""
    urls = was["url"], now["url"]
    for blank, before, after in side_by_side(was["blanks"], now["blanks"], lambda blank: str(blank["name"])):
        about, key = f"Blank {blank} of {title}", f"{name} {blank}"
        if before is None or after is None:
            placed = [one and one | {"url": url} for one, url in zip((before, after), urls, strict=True)]
            yield from both.came_or_went("blank", key, about, *placed)
        else:
            allowed = became(before["allows"], after["allows"]) if before["allows"] != after["allows"] else ""
            example = became(before["default"], after["default"]) if before["default"] != after["default"] else ""
            found = typed(before["command"], after["command"]) if before["command"] != after["command"] else ""
            what = [allowed, example and f"example {example}", found and f"command {found}"]
            if said := "; ".join(filter(None, what)):
                yield both.change(Kind.CHANGED, "blank", key, about, said, *urls)


def _steps(both: Editions, name: str, title: str, was: Json, now: Json) -> Iterator[Change]:
    numbers = {id(step): number for one in (was, now) for number, step in enumerate(one["steps"], 1)}
    pairs = [*side_by_side(was["steps"], now["steps"], _says)]
    came = [after for _, before, after in pairs if before is None and after is not None]
    went = [before for _, before, after in pairs if after is None and before is not None]
    for _, before, after in side_by_side(went, came, _does):
        step: Json = after or before or {}
        about = f"Step {numbers[id(step)]} of {title}, {quoted(step['says'])}"
        key = f"{name}: {step['says']}"
        if before and after:
            what = f"it was called {quoted(before['says'])}"
            yield both.change(Kind.RENAMED, "step", key, about, what, before["url"], after["url"])
        else:
            yield from both.came_or_went("step", key, about, before, after)
    stayed = [(says, before, after) for says, before, after in pairs if before is not None and after is not None]
    for says, before, after in stayed:
        if what := "; ".join(_step(before, after)):
            about = f"Step {numbers[id(after)]} of {title}, {quoted(says)}"
            yield both.change(Kind.CHANGED, "step", f"{name}: {says}", about, what, before["url"], after["url"])
    if reordered((before for _, before, _ in stayed), was["steps"]):
        yield both.change(
            Kind.CHANGED, "procedure", name, f"Order of the steps of {title}", "another one", was["url"], now["url"]
        )


def _says(step: Json) -> str:
    return str(step["says"])


def _does(step: Json) -> str:
    """What is compared of a step whose words are another's."""
    said = [_placeless(step[part]) for part in _PARTS]
    return json.dumps(said if any(said) and (step["action"]["commands"] or step["action"]["text"]) else step["says"])


def _placeless(part: Json | None) -> object:
    return part and [part["text"], [{**command, "line": 0} for command in part["commands"]]]


def _step(was: Json, now: Json) -> Iterator[str]:
    for part, called in _PARTS.items():
        before, after = was[part], now[part]
        if bool(before) != bool(after):
            yield f"{'new' if after else 'no'} {called}"
        elif before and after:
            for what in part_changes(before, after):
                yield f"{called}: {what}" if called else what


def part_changes(was: Json, now: Json) -> Iterator[str]:
    """Of what is said and typed, in words."""
    if was["text"] != now["text"]:
        yield "text changed"
    yield from command_changes(was["commands"], now["commands"])


def command_changes(old: list[Json], new: list[Json]) -> Iterator[str]:
    """Of commands and what they print, in words."""
    texts = [[command["text"] for command in commands] for commands in (old, new)]
    if texts[0] != texts[1]:
        yield f"command {typed(*texts[0], *texts[1])}" if len(old) == len(new) == 1 else "commands changed"
    elif any(_printed(before) != _printed(after) for before, after in zip(old, new, strict=True)):
        yield "expected output changed"


def _printed(command: Json) -> tuple[str, str]:
    return command["expected"], json.dumps(command.get("how"), sort_keys=True)
