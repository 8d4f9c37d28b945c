"""What is kept of each page as it is written, for a file that is about all of them and written at the end of a build.

A page that has not changed is not written again, so what is kept stands beside the doctrees, each with the time of its
doctree: after a build that was interrupted, those that are not of the present doctree are made anew.
"""

import json
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from sphinx.application import Sphinx

from drillbook.output.data import replace_text

BUILDERS: Final = ("html", "dirhtml")  # those that have such files
Value = TypeVar("Value")


class Kept(Generic[Value]):
    """What is kept of the pages of one build, as JSON values, under the name *what*."""

    def __init__(self, app: Sphinx, what: str) -> None:
        self._app = app
        self._file = Path(app.doctreedir) / f"{app.builder.name}-drillbook-{what}.json"
        self._pages: dict[str, tuple[int, Value]] = _read(self._file)  # with the time of the doctree, in ns

    def keep(self, docname: str, value: Value) -> None:
        """Keep *value* of a page that is about to be written."""
        self._pages[docname] = self._time(docname), value

    def every(self) -> dict[str, Value]:
        """What is kept of every page, by its name and in that order; to be asked when all pages are written."""
        for docname in sorted(self._app.env.found_docs):
            if docname not in self._pages or self._pages[docname][0] != self._time(docname):
                doctree = self._app.env.get_doctree(docname)
                self._app.env.apply_post_transforms(doctree, docname)  # which keeps it
        for gone in self._pages.keys() - self._app.env.found_docs:
            del self._pages[gone]
        replace_text(self._file, json.dumps(self._pages, ensure_ascii=False))
        return {docname: value for docname, (_, value) in sorted(self._pages.items())}

    def _time(self, docname: str) -> int:
        return (Path(self._app.doctreedir) / f"{docname}.doctree").stat().st_mtime_ns


def _read(file: Path) -> dict[str, Any]:
    """What is kept; nothing when it cannot be read: then all pages are looked at again."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        return {name: (int(time), value) for name, (time, value) in read.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
