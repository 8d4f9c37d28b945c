"""Facts that a system lists itself: its errors, components and faults, as any objects with the attributes below."""

from collections.abc import Iterable, Iterator, Mapping

from drillbook.live.facts import ComponentFact, ErrorFact, FaultFact, Place
from drillbook.live.sources import SourceError, call, load, place_of


def collect_errors(source: str) -> Iterator[ErrorFact]:
    """Objects with ``code``, ``title``, ``description``, and if they have it ``status`` and ``scope``."""
    for item, place in _items(source, "code"):
        status = getattr(item, "status", None)
        yield ErrorFact(
            name=str(getattr(item, "code")),  # noqa: B009 - an object of another team's class
            group=_text(item, "scope"),
            status="" if status is None else str(int(status)),
            title=_text(item, "title"),
            description=_text(item, "description"),
            place=place,
        )


def collect_components(source: str) -> Iterator[ComponentFact]:
    """Objects with ``name``, ``title``, ``description``, and if they have it what :class:`ComponentFact` names."""
    for item, place in _items(source, "name"):
        name = _text(item, "name")
        yield ComponentFact(
            name=name,
            group=_text(item, "kind"),
            title=_text(item, "title") or name,
            description=_text(item, "description"),
            depends_on=_texts(item, "depends_on"),
            programs=_texts(item, "programs"),
            settings=_texts(item, "settings"),
            page=_text(item, "page"),
            undrilled=_text(item, "undrilled"),
            place=place,
        )


def collect_faults(source: str) -> Iterator[FaultFact]:
    """Objects with ``name``, ``title``, ``description``, ``alert``, and if they have it ``component``, ``core``, ``alone``."""
    for item, place in _items(source, "name"):
        name = _text(item, "name")
        yield FaultFact(
            name=name,
            title=_text(item, "title") or name,
            description=_text(item, "description"),
            alert=_text(item, "alert"),
            component=_text(item, "component"),
            core=bool(getattr(item, "core", False)),
            alone=bool(getattr(item, "alone", False)),
            place=place,
        )


def _items(source: str, needed: str) -> Iterator[tuple[object, Place]]:
    value = call(source, load(source))
    items = value.values() if isinstance(value, Mapping) else value
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise SourceError(f"{source!r} is no list of objects: {type(value).__name__}")
    place = place_of(source) or Place("")
    for item in items:
        if not hasattr(item, needed):
            raise SourceError(f"{source!r}: an item of type {type(item).__name__} has no {needed!r}")
        yield item, place


def _text(item: object, name: str) -> str:
    return str(getattr(item, name, None) or "").strip()


def _texts(item: object, name: str) -> tuple[str, ...]:
    return tuple(map(str, getattr(item, name, None) or ()))
