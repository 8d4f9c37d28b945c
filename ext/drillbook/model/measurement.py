"""Measurements: what a script of the project measured about the live system, as a table, and two cells that are compared.

A script prints it as JSON: ``title``; ``columns``, each a name and a unit, of which the first says what was varied;
``rows``; ``before`` and ``after``, each a ``row``, a ``column`` and a ``case`` in words; and, if not all columns are
drawn over the first on plain axes, ``drawn`` (numbers of columns) and ``log`` (``x``, ``y``).
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.live.digest import code_digest

AXES: Final = ("x", "y")
_LOGARITHMIC: Final = ("dB", "LU")  # the beginnings of units that are ratios already
Value = str | int | float


class MeasurementError(ValueError):
    """It is no measurement; the text says why."""


class Column(NamedTuple):
    """What was measured, and its unit, or none."""

    name: str
    unit: str

    @property
    def heading(self) -> str:
        """With its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


class Cell(NamedTuple):
    """A value of the table, and in which case it was measured, in words."""

    row: int
    column: int
    case: str


class Measurement(NamedTuple):
    """A table, the two cells that are compared, and what is drawn: columns over the first, and logarithmic axes."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    before: Cell
    after: Cell
    drawn: tuple[int, ...]
    log: tuple[str, ...]

    @property
    def compared(self) -> str:
        """Before and after, in a sentence each, and how many times more or less that is."""
        return self.compare(str)

    def compare(self, _: Callable[[str], str]) -> str:
        """The same in another language; *_* translates a message."""
        said = _("Before, {before}. After, {after}.")
        return said.format(before=self._says(self.before), after=f"{self._says(self.after)}{self._factor(_)}")

    def _says(self, cell: Cell) -> str:
        unit = self.columns[cell.column].unit
        return f"{cell.case}: {shown(self.rows[cell.row][cell.column])}{f' {unit}' if unit else ''}"

    def _factor(self, _: Callable[[str], str]) -> str:
        before, after = (self.rows[cell.row][cell.column] for cell in (self.before, self.after))
        unit = self.columns[self.after.column].unit
        if (
            isinstance(before, str)
            or isinstance(after, str)
            or min(before, after) <= 0
            or unit.startswith(_LOGARITHMIC)
        ):
            return ""
        times = max(after, before) / min(after, before)
        if times < 1.005:  # what is rounded to 1.00
            return _(", the same")
        said = _(", {factor} times as much") if after >= before else _(", {factor} times less")
        return said.format(factor=f"{times:.3g}")


def shown(value: Value) -> str:
    """A value as people read it: thousands apart, no exponent."""
    return value if isinstance(value, str) else f"{value:,}".replace("-", "\N{MINUS SIGN}")


def measurement(data: Any) -> Measurement:
    """What a script printed, or evidence holds. Raises :exc:`MeasurementError`."""
    if not isinstance(data, Mapping):
        raise MeasurementError("it is no mapping")
    try:
        columns = tuple(Column(*map(_text, column)) for column in data["columns"])
        rows = tuple(tuple(_value(value) for value in row) for row in data["rows"])
        if not rows or not columns or any(len(row) != len(columns) for row in rows):
            raise MeasurementError("each row must have a value for each column, and there must be one")
        before, after = (_cell(data[name], name, columns, rows) for name in ("before", "after"))
        drawn = tuple(_index(column, columns, "drawn") for column in data.get("drawn", range(1, len(columns))))
        made = Measurement(_text(data["title"]), columns, rows, before, after, drawn, tuple(data.get("log", ())))
    except KeyError as error:
        raise MeasurementError(f"it has no {error.args[0]}") from None
    except TypeError as error:
        raise MeasurementError(f"it is not as it must be: {error}") from None
    if not set(made.log) <= {*AXES}:
        raise MeasurementError(f"log has {made.log}, and the axes are x and y")
    for column in made.drawn:
        if column == 0 or any(isinstance(row[column], str) for row in rows):
            raise MeasurementError(
                f"column {column} cannot be drawn: it has values that are no numbers, or is the first"
            )
    return made


def measurement_content(base: Path, command: str, code: Sequence[str]) -> str:
    """The digest of what measures: the command, and the files that it is made of, by their patterns below *base*."""
    return sha256(f"{command}\n{code_digest(base, code)}".encode("utf-8", "surrogateescape")).hexdigest()


def _cell(data: Mapping[str, Any], name: str, columns: Sequence[Column], rows: Sequence[Any]) -> Cell:
    return Cell(_index(data["row"], rows, name), _index(data["column"], columns, name), _text(data["case"]))


def _index(value: Any, of: Sequence[Any], name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(of):
        return value
    raise MeasurementError(f"{name} has {value!r}, which is none of {len(of)}")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise MeasurementError(f"{value!r} must be a text")


def _value(value: Any) -> Value:
    if (
        isinstance(value, str | int | float)
        and not isinstance(value, bool)
        and (isinstance(value, str) or isfinite(value))
    ):
        return value
    raise MeasurementError(f"{value!r} is neither a text nor a number")
