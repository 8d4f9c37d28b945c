"""SVG that may stand inside an HTML page: only what is listed here gets through, and nothing that runs or fetches.

Inline styles become attributes, because a Content-Security-Policy forbids the former; ids are kept only if something
refers to them, with a prefix, because a page has many diagrams; links are decided by the caller.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMESPACE: Final = "http://www.w3.org/2000/svg"
ELEMENTS: Final = _names(
    "svg g a defs use clipPath pattern title text tspan path rect circle ellipse line polygon polyline linearGradient radialGradient stop "
    "filter feGaussianBlur feColorMatrix feOffset feBlend feFlood feComposite feMerge feMergeNode"
)
GEOMETRY: Final = _names(
    "x y x1 y1 x2 y2 cx cy r rx ry dx dy width height d points transform viewBox offset gradientUnits textLength "
    "lengthAdjust in in2 result mode operator stdDeviation type values filterUnits patternUnits"
)
PRESENTATION: Final = _names(
    "fill fill-opacity fill-rule stroke stroke-width stroke-dasharray stroke-linecap stroke-linejoin stroke-opacity "
    "opacity font-family font-size font-style font-weight text-anchor text-decoration dominant-baseline stop-color "
    "stop-opacity flood-color flood-opacity filter clip-path color-interpolation-filters"
)
_LOCAL = re.compile(r"url\(#([^)'\"\s]+)\)")
_ACTIVE = re.compile(r"url\s*\(|image\s*\(|expression|javascript:|@import|\\", re.IGNORECASE)

# what a link leads to, or None when it must not be a link
Link = Callable[[str], str | None]


class Safe(NamedTuple):
    """A sanitised SVG element as text; ``dropped`` are the names of the elements that were left out."""

    svg: str
    dropped: tuple[str, ...]


def sanitise(text: str, *, label: str, prefix: str, link: Link) -> Safe:
    """The SVG document *text* as an element for a page.

    *label* is what a screen reader says; *prefix* begins each id; *link* decides about each link. Raises
    :exc:`ValueError` when *text* is no SVG document.
    """
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - a document type, and so an entity, is refused below
    except ElementTree.ParseError as error:
        raise ValueError(f"no XML: {error}") from error
    if _name(root) != "svg" or "<!DOCTYPE" in text or not root.get("viewBox"):
        raise ValueError("no SVG with a viewBox")
    cleaner = _Cleaner(prefix, link, frozenset(_referenced(root)))
    (svg,) = cleaner.element(root)
    _, _, width, height = root.attrib["viewBox"].split()
    links = svg.find(".//a") is not None
    frame = {"xmlns": NAMESPACE, "width": width, "height": height, "viewBox": root.attrib["viewBox"]}
    # as an image its links would be hidden from those who cannot see it
    frame |= {"preserveAspectRatio": "xMidYMid meet", "role": "group" if links else "img", "aria-label": label}
    svg.attrib.clear()
    svg.attrib.update(frame)
    return Safe(ElementTree.tostring(svg, encoding="unicode"), tuple(dict.fromkeys(cleaner.dropped)))


class _Cleaner:
    """Copies what is allowed."""

    def __init__(self, prefix: str, link: Link, referenced: frozenset[str]) -> None:
        self._prefix = prefix
        self._link = link
        self._referenced = referenced
        self.dropped: list[str] = []

    def element(self, old: Element) -> list[Element]:
        """The element in its allowed form; its content only, if it is a link that is not allowed; or nothing."""
        name, target = _name(old), _target(old)
        if name not in ELEMENTS or (name == "use" and not target.startswith("#")):  # that would be fetched
            self.dropped.append(name)
            return []
        new = Element(name, dict(self._attributes(old)))
        new.text = old.text
        for child in old:
            for copy in self.element(child):
                copy.tail = child.tail
                new.append(copy)
        if name == "use":
            new.set("href", f"#{self._prefix}{target[1:]}")
        if name != "a":
            return [new]
        uri = self._link(target) if target else None
        if uri is None:
            return list(new)
        new.attrib = {"href": uri}
        if (tip := old.get("title", "")) not in ("", target):
            title = Element("title")
            title.text = tip
            new.insert(0, title)
        return [new]

    def _attributes(self, old: Element) -> Iterator[tuple[str, str]]:
        if (name := old.get("id", "")) in self._referenced:
            yield "id", self._prefix + name
        for key, value in (*old.attrib.items(), *_declarations(old.get("style", ""))):
            if key in GEOMETRY or key in PRESENTATION:
                value = _LOCAL.sub(lambda match: f"url(#{self._prefix}{match[1]})", value)
                if not _ACTIVE.search(_LOCAL.sub("", value)):
                    yield key, value


def _name(element: Element) -> str:
    """The name of an element of SVG; of any other, with its namespace, which no list allows."""
    return element.tag.removeprefix(f"{{{NAMESPACE}}}")


def _target(element: Element) -> str:
    return element.get("href") or element.get("{http://www.w3.org/1999/xlink}href") or ""


def _referenced(root: Element) -> Iterator[str]:
    for element in root.iter():
        if _name(element) == "use":
            yield _target(element).removeprefix("#")
        for value in element.attrib.values():
            yield from _LOCAL.findall(value)


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for declaration in style.split(";"):
        key, colon, value = declaration.partition(":")
        if colon and key.strip() in PRESENTATION:
            yield key.strip(), value.strip()
