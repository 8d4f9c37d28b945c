"""Stamps and signatures as paragraphs that every builder writes."""

import re
from typing import Final

from docutils import nodes
from docutils.nodes import Node

from drillbook.language import _
from drillbook.model.evidence import State, until
from drillbook.model.stamp import Stamp
from drillbook.pages.evidence import Stamps

STAMP: Final = "ops-stamp"
_DAY: Final = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")  # in Chinese there is no space before it


def stamp_paragraph(found: Stamps, stamp: Stamp) -> nodes.paragraph:
    """The sentence; its days are marked for the script that counts them."""
    return dated(found.says(stamp), stamp.state)


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
        return _("Not signed yet.")
    last, day, name = until(signed.signature.day, found.days), signed.signature.day, signed.signature.reviewer
    if signed.valid:
        return _("Signed {day} by {name}. Sign again by {last}.").format(day=day, name=name, last=last)
    return _("Not signed since it changed. Last signed {day} by {name}.").format(day=day, name=name)


def translation_says(found: Stamps, docname: str) -> list[str]:
    """What a reader must know of a page in another language: what of it is in English, and whether somebody has read it."""
    covered, signed = found.covered(docname), found.reviewed(docname)
    if covered is None or not covered.passages:
        return []
    if covered.missing == covered.passages:  # and none has changed
        return [_("This page is not translated: it is in English.")]
    reviewed = _("No native speaker has reviewed this translation.")
    if signed is not None:
        said = _("A native speaker has reviewed this translation: {name}, {day}.")
        changed = _("This translation has changed since a native speaker reviewed it: {name}, {day}.")
        reviewed = (said if signed.valid else changed).format(name=signed.signature.reviewer, day=signed.signature.day)
    in_english = [
        (covered.missing, _("Parts of this page are in English: {number} of {all} passages are not translated.")),
        (
            covered.stale,
            _("Parts of this page are in English: {number} of {all} passages have changed since they were translated."),
        ),
    ]
    return [reviewed, *(says.format(number=number, all=covered.passages) for number, says in in_english if number)]


def signature_state(found: Stamps, docname: str) -> State:
    """What the signature of a page is worth."""
    signed = found.signed(docname)
    return State.NONE if signed is None else State.PROVEN if signed.valid else State.VOID


def signature_paragraph(found: Stamps, docname: str) -> nodes.paragraph | None:
    """The same, as a stamp; none when there is nothing to sign."""
    says = signature_says(found, docname)
    return dated(says, signature_state(found, docname)) if says else None
