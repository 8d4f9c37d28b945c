"""Settings from pydantic-settings classes.

The convention, for any team: ``Field(description=..., ge=..., le=...)`` or ``Literal``/``Enum`` for what is allowed,
``json_schema_extra={"unit": "s", "restart": True}`` for the rest (``"unit": None`` says that there is none),
``SecretStr`` for what must not be shown.
"""

import inspect
import re
import sys
import types
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import AliasChoices, BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from drillbook.live.facts import NOT_SHOWN, Place, SettingFact
from drillbook.live.sources import SourceError, call, lines_of, load

_NAMES = {
    int: "integer",
    float: "number",
    Decimal: "number",
    bool: "true or false",
    str: "text",
    bytes: "bytes",
}
_NAMES |= {Path: "path", timedelta: "duration", dict: "mapping", type(None): "none"}
_LISTS = (list, tuple, set, frozenset)
_SECRETS = (SecretStr, SecretBytes, Secret)
_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]+@")


def collect_settings(source: str | Mapping[str, str]) -> Iterator[SettingFact]:
    """Facts of every class: ``{component: "module:Class"}``, or ``"module:NAME"`` of a mapping to classes."""
    for component, cls in settings_classes(source).items():
        yield from settings_of(component, cls)


def settings_classes(source: str | Mapping[str, str]) -> dict[str, type[BaseSettings]]:
    """The classes by their component. Raises :exc:`SourceError`."""
    if isinstance(source, str):
        classes = call(source, load(source))
        if not isinstance(classes, Mapping):
            raise SourceError(f"{source!r} is no mapping of component names to settings classes")
    else:
        classes = {component: load(path) for component, path in source.items()}
    found: dict[str, type[BaseSettings]] = {}
    for component, cls in classes.items():
        if not (isinstance(cls, type) and issubclass(cls, BaseSettings)):
            raise SourceError(f"the settings of {component!r} are no pydantic-settings class: {type(cls).__name__}")
        found[str(component)] = cls
    return found


def settings_of(component: str, cls: type[BaseSettings]) -> Iterator[SettingFact]:
    """The fields of one class. Without *component*, they are named by the field alone."""
    prefix = cls.model_config.get("env_prefix", "")
    yield from _fields(cls, cls, component, f"{component}." if component else "", prefix)


def _fields(
    root: type[BaseSettings], cls: type[BaseModel], component: str, name_prefix: str, env_prefix: str
) -> Iterator[SettingFact]:
    delimiter = root.model_config.get("env_nested_delimiter")
    for field_name, field in cls.model_fields.items():
        env = _env(root, field_name, field, env_prefix)
        if delimiter and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested = f"{name_prefix}{field_name}."
            yield from _fields(root, field.annotation, component, nested, env + delimiter)
        else:
            yield _fact(root, cls, component, name_prefix + field_name, env, field_name, field)


def _fact(
    root: type[BaseModel],
    cls: type[BaseModel],
    component: str,
    name: str,
    env: str,
    field_name: str,
    field: FieldInfo,
) -> SettingFact:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    parts = list(_walk(field.annotation))
    secret = any(isinstance(part, type) and issubclass(part, _SECRETS) for part in parts)
    limits = _limits([*field.metadata, *parts])
    unit = extra.get("unit", "s" if timedelta in parts else None)
    restart = extra.get("restart")
    return SettingFact(
        component=component,
        name=name,
        env=env,
        type=type_text(field.annotation),
        default=_default(field, secret),
        required=field.is_required(),
        unit=str(unit) if unit else "" if "unit" in extra or not _is_number(parts) else None,
        minimum=limits.get("ge", limits.get("gt")),
        maximum=limits.get("le", limits.get("lt")),
        exclusive_minimum="ge" not in limits and "gt" in limits,
        exclusive_maximum="le" not in limits and "lt" in limits,
        choices=tuple(_choices(parts)),
        secret=secret,
        restart=restart if isinstance(restart, bool) else None,
        description=(field.description or "").strip(),
        python=f"{root.__module__}.{root.__qualname__}.{name.removeprefix(f'{component}.')}",
        place=_place(cls, field_name),
    )


