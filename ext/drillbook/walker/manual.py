"""Reads a manual: from its ``ops.json``, or from the address of one of its pages."""

import json
import urllib.parse
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.fetch import SCHEMES, FetchError, fetch
from drillbook.model.data import SCHEMA, DataError, read_procedure, read_tree
from drillbook.model.procedure import Procedure
from drillbook.model.tree import Tree
from drillbook.walker.age import Age, read_age

FILE: Final = "ops.json"
BUILT: Final = Path("build/html") / FILE


class Manual(NamedTuple):
    """What the walker reads of ``ops.json``; ``alerts`` maps names to those of their trees."""

    trees: dict[str, Tree]
    procedures: dict[str, Procedure]
    alerts: dict[str, list[str]]
    pages: dict[str, str]  # page to alert
    places: dict[str, str]  # tree to its page and anchor
    age: Age

    def tree(self, asked: str) -> str | None:
        """The tree that *asked* means: its name, that of an alert, or the address of an alert's page."""
        page = asked.partition("#")[0].partition("?")[0]
        alert = next((alert for path, alert in self.pages.items() if page.endswith(f"/{path}") or page == path), asked)
        names = {name.lower(): name for name in self.trees}
        trees = next((found for name, found in self.alerts.items() if name.lower() == alert.lower()), [])
        return names.get(asked.lower()) or next(iter(trees), None)


def is_address(text: str) -> bool:
    """Whether *text* is an address to fetch, and not a name."""
    return text.startswith(SCHEMES)


def read_manual(file: Path) -> Manual:
    """Read ``ops.json``. Raises :exc:`DataError` with a text for people."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}. `make html` writes it; --data names another") from error
    return _manual(content, str(file))


def fetch_manual(url: str, timeout_s: float) -> tuple[Manual, str]:
    """The manual that has the page *url*, and the name of the tree that a reader of that page takes.

    The page must be there, and so must the place on it that the tree's link leads to. Raises :exc:`DataError`.
    """
    address, fragment = urllib.parse.urldefrag(url)
    address = address.partition("?")[0]
    try:
        page = fetch(address, timeout_s)
        site, manual = _site(address, timeout_s)
        name = _tree_on(manual, address.removeprefix(site), fragment)
        if name is None:
            raise DataError(f"{url} is no page of an alert that has a tree, and no page with a tree")
        where, anchor = urllib.parse.urldefrag(urllib.parse.urljoin(site, manual.places[name]))
        if where != address:
            page = fetch(where, timeout_s)
    except FetchError as error:
        raise DataError(str(error)) from error
    if anchor not in _anchors(page):
        raise DataError(f"{where} has no place {anchor!r}, where the tree {name} should be")
    if fragment and where == address and fragment not in _anchors(page):
        raise DataError(f"{address} has no place {fragment!r}")
    return manual, name


def _site(address: str, timeout_s: float) -> tuple[str, Manual]:
    """The address where the manual of a page begins, and the manual: its data stands in a folder above the page."""
    for folder in _folders(address):
        try:
            content = fetch(folder + FILE, timeout_s)
        except FetchError as error:
            if not error.missing:
                raise
        else:
            return folder, _manual(content, folder + FILE)
    raise FetchError(f"{address} belongs to no manual of this toolkit: there is no {FILE} in a folder above it")


def _folders(address: str) -> Iterator[str]:
    """The folders above a page, the nearest first."""
    parts = urllib.parse.urlsplit(address)
    names = parts.path.split("/")[1:-1]
    for count in range(len(names), -1, -1):
        yield f"{parts.scheme}://{parts.netloc}/{''.join(f'{name}/' for name in names[:count])}"


def _tree_on(manual: Manual, page: str, fragment: str) -> str | None:
    """The tree that the fragment names, or that of the page's alert, or the first one on the page."""
    if named := next((name for name, place in manual.places.items() if place == f"{page}#{fragment}"), None):
        return named
    of_alert = manual.alerts.get(manual.pages.get(page, ""), [])
    on_page = [name for name, place in manual.places.items() if place.partition("#")[0] == page]
    return next(iter([*of_alert, *on_page]), None)


class _Places(HTMLParser):
    """Gathers what the elements of a page are called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {value for name, value in attrs if name == "id" and value}


def _anchors(page: bytes) -> set[str]:
    reader = _Places()
    reader.feed(page.decode("utf-8", "replace"))
    return reader.names


def _manual(content: bytes, where: str) -> Manual:
    try:
        data: Any = json.loads(content)
        if data["schema"] != SCHEMA:
            raise DataError(f"{where} has the format {data['schema']}, and this walker reads {SCHEMA}")
        return Manual(
            {tree["name"]: read_tree(tree) for tree in data["trees"]},
            {procedure["name"]: read_procedure(procedure) for procedure in data["procedures"]},
            {alert["name"]: list(alert["trees"]) for alert in data["alerts"]},
            {alert["page"]: alert["name"] for alert in data["alerts"] if alert["page"]},
            {tree["name"]: tree["url"] for tree in data["trees"]},
            read_age(data["manual"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{where} is no ops.json: {type(error).__name__}: {error}") from error
