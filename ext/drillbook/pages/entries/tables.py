"""A table of the database as an entry."""

from collections.abc import Sequence

from docutils import nodes
from docutils.nodes import Node

from drillbook.live.facts import ColumnFact, IndexFact, TableFact
from drillbook.pages.entries.entry import (
    Entry,
    joined,
    label,
    link,
    literal,
    paragraph,
    prose,
    sentence,
    signature,
    table,
)
from drillbook.pages.words import say

_KIND = "ops-columns"
_NONE = "–"

Cell = Sequence[Node]


def table_entry(fact: TableFact) -> Entry:
    """Its columns with their types and keys, and its indexes."""
    columns = [_column(column) for column in fact.columns]
    body = [
        *prose(fact.description),
        table(
            (say("Column"), say("Type"), say("May be empty"), say("Default"), say("Key")),
            (22, 26, 12, 15, 25),
            columns,
            _KIND,
        ),
    ]
    if fact.unique:
        sets = "; ".join(", ".join(names) for names in fact.unique)
        body.append(paragraph(say("Unique together: {columns}.", columns=sets)))
    if fact.indexes:
        rows = [_index(index) for index in fact.indexes]
        body += [
            label(say("Indexes")),
            table((say("Index"), say("Columns"), say("Only rows where")), (30, 30, 40), rows, _KIND),
        ]
    return Entry("table", fact.name, signature(fact.name), body)


def _column(column: ColumnFact) -> tuple[Cell, ...]:
    keys: list[Node] = [say("primary key")] if column.primary else []
    keys += [say("unique")] if column.unique else []
    for target in column.references:
        keys.append(nodes.inline("", "", say("refers to "), link("table", target.rpartition(".")[0], target)))
    kind: list[Node] = [paragraph(literal(column.type))]
    kind += [paragraph(*joined(map(literal, column.choices)))] if column.choices else []
    name: list[Node] = [paragraph(literal(column.name))]
    name += [paragraph(sentence(column.description))] if column.description else []
    empty, default = say("yes") if column.nullable else say("no"), literal(column.default) if column.default else _NONE
    return name, kind, [paragraph(empty)], [paragraph(default)], [paragraph(*(joined(keys) or [_NONE]))]


def _index(index: IndexFact) -> tuple[Cell, ...]:
    columns = [*joined(map(literal, index.columns)), say(", unique") if index.unique else ""]
    where = paragraph(literal(index.where) if index.where else say("all"))
    return [paragraph(literal(index.name))], [paragraph(*columns)], [where]
