"""What has changed between two versions of a manual, in its own words, from the data of both (`ops.json`)."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from drillbook.model.change_facts import fact_changes
from drillbook.model.change_steps import procedure_changes
from drillbook.model.change_trees import tree_changes
from drillbook.model.change_words import TOP, Change, Edition, Editions, Json, Kind, became, side_by_side
from drillbook.model.data import SCHEMA, DataError
from drillbook.model.evidence import DRILL, PAGE, State
from drillbook.model.stamp import SYSTEM

__all__ = ["Change", "Kind", "changes", "read_edition", "section_title", "sections"]

FILE: Final = "ops.json"
_ORDER: Final = (
    ("threshold",),
    ("alert", "severity"),
    ("tree", "check", "answer", "fix", "escalation"),
    ("procedure", "step", "blank"),
    ("setting",),
    ("command", "option"),
    ("route", "error", "metric"),
    ("page",),
    ("proof",),
    ("proofs",),
)
_RANK: Final = {subject: rank for rank, subjects in enumerate(_ORDER, 1) for subject in subjects}
_DAMAGE: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def changes(old: Json, new: Json) -> list[Change]:
    """Everything that a reader of *old* must know of *new*, the most important first. Raises :exc:`~drillbook.model.data.DataError`.

    A part that one of them does not have, because an earlier toolkit wrote it, is not compared.
    """
    try:
        both = Editions(Edition(old), Edition(new))
        every = [*fact_changes(both), *tree_changes(both), *procedure_changes(both), *_severities(both)]
        every += [*_pages(both), *_proofs(both)]
    except _DAMAGE as error:
        raise DataError(f"one of the two versions is damaged: {type(error).__name__}: {error}") from error
    return sorted(every, key=_order)


def _order(change: Change) -> tuple[int, str, str, str]:
    return _rank(change), change.section, change.about, change.what


def _rank(change: Change) -> int:
    return 0 if change.kind is Kind.LOST and change.subject == "proof" else _RANK[change.subject]


def sections(found: Iterable[Change]) -> dict[str, list[Change]]:
    """The changes by the section of their pages, that with the most important one first."""
    ordered = sorted(found, key=lambda change: change.section)  # stable: within a section as they were
    grouped = {name: list(group) for name, group in groupby(ordered, key=lambda change: change.section)}
    return dict(sorted(grouped.items(), key=lambda item: (min(map(_rank, item[1])), item[0])))


def section_title(section: str, data: Mapping[str, Any]) -> str:
    """What a section is called: as its page ``index`` is, or as its folder."""
    titles = {page["name"]: page["title"] for page in data.get("contents", ())}
    name = "index" if section == TOP else f"{section}/index"
    return str(titles.get(name) or section.replace("-", " ").replace("_", " ").capitalize())


def read_edition(place: Path) -> Json:
    """The data of a version: of a file, or of a folder that has ``ops.json``. Raises :exc:`~drillbook.model.data.DataError`."""
    file = place / FILE if place.is_dir() else place
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}. A build of the HTML writes {FILE}") from error
    except ValueError as error:
        raise DataError(f"{file} is no {FILE}: {error}") from error
    if not isinstance(data, dict) or "schema" not in data:
        raise DataError(f"{file} is no {FILE}: it has no schema")
    if data["schema"] != SCHEMA:
        raise DataError(f"{file} has the format {data['schema']}, and this reads {SCHEMA}")
    try:
        changes(data, data)
    except DataError as error:
        raise DataError(f"{file} is no {FILE}: {error.__cause__!r}") from error
    return data


def _severities(both: Editions) -> Iterator[Change]:
    old, new = both.old.data["severities"], both.new.data["severities"]
    for name, was, now in side_by_side(old, new, lambda level: str(level["name"])):
        yield from both.came_or_went("severity", name, f"Severity {name}", was, now)
        if was and now and was["title"] != now["title"]:
            what = became(was["title"], now["title"])
            yield both.change(Kind.RENAMED, "severity", name, f"Title of {name}", what, was["url"], now["url"])


def _pages(both: Editions) -> Iterator[Change]:
    if not (both.old.has("contents") and both.new.has("contents")):
        return
    old, new = both.old.data["contents"], both.new.data["contents"]
    for name, was, now in side_by_side(old, new, lambda page: str(page["name"])):
        title = (now or was or {})["title"]
        yield from both.came_or_went("page", name, f"Page {title}", was, now)
        if was and now:
            urls = was["url"], now["url"]
            if was["title"] != title:
                yield both.change(Kind.RENAMED, "page", name, f"Page {was['title']}", f"now called {title}", *urls)
            if was["owner"] != now["owner"]:
                what = became(was["owner"], now["owner"])
                yield both.change(Kind.CHANGED, "page", name, f"Owner of {title}", what, *urls)


def _proofs(both: Editions) -> Iterator[Change]:
    """What was proven and is not, and the other way round, of what both versions have."""
    old, new = ({(stamp["kind"], stamp["name"]): stamp for stamp in edition.data["stamps"]} for edition in both)
    by_system: dict[tuple[str, Kind], list[Change]] = {}
    for kind, name in sorted(old.keys() & new.keys()):
        states = [one[kind, name]["state"] == State.PROVEN for one in (old, new)]
        if states[0] != states[1]:
            what, happened = ("proven again", Kind.REGAINED) if states[1] else ("lost", Kind.LOST)
            void = (old if states[1] else new)[kind, name]
            said = f"{what}. {void['says']}" if happened is Kind.LOST else what
            was, now = (_proven_at(edition, kind, name) for edition in both)
            about = f"Proof of the {kind} {_called(both, kind, name)}"
            change = both.change(happened, "proof", f"{kind} {name}", about, said, was, now)
            if void.get("reason") == SYSTEM:
                by_system.setdefault((change.section, happened), []).append(change)
            else:
                yield change
    for alike in by_system.values():
        yield _as_one(both, alike)


def _as_one(both: Editions, alike: Sequence[Change]) -> Change:
    """What a change of the system's code did to the proofs of a section: one line each would hide all others."""
    first = alike[0]._replace(subject="proofs")
    if len(alike) == 1:
        return first
    what = "proven again" if first.kind is Kind.REGAINED else "lost, as the system has changed"
    url = both.new.url(f"{first.section}/index") or first.url
    return first._replace(name=first.section, about=f"{len(alike)} proofs", what=what, url=url, anchor="")


def _called(both: Editions, kind: str, name: str) -> str:
    if kind == PAGE:
        return both.new.titles.get(name, name)
    return name if kind == DRILL else both.titled(f"{kind}s", name)


def _proven_at(edition: Edition, kind: str, name: str) -> str:
    """Where that stands: of a drill, the fix that it ends at."""
    data = edition.data
    if kind == PAGE:
        return next((page["url"] for page in data["pages"] if page["name"] == name), "")
    if kind == DRILL:
        fixes = (node for tree in data["trees"] for node in tree["nodes"] if name in node.get("faults", ()))
        return str(next((fix.get("url", "") for fix in fixes), ""))
    return str(next((one["url"] for one in data[f"{kind}s"] if one["name"] == name), ""))
