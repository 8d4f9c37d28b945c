"""The overview drawing of a tree: a box for each step, an arrow for each answer, as an SVG element for a page.

Colours are left to the style sheet, so that it follows the theme, and without one it is black on white; the kinds also differ in their shape and in words, so
that it can be read in black and white. The steps of the page are its text: nothing is said in the drawing alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final, NamedTuple
from unicodedata import east_asian_width

from drillbook.language import _
from drillbook.output.layers import Layout, Link, Route, Size, lay_out

TEXT: Final = 13  # sizes of letters, in pixels
SMALL: Final = 12
LINE: Final = 17  # the height of a line
LETTER: Final = 0.54  # the width of a usual letter, as a part of its size
BOX_LETTERS: Final = 23  # in a line of a box
LABEL_LETTERS: Final = 19
BOX_LINES: Final = 3
LABEL_LINES: Final = 2
MARGIN: Final = 4
ARROW: Final = 7
SHRINKS: Final = 1000  # a wider drawing keeps its size and scrolls, because its letters would become too small


def _words() -> dict[str, str]:
    """What a box is, by its kind."""
    return {
        "check": _("Check"),
        "fix": _("Fix"),
        "escalate": _("Escalate"),
        "tree": _("Other tree"),
        "part": _("Other part"),
    }


class Box(NamedTuple):
    """A step: ``number`` as the page counts (0 for another tree), ``kind`` as :func:`_words` has it, ``href`` where it leads."""

    number: int
    kind: str
    text: str
    href: str


class Arrow(NamedTuple):
    """An answer: from which box to which (by index), and what it says."""

    start: int
    end: int
    label: str


class _Plan(NamedTuple):
    """The lines of each box and of each arrow's label, the size of each box, and where all of them stand."""

    texts: list[list[str]]
    labels: list[list[str]]
    sizes: list[Size]
    layout: Layout

    @property
    def extent(self) -> Size:
        width, height = (round(side + 2 * MARGIN) for side in self.layout.size)
        return Size(width, height)


def _plan(boxes: Sequence[Box], arrows: Iterable[Arrow]) -> _Plan:
    answers: dict[tuple[int, int], list[str]] = {}
    for arrow in arrows:  # answers that lead to the same place share an arrow
        answers.setdefault((arrow.start, arrow.end), []).append(arrow.label)
    texts = [wrapped(box.text, BOX_LETTERS, BOX_LINES) for box in boxes]
    labels = [wrapped(" / ".join(dict.fromkeys(said)), LABEL_LETTERS, LABEL_LINES) for said in answers.values()]
    sizes = [_box_size(box, lines) for box, lines in zip(boxes, texts, strict=True)]
    links = [Link(*ends, _label_size(lines)) for ends, lines in zip(answers, labels, strict=True)]
    return _Plan(texts, labels, sizes, lay_out(sizes, links))


def extent(boxes: Sequence[Box], arrows: Iterable[Arrow]) -> Size:
    """How large the drawing is, in pixels."""
    return _plan(boxes, arrows).extent


def draw(label: str, boxes: Sequence[Box], arrows: Iterable[Arrow]) -> str:
    """The drawing as an SVG element; *label* is what a screen reader says of the whole."""
    plan = _plan(boxes, arrows)
    width, height = plan.extent
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ops-drawing{" ops-wide" if width > SHRINKS else ""}" '
        f'width="{width}" height="{height}" viewBox="{-MARGIN} {-MARGIN} {width} {height}" role="group" '
        f'aria-label="{escape(label)}" font-size="{TEXT}">',
        *_arrows(plan.layout, plan.labels),
        *(_box(*each) for each in zip(boxes, plan.texts, plan.sizes, plan.layout.boxes, strict=True)),
        "</svg>",
    ]
    return "".join(parts)


def _arrows(layout: Layout, labels: Sequence[Sequence[str]]) -> Iterator[str]:
    """All arrows, and above them all labels: a label hides the arrow behind it."""
    for route in layout.routes:
        yield f'<path class="ops-arrow" d="{_curve(route)}" fill="none" stroke="currentColor"/>'
        (x, y), (_, before) = route.points[-1], route.points[-2]
        back = y - ARROW if before < y else y + ARROW
        yield f'<path class="ops-head" d="M{_n(x)} {_n(y)}l-4 {_n(back - y)}h8z" fill="currentColor"/>'
    for route, lines in zip(layout.routes, labels, strict=True):
        x, y = route.label
        width, height = _label_size(lines)
        yield (
            f'<rect class="ops-label-ground" x="{_n(x - width / 2)}" y="{_n(y - height / 2)}" '
            f'width="{_n(width)}" height="{_n(height)}" fill="white"/>'
        )
        top = y - len(lines) * (LINE - 2) / 2
        yield from (
            f'<text class="ops-label" x="{_n(x)}" y="{_n(top + (LINE - 2) * row + SMALL - 1)}" '
            f'font-size="{SMALL}" text-anchor="middle" fill="currentColor">{escape(line)}</text>'
            for row, line in enumerate(lines)
        )


