"""Routes from an OpenAPI 3 document: a mapping, or what has ``openapi()`` (as a FastAPI application), or a function
that answers either."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from drillbook.live.facts import BodyFact, FieldFact, Place, ResponseFact, RouteFact
from drillbook.live.sources import SourceError, call, load, place_of

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_MAX_DEPTH = 3  # fields of fields of fields; deeper ones are shown by the name of their schema
Json = Mapping[str, Any]


def collect_routes(source: str) -> Iterator[RouteFact]:
    """Every operation of the document, in its order."""
    value = call(source, load(source))
    if not isinstance(value, Mapping) and hasattr(value, "openapi"):
        value = call(f"{source}.openapi", value.openapi)
    if not isinstance(value, Mapping) or not isinstance(value.get("paths"), Mapping):
        raise SourceError(f"{source!r} gives no OpenAPI document (a mapping with 'paths'): {type(value).__name__}")
    document = _Document(value)
    for path, item in value["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _route(document, method, path, item, place_of(source) or Place(""))


def _route(document: "_Document", method: str, path: str, item: Json, place: Place) -> RouteFact:
    operation = item[method]
    tags = operation.get("tags") or [""]
    request = document.resolve(operation.get("requestBody") or {})
    security = operation.get("security", document.root.get("security", []))
    return RouteFact(
        method=method.upper(),
        path=path,
        group=str(tags[0]),
        operation_id=str(operation.get("operationId", "")),
        summary=str(operation.get("summary", "")).strip(),
        description=str(operation.get("description", "")).strip(),
        parameters=tuple(
            document.parameter(parameter)
            for parameter in (*item.get("parameters", ()), *operation.get("parameters", ()))
        ),
        bodies=document.bodies(request),
        responses=tuple(
            document.response(str(status), response) for status, response in operation.get("responses", {}).items()
        ),
        security=tuple(dict.fromkeys(name for alternative in security for name in alternative)),
        place=place,
    )


class _Document(NamedTuple):
    root: Json

    def resolve(self, value: Json) -> Json:
        """Follow ``$ref`` to its end; a reference that leads nowhere, or in a circle, is an empty mapping."""
        seen = set()
        while "$ref" in value and value["$ref"] not in seen:
            seen.add(value["$ref"])
            target: Any = self.root
            for key in str(value["$ref"]).removeprefix("#/").split("/"):
                key = key.replace("~1", "/").replace("~0", "~")
                target = target.get(key, {}) if isinstance(target, Mapping) else {}
            value = target if isinstance(target, Mapping) else {}
        return value if "$ref" not in value else {}

    def parameter(self, reference: Json) -> FieldFact:
        value = self.resolve(reference)
        return FieldFact(
            str(value.get("name", "")),
            self.type_text(value.get("schema", {})),
            bool(value.get("required")),
            str(value.get("description") or self.resolve(value.get("schema", {})).get("description", "")).strip(),
            str(value.get("in", "")),
        )

    def response(self, status: str, reference: Json) -> ResponseFact:
        value = self.resolve(reference)
        bodies = self.bodies(value)
        media = [self.resolve(item) for item in value.get("content", {}).values()]
        codes = [code for item in media for example in _examples(item) for code in _codes(example)]
        listed = value.get("x-error-codes", ())
        answer = ResponseFact(status, str(value.get("description", "")).strip(), bodies, ())
        return answer._replace(errors=tuple(dict.fromkeys(map(str, (*listed, *codes))))) if answer.failed else answer

    def bodies(self, holder: Json) -> tuple[BodyFact, ...]:
        return tuple(self.body(media_type, media) for media_type, media in holder.get("content", {}).items())

    def body(self, media_type: str, media: Json) -> BodyFact:
        schema = media.get("schema", {})
        example = next(iter(_examples(media)), None)
        if example is None:
            example = self.example(schema, _MAX_DEPTH)
        return BodyFact(
            media_type,
            self.type_text(schema),
            tuple(self.fields(schema, "", _MAX_DEPTH)),
            "" if example is None else example if isinstance(example, str) else _pretty(example),
        )

    def fields(self, schema: Json, prefix: str, depth: int) -> Iterator[FieldFact]:
        """The properties of an object, those of objects within it under dotted names."""
        schema = self.unwrap(schema)
        if schema.get("type") == "array":
            yield from self.fields(schema.get("items", {}), f"{prefix.removesuffix('.')}[].", depth)
        for name, value in schema.get("properties", {}).items() if depth else ():
            resolved = self.resolve(value)
            description = str(value.get("description") or resolved.get("description", "")).strip()
            required = name in schema.get("required", ())
            yield FieldFact(prefix + name, self.type_text(value), required, description)
            yield from self.fields(value, f"{prefix}{name}.", depth - 1)

    def unwrap(self, schema: Json) -> Json:
        """The schema itself, or the one alternative to ``null``."""
        schema = self.resolve(schema)
        others = [part for part in schema.get("anyOf", ()) if self.resolve(part).get("type") != "null"]
        if schema.get("allOf"):
            return self.resolve(schema["allOf"][0])
        return self.resolve(others[0]) if len(others) == 1 else schema

    def type_text(self, schema: Json) -> str:
        """A schema in words: ``{"type": "integer", "minimum": 1}`` is "integer, at least 1"."""
        name = str(schema["$ref"]).rpartition("/")[2] if "$ref" in schema else ""
        value = self.resolve(schema)
        alternatives = [*value.get("anyOf", ()), *value.get("oneOf", ())]
        if "const" in value:
            return json.dumps(value["const"])
        if "enum" in value:
            return f"one of {', '.join(map(str, value['enum']))}"
        if name:
            return name
        if alternatives:
            return " or ".join(dict.fromkeys(map(self.type_text, alternatives)))
        if value.get("allOf"):
            return self.type_text(value["allOf"][0])
        if value.get("type") == "array":
            return f"list of {self.type_text(value.get('items', {})) or 'values'}"
        types = value.get("type", "")
        text = str(types) if isinstance(types, str) else " or ".join(map(str, types))
        kind = value.get("format") or value.get("contentMediaType")
        return ", ".join(filter(None, (f"{text} ({kind})" if kind else text, *limits(value))))

    def example(self, schema: Json, depth: int) -> Any:
        """The schema's own example, or one put together from the examples of its properties."""
        value = self.unwrap(schema)
        for source in (schema, value):
            for found in _examples(source):
                return found
        if value.get("type") == "array":
            item = self.example(value.get("items", {}), depth)
            return None if item is None else [item]
        if not depth or not value.get("properties"):
            return value.get("default", value.get("const"))
        parts = {name: self.example(part, depth - 1) for name, part in value["properties"].items()}
        parts = {name: part for name, part in parts.items() if part is not None}
        return parts or None


