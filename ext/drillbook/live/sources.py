"""Where facts come from: objects named ``module:attribute``, and the lines of the files that define them."""

import ast
import importlib
import inspect
import traceback
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from drillbook.live.facts import Place


class SourceError(Exception):
    """A source of facts that cannot be read; ``place`` is where, when that is nearer than conf.py."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.place = place


def load(source: str) -> object:
    """Import what *source* names: ``package.module`` or ``package.module:attribute`` (dots allowed in both).

    Raises :exc:`SourceError`, whatever the imported code raises.
    """
    module_name, _, attribute = source.partition(":")
    try:
        value: object = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # an import runs foreign code, which may raise anything or exit
        raise SourceError(f"cannot import {module_name!r}: {explain(error)}") from error
    for part in attribute.split(".") if attribute else ():
        try:
            value = getattr(value, part)
        except AttributeError:
            raise SourceError(f"{source!r}: there is no {part!r} in it") from None
    return value


def call(source: str, value: object) -> object:
    """The value itself, or what it answers when it is a function without arguments."""
    if not (inspect.isroutine(value) or inspect.isclass(value)):
        return value
    try:
        return value()
    except (Exception, SystemExit) as error:  # foreign code again
        raise SourceError(f"calling {source!r} failed: {explain(error)}") from error


def explain(error: BaseException) -> str:
    """One line for people: what was raised, and the line of foreign code that raised it."""
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    frames = [frame for frame in frames if frame.filename not in (__file__, importlib.__file__)]
    return f"{text} ({frames[-1].filename}:{frames[-1].lineno})" if frames else text


def place_of(source: str) -> Place | None:
    """The line that defines what *source* names, if that is a name at the top of a module with source code."""
    module_name, _, attribute = source.partition(":")
    value = load(module_name)
    file = getattr(value, "__file__", None) if isinstance(value, ModuleType) else None
    return Place(file, lines_of(file).get(attribute, 0)) if file else None


@lru_cache(maxsize=256)
def lines_of(file: str) -> dict[str, int]:
    """Lines at which names are bound in a Python file: ``NAME``, and ``Class.field`` inside its classes."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}  # no source to point into: facts are still facts
    return dict(_bindings(tree.body, ""))


def _bindings(body: list[ast.stmt], prefix: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for statement in body:
        if isinstance(statement, ast.Assign):
            targets = [target for target in statement.targets if isinstance(target, ast.Name)]
            found += [(prefix + target.id, statement.lineno) for target in targets]
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found.append((prefix + statement.target.id, statement.lineno))
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append((prefix + statement.name, statement.lineno))
        elif isinstance(statement, ast.ClassDef):
            found.append((prefix + statement.name, statement.lineno))
            found += _bindings(statement.body, f"{prefix}{statement.name}.")
    return found
