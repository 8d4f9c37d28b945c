"""The directive `ops:table-diagram`: the tables of the database and which refers to which, as a diagram."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from sphinx.util.typing import OptionSpec

from drillbook.language import _
from drillbook.live.facts import ColumnFact, TableFact
from drillbook.output.live_diagram import LiveDiagram, shown
from drillbook.output.uml import Uml
from drillbook.pages.declared import optional


class TableDiagram(LiveDiagram):
    """The tables of the database with the columns that are keys, drawn: those of one schema, one, or all.

    Each box leads to the entry of the table. An arrow leads to the table that a column refers to.
    """

    argument = "[NAME or SCHEMA]"
    kind, group = "table", "schema"
    option_spec: ClassVar[OptionSpec] = {
        **Uml.option_spec,
        "alt": optional("What it shows, in words.", default="all tables, and to which each refers"),
    }

    def source(self, facts: Sequence[TableFact], targets: dict[str, str]) -> Iterator[str]:
        """A box for each with its keys, and an arrow for each reference."""
        names = {fact.name: f"t{number}" for number, fact in enumerate(facts, 1)}
        yield "hide circle\nhide methods"
        for fact in facts:
            yield f'class "{shown(fact.name)}" as {names[fact.name]} [["{targets[fact.name]}"]] {{'
            yield from (f"{shown(column.name)} : {_key(column)}" for column in fact.columns if _key(column))
            yield "}"
        for fact in facts:
            for column, other in _references(fact):
                if other in names:
                    yield f"{names[fact.name]} --> {names[other]} : {shown(column)}"

    def words(self, facts: Sequence[TableFact], said: Callable[[str], str]) -> str:
        """A sentence for each."""
        sentences = [_("Tables and which refers to which.")]
        by = _("{table} by {column}")
        for fact in facts:
            others = [by.format(table=other, column=column) for column, other in _references(fact)]
            sentences.append(
                _("{table} refers to {others}.").format(table=fact.name, others=", ".join(others) or _("none"))
            )
        return " ".join(sentences)


def _references(fact: TableFact) -> Iterator[tuple[str, str]]:
    """Each column that refers to a table, and that table."""
    for column in fact.columns:
        yield from ((column.name, reference.rpartition(".")[0]) for reference in column.references)


def _key(column: ColumnFact) -> str:
    words = {"primary key": column.primary, "unique": column.unique, "reference": bool(column.references)}
    return ", ".join(word for word, holds in words.items() if holds)
