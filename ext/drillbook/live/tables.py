"""Tables of a database, from SQLAlchemy's declarations of them: what the programs think that the database looks like.

SQLAlchemy is imported here only when there are tables to read: who documents none does not need it.
"""

import inspect
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from drillbook.live.facts import ColumnFact, IndexFact, Place, TableFact
from drillbook.live.sources import SourceError, call, lines_of, load, place_of


def collect_tables(named: Mapping[str, str]) -> Iterator[TableFact]:
    """The tables of each source, in the order in which they could be made; *named* maps a dialect to a source.

    A source is a ``MetaData``, or a declarative base, whose classes then describe their tables.
    """
    for dialect_name, source in named.items():
        dialect = _dialect(dialect_name)
        value = load(source)
        value = call(source, value) if inspect.isroutine(value) else value
        metadata = getattr(value, "metadata", value)
        if not hasattr(metadata, "sorted_tables"):
            raise SourceError(f"{source!r} is no MetaData and no declarative base: {type(value).__name__}")
        classes = {
            mapper.local_table: mapper.class_ for mapper in getattr(getattr(value, "registry", None), "mappers", ())
        }
        for table in metadata.sorted_tables:
            yield _table(table, classes.get(table), dialect, place_of(source) or Place(""))


def _dialect(name: str) -> Any:
    try:
        from sqlalchemy.dialects import registry
        from sqlalchemy.exc import NoSuchModuleError
    except ImportError as error:
        raise SourceError(f"tables need SQLAlchemy (pip install 'drillbook[tables]'): {error}") from error
    try:
        return registry.load(name)()
    except NoSuchModuleError as error:
        raise SourceError(f"SQLAlchemy knows no database {name!r}: write 'postgresql', 'sqlite', ...") from error


def _table(table: Any, made_of: type | None, dialect: Any, place: Place) -> TableFact:
    said = table.comment or (inspect.cleandoc(made_of.__doc__) if made_of and made_of.__doc__ else "")
    unique = {
        tuple(column.name for column in constraint.columns)
        for constraint in table.constraints
        if type(constraint).__name__ == "UniqueConstraint"
    }
    return TableFact(
        name=table.name,
        group=table.schema or "",
        description=said,
        columns=tuple(_column(column, (column.name,) in unique, dialect) for column in table.columns),
        unique=tuple(sorted(columns for columns in unique if len(columns) > 1)),
        indexes=tuple(_index(index, dialect) for index in sorted(table.indexes, key=lambda index: str(index.name))),
        place=_place(made_of) or place,
    )


def _place(made_of: type | None) -> Place | None:
    file = getattr(sys.modules.get(made_of.__module__), "__file__", None) if made_of else None
    return Place(file, lines_of(file).get(made_of.__qualname__, 0)) if file and made_of else None


def _column(column: Any, unique: bool, dialect: Any) -> ColumnFact:
    return ColumnFact(
        name=column.name,
        type=column.type.compile(dialect),
        nullable=bool(column.nullable),
        default=_default(column, dialect),
        primary=bool(column.primary_key),
        unique=unique,
        references=tuple(sorted(key.target_fullname for key in column.foreign_keys)),
        choices=tuple(map(str, getattr(column.type, "enums", ()))),
        description=(column.comment or column.doc or "").strip(),
    )


def _default(column: Any, dialect: Any) -> str:
    """What the database fills in, or else what the program does; empty for neither."""
    if (given := getattr(column.server_default, "arg", None)) is not None:
        return given if isinstance(given, str) else _sql(given, dialect)
    given = getattr(column.default, "arg", None)
    if given is None:
        return ""
    return f"{given.__name__}()" if callable(given) else str(given)


def _index(index: Any, dialect: Any) -> IndexFact:
    where = index.dialect_options[dialect.name].get("where") if dialect.name in index.dialect_options else None
    return IndexFact(
        name=str(index.name),
        columns=tuple(getattr(column, "name", None) or _sql(column, dialect) for column in index.expressions),
        unique=bool(index.unique),
        where="" if where is None else _sql(where, dialect),
    )


def _sql(expression: Any, dialect: Any) -> str:
    return str(expression.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
