"""The drawing of a tree on paper: in as many parts as it needs for letters that can be read."""

from collections.abc import Iterator, Sequence
from typing import Final

from drillbook.output.drawing import SMALL, Arrow, Box, extent
from drillbook.output.layers import Size

ROOM: Final = Size(493, 640)  # in points, what A4 and Letter both have for a drawing and its title
LEAST: Final = 7.0  # points of its smallest letters
LEAST_LARGE: Final = 9.6
Part = tuple[Sequence[Box], Sequence[Arrow]]


def parts(boxes: Sequence[Box], arrows: Sequence[Arrow], large: bool) -> Iterator[Part]:
    """The whole if it can be read; else some steps at a time, in their order, with what their answers lead to.

    A step that asks and stands in another part is shown as such; an end is shown in each part that leads to it.
    """
    least = LEAST_LARGE if large else LEAST
    if _readable((boxes, arrows), least):
        yield boxes, arrows
        return
    steps: list[int] = []
    for step in sorted({arrow.start for arrow in arrows}):
        if steps and not _readable(_part(boxes, arrows, [*steps, step]), least):
            yield _part(boxes, arrows, steps)
            steps = []
        steps.append(step)
    yield _part(boxes, arrows, steps)


def _readable(part: Part, least: float) -> bool:
    width, height = extent(*part)
    return min(ROOM.width / width, ROOM.height / height) * SMALL >= least


def _part(boxes: Sequence[Box], arrows: Sequence[Arrow], steps: Sequence[int]) -> Part:
    here = [arrow for arrow in arrows if arrow.start in steps]
    asking = {arrow.start for arrow in arrows}
    shown = list(dict.fromkeys([*steps, *(arrow.end for arrow in here)]))
    place = {box: index for index, box in enumerate(shown)}
    return (
        [boxes[box]._replace(kind="part") if box in asking and box not in steps else boxes[box] for box in shown],
        [Arrow(place[arrow.start], place[arrow.end], arrow.label) for arrow in here],
    )
