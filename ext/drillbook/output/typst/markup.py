"""Typst markup that nothing in a page can break: every text of a page stands in a string of its own.

`Typst <https://typst.app/docs/reference/syntax/>`_ has a markup mode and a code mode. What is written here are calls of
functions of ``manual.typ``, ``#name(arguments)[content]``, and texts as strings, ``#"text"``; so no letter of a page is
ever read as markup, and the looks are all in one file.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final

_CONTROL: Final = {code: None for code in range(32) if code not in (9, 10)} | {0x7F: None}
Value = str | int | float | bool | None | Iterable["Value"] | Mapping[str, "Value"]


class Raw(str):
    """An argument that is written as it stands: content, or another call."""

    __slots__ = ()


def string(text: str) -> str:
    r"""A string literal; Typst knows the escapes ``\\ \" \n \t``, and no control characters are written."""
    clean = text.translate(_CONTROL)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def inline(text: str) -> str:
    """A text in a sentence."""
    return f"#{string(text)}" if text else ""


def value(given: Value) -> str:
    """A Python value as a Typst expression."""
    if isinstance(given, Raw):
        return str(given)
    if given is None:
        return "none"
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int | float):
        return json.dumps(given)
    if isinstance(given, str):
        return string(given)
    if isinstance(given, Mapping):
        pairs = ", ".join(f"{string(key)}: {value(item)}" for key, item in given.items())
        return f"({pairs or ':'})"
    return "(" + "".join(f"{value(item)}, " for item in given) + ")"


def call(name: str, *positional: Value, **named: Value) -> str:
    """The beginning of a call; content in brackets may follow it. Names have dashes where Python has underlines."""
    arguments = [value(item) for item in positional]
    arguments += [f"{key.replace('_', '-')}: {value(item)}" for key, item in named.items()]
    return f"#{name}({', '.join(arguments)})"


def content(markup: str) -> Raw:
    """Markup as an argument."""
    return Raw(f"[{markup}]")
