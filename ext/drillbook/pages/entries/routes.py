"""A route of an HTTP API, and an error with a stable code, as entries."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus

from docutils.nodes import Node

from drillbook.language import Translate
from drillbook.live.facts import BodyFact, ErrorFact, FieldFact, ResponseFact, RouteFact
from drillbook.pages.entries.entry import (
    Entry,
    code,
    definitions,
    fields,
    joined,
    label,
    link,
    literal,
    paragraph,
    prose,
    signature,
)
from drillbook.pages.words import later, say, spoken


def route(fact: RouteFact) -> Entry:
    """What to send to a route, and what it answers."""
    summary = fact.summary if fact.summary.endswith((".", "?", "!")) else f"{fact.summary}."
    body = [*(prose(summary) if fact.summary else []), *prose(fact.description)]
    body += fields([(say("Authentication"), joined(map(literal, fact.security)))])
    if fact.parameters:
        body += [label(say("Parameters")), *_fields(fact.parameters)]
    if fact.bodies:
        body += [label(say("Request body")), *_bodies(fact.bodies)]
    if fact.responses:
        body += [label(say("Answers")), *definitions(_responses(fact.responses))]
    return Entry("route", fact.name, signature(fact.path, before=f"{fact.method} "), body)


def error(fact: ErrorFact) -> Entry:
    """What an error code means, and what to do about it."""
    rows: list[tuple[str, list[Node | str]]] = [
        (say("Status"), [status_text(fact.status)] if fact.status else []),
        (say("Shows in"), [fact.group] if fact.group else []),
    ]
    body = [*([label(spoken(fact.title))] if fact.title else []), *prose(fact.description), *fields(rows)]
    return Entry("error", fact.name, signature(fact.name, after=fact.status), body)


def status_text(status: str) -> str:
    """A status with its phrase: ``404`` is "404 Not Found"."""
    try:
        return f"{status} {HTTPStatus(int(status)).phrase}"
    except ValueError:
        return status  # "default", "4XX", or a number of one's own


def _responses(facts: Iterable[ResponseFact]) -> Iterator[tuple[list[Node | str], list[Node]]]:
    """Each status with what it means. Every problem has the same form, so the first one stands for all."""
    problem_shown = False
    for fact in facts:
        content = prose(fact.description)
        if fact.errors:
            content.append(paragraph(say("Errors: "), *joined(link("error", name) for name in fact.errors)))
        if not fact.failed:
            content += _bodies(fact.bodies)
        elif not (fact.errors and problem_shown):
            content += _bodies(fact.bodies[:1], with_fields=False)
            problem_shown = problem_shown or bool(fact.errors)
        yield [literal(status_text(fact.status))], content


def _bodies(facts: Iterable[BodyFact], *, with_fields: bool = True) -> list[Node]:
    """Bodies, those that differ in nothing but their media type together."""
    alike: dict[BodyFact, list[str]] = {}
    for fact in facts:
        alike.setdefault(fact._replace(media_type=""), []).append(fact.media_type)
    return [node for fact, types in alike.items() for node in _body(fact, types, with_fields=with_fields)]


def _body(fact: BodyFact, media_types: list[str], *, with_fields: bool) -> list[Node]:
    kind = paragraph(*joined(map(literal, media_types)), f": {fact.schema}" if fact.schema else "")
    content: list[Node] = [kind, *(_fields(fact.fields) if with_fields else [])]
    if fact.example:
        content.append(code(fact.example, "json" if media_types[0].endswith("json") else "text"))
    return content


def _fields(facts: Iterable[FieldFact]) -> list[Node]:
    return definitions((_term(fact), prose(fact.description)) for fact in facts)


def _term(fact: FieldFact) -> list[Node | str]:
    return [literal(fact.name), later(lambda _: _notes(fact, _))]


def _notes(fact: FieldFact, _: Translate) -> str:
    where = _("in the {place}").format(place=fact.where) if fact.where else ""
    text = ", ".join(filter(None, (where, fact.type, _("required") if fact.required else "")))
    return f" ({text})" if text else ""
