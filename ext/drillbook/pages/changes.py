"""`ops:changes`: what has changed since an earlier version of the manual, by section, the most important first.

As stamps are, it is filled in when its page is written: what has changed is known when all pages have been read. The
sentences of changes are data, as feeds and messages have them: they stay English.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from docutils import nodes
from docutils.nodes import Element, Node
from sphinx.application import Sphinx
from sphinx.errors import NoUri
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import OptionSpec

from drillbook.config import option_place
from drillbook.language import _
from drillbook.model.change import Change, changes, read_edition, section_title, sections
from drillbook.model.data import DataError
from drillbook.pages.describe import OpsDirective
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries.entry import label, literal, paragraph
from drillbook.pages.manual import manual_data
from drillbook.warn import Warn, warn

CHANGES: Final = "ops_changes"  # of a container: it is to be filled; among the models of a page: that it has one
OPTION: Final = "drillbook_changes_since"
SINCE: Final = "DRILLBOOK_CHANGES_SINCE"  # a variable of the environment, for who publishes: it wins over no option


class Told(NamedTuple):
    """What the page says: a sentence, and by the titles of their sections the changes, whose ``url`` is a page's name."""

    sentence: str
    sections: dict[str, list[Change]]

    def __str__(self) -> str:
        """All of it as text: what changes with it."""
        return "\n".join([self.sentence, *(f"{change.says} {change.address}" for change in self.every())])

    def every(self) -> Iterator[Change]:
        """All changes."""
        for found in self.sections.values():
            yield from found


class ChangesDirective(OpsDirective):
    """What has changed since an earlier version of the manual, by section, the most important first: lost proofs,
    thresholds, trees, procedures. `drillbook_changes_since` in `conf.py` names the version.
    """

    option_spec: ClassVar[OptionSpec] = {}

    def build(self) -> list[Node]:
        """A container, filled when the page is written."""
        node = nodes.container("", classes=["ops", "ops-changes"])
        node[CHANGES] = True
        self.set_source_info(node)
        self.ops.note_model(CHANGES, self.env.docname, True)
        return [node]


def told(app: Sphinx) -> Told:
    """What has changed, worked out once in a build. Not before all pages have been read."""
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    if domain.told is None:
        domain.told = _told(app)
    assert isinstance(domain.told, Told)
    return domain.told


def _told(app: Sphinx) -> Told:
    since = str(app.config[OPTION]) or os.environ.get(SINCE, "")
    if not since:
        return Told(_("There is no earlier version to compare with."), {})
    try:
        old = read_edition(Path(app.confdir) / since)
        new = manual_data(app, lambda docname: docname)
        found = changes(old, new)
    except DataError as error:
        warn(Warn.CONFIG, f"{OPTION}: {error}", str(option_place(Path(app.confdir), OPTION)))
        return Told(_("The earlier version could not be read."), {})
    version = old["manual"]["version"]
    sentence = _counted(len(found), "" if version == new["manual"]["version"] else version)
    return Told(sentence, {section_title(name, new): those for name, those in sections(found).items()})


def _counted(number: int, version: str) -> str:
    none, one, many = (
        (
            _("Nothing has changed since {version}."),
            _("1 change since {version}."),
            _("{number} changes since {version}."),
        )
        if version
        else (
            _("Nothing has changed since the earlier version."),
            _("1 change since the earlier version."),
            _("{number} changes since the earlier version."),
        )
    )
    return {0: none, 1: one}.get(number, many).format(number=number, version=version)


def fill_changes(node: Element, app: Sphinx, docname: str) -> None:
    """Put the list in."""
    what = told(app)
    node += paragraph(what.sentence)
    for title, found in what.sections.items():
        node += label(title)
        items = (nodes.list_item("", _entry(change, app, docname)) for change in found)
        node += nodes.bullet_list("", *items, bullet="-")


def _entry(change: Change, app: Sphinx, docname: str) -> nodes.paragraph:
    """The sentence; what it is about leads there."""
    about = nodes.inline(change.about, change.about)
    shown: Element = about
    if change.url in app.env.found_docs:
        with contextlib.suppress(NoUri):  # a page that is in no document of a builder that makes several
            shown = make_refnode(app.builder, docname, change.url, change.anchor, about)
    what = change.says.removeprefix(change.about)
    return paragraph(shown, *(_said(part, number) for number, part in enumerate(what.split("`")) if part))


def _said(part: str, number: int) -> Node:
    return literal(part) if number % 2 else nodes.Text(part)


def setup_changes(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "changes", ChangesDirective)