def _env(root: type[BaseSettings], name: str, field: FieldInfo, prefix: str) -> str:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        alias = next((choice for choice in alias.choices if isinstance(choice, str)), None)
    env = alias if isinstance(alias, str) else prefix + name
    return env if root.model_config.get("case_sensitive") else env.upper()


def _walk(annotation: Any) -> Iterator[Any]:
    """Every part of an annotation: its members, and what ``Annotated`` adds to them."""
    yield annotation
    if get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from _walk(part)


def type_text(annotation: Any) -> str:
    """An annotation in words: ``int | None`` is "integer or none"."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(type_text, arguments)))
    if origin is Literal:
        return "one of"
    if origin in _LISTS:
        return f"list of {type_text(arguments[0])} values" if arguments else "list"
    cls = origin or annotation
    if not isinstance(cls, type):
        return str(cls)
    if issubclass(cls, Enum):
        return "one of"
    if issubclass(cls, _SECRETS):
        return "text"
    if cls.__name__.endswith(("Url", "Dsn")):
        return "URL"
    return next((text for known, text in _NAMES.items() if cls is known), cls.__name__)


def _is_number(parts: list[Any]) -> bool:
    return any(part in (int, float, Decimal) for part in parts if isinstance(part, type))


def _limits(metadata: list[Any]) -> dict[str, float]:
    """The bounds among *metadata*; of two of a kind, the later one, as pydantic applies both and it narrows."""
    found: dict[str, float] = {}
    for item in metadata:
        group = list(item) if isinstance(item, annotated_types.GroupedMetadata) else [item]
        for bound in group:
            for attribute in ("ge", "gt", "le", "lt"):
                value = getattr(bound, attribute, None) if isinstance(bound, annotated_types.BaseMetadata) else None
                if isinstance(value, timedelta):
                    value = value.total_seconds()
                if isinstance(value, int | float | Decimal):
                    found[attribute] = float(value)
    return found


def _choices(parts: list[Any]) -> Iterator[str]:
    for part in parts:
        if get_origin(part) is Literal:
            yield from (value_text(value) for value in get_args(part))
        elif isinstance(part, type) and issubclass(part, Enum):
            yield from (value_text(member.value) for member in part)


def _default(field: FieldInfo, secret: bool) -> str:
    if field.is_required():
        return ""
    if secret:
        value = field.default
        hidden = value.get_secret_value() if isinstance(value, _SECRETS) else value
        empty = field.default_factory is None and hidden in (None, "", b"")
        return value_text(hidden) if empty else NOT_SHOWN
    if field.default is not PydanticUndefined:
        return value_text(field.default)
    if field.default_factory in (list, dict, set, tuple, frozenset):
        return "empty"
    return "worked out at the start"  # calling the factory here would show this machine's answer, not the reader's


def value_text(value: object) -> str:
    """A default as people and environment files write it; passwords inside URLs are hidden."""
    match value:
        case None:
            return "not set"
        case bool():
            return "true" if value else "false"
        case Enum():
            return value_text(value.value)
        case timedelta():
            return f"{value.total_seconds():g}"
        case float():
            return repr(value).removesuffix(".0")
        case list() | tuple() | set() | frozenset():
            items = [value_text(item) for item in value]
            return ", ".join(sorted(items) if isinstance(value, set | frozenset) else items) or "empty"
        case dict() if not value:
            return "empty"
    return _PASSWORD.sub(r"\1***@", str(value)) or "empty"


def _place(cls: type, field: str) -> Place:
    """The line of a field: in the class that declares it, which may be a base of *cls*."""
    for owner in cls.__mro__:
        if field in inspect.get_annotations(owner):
            file = getattr(sys.modules.get(owner.__module__), "__file__", None) or ""
            return Place(file, lines_of(file).get(f"{owner.__qualname__}.{field}", 0))
    return Place("")
