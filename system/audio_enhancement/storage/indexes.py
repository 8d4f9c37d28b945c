"""Indexes that the tables should have, as the live models say, and those that are not there.

Without an index nothing is wrong and everything is slow. They get lost when a table is restored without them, and a
build that breaks off leaves one that PostgreSQL does not use.
"""

from typing import NamedTuple

from sqlalchemy import Connection, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from audio_enhancement.storage.database import Database, unavailable_if_gone
from audio_enhancement.storage.models import Base

_FOUND = """
    SELECT relname, indisvalid, EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace"""


class Wanted(NamedTuple):
    """An index that a table should have: its name, the statement that builds it, and the constraint it stands for."""

    name: str
    table: str
    build: str
    constraint: str = ""


class Missing(NamedTuple):
    """An index that does not do its work, and the statements that put it right, in order."""

    name: str
    table: str
    reason: str
    statements: tuple[str, ...]


def wanted() -> list[Wanted]:
    """Every index of the models, by name."""
    found = [each for table in Base.metadata.sorted_tables for each in (*_constraints(table), *_indexes(table))]
    return sorted(found)


def missing(database: Database) -> list[Missing]:
    """What is not there, is not valid, or no longer holds its constraint.

    Raises:
        DatabaseUnavailable: the database did not answer.
    """
    with database.begin() as session:
        there = {name: (valid, holds) for name, valid, holds in session.execute(text(_FOUND))}
    found = []
    for index in wanted():
        statements, reason = [index.build], "missing"
        if index.name in there:
            valid, holds = there[index.name]
            if valid and (holds or not index.constraint):
                continue
            reason = "without its constraint" if valid else "invalid"
            statements = [] if valid else [f"DROP INDEX CONCURRENTLY {index.name}", index.build]
        if index.constraint:
            statements.append(index.constraint)
        found.append(Missing(index.name, index.table, reason, tuple(statements)))
    return found


def rebuild(database: Database, index: Missing) -> None:
    """Build an index while the table is read and written. Safe to repeat after a break.

    Raises:
        DatabaseUnavailable: it broke off; `missing` says what is left to do.
    """
    with unavailable_if_gone(), database.engine.connect() as connection:
        autocommit: Connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        autocommit.execute(text("SET statement_timeout = 0"))  # a large table takes its time
        try:
            for statement in index.statements:
                autocommit.exec_driver_sql(statement)
        finally:
            connection.invalidate()  # the pool gets no connection without a time limit


def _constraints(table: Table) -> list[Wanted]:
    found = []
    for constraint in table.constraints:
        if not isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            continue
        columns = [column.name for column in constraint.columns]
        primary = isinstance(constraint, PrimaryKeyConstraint)
        # The names that PostgreSQL gives them.
        name = f"{table.name}_pkey" if primary else f"{table.name}_{'_'.join(columns)}_key"
        build = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table.name} ({', '.join(columns)})"
        kind = "PRIMARY KEY" if primary else "UNIQUE"
        add = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {kind} USING INDEX {name}"
        found.append(Wanted(name, table.name, build, add))
    return found


def _indexes(table: Table) -> list[Wanted]:
    return [Wanted(str(index.name), table.name, _build(index)) for index in table.indexes]


def _build(index: Index) -> str:
    compiled = CreateIndex(index).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    return " ".join(str(compiled).split()).replace("INDEX ", "INDEX CONCURRENTLY ", 1)
