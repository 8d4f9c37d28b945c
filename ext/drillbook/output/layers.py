"""Where boxes and arrows stand in a layered drawing: arrows lead downwards, and cross as seldom as a few tries find.

Every arrow has its label in a row of its own between the rows of boxes, and a long arrow has a narrow place in each row
that it passes; so nothing ever lies on anything else. (The way of Sugiyama, as Graphviz does it, for thirty boxes.)
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import Final, NamedTuple

SWEEPS: Final = 12
APART: Final = 18.0  # between neighbours in a row
PASSAGE: Final = 10.0  # the width of a long arrow in a row that it passes
ABOVE: Final = 24.0  # between a row of boxes and the labels below it
BELOW: Final = 16.0  # between labels and the boxes below them


class Size(NamedTuple):
    """How much room something needs."""

    width: float
    height: float


class Link(NamedTuple):
    """An arrow from a box to a box, by their numbers, and the room that its label needs."""

    start: int
    end: int
    label: Size


class Route(NamedTuple):
    """The way of an arrow: points, and the middle of its label, which is one of the places on the way."""

    points: tuple[tuple[float, float], ...]
    label: tuple[float, float]


class Layout(NamedTuple):
    """The middle of each box, the route of each arrow, and the size of the whole."""

    boxes: tuple[tuple[float, float], ...]
    routes: tuple[Route, ...]
    size: Size


def lay_out(boxes: Sequence[Size], links: Sequence[Link]) -> Layout:
    """Place *boxes* and *links*; a link that leads back upwards is drawn all the same, from the row of its end."""
    rank = _ranks(len(boxes), links)
    sizes, rows = list(boxes), [rank[box] * 2 for box in range(len(boxes))]
    chains: list[list[int]] = []
    for link in links:
        top, bottom = sorted((rows[link.start], rows[link.end]))
        chain = [link.start if rows[link.start] == top else link.end]
        for row in range(top + 1, max(bottom, top + 2)):
            chain.append(len(sizes))
            sizes.append(link.label if row == top + 1 else Size(PASSAGE, 0))
            rows.append(row)
        chain.append(link.end if chain[0] == link.start else link.start)
        chains.append(chain)
    layers: list[list[int]] = [[] for _ in range(max(rows, default=0) + 1)]
    for vertex in _depth_first(len(sizes), chains):
        layers[rows[vertex]].append(vertex)
    pairs = [(a, b) if rows[a] < rows[b] else (b, a) for chain in chains for a, b in pairwise(chain)]
    up, down = _neighbours(pairs, len(sizes))
    layers = _ordered(layers, up, down)
    x = _across(layers, sizes, up, down)
    tops, bottoms = _rows(layers, sizes)
    middle = [(tops[row] + bottoms[row]) / 2 for row in range(len(layers))]
    routes = []
    for link, chain in zip(links, chains, strict=True):
        between = [point for v in chain[1:-1] for point in ((x[v], tops[rows[v]]), (x[v], bottoms[rows[v]]))]
        first, last = chain[0], chain[-1]
        ends = [(x[v], middle[rows[v]] + side * sizes[v].height / 2) for v, side in ((first, 1), (last, -1))]
        points = (ends[0], *between, ends[1])
        label = (x[chain[1]], middle[rows[chain[1]]])
        routes.append(Route(points if first == link.start else points[::-1], label))
    width = max((x[v] + sizes[v].width / 2 for v in range(len(sizes))), default=0.0)
    places = tuple((x[box], middle[rows[box]]) for box in range(len(boxes)))
    return Layout(places, tuple(routes), Size(width, bottoms[-1] if bottoms else 0.0))


def _ranks(count: int, links: Sequence[Link]) -> list[int]:
    """How many steps each box is from the first row, by the longest way; links that close a circle do not count."""
    after: dict[int, list[int]] = {}
    for link in links:
        after.setdefault(link.start, []).append(link.end)
    order: list[int] = []
    state: dict[int, int] = {}  # 1 while on the way down from it, 2 when done
    forward: set[tuple[int, int]] = set()

    def visit(box: int) -> None:  # as deep as the tree is long: tens
        state[box] = 1
        for other in after.get(box, ()):
            if state.get(other) != 1:
                forward.add((box, other))
            if other not in state:
                visit(other)
        state[box] = 2
        order.append(box)

    for box in range(count):
        if box not in state:
            visit(box)
    ranks = [0] * count
    for box in reversed(order):
        for other in after.get(box, ()):
            if (box, other) in forward:
                ranks[other] = max(ranks[other], ranks[box] + 1)
    return ranks


def _depth_first(count: int, chains: Sequence[Sequence[int]]) -> list[int]:
    """The vertices in the order in which a reader meets them."""
    after: dict[int, list[int]] = {}
    for chain in chains:
        for a, b in pairwise(chain):
            after.setdefault(a, []).append(b)
    order: dict[int, None] = {}
    for start in range(count):
        waiting = [start]
        while waiting:
            vertex = waiting.pop()
            if vertex not in order:
                order[vertex] = None
                waiting += reversed(after.get(vertex, []))
    return list(order)


Neighbours = Mapping[int, Sequence[int]]


def _neighbours(pairs: Sequence[tuple[int, int]], count: int) -> tuple[Neighbours, Neighbours]:
    up: dict[int, list[int]] = {vertex: [] for vertex in range(count)}
    down: dict[int, list[int]] = {vertex: [] for vertex in range(count)}
    for upper, lower in pairs:
        down[upper].append(lower)
        up[lower].append(upper)
    return up, down


def _ordered(layers: list[list[int]], up: Neighbours, down: Neighbours) -> list[list[int]]:
    """The order in each row with the fewest crossings of some sweeps."""
    best, fewest = layers, _crossings(layers, down)
    layers = [list(layer) for layer in layers]
    for sweep in range(SWEEPS):
        near, step = (up, 1) if sweep % 2 == 0 else (down, -1)
        for layer in layers[::step]:
            place = {vertex: index for row in layers for index, vertex in enumerate(row)}
            # those that could change places do so in every other round: what blocks a better order is often a tie
            turn = 1 if sweep % 4 < 2 else -1
            wanted = {v: (_mean([place[n] for n in near[v]], place[v]), turn * place[v]) for v in layer}
            layer.sort(key=wanted.__getitem__)
        crossings = _crossings(layers, down)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _mean(numbers: Sequence[float], default: float) -> float:
    return sum(numbers) / len(numbers) if numbers else default


def _crossings(layers: Sequence[Sequence[int]], down: Neighbours) -> int:
    place = {vertex: index for row in layers for index, vertex in enumerate(row)}
    count = 0
    for layer in layers:
        ends = [(place[vertex], place[other]) for vertex in layer for other in down[vertex]]
        count += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(ends, 2))
    return count


def _across(layers: Sequence[Sequence[int]], sizes: Sequence[Size], up: Neighbours, down: Neighbours) -> list[float]:
    """The middle of each vertex from left to right: near its neighbours, in the order of its row, never overlapping."""
    x = [0.0] * len(sizes)
    for layer in layers:
        for vertex, place in zip(layer, _packed(layer, sizes), strict=True):
            x[vertex] = place
    for sweep in range(2 * SWEEPS):
        near, step = (up, 1) if sweep % 2 == 0 else (down, -1)
        for layer in layers[::step]:
            wanted = [_mean([x[other] for other in near[vertex]], x[vertex]) for vertex in layer]
            for vertex, place in zip(layer, _apart(wanted, _packed(layer, sizes)), strict=True):
                x[vertex] = place
    left = min((x[vertex] - sizes[vertex].width / 2 for vertex in range(len(sizes))), default=0.0)
    return [place - left for place in x]


def _packed(layer: Sequence[int], sizes: Sequence[Size]) -> list[float]:
    """The middles of a row's vertices when they stand as near to each other as they may."""
    places: list[float] = []
    edge = 0.0
    for vertex in layer:
        places.append(edge + sizes[vertex].width / 2)
        edge += sizes[vertex].width + APART
    return places


def _apart(wanted: Sequence[float], packed: Sequence[float]) -> list[float]:
    """The places nearest to *wanted* (least squares) that keep at least the distances of *packed*."""
    pools: list[tuple[float, int]] = []  # neighbours that touch: their common shift, and how many they are
    for want, place in zip(wanted, packed, strict=True):
        shift, size = want - place, 1
        while pools and pools[-1][0] > shift:
            other, count = pools.pop()
            shift, size = (shift * size + other * count) / (size + count), size + count
        pools.append((shift, size))
    shifts = [shift for shift, size in pools for _ in range(size)]
    return [place + shift for place, shift in zip(packed, shifts, strict=True)]


def _rows(layers: Sequence[Sequence[int]], sizes: Sequence[Size]) -> tuple[list[float], list[float]]:
    """The upper and lower edge of each row."""
    tops: list[float] = []
    bottoms: list[float] = []
    edge = 0.0
    for layer in layers:
        tops.append(edge)
        edge += max((sizes[vertex].height for vertex in layer), default=0.0)
        bottoms.append(edge)
        edge += BELOW if len(tops) % 2 == 0 else ABOVE
    return tops, bottoms
