"""Proves that drill rules are production's rules with less to wait for, and that nothing else differs.

It shares no code with what renders them: both files are read as YAML and compared value by value, and expressions token
by token.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

import yaml

from drillbook.live.facts import Place, Problem
from drillbook.live.promql import COMPARISONS, Token, duration_s, tokens
from drillbook.proof.drill_rules import Shortening

_SOONER: Final = {"<": 1, "<=": 1, ">": -1, ">=": -1}  # which way a threshold fires sooner
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TURNING: Final = ("unless", "absent", "absent_over_time", "bool")  # with these, more may mean less
_COMPARISON: Final = "<>= "
_ARITHMETIC: Final = ("+", "-", "*", "/", "%", "^")


def check_rules(production: Sequence[Path], folder: Path, shortening: Shortening) -> list[Problem]:
    """What differs between *production* and the files of the same names in *folder*, and may not."""
    strangers = {file.name for file in folder.iterdir()} - {file.name for file in production}
    found = [
        Problem("source", "there is no such rule file in production", Place(str(folder / name)))
        for name in sorted(strangers)
    ]
    for file in production:
        try:
            before, after = file.read_text(encoding="utf-8"), (folder / file.name).read_text(encoding="utf-8")
            found += compare(before, after, file, shortening)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            found.append(Problem("source", f"cannot compare the drill rules with it: {error}", Place(str(file))))
    return found


def compare(production: str, drill: str, file: Path, shortening: Shortening) -> list[Problem]:
    """What differs between two texts of rules, and may not. Raises :exc:`yaml.YAMLError`."""
    comparison = _Comparison(file, shortening)
    documents = (list(yaml.compose_all(text, Loader=yaml.SafeLoader)) for text in (production, drill))
    for before, after in zip_longest(*documents):
        comparison.nodes(before, after, ())
    return comparison.found


class _Comparison:
    def __init__(self, file: Path, shortening: Shortening) -> None:
        self.file, self.shortening = file, shortening
        self.found: list[Problem] = []

    def nodes(self, before: yaml.Node | None, after: yaml.Node | None, path: tuple[str | int, ...]) -> None:
        if before is None or after is None or type(before) is not type(after) or before.tag != after.tag:
            self.differs(before or after, f"{_shown(path)} is something else")
        elif isinstance(before, yaml.MappingNode):
            self.mappings(before, after, path)
        elif isinstance(before, yaml.SequenceNode):
            if len(before.value) != len(after.value):
                self.differs(before, f"{_shown(path)} has {len(after.value)} items, and not {len(before.value)}")
            for index, (one, other) in enumerate(zip(before.value, after.value, strict=False)):
                self.nodes(one, other, (*path, index))
        elif before.value != after.value:
            self.differs(before, f"{_shown(path)} is {after.value!r}, and not {before.value!r}")

    def mappings(self, before: yaml.Node, after: yaml.Node, path: tuple[str | int, ...]) -> None:
        keys, other_keys = ([key.value for key, _ in node.value] for node in (before, after))
        if keys != other_keys:
            self.differs(before, f"{_shown(path)} has {', '.join(other_keys)}, and not {', '.join(keys)}")
            return
        names = {key.value: value.value for key, value in before.value}
        rule = path[-4:-1:2] == ("groups", "rules") and path[:-4] in ((), ("spec",))
        for (key, value), (_, other) in zip(before.value, after.value, strict=True):
            if rule and names.get("alert") in self.shortening.unchanged:
                self.nodes(value, other, (*path, key.value))
            elif rule and key.value == "for" and value.tag == other.tag:
                self.for_(value, other)
            elif rule and key.value == "expr" and value.tag == other.tag:
                self.expr(str(names.get("alert", "")), value, other)
            else:
                self.nodes(value, other, (*path, key.value))

    def for_(self, before: yaml.Node, after: yaml.Node) -> None:
        if not _shortened(before.value, after.value, self.shortening.for_):
            self.differs(before, f"'for' is {after.value!r}, and not {before.value!r} cut to {self.shortening.for_}")

    def expr(self, alert: str, before: yaml.Node, after: yaml.Node) -> None:
        old, new = list(tokens(before.value)), list(tokens(after.value))
        if len(old) != len(new):
            self.differs(before, f"the expression is another: {after.value.strip()!r}")
            return
        literals = self.shortening.thresholds.get(alert, {})
        declared = {one.lstrip(_COMPARISON): other.lstrip(_COMPARISON) for one, other in literals.items()}
        depth = 0
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            depth += (one.text == "[") - (one.text == "]")
            if one.kind == "duration" and other.kind == "duration" and depth:
                if not _shortened(one.text, other.text, self.shortening.window):
                    limit = self.shortening.window
                    self.differs(before, f"a window is {other.text}, and not {one.text} cut to {limit}")
            elif one != other and (problem := _threshold(old, index, other, declared)):
                self.differs(before, f"{other.text!r} stands in place of {one.text!r}: {problem}")

    def differs(self, node: yaml.Node | None, message: str) -> None:
        line = node.start_mark.line + 1 if node else 0
        self.found.append(Problem("source", f"drill rules differ: {message}", Place(str(self.file), line)))


def _shortened(before: str, after: str, limit: str) -> bool:
    """Whether *after* is *before*, or the limit when that is longer."""
    seconds, most = duration_s(before), duration_s(limit)
    if seconds is None or most is None:
        return before == after
    return duration_s(after) == min(seconds, most)


def _threshold(old: list[Token], index: int, other: Token, declared: Mapping[str, str]) -> str:
    """Why a number may not have been replaced; empty if it may."""
    number = old[index]
    if number.kind != "number" or other.kind != "number" or declared.get(number.text) != other.text:
        return "conf.py does not name it"
    if turning := next((token.text for token in old if token.text in _TURNING), ""):
        return f"with {turning!r} nobody can say which way fires sooner"
    left = old[index - 1].text if index else ""
    right = old[index + 1].text if index + 1 < len(old) else ""
    compared = left if left in COMPARISONS else right
    sign = _SOONER.get(left if left in COMPARISONS else _MIRRORED.get(right, ""))
    if sign is None:
        return f"it is not a bound of the alert ({compared!r})"
    if left in _ARITHMETIC or (left in COMPARISONS and right in _ARITHMETIC):
        return "it is a part of a calculation"
    return "" if (float(other.text) - float(number.text)) * sign > 0 else "it would fire later"


def _shown(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path)) or "the file"
