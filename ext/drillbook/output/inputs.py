"""What a reader types and ticks, in HTML: the input of a blank, the box of a checklist's item.

The input of a blank is hidden until the script that uses it has come; a box can be ticked without any script.
"""

from html import escape
from typing import Final

from docutils import nodes
from docutils.nodes import Element

from drillbook.language import _
from drillbook.live.quantity import plain
from drillbook.model.blank import Blank, BlankType
from drillbook.output.fills import Fill
from drillbook.pages.blanks import BLANK

_NUMBERS: Final = {BlankType.INTEGER: ("numeric", "1"), BlankType.NUMBER: ("decimal", "any")}


def raw(html: str) -> nodes.raw:
    """HTML as it is."""
    return nodes.raw("", html, format="html")


def add_input(node: nodes.definition_list, number: int) -> None:
    """Give the declaration of a blank its input; *number* tells it from the others of the page."""
    blank: Blank = node[BLANK]
    place = f"ops-blank-{number}"
    term = next(node.findall(nodes.term))
    said = next(node.findall(nodes.definition))
    term.insert(0, raw(f'<label for="{place}">'))
    term.append(raw("</label>"))
    words = nodes.container("", *said.children[:-1], ids=[f"{place}-says"], classes=["ops-blank-says"])
    line = said.children[-1]
    assert isinstance(line, nodes.paragraph)  # the line to write on, which the directive put last
    line.children = []
    line += [nodes.Text(_("Fill in: ")), Fill(blank.name, blank.name, blank=blank.name)]
    said.children = []
    said += [words, raw(input_html(blank, place)), line]


def input_html(blank: Blank, place: str) -> str:
    """The input, hidden, with a place for what is wrong with its value."""
    unit = f' <span class="ops-unit">{escape(blank.unit)}</span>' if blank.unit else ""
    return (
        f'<div class="ops-input" hidden>{_control(blank, place)}{unit}'
        f'<p class="ops-problem" id="{place}-problem" role="alert"></p></div>'
    )


def _control(blank: Blank, place: str) -> str:
    shared = {
        "id": place,
        "data-blank": blank.name,
        "data-type": blank.type.value,
        "aria-describedby": f"{place}-says {place}-problem",
        "autocomplete": "off",
    }
    if blank.type is BlankType.CHOICE:
        options = "".join(f'<option value="{escape(choice)}">{escape(choice)}</option>' for choice in blank.choices)
        none = escape(_("not chosen"))
        return f'<select{_written(shared)}><option value="">{none}</option>{options}</select>'
    if blank.type is BlankType.TEXT:
        # not the attribute `pattern`: browsers read that one by stricter rules than Python's and complain
        shared |= {"type": "text", "data-pattern": blank.pattern, "spellcheck": "false", "autocapitalize": "none"}
    else:
        mode, step = _NUMBERS[blank.type]
        shared |= {"type": "number", "inputmode": mode, "step": step}
        shared |= {"min": _limit(blank.minimum), "max": _limit(blank.maximum)}
    return f"<input{_written(shared | {'placeholder': blank.default})}>"


def _limit(number: float | None) -> str:
    return "" if number is None else plain(number)


def _written(attributes: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items() if value)


def add_boxes(checklist: Element) -> None:
    """Make the boxes of a checklist real: each with its item's first paragraph as its label."""
    for number, item in enumerate(checklist.children, 1):
        first = item[0] if isinstance(item, Element) and item.children else None
        box = first[0] if isinstance(first, nodes.paragraph) and first.children else None
        if isinstance(first, nodes.paragraph) and isinstance(box, nodes.inline) and "ops-box" in box["classes"]:
            words = first.astext().removeprefix(box.astext()).strip()
            numbered = escape(_("Item {number}").format(number=number))
            named = "" if words else f' aria-label="{numbered}"'
            first.replace(box, raw(f'<label class="ops-tick"><input type="checkbox" autocomplete="off"{named}> <span>'))
            first.append(raw("</span></label>"))
