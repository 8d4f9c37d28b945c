"""Components of the weather station."""

from typing import NamedTuple


class Component(NamedTuple):
    """One component."""

    name: str
    title: str
    description: str
    depends_on: tuple[str, ...] = ()
    kind: str = "process"
    page: str = ""


COMPONENTS = (
    Component("sensor-reader", "Sensor reader", "Reads the sensor.", (), page="index"),
    Component("sender", "Sender", "Sends readings.", ("sensor-reader",)),
)
