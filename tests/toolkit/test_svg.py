"""What may stand in a page is listed; everything else is left out, whoever wrote it."""

import pytest

from drillbook.output.svg import NAMESPACE, sanitise

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 7"'


def clean(inside: str, *, attributes: str = "", links: dict[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
    text = f"{HEAD} {attributes}>{inside}</svg>"
    safe = sanitise(text, label='A "B"', prefix="p-", link=lambda target: (links or {}).get(target))
    return safe.svg[safe.svg.index(">") + 1 : -len("</svg>")] if inside else safe.svg, safe.dropped


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        ("<script>alert(1)</script>", "script"),
        ('<script href="https://example.org/x.js"/>', "script"),
        ("<foreignObject><body/></foreignObject>", "foreignObject"),
        ("<style>* { fill: url(https://example.org) }</style>", "style"),
        ('<image href="https://example.org/x.png"/>', "image"),
        ('<image href="data:image/png;base64,AA"/>', "image"),
        ('<use href="https://example.org/x.svg#a"/>', "use"),
        ("<animate attributeName='href' to='javascript:1'/>", "animate"),
        ('<set attributeName="href" to="javascript:1"/>', "set"),
        ('<x:script xmlns:x="http://www.w3.org/1999/xhtml">1</x:script>', "{http://www.w3.org/1999/xhtml}script"),
        ("<SCRIPT>1</SCRIPT>", "SCRIPT"),
    ],
)
def test_what_runs_or_fetches_is_left_out(inside: str, name: str) -> None:
    assert clean(f"<g>{inside}</g>") == ("<g />", (name,))


@pytest.mark.parametrize(
    "attribute",
    [
        'onclick="alert(1)"',
        'style="background: url(https://example.org)"',
        'style="fill: url(https://example.org)"',
        'fill="url(https://example.org/x#a)"',
        'fill="URL( data:image/svg+xml,x )"',
        'fill="u\\72l(https://example.org)"',
        'href="https://example.org"',
        'xlink:href="https://example.org"',
        'id="unused"',
        'class="x"',
        'tabindex="1"',
    ],
)
def test_other_attributes_are_left_out(attribute: str) -> None:
    assert clean(f'<rect {attribute} x="1"/>') == ('<rect x="1" />', ())


def test_styles_become_attributes_and_ids_are_those_of_the_page() -> None:
    inside = '<filter id="f"/><rect style="stroke: #181818; stroke-width:0.5;x:1" filter="url(#f)"/>'
    assert clean(inside)[0] == ('<filter id="p-f" /><rect filter="url(#p-f)" stroke="#181818" stroke-width="0.5" />')


def test_the_caller_decides_about_links() -> None:
    inside = '<a xlink:href="doc:x" title="tip" target="_top" onclick="x"><text>X</text></a>'
    assert clean(inside, links={"doc:x": "x.html"})[0] == '<a href="x.html"><title>tip</title><text>X</text></a>'
    assert clean(inside)[0] == "<text>X</text>"


def test_the_frame_is_ours() -> None:
    svg, _ = clean("", attributes='onload="x" style="background:#FFF" preserveAspectRatio="none" width="1px"')
    assert svg == (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7" viewBox="0 0 9 7" '
        'preserveAspectRatio="xMidYMid meet" role="img" aria-label="A &quot;B&quot;" />'
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<svg",
        "<svg/>",
        f"{HEAD.replace('viewBox', 'box')}/>",
        "<html/>",
        f'<!DOCTYPE svg [<!ENTITY x "y">]>{HEAD}>&x;</svg>',
        f'<!doctype svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>{HEAD}>&x;</svg>',
    ],
)
def test_what_is_no_svg_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no "):
        sanitise(text, label="", prefix="", link=lambda _target: None)


def test_what_is_drawn_again_stands_in_the_same_drawing() -> None:
    drawing = '<defs><path id="a" d="M0 0"/><clipPath id="c"><rect x="0"/></clipPath></defs>'
    uses = '<use href="#a" clip-path="url(#c)"/><use href="http://elsewhere.example/x.svg#a"/><use href="data:image/svg+xml,x"/>'
    made = sanitise(
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 1 1">{drawing}{uses}</svg>', label="x", prefix="p-", link=lambda _: None
    )
    assert made.svg.count("<use") == 1 and 'href="#p-a"' in made.svg and 'clip-path="url(#p-c)"' in made.svg
    assert "elsewhere" not in made.svg and "data:" not in made.svg
