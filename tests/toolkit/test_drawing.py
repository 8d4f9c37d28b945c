import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drillbook.output.drawing import Arrow, Box, draw, letters, wrapped
from drillbook.output.layers import Link, Size, lay_out

Rectangle = tuple[float, float, float, float]


@st.composite
def graphs(draw_from: st.DrawFn) -> tuple[list[Size], list[Link]]:
    """Boxes, and arrows between them in any direction: circles are refused, but the page is still written."""
    count = draw_from(st.integers(1, 30))
    sides = st.floats(20, 200)
    boxes = [Size(*draw_from(st.tuples(sides, sides))) for _ in range(count)]
    box = st.integers(0, count - 1)
    ends = draw_from(st.lists(st.tuples(box, box), max_size=45, unique=True))
    return boxes, [Link(*pair, Size(draw_from(sides), 17)) for pair in ends]


def rectangle(place: tuple[float, float], size: Size) -> Rectangle:
    (x, y), (width, height) = place, size
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def overlap(one: Rectangle, other: Rectangle) -> bool:
    little = 0.01  # of rounding
    return (
        one[0] < other[2] - little
        and other[0] < one[2] - little
        and one[1] < other[3] - little
        and other[1] < one[3] - little
    )


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_nothing_lies_on_anything_else(graph: tuple[list[Size], list[Link]]) -> None:
    boxes, links = graph
    layout = lay_out(boxes, links)
    placed = [rectangle(place, size) for place, size in zip(layout.boxes, boxes, strict=True)]
    placed += [rectangle(route.label, link.label) for route, link in zip(layout.routes, links, strict=True)]
    assert not [pair for pair in combinations(placed, 2) if overlap(*pair)]
    for left, top, right, bottom in placed:
        assert left >= -0.01 and top >= -0.01
        assert right <= layout.size.width + 0.01 and bottom <= layout.size.height + 0.01
    assert lay_out(boxes, links) == layout


def test_arrows_lead_downwards_from_box_to_box() -> None:
    links = [Link(0, 1, Size(30, 17)), Link(0, 2, Size(30, 17)), Link(1, 2, Size(30, 17))]
    layout = lay_out([Size(100, 50)] * 3, links)
    assert layout.boxes[0][1] < layout.boxes[1][1] < layout.boxes[2][1]
    for link, route in zip(links, layout.routes, strict=True):
        assert route.points[0] == (layout.boxes[link.start][0], layout.boxes[link.start][1] + 25)
        assert route.points[-1] == (layout.boxes[link.end][0], layout.boxes[link.end][1] - 25)


def test_a_tie_does_not_hide_the_order_without_crossings() -> None:
    boxes = [Size(100, 50)] * 5
    label = Size(30, 17)
    links = [Link(0, 1, label), Link(0, 2, label), Link(0, 4, label), Link(1, 4, label), Link(1, 3, label)]
    layout = lay_out(boxes, links)
    x = [place[0] for place in layout.boxes]
    assert (x[3] < x[4]) == (x[1] < x[2])  # what only 1 leads to stands outside


@pytest.mark.parametrize("count", [1, 2, 30])
def test_each_step_is_a_link_with_its_number_kind_and_words(count: int) -> None:
    boxes = [Box(number, "check", f"Question {number}?", f"#step-{number}") for number in range(1, count + 1)]
    arrows = [Arrow(number, number + 1, "Yes") for number in range(count - 1)]
    svg = ElementTree.fromstring(draw("Overview", boxes, arrows))
    links = svg.findall(".//{*}a")
    assert [link.get("href") for link in links] == [box.href for box in boxes]
    assert [link.get("aria-label") for link in links] == [f"Step {b.number}. Check: {b.text}" for b in boxes]
    assert [link.findtext("{*}title") for link in links] == [f"Step {b.number}. Check: {b.text}" for b in boxes]
    assert svg.get("aria-label") == "Overview"


def test_the_kinds_differ_in_shape_and_in_words() -> None:
    kinds = ["check", "fix", "escalate", "tree"]
    svg = draw("", [Box(number, kind, "Words", "#a") for number, kind in enumerate(kinds)], [])
    shapes = re.findall(r"</title>(.*?)<text.*?>([^<]*)</text>", svg)
    stripped = {re.sub(r'-?\d+\.\d+|(?:x|width|points)="[^"]*"', "", shape) for shape, _ in shapes}
    assert len(stripped) == 4
    assert [word for _, word in shapes] == ["Check", "1 Fix", "2 Escalate", "3 Other tree"]


def test_answers_to_the_same_step_share_an_arrow() -> None:
    boxes = [Box(1, "check", "A?", "#a"), Box(2, "fix", "B.", "#b")]
    svg = draw("", boxes, [Arrow(0, 1, "Slow"), Arrow(0, 1, "Fast"), Arrow(0, 1, "Slow")])
    assert svg.count('class="ops-arrow"') == 1
    assert "Slow / Fast</text>" in svg


def test_a_drawing_has_no_styles_and_escapes_its_words() -> None:
    svg = draw('<"&', [Box(1, "check", "<b>&'\"</b>", '#"><x')], [Arrow(0, 0, "<i>")])
    root = ElementTree.fromstring(svg)
    assert "style=" not in svg and "<style" not in svg and "<b>" not in svg and "<i>" not in svg
    assert root.find(".//{*}a").get("href") == '#"><x'  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two", ["one two"]),
        ("one two three four", ["one two", "three four"]),
        ("one two three four five six", ["one two", "three fou…"]),
        ("averyveryverylongword that", ["averyveryv", "erylongwo…"]),
        ("水圧が低いので電話", ["水圧が低い", "ので電話"]),
    ],
)
def test_words_are_wrapped_and_cut(text: str, lines: list[str]) -> None:
    assert wrapped(text, 10, 2) == lines
    assert all(letters(line) <= 10 for line in wrapped(text, 10, 2))
