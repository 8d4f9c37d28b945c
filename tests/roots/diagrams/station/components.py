"""The parts of a bottling station."""

from typing import NamedTuple


class Component(NamedTuple):
    """A part."""

    name: str
    title: str
    kind: str
    description: str
    depends_on: tuple[str, ...] = ()
    page: str = ""


COMPONENTS = [
    Component("door", 'Front "door"', "process", "Lets requests in.", ("store", "line-1")),
    Component("store", "Store", "storage", "Keeps things.", page="pages/store"),
    Component("line-1", "<b>Line</b> --1--", "queue", "Holds what waits."),
]
