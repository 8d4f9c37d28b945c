"""What stands on the sheets of a PDF, and how large."""

from collections.abc import Iterator
from math import hypot
from typing import Any

from pypdf import PageObject, mult


def printed(page: PageObject) -> Iterator[tuple[str, str, float]]:
    """Each text of a sheet with the name of its font and its size in points."""
    found: list[tuple[str, str, float]] = []

    def visit(text: str, around: list[float], here: list[float], font: dict[str, Any] | None, size: float) -> None:
        if text.strip() and font:
            matrix = mult(here, around)
            found.append((text.strip(), str(font["/BaseFont"]).partition("+")[2], size * hypot(matrix[2], matrix[3])))

    page.extract_text(visitor_text=visit)
    yield from found
