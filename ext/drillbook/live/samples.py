"""Samples of configuration, held against the live settings classes: each name must be a setting, each value valid.

Environment files (``NAME='value'``, a line each) name settings as processes read them. YAML and TOML have a table for
each component, with its fields by their own names.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings

ENVIRONMENT_LANGUAGES: Final = ("ini", "dotenv", "env")
NESTED_LANGUAGES: Final = ("yaml", "toml")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)")
_COMPLEX: Final = (list, tuple, set, frozenset, dict)
Classes = Mapping[str, type[BaseSettings]]


class Trouble(NamedTuple):
    """What is wrong with a sample, at a line of it, from 0."""

    line: int
    says: str


def environment_troubles(text: str, classes: Classes) -> Iterator[Trouble]:
    """What is wrong with the lines of an environment file; a comment or an empty line is as it is."""
    known = {name: found for cls in classes.values() for name, found in _named(cls)}
    for number, line in enumerate(text.splitlines()):
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            yield Trouble(number, f"this is no line NAME='value': {line.strip()}")
            continue
        name, written = match[1], match[2]
        if name not in known:
            yield Trouble(number, f"{name} is no setting of the live system")
            continue
        try:
            words = shlex.split(written, comments=True)
        except ValueError as error:
            yield Trouble(number, f"{name}: {error}")
            continue
        if len(words) > 1:
            yield Trouble(number, f"{name}: a value with blanks stands in quotes")
        elif problem := _problem(*known[name], words[0] if words else "", as_text=True):
            yield Trouble(number, f"{name}: {problem}")


def nested_troubles(text: str, language: str, classes: Classes) -> Iterator[Trouble]:
    """What is wrong with a sample that has a table for each component."""
    try:
        data = tomllib.loads(text) if language == "toml" else yaml.safe_load(text)
    except (yaml.YAMLError, tomllib.TOMLDecodeError) as error:
        yield Trouble(0, f"it cannot be read: {' '.join(str(error).split())}")
        return
    if not isinstance(data, dict) or not data:
        yield Trouble(0, "it must have a table for each component")
        return
    for component, table in data.items():
        cls = classes.get(str(component))
        line = _line_of(text, str(component))
        if cls is None:
            yield Trouble(line, f"{component} is no component with settings of the live system")
        elif not isinstance(table, dict):
            yield Trouble(line, f"{component} must hold settings, and holds {table!r}")
        else:
            yield from _table(cls, table, text, line)


def _table(cls: type[BaseModel], table: Mapping[str, Any], text: str, start: int) -> Iterator[Trouble]:
    for name, value in table.items():
        line = _line_of(text, str(name), start)
        field = cls.model_fields.get(str(name))
        if field is None:
            yield Trouble(line, f"{name} is no setting of {cls.__name__}")
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) and isinstance(value, dict):
            yield from _table(field.annotation, value, text, line)
        elif problem := _problem(cls, str(name), value):
            yield Trouble(line, f"{name}: {problem}")


def _line_of(text: str, name: str, start: int = 0) -> int:
    lines = text.splitlines()
    found = (number for number in range(start, len(lines)) if re.search(rf"\b{re.escape(name)}\b", lines[number]))
    return next(found, start)


def _named(root: type[BaseSettings]) -> Iterator[tuple[str, tuple[type[BaseModel], str]]]:
    """The settings of a class by their environment names, nested ones too."""
    delimiter = root.model_config.get("env_nested_delimiter")

    def fields(cls: type[BaseModel], prefix: str) -> Iterator[tuple[str, tuple[type[BaseModel], str]]]:
        for name, field in cls.model_fields.items():
            alias = field.validation_alias
            env = alias if isinstance(alias, str) else prefix + name
            if delimiter and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from fields(field.annotation, env + delimiter)
            else:
                yield env if root.model_config.get("case_sensitive") else env.upper(), (cls, name)

    yield from fields(root, str(root.model_config.get("env_prefix", "")))


def _problem(cls: type[BaseModel], name: str, value: Any, *, as_text: bool = False) -> str | None:
    """What the class says against *value* for its field *name*; what it says of other fields does not count."""
    field = cls.model_fields[name]
    if as_text and _is_complex(field.annotation):
        try:
            value = json.loads(value)
        except ValueError as error:
            return f"a value of this kind is written as JSON: {error}"
    key = field.validation_alias if isinstance(field.validation_alias, str) else name
    try:
        cls.model_validate({key: value})
    except ValidationError as error:
        mine = [found for found in error.errors(include_url=False) if found["loc"][:1] in ((key,), (name,))]
        return f"{mine[0]['msg']}, and not {value!r}" if mine else None
    return None


def _is_complex(annotation: Any) -> bool:
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, (*_COMPLEX, BaseModel)):
        return True
    return any(map(_is_complex, get_args(annotation)))
