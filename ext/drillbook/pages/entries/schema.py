"""A JSON Schema as entries: the document itself, and each of its definitions, with the meaning of every property."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from docutils import nodes
from docutils.nodes import Node

from drillbook.live.routes import limits
from drillbook.pages.entries.entry import Entry, definitions, joined, literal, paragraph, prose, signature
from drillbook.pages.words import later, say

Json = Mapping[str, Any]
Anchor = Callable[[str], str]  # of a definition
_DEFINITIONS: Final = "#/$defs/"


def schema(root: Json, name: str, anchor: Anchor) -> Iterator[Entry]:
    """The entry of the document, called *name*, and then those of its definitions; *anchor* is where each stands."""
    reader = _Reader(root, anchor)
    yield reader.entry(root, name)
    for definition, part in root.get("$defs", {}).items():
        yield reader.entry(part, definition)


def undescribed(root: Json) -> Iterator[str]:
    """The properties that nobody described: ``procedure.name``."""
    for name, part in {"": root, **root.get("$defs", {})}.items():
        yield from _undescribed(part, name, root)


def _undescribed(part: Json, name: str, root: Json) -> Iterator[str]:
    for key, value in part.get("properties", {}).items():
        path = f"{name}.{key}".lstrip(".")
        if not _description(value, root):
            yield path
        yield from _undescribed(value, path, root)
        yield from _undescribed(value.get("items", {}), f"{path}[]", root)
    for alternative in (*part.get("oneOf", ()), *part.get("anyOf", ())):
        yield from _undescribed(alternative, name, root)


def _description(part: Json, root: Json) -> str:
    """Its own description, or that of what it refers to."""
    definition = root.get("$defs", {}).get(_referred(part), {})
    return str(part.get("description") or definition.get("description", "")).strip()


def _referred(part: Json) -> str:
    reference = str(part.get("$ref", ""))
    return reference.removeprefix(_DEFINITIONS) if reference.startswith(_DEFINITIONS) else ""


class _Reader(NamedTuple):
    """Reads the parts of one document."""

    root: Json
    anchor: Anchor

    def entry(self, part: Json, name: str) -> Entry:
        """The document, or a definition."""
        body = [*prose(str(part.get("description", ""))), *self.properties(part)]
        return Entry("schema", name, signature(name, after=str(part.get("type", ""))), body)

    def properties(self, part: Json) -> list[Node]:
        """The properties of an object, of each of its alternatives, or of the objects in a list."""
        needed = part.get("required", ())
        content = definitions(
            (
                [literal(name), " (", *self.type(value), *([] if name in needed else [say(", may be left out")]), ")"],
                [*prose(_description(value, self.root)), *self.properties(value)],
            )
            for name, value in part.get("properties", {}).items()
        )
        inner = [alternative for alternative in part.get("oneOf", ()) if "properties" in alternative]
        if inner:
            content.append(paragraph(say("One of these:")))
            items = (nodes.list_item("", *self.alternative(alternative)) for alternative in inner)
            content.append(nodes.bullet_list("", *items, bullet="-"))
        return content + (self.properties(part["items"]) if "items" in part else [])

    def alternative(self, part: Json) -> list[Node]:
        """One of several objects."""
        return [*prose(str(part.get("description", ""))), *self.properties(part)] or [nodes.paragraph()]

    def type(self, part: Json) -> list[Node | str]:
        """A schema in words, its definitions as links."""
        if name := _referred(part):
            return [nodes.reference("", "", literal(name), refid=self.anchor(name), internal=True)]
        if "const" in part:
            return [say("always "), literal(json.dumps(part["const"]))]
        if "enum" in part:
            return [say("one of "), *joined(literal(_shown(value)) for value in part["enum"])]
        if alternatives := (*part.get("anyOf", ()), *part.get("oneOf", ())):
            found = [self.type(alternative) for alternative in alternatives]
            return [node for number, one in enumerate(found) for node in ([say(" or "), *one] if number else one)]
        if part.get("type") == "array":
            return [say("list of "), *(self.type(part.get("items", {})) or [say("values")])]
        types = part.get("type", "object" if "properties" in part else "")
        named = [types] if isinstance(types, str) else [*map(str, types)]
        return [later(lambda _: ", ".join((_(" or ").join(filter(None, named)) or _("any value"), *limits(part, _))))]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