def _box(box: Box, lines: Sequence[str], size: Size, place: tuple[float, float]) -> str:
    """A box that leads to its step."""
    (x, y), word = place, _words()[box.kind]
    name = _("Step {number}. {kind}: {text}") if box.number else _("{kind}: {text}")
    name = name.format(number=box.number, kind=word, text=box.text)
    head = f"{box.number} {word}" if box.number else word
    top = y - size.height / 2
    rows = "".join(
        f'<text x="{_n(x)}" y="{_n(top + LINE * (row + 2) + 4)}" text-anchor="middle" fill="currentColor">'
        f"{escape(line)}</text>"
        for row, line in enumerate(lines)
    )
    return (
        f'<a class="ops-box ops-box-{box.kind}" href="{escape(box.href)}" aria-label="{escape(name)}">'
        f"<title>{escape(name)}</title>{_shape(box.kind, x, y, size)}"
        f'<text x="{_n(x)}" y="{_n(top + LINE + 3)}" text-anchor="middle" font-weight="700" font-size="{SMALL}" '
        f'fill="currentColor">{escape(head)}</text>{rows}</a>'
    )


def _shape(kind: str, x: float, y: float, size: Size) -> str:
    """A check is a hexagon, a fix has round ends, an escalation a double frame; what is drawn elsewhere a dashed one."""
    width, height = size
    left, top = x - width / 2, y - height / 2
    if kind == "check":
        points = [(left, y), (left + 9, top), (left + width - 9, top), (left + width, y)]
        points += [(left + width - 9, top + height), (left + 9, top + height)]
        drawn = " ".join(f"{_n(a)},{_n(b)}" for a, b in points)
        return f'<polygon class="ops-frame" points="{drawn}" fill="none" stroke="currentColor"/>'
    elsewhere = kind in ("tree", "part")
    corner = 16 if kind == "fix" else 4 if elsewhere else 0
    dashes = ' stroke-dasharray="5 4"' if elsewhere else ""
    frame = (
        f'<rect class="ops-frame" x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}" '
        f'rx="{corner}" fill="none" stroke="currentColor"{dashes}/>'
    )
    if kind == "escalate":
        frame += (
            f'<rect class="ops-frame-inner" x="{_n(left + 4)}" y="{_n(top + 4)}" width="{_n(width - 8)}" '
            f'height="{_n(height - 8)}" fill="none" stroke="currentColor"/>'
        )
    return frame


def _curve(route: Route) -> str:
    """A line that leaves and enters each row straight down."""
    (x, y), *rest = route.points
    drawn = [f"M{_n(x)} {_n(y)}"]
    for end_x, end_y in rest:
        middle = _n((y + end_y) / 2)
        straight = abs(end_x - x) < 0.05
        curve = f"C{_n(x)} {middle} {_n(end_x)} {middle} {_n(end_x)} {_n(end_y)}"
        drawn.append(f"V{_n(end_y)}" if straight else curve)
        x, y = end_x, end_y
    return "".join(drawn)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _box_size(box: Box, lines: Sequence[str]) -> Size:
    widest = max(map(letters, [*lines, f"{box.number} {_words()[box.kind]}"]))
    return Size(widest * TEXT * LETTER + 30, LINE * (len(lines) + 1) + 14)


def _label_size(lines: Sequence[str]) -> Size:
    return Size(max(map(letters, lines), default=0) * SMALL * LETTER + 8, (LINE - 2) * len(lines) + 2)


def letters(text: str) -> int:
    """How many usual letters *text* is wide: Chinese and emoji are twice as wide."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def wrapped(text: str, width: int, most: int) -> list[str]:
    """*text* in at most *most* lines of *width* letters; what does not fit is an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in _pieces(word, width):
            if line and letters(line) + 1 + letters(piece) > width:
                lines.append(line)
                line = piece
            else:
                line = f"{line} {piece}".lstrip()
    lines.append(line)
    if len(lines) > most:
        last = lines[most - 1]
        while letters(last) > width - 1:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip(' ,.;:/')}…"]
    return lines


def _pieces(word: str, width: int) -> Iterator[str]:
    """A word cut where it is wider than a line."""
    piece = ""
    for letter in word:
        if letters(piece) + letters(letter) > width:
            yield piece
            piece = ""
        piece += letter
    yield piece
