"""Tables on paper: how wide each column is.

Typst shares the width of a page among columns by what is in them, as browsers do, but it does not break words. So a
column of long words gets the room of its longest word first, and sentences share what is left.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

from docutils import nodes
from docutils.nodes import Element

LINE: Final = 92.0  # letters in a line of a table, about
LINE_LARGE: Final = 66.0  # in large print
LEAST: Final = 5.0
LONGEST: Final = 34  # letters of a word that gets a line of its own; a longer one may be broken


def columns(table: nodes.tgroup, large: bool) -> list[float]:
    """The shares of the columns of a table, as Typst's fractions."""
    given = [spec for spec in table.children if isinstance(spec, nodes.colspec)]
    if "colwidths-given" in table.parent["classes"]:
        return [float(spec["colwidth"]) for spec in given]
    words, whole = [LEAST] * len(given), [1.0] * len(given)
    for row in table.findall(nodes.row):
        for column, text in _cells(row):
            if column < len(given):
                words[column] = max([words[column], *(min(len(word), LONGEST) + 1.5 for word in text.split())])
                whole[column] = max(whole[column], len(text) + 1.5)
    return shares(words, whole, LINE_LARGE if large else LINE)


def longest(table: nodes.tgroup, large: bool) -> int:
    """How many letters a word of a table may have that is not broken: those of its column, if all were alike."""
    count = sum(1 for _ in table.findall(nodes.colspec))
    return min(LONGEST, int((LINE_LARGE if large else LINE) / max(count, 1)))


def shares(words: Sequence[float], whole: Sequence[float], line: float = LINE) -> list[float]:
    """From the longest word and the longest text of each column, in letters, its share of a *line*."""
    if sum(whole) <= line:
        return list(whole)
    rest = max(line - sum(words), 0.0)
    more = [sqrt(max(text - word, 0.0)) for word, text in zip(words, whole, strict=True)]
    total = sum(more) or 1.0
    return [word + rest * part / total for word, part in zip(words, more, strict=True)]


def _cells(row: Element) -> list[tuple[int, str]]:
    """Cells of one column, with its number; those that span rows above are not counted, and shift it a little."""
    found, column = [], 0
    for entry in row.children:
        if isinstance(entry, nodes.entry):
            if not entry.get("morecols"):
                found.append((column, entry.astext()))
            column += 1 + int(entry.get("morecols", 0))
    return found
