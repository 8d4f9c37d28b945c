"""The plot of a measurement, as SVG in the page: it takes the page's colours, and the table under it has all its values.

Drawn by matplotlib, which is imported by the first page that has a measurement.
"""

import io
import re
from hashlib import sha256
from importlib.util import find_spec
from typing import Any, Final

from docutils import nodes

from drillbook.language import _
from drillbook.model.measurement import Measurement
from drillbook.output.inputs import raw
from drillbook.output.svg import sanitise
from drillbook.pages.measurements import TABLE

WIDTH_IN: Final = 6.4
PANEL_IN: Final = 2.3
BAR_SHARE: Final = 0.8
INK: Final = "#010203"  # stands for the colour of the page's text, which is not known here
SERIES: Final = (  # told apart on white, on black, and without colours
    {"color": "#2f7fc1", "marker": "o", "linestyle": "-", "hatch": ""},
    {"color": "#d9731a", "marker": "s", "linestyle": "--", "hatch": "///"},
    {"color": "#2f9e62", "marker": "^", "linestyle": ":", "hatch": "..."},
    {"color": "#a05ccf", "marker": "D", "linestyle": "-.", "hatch": "xxx"},
    {"color": "#c0504d", "marker": "v", "linestyle": "-", "hatch": "++"},
)
_LOOKS: Final[Any] = {
    "svg.fonttype": "none",  # text stays text: it is read, searched, and in the page's own type
    "svg.hashsalt": "drillbook",  # the same names in each build
    "text.parse_math": False,  # a name is no formula
    "font.size": 10,
    "font.family": "sans-serif",
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#888888",
    "grid.alpha": 0.3,
    "hatch.color": INK,
    "hatch.linewidth": 0.4,
}
_DOCTYPE: Final = re.compile(r"<!DOCTYPE[^>]*>")
_FONT: Final = re.compile(r"font-family:[^;\"]*;?")  # the page's own


def has_plots() -> bool:
    """Whether plots can be drawn here."""
    return find_spec("matplotlib") is not None


def add_plot(table: nodes.table) -> None:
    """Put the plot before the table; without matplotlib the table says it all."""
    if not has_plots():
        return
    made: Measurement = table[TABLE]
    parent = table.parent
    assert isinstance(parent, nodes.Element)
    parent.insert(parent.index(table), raw(f'<div class="ops-plot ops-scroll">{plot(made)}</div>'))


def plot(made: Measurement) -> str:
    """The SVG: a panel for each unit; bars where what was varied are words, lines where they are numbers."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    units = list(dict.fromkeys(made.columns[column].unit for column in made.drawn))
    with rc_context(_LOOKS):
        figure = Figure(figsize=(WIDTH_IN, PANEL_IN * len(units) + 0.4), layout="constrained")
        panels = figure.subplots(len(units), sharex=True, squeeze=False)[:, 0]
        for unit, panel in zip(units, panels, strict=True):
            columns = [column for column in made.drawn if made.columns[column].unit == unit]
            _draw(panel, made, columns)
            name = made.columns[columns[0]].name if len(columns) == 1 else ""
            panel.set_ylabel(f"{name} ({unit})" if name and unit else name or unit)
        panels[-1].set_xlabel(made.columns[0].heading)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return _inline(written.getvalue(), f"{made.title}. {made.compare(_)}")


def _draw(panel: Any, made: Measurement, columns: list[int]) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    first = [row[0] for row in made.rows]
    words = any(isinstance(value, str) for value in first)
    for number, column in enumerate(columns):
        looks = dict(SERIES[number % len(SERIES)])
        values, name = [row[column] for row in made.rows], made.columns[column].name
        hatch = looks.pop("hatch")
        if words:
            share = BAR_SHARE / len(columns)
            places = [place + (number - (len(columns) - 1) / 2) * share for place in range(len(first))]
            panel.bar(places, values, share * 0.94, color=looks["color"], hatch=hatch, label=name)
        else:
            panel.plot(first, values, **looks, label=name, markersize=5)
    if words:
        panel.set_xticks(range(len(first)), [str(value) for value in first])
    if "x" in made.log and not words:
        panel.set_xscale("log")
        panel.set_xticks(first, [f"{value:g}" for value in first])
        panel.minorticks_off()
    if "y" in made.log:
        panel.set_yscale("log")
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        panel.yaxis.set_minor_locator(NullLocator())
    else:
        low = min(float(row[column]) for row in made.rows for column in columns)
        panel.set_ylim(bottom=0 if low >= 0 else None)  # a bar, or a line, that begins above 0 exaggerates
    if len(columns) > 1:
        panel.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.1, fontsize=9)


def _inline(svg: str, says: str) -> str:
    """As it may stand in a page; the sanitiser makes attributes of styles, and leaves out the style sheet."""
    plain = _FONT.sub("", _DOCTYPE.sub("", svg)).replace(INK, "currentColor")
    prefix = f"plot-{sha256(plain.encode()).hexdigest()[:8]}-"
    return sanitise(plain, label=says, prefix=prefix, link=lambda target: None).svg
