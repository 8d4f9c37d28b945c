"""What the options may be that say how the manual is proven. Each check answers what is wrong, or ``None``."""

import re
from collections.abc import Mapping
from typing import Final

from drillbook.config.values import is_globs
from drillbook.live.promql import NUMBER, duration_s

_LITERAL: Final = re.compile(rf"(?:([<>]=?)\s*)?{NUMBER}")
_MEASUREMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
STACK_COMMANDS: Final = ("fetch", "up", "down", "status", "snapshot", "fault", "enter", "secrets", "sql")
_PLACES: Final = {"scratch": "", "rules": "", "site": ""}


def is_stack(value: object) -> str | None:
    """Commands and words by their names, ``environment`` of such, and ``shows`` a list of folders."""
    if not isinstance(value, Mapping):
        return f"must map names to commands, not {value!r}"
    for name, item in value.items():
        if name == "environment":
            if not isinstance(item, Mapping) or not all(
                isinstance(word, str) for pair in item.items() for word in pair
            ):
                return f"must map names to text in 'environment', not {item!r}"
            for text in item.values():
                try:
                    text.format(**_PLACES)
                except (LookupError, ValueError):
                    return f"has {text!r} in 'environment': the places are {{scratch}}, {{rules}} and {{site}}"
        elif name == "shows":
            if problem := is_globs(item):
                return f"has for 'shows' what {problem}"
        elif name not in (*STACK_COMMANDS, "folder", "http"):
            return f"has {name!r}, which is none of {', '.join((*STACK_COMMANDS, 'folder', 'http', 'environment', 'shows'))}"
        elif not isinstance(item, str):
            return f"must have text for {name!r}, not {item!r}"
    return None


def is_measurements(value: object) -> str | None:
    """``{"name": {"command": "./measure.sh", "code": ["measure/*"]}}``."""
    if not isinstance(value, Mapping):
        return f'must map names to {{"command": ..., "code": [...]}}, not {value!r}'
    for name, made in value.items():
        if not isinstance(name, str) or not _MEASUREMENT.fullmatch(name):
            return f"has the name {name!r}: use letters, digits, and -"
        if not isinstance(made, Mapping) or not {"command"} <= set(made) <= {"command", "code"}:
            return f"must have a command, and may have code, for {name!r}, not {made!r}"
        if not isinstance(made["command"], str) or not made["command"].strip():
            return f"must have a command for {name!r}, not {made['command']!r}"
        if problem := is_globs(made.get("code", [])):
            return f"has for the code of {name!r} what {problem}"
    return None


def is_gates(value: object) -> str | None:
    """``{"accuracy": percent, "missing": [names], "stamps": False}``, any of them."""
    if not isinstance(value, Mapping) or not set(value) <= {"accuracy", "missing", "stamps"}:
        return f"""must be {{"accuracy": percent, "missing": [names]}}, not {value!r}"""
    percent, missing = value.get("accuracy", 0), value.get("missing", [])
    if not isinstance(percent, int | float) or isinstance(percent, bool) or not 0 <= percent <= 100:
        return f"has the accuracy {percent!r}, which is no percentage"
    if not isinstance(missing, list | tuple) or not all(isinstance(item, str) for item in missing):
        return f"must have a list of names for 'missing', not {missing!r}"
    if value.get("stamps", True) not in (True, False, "0", "1"):  # a command line gives texts
        return f"must have True or False for 'stamps', not {value['stamps']!r}"
    return None


def is_drill(value: object) -> str | None:
    """How production's rules become drill rules."""
    if not isinstance(value, Mapping) or not value.keys() <= {"for", "window", "thresholds", "unchanged"}:
        return f"must have the keys 'for', 'window', 'thresholds' and 'unchanged', not {value!r}"
    for key in ("for", "window"):
        if key in value and (not isinstance(value[key], str) or duration_s(value[key]) is None):
            return f"must have a duration such as '2s' as {key!r}, not {value[key]!r}"
    thresholds = value.get("thresholds", {})
    if not isinstance(thresholds, Mapping) or not all(
        isinstance(literals, Mapping) for literals in thresholds.values()
    ):
        return f"must map alerts to literals, and those to others, as 'thresholds', not {thresholds!r}"
    for old, new in (pair for literals in thresholds.values() for pair in literals.items()):
        both = [_LITERAL.fullmatch(text) if isinstance(text, str) else None for text in (old, new)]
        if not all(both) or len({match and match[1] for match in both}) > 1:
            return f"must replace a number by a number, or '> 9' by '> 3', not {old!r} by {new!r}"
    unchanged = value.get("unchanged", [])
    if not isinstance(unchanged, list | tuple) or not all(isinstance(name, str) for name in unchanged):
        return f"must have a list of alerts as 'unchanged', not {unchanged!r}"
    return None
