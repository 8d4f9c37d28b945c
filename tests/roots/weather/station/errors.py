"""Errors of the weather station."""

from typing import NamedTuple


class Error(NamedTuple):
    """One error."""

    code: str
    status: int | None
    title: str
    description: str


ERRORS = (
    Error("bad_reading", 422, "Bad reading", "Clean the sensor, then send it again."),
    Error("sensor_gone", None, "Sensor gone", "Plug it in. See `sensor.interval_s`."),
)