def _examples(holder: Json) -> list[Any]:
    """``example`` and ``examples`` of a media type (a mapping of objects) or of a schema (a list of values)."""
    several = holder.get("examples", ())
    found = [holder["example"]] if "example" in holder else []
    if isinstance(several, Mapping):
        return found + [item["value"] for item in several.values() if isinstance(item, Mapping) and "value" in item]
    return found + (list(several) if isinstance(several, Sequence) and not isinstance(several, str) else [])


def _codes(example: object) -> list[str]:
    return [str(example["code"])] if isinstance(example, Mapping) and "code" in example else []


def limits(schema: Json, _: Callable[[str], str] = str) -> Iterator[str]:
    """The limits of a schema in words: "at least 1", "matching ^a". *_* translates a message."""
    words = {
        "minimum": _("at least {low}"),
        "exclusiveMinimum": _("more than {low}"),
        "maximum": _("at most {high}"),
        "exclusiveMaximum": _("less than {high}"),
        "minLength": _("at least {low} characters"),
        "maxLength": _("at most {high} characters"),
        "pattern": _("matching {pattern}"),
    }
    limit = {key: schema[key] for key in words if key in schema}
    return (words[key].format(low=value, high=value, pattern=value) for key, value in limit.items())


def _pretty(example: object) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False, default=str)
