"""`ops:schema`: a JSON Schema to read, from the file that machines use, so that the two cannot differ."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_id
from sphinx.util.typing import OptionSpec

from drillbook.pages.declared import valued
from drillbook.pages.describe import OpsDirective, describe
from drillbook.pages.domain import OpsDomain
from drillbook.pages.entries import Entry
from drillbook.pages.entries.schema import schema, undescribed
from drillbook.warn import Warn


class SchemaDirective(OpsDirective):
    """A JSON Schema: what each property is called, which type it has and what it means; definitions are linked.

    FILE is relative to the page, or `package:file` for one that comes with a Python package. That of `ops.json` is
    `drillbook.output:ops.schema.json`.
    """

    argument = "FILE"
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[OptionSpec] = {
        "title": valued("What the document is called.", default="the schema's title, or the file's name")
    }

    def build(self) -> list[nodes.Node]:
        """One entry for the document, and one for each of its definitions."""
        try:
            file = self._file(self.arguments[0])
            root: Any = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ImportError, ValueError, TypeError) as error:  # a name that leads nowhere, or what is no JSON
            self.warn(Warn.SCHEMA, f"cannot read the schema {self.arguments[0]!r}: {error}")
            return []
        self.env.note_dependency(str(file))
        try:
            missing, entries = list(undescribed(root)), list(self._entries(root, file))
        except (AttributeError, TypeError, ValueError) as error:  # a list where a mapping must be, and the like
            self.warn(Warn.SCHEMA, f"{file.name} is no JSON Schema: {error}")
            return []
        if missing:
            self.warn(Warn.SCHEMA, f"{file.name} describes nowhere what is meant by {', '.join(missing)}")
        return entries

    def _entries(self, root: Any, file: Path) -> Iterator[nodes.Node]:
        anchors: dict[str, str] = {}

        def anchor(name: str) -> str:
            if name not in anchors:
                anchors[name] = make_id(self.env, self.state.document, "schema", name)
            return anchors[name]

        title = self.options.get("title") or str(root.get("title") or file.name)
        for entry in schema(root, title, anchor):
            yield self._described(entry, anchor(entry.name))

    def _file(self, named: str) -> Path:
        package, colon, name = named.partition(":")
        if colon:
            return Path(str(files(package))) / name
        return Path(self.env.relfn2path(named)[1])

    def _described(self, entry: Entry, anchor: str) -> nodes.Node:
        """An entry with its anchor; it is no object of the domain, as its name means something in its schema only."""
        made = describe(self, entry, indexed=False)
        line = made[0]
        assert isinstance(line, nodes.Element)
        line["ids"].append(anchor)
        self.state.document.note_explicit_target(line)
        return made


def setup_schema(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive_to_domain(OpsDomain.name, "schema", SchemaDirective)
