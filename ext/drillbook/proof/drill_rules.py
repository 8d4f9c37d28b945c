"""Drill rules: those of production, with less to wait for.

``for:`` and the windows of ranges become shorter, and thresholds that conf.py names become such as a small system
reaches. All else stays as it is written, comments too. :mod:`drillbook.proof.drill_rules_check` proves it, in its own way.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from drillbook.live.facts import Place
from drillbook.live.promql import DURATION, duration_s

# Strings and comments are taken whole, so that nothing is found inside them.
_KEPT: Final = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`|\#[^\n]*'
_WINDOW = re.compile(rf"{_KEPT}|\[(?P<found>[^\]]*)\]")


class RulesError(Exception):
    """Rules that cannot be rendered; ``place`` is where."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


class Shortening(NamedTuple):
    """What is made of production's rules: the longest ``for:`` and window, and literals by alert (old to new).

    ``unchanged`` are alerts that stay as in production: those of a host that drills share with others.
    """

    for_: str
    window: str
    thresholds: Mapping[str, Mapping[str, str]]
    unchanged: Collection[str] = ()


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def write_rules(files: Sequence[Path], folder: Path, shortening: Shortening, place: Place) -> None:
    """Render *files* into *folder*, each under its name; *place* says what to shorten. Raises :exc:`RulesError`."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: dict[str, str] = {}
    used: set[tuple[str, str]] = set()
    for file in files:
        if file.name in texts:
            raise RulesError("another rule file has this name, and drill rules stand in one folder", Place(str(file)))
        texts[file.name], found = render(_read(file), file, shortening)
        used |= found
    for alert, literals in shortening.thresholds.items():
        for literal in literals:
            if (alert, literal) not in used:
                names = ", ".join(file.name for file in files)
                raise RulesError(f"{names}: there is no alert {alert} whose threshold {literal!r} could change", place)
    for old in folder.iterdir():
        old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def render(text: str, file: Path, shortening: Shortening) -> tuple[str, set[tuple[str, str]]]:
    """The rules of one file, shortened, and which literals of which alerts were replaced. Raises :exc:`RulesError`."""
    edits: dict[int, _Edit] = {}
    used: set[tuple[str, str]] = set()
    try:
        for rule in _rules(text):
            expr, for_ = rule.get("expr"), rule.get("for")
            alert = rule["alert"].value if "alert" in rule else ""
            if alert in shortening.unchanged:
                continue
            if for_ is not None:
                edit = _edit(text, for_, _shorter(for_.value, shortening.for_))
                edits[edit.start] = edit
            if expr is not None:
                written = _written(text, expr)
                for literal, new in shortening.thresholds.get(alert, {}).items():
                    place = Place(str(file), rule["alert"].start_mark.line + 1)
                    written = _replace(written, literal, new, alert, place)
                    used.add((alert, literal))
                edit = _edit(text, expr, _windows(written, shortening.window))
                edits[edit.start] = edit
    except yaml.YAMLError as error:
        raise RulesError(f"not valid YAML: {error}", Place(str(file))) from error
    parts, at = list[str](), 0
    for edit in sorted(edits.values()):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]]), used


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"cannot read the rule file: {error}", Place(str(file))) from error


def _rules(text: str) -> Iterator[dict[str, yaml.ScalarNode]]:
    """The scalar values of each rule, as they stand in the text."""
    for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
        top = _values(document)
        for group in _items(_values(top.get("spec", document)).get("groups")):
            for rule in _items(_values(group).get("rules")):
                yield {name: value for name, value in _values(rule).items() if isinstance(value, yaml.ScalarNode)}


def _values(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _written(text: str, node: yaml.ScalarNode) -> str:
    """What is edited: the text as it stands, or of a quoted one, whose escapes would mislead, the value."""
    return node.value if node.style in ("'", '"') else text[node.start_mark.index : node.end_mark.index]


def _edit(text: str, node: yaml.ScalarNode, new: str) -> _Edit:
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in ("'", '"'):
        return _Edit(start, end, text[start:end] if new == node.value else json.dumps(new, ensure_ascii=False))
    return _Edit(start, end, new)


def _shorter(duration: str, limit: str) -> str:
    seconds, most = duration_s(duration), duration_s(limit)
    return limit if seconds is not None and most is not None and seconds > most else duration


def _windows(expression: str, limit: str) -> str:
    def shorter(match: re.Match[str]) -> str:
        if match["found"] is None:
            return match[0]
        return re.sub(DURATION, lambda duration: _shorter(duration[0], limit), match[0])

    return _WINDOW.sub(shorter, expression)


def _replace(expression: str, literal: str, new: str, alert: str, place: Place) -> str:
    """*expression* with the one *literal* replaced: a number, or a comparison and a number."""
    number = literal.lstrip("<>= ")
    sign = literal[: -len(number)].strip()
    words = rf"{sign}\s*{re.escape(number)}" if sign else re.escape(number)
    before = "(?<![<>=!])" if sign else r"(?<![\w.])"
    pattern = re.compile(rf"{_KEPT}|(?P<found>{before}{words}(?![\w.]))")
    found = [match for match in pattern.finditer(expression) if match["found"]]
    if len(found) != 1:
        often = "not" if not found else f"{len(found)} times"
        hint = f". Write its comparison too: '> {literal}'" if found else ""
        raise RulesError(f"the threshold {literal!r} stands {often} in the rule of {alert}{hint}", place)
    return f"{expression[: found[0].start()]}{new}{expression[found[0].end() :]}"
