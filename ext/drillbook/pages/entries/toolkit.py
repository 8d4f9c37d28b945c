"""The toolkit's own parts as entries: directives, roles, options of conf.py and kinds of warnings."""

import inspect
import pprint
from typing import Any, Final

from docutils.nodes import Node

from drillbook.config.options import Option
from drillbook.pages.declared import Declared
from drillbook.pages.entries.entry import (
    Entry,
    code,
    definitions,
    fields,
    label,
    link,
    literal,
    prose,
    sentence,
    signature,
)
from drillbook.pages.words import say
from drillbook.warn import Warn

PREFIX: Final = "drillbook."
_SHORT: Final = 60  # characters of a default that still stands in a line


def directive(name: str, cls: type[Any]) -> Entry:
    """How a directive is written, and what each of its options says."""
    argument = getattr(cls, "argument", "")
    parent = getattr(cls, "parent", "")
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Holds"), _sentences(getattr(cls, "holds", ""))),
        (say("Stands in"), [link("directive", parent)] if parent else []),
        (say("Declared in"), [literal(cls.__module__)]),
    ]
    body = [*prose(said(cls)), *fields(rows)]
    if cls.option_spec:
        options = ((_term(option, declared), prose(_help(declared))) for option, declared in cls.option_spec.items())
        body += [label(say("Options")), *definitions(options)]
    return Entry("directive", name, signature(name, after=argument), body)


def role(name: str, made: Any) -> Entry:
    """What a role shows, and how it is written."""
    argument, module = getattr(made, "argument", ""), getattr(made, "__module__", "")
    written = f"{{{name}}}`{argument}`"
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Written"), [literal(written)]),
        (say("Declared in"), [literal(module)] if module else []),
    ]
    return Entry("role", name, signature(name, after=argument), [*prose(role_says(made)), *fields(rows)])


def option(declared: Option) -> Entry:
    """What an option of conf.py is for, what it may be, and what it is without a word."""
    default = pprint.pformat(declared.default)
    rows: list[tuple[str, list[Node | str]]] = [
        (say("May be"), _sentences(said(declared.check))),
        (say("Default"), [literal(default)] if len(default) <= _SHORT else []),
        (say("Declared in"), [literal(Option.__module__)]),
    ]
    body = [*prose(declared.help), *fields(rows)]
    if len(default) > _SHORT:
        body += [label(say("Default")), code(default, "python")]
    return Entry("option", declared.name, signature(declared.name), body)


def warning(kind: Warn) -> Entry:
    """What a kind of warning means, and how it is mended."""
    name = f"{PREFIX}{kind.value}"
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Mend"), _sentences(kind.mend)),
        (say("Declared in"), [literal(Warn.__module__)]),
    ]
    return Entry("warning", name, signature(name), [*prose(kind.__doc__), *fields(rows)])


def said(declared: Any) -> str:
    """The docstring of a class or function itself, and not what it inherits."""
    return inspect.cleandoc(declared.__doc__ or "")


def role_says(made: Any) -> str:
    """What a role says of itself: an object its ``says``, a function its docstring."""
    return getattr(made, "says", "") or (said(made) if inspect.isfunction(made) else "")


def _help(declared: Any) -> str:
    return declared.help if isinstance(declared, Declared) else ""


def _term(name: str, declared: Any) -> list[Node | str]:
    if not isinstance(declared, Declared):
        return [literal(f":{name}:")]
    notes: list[Node | str] = [sentence(declared.type)]
    notes += [", ", say("needed")] if declared.needed else []
    notes += [", ", say("default: "), sentence(declared.default)] if declared.default else []
    return [literal(f":{name}:"), " (", *notes, ")"]


def _sentences(text: str) -> list[Node | str]:
    return [sentence(text)] if text else []
