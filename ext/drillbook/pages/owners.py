"""Who keeps each page right, and the line that says so: its front matter, or else its trees."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx

from drillbook.model.owner import Owned
from drillbook.pages.domain import OpsDomain
from drillbook.pages.evidence import OWNER

_DECLARED: Final = re.compile(rf"\s*:?{OWNER}\s*:")  # ``owner:`` in front matter, ``:owner:`` of a tree or a docinfo
_OPTIONS_LINES: Final = 20  # below the first line of a tree


def owned(app: Sphinx) -> Iterator[Owned]:
    """Each page that has an owner; one whose trees have several comes several times."""
    domain = app.env.get_domain(OpsDomain.name)
    assert isinstance(domain, OpsDomain)
    for docname in sorted(app.env.found_docs):
        written = str(app.env.metadata.get(docname, {}).get(OWNER, "")).strip()
        trees = [] if written else domain.models.get(docname, {}).get("tree", ())
        places = {tree.owner: tree.line for tree in reversed(trees) if tree.owner}  # the first of several counts
        if written or places:
            path = Path(app.env.doc2path(docname))
            file = Path(os.path.relpath(path, app.confdir)).as_posix()
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            for owner, line in {written: 1}.items() if written else sorted(places.items()):
                yield Owned(docname, file, _line(lines, line, len(lines) if written else line + _OPTIONS_LINES), owner)


def _line(lines: Sequence[str], first: int, last: int) -> int:
    """The line from *first* to *last* that names an owner; *first* when none does."""
    found = (
        number for number in range(max(first, 1), last + 1) if _DECLARED.match("".join(lines[number - 1 : number]))
    )
    return next(found, max(first, 1))
