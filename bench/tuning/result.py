"""What a measurement gives: a table, the two cells that are compared, and which columns are drawn."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

DIGITS: Final = 3  # that mean something, on a machine that others use too


class Cell(NamedTuple):
    """A value of the table, by row and column, and in which case it was measured."""

    row: int
    column: int
    case: str


def result(
    title: str,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[str | float]],
    *,
    before: Cell,
    after: Cell,
    drawn: Sequence[int] = (),
    log: Sequence[str] = (),
) -> Mapping[str, Any]:
    """A measurement as ``drillbook measure`` takes it.

    Args:
        title: What was measured.
        columns: Name and unit of each; the first says what was varied.
        rows: A value for each column.
        before: What is compared,
        after: and with what.
        drawn: The columns that are drawn over the first; all others when there are none.
        log: The axes that are logarithmic: ``x``, ``y``.
    """
    return {
        "title": title,
        "columns": [list(column) for column in columns],
        "rows": [[cell if isinstance(cell, str) else rounded(cell) for cell in row] for row in rows],
        "before": before._asdict(),
        "after": after._asdict(),
        "drawn": list(drawn) or list(range(1, len(columns))),
        "log": list(log),
    }


def rounded(value: float) -> float:
    """To the digits that mean something."""
    number = float(f"{value:.{DIGITS}g}")
    return int(number) if number.is_integer() else number
