"""Stamps and signatures as paragraphs that every builder writes."""

import re
from typing import Final

from docutils import nodes
from docutils.nodes import Node

from drillbook.model.evidence import State, until
from drillbook.model.stamp import Stamp
from drillbook.pages.evidence import Stamps

STAMP: Final = "ops-stamp"
UNSIGNED: Final = "Not signed yet."
_DAY: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def stamp_paragraph(stamp: Stamp) -> nodes.paragraph:
    """The sentence; its days are marked for the script that counts them."""
    return dated(stamp.says, stamp.state)


def dated(says: str, state: str) -> nodes.paragraph:
    """A sentence with the looks of a stamp; its days are marked."""
    content: list[Node] = []
    end = 0
    for day in _DAY.finditer(says):
        content += [nodes.Text(says[end : day.start()]), nodes.inline(day[0], day[0], classes=["ops-day"])]
        end = day.end()
    return nodes.paragraph("", "", *content, nodes.Text(says[end:]), classes=[STAMP, f"{STAMP}-{state}", "no-search"])


def signature_says(found: Stamps, docname: str) -> str:
    """Who gave their word for the page, and when; empty when there is nothing to sign."""
    if not found.to_sign(docname):
        return ""
    signed = found.signed(docname)
    if signed is None:
        return UNSIGNED
    said = f"igned {signed.signature.day} by {signed.signature.reviewer}."
    last = until(signed.signature.day, found.days)
    return f"S{said} Sign again by {last}." if signed.valid else f"Not signed since it changed. Last s{said}"


def signature_state(found: Stamps, docname: str) -> State:
    """What the signature of a page is worth."""
    signed = found.signed(docname)
    return State.NONE if signed is None else State.PROVEN if signed.valid else State.VOID


def signature_paragraph(found: Stamps, docname: str) -> nodes.paragraph | None:
    """The same, as a stamp; none when there is nothing to sign."""
    says = signature_says(found, docname)
    return dated(says, signature_state(found, docname)) if says else None
