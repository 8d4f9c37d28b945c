"""Numbers with units: read from text, compared across units of one dimension, written for people.

Base units are Prometheus' own: seconds, bytes, and ratios (``80 %`` is 0.8). A unit that is not known (``jobs``,
``dB``) is a dimension of its own.
"""

import math
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_SCALES: Final[dict[str, dict[str, float]]] = {
    "s": {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400},
    "B": {"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
    | {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40},
    "ratio": {"%": 0.01, "ratio": 1},
}
_DIMENSIONS: Final = {unit: (base, scale) for base, units in _SCALES.items() for unit, scale in units.items()}
_UNIT = r"%|[A-Za-zµ°][\w/°]*"
NUMBER = r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_QUANTITY = re.compile(rf"({NUMBER})\s*({_UNIT})?")
_IN_OUTPUT = re.compile(rf"(?<![\w.:/-])({NUMBER})(?![\w.]*[:/-]\d)(?:[ \t]?({_UNIT}))?")


class Quantity(NamedTuple):
    """A number and its unit, as written; the unit is empty for a plain number."""

    number: float
    unit: str = ""

    @property
    def dimension(self) -> str:
        """The base unit of what it measures; a unit that is not known is its own."""
        return _DIMENSIONS.get(self.unit, (self.unit, 1))[0]

    @property
    def base(self) -> float:
        """The number in base units."""
        return self.number * _DIMENSIONS.get(self.unit, ("", 1))[1]

    def __str__(self) -> str:
        """The quantity as people write it: ``500 ms``, ``80 %``, ``1000 jobs``."""
        return f"{plain(self.number)} {self.unit}".rstrip()


def plain(number: float) -> str:
    """A number without a trailing ``.0`` and without binary dust."""
    return f"{number:.12g}" if math.isfinite(number) else str(number)


def parse_quantity(text: str) -> Quantity | None:
    """``"500 ms"``, ``"80%"``, ``"4"``; ``None`` if the text is none."""
    match = _QUANTITY.fullmatch(text.strip())
    return Quantity(float(match[1].replace("−", "-")), match[2] or "") if match else None


def quantities(output: str) -> Iterator[Quantity]:
    """The numbers that stand alone in what a command printed, each with the known unit behind it.

    Parts of words, versions, times, dates, paths and addresses are not numbers.
    """
    for match in _IN_OUTPUT.finditer(output):
        unit = match[2] or ""
        yield Quantity(float(match[1].replace("−", "-")), unit if unit in _DIMENSIONS else "")


def readable(base: float, dimension: str) -> Quantity:
    """A quantity in the unit in which people say it: 0.5 s is 500 ms, 0.001 is 0.1 %, 300 s is 5 min."""
    if dimension == "ratio":
        return Quantity(_rounded(base * 100), "%")
    if dimension == "s":
        for unit in ("d", "h", "min"):
            whole = base / _SCALES["s"][unit]
            if abs(whole) > 1 and math.isclose(whole, round(whole)):
                return Quantity(_rounded(whole), unit)
        small = 0 < abs(base) < 1
        return Quantity(_rounded(base * 1000), "ms") if small else Quantity(base, "s")
    if dimension == "B":
        for unit in ("TiB", "GiB", "MiB", "KiB"):
            whole = base / _SCALES["B"][unit]
            if abs(whole) >= 1 and math.isclose(whole, round(whole, 1)):
                return Quantity(_rounded(whole), unit)
    return Quantity(base, dimension)


def _rounded(number: float) -> float:
    return float(f"{number:.12g}")


def parse_duration(text: str) -> Quantity | None:
    """``"5 min"``, ``"30 s"``: a positive quantity of time, or ``None``."""
    quantity = parse_quantity(text)
    return quantity if quantity and quantity.dimension == "s" and quantity.unit and quantity.number > 0 else None
