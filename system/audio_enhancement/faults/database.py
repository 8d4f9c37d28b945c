"""Faults of the database: a table that is locked, an index that is gone."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from audio_enhancement.faults import traffic
from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import indexes, keys
from audio_enhancement.storage.database import Database

ROWS = 1_200_000
INDEX = "jobs_pkey"
_FILL = text(
    "INSERT INTO jobs (id, api_key_id, status, attempts, cached, format, content_sha256, created_at, enqueued_at,"
    " started_at, finished_at) SELECT gen_random_uuid(), :key, 'done', 1, false, 'WAV', repeat('0', 64), at, at, at, at"
    " FROM (SELECT now() - make_interval(secs => 60 + number * 0.05) AS at FROM generate_series(1, :rows) AS number) old"
)


@contextmanager
def table_locked(stack: Stack) -> Iterator[None]:
    """A session has locked the table of jobs and does not go on. Clients do."""
    database = Database(DatabaseSettings())
    with traffic.usual(stack):
        connection = database.engine.connect()
        connection.execute(text("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"))
        try:
            yield
        finally:
            with suppress(DBAPIError):  # somebody has ended the session
                connection.close()
    database.close()


@contextmanager
def missing_index(stack: Stack) -> Iterator[None]:
    """The table of jobs is large, and came back from a repair without its primary key."""
    database = Database(DatabaseSettings(statement_timeout_ms=0))
    with traffic.usual(stack), database.engine.connect() as connection:
        session = connection.execution_options(isolation_level="AUTOCOMMIT")
        key_id, _ = keys.create(database, "old-archive")
        try:
            session.execute(text(f"ALTER TABLE jobs DROP CONSTRAINT {INDEX}"))
            session.execute(_FILL, {"key": key_id, "rows": ROWS})
            session.execute(text("ANALYZE jobs"))
            yield
        finally:
            _clean(database, session, key_id)
    database.close()


def _clean(database: Database, session: Connection, key_id: object) -> None:
    session.execute(text("DELETE FROM jobs WHERE api_key_id = :key"), {"key": key_id})
    session.execute(text("DELETE FROM api_keys WHERE id = :key"), {"key": key_id})
    for index in indexes.missing(database):
        if index.name == INDEX:
            indexes.rebuild(database, index)
    session.execute(text("VACUUM FULL ANALYZE jobs"))  # or the table stays as large as it was
