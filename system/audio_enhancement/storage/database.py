"""The way to PostgreSQL: a pool with time limits, and one exception for everything that is not there."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from audio_enhancement.settings import DatabaseSettings


class DatabaseUnavailable(Exception):
    """PostgreSQL did not answer in time, or not at all. The transaction has not taken place."""


class Database:
    """Connections to one database. Safe to share between threads; open no session before a fork."""

    def __init__(self, settings: DatabaseSettings) -> None:
        dsn = settings.dsn.get_secret_value()
        arguments = {
            "connect_timeout": settings.connect_timeout_s,
            "options": f"-c statement_timeout={settings.statement_timeout_ms} -c timezone=UTC",
            # A host that vanished sends no word; without these a thread would wait for it for two hours.
            "keepalives_idle": 5,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
        }
        self.engine = create_engine(
            dsn,
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.connect_timeout_s,
            pool_pre_ping=True,
            connect_args=arguments,
            hide_parameters=True,
        )
        # A probe must not wait behind statements that wait for a lock: it would raise the wrong alert.
        self._probe = create_engine(dsn, poolclass=NullPool, connect_args=arguments)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open a transaction; it is committed at the end of the block, or rolled back by an exception.

        Raises:
            DatabaseUnavailable: no connection, or a statement was ended by its time limit.
        """
        with unavailable_if_gone(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def ping(self) -> None:
        """Ask PostgreSQL for nothing but an answer, over a connection of its own.

        Raises:
            DatabaseUnavailable: there was none.
        """
        with unavailable_if_gone(), self._probe.connect() as connection:
            connection.execute(text("SELECT 1"))

    def lock_wait_s(self) -> float:
        """Longest time in seconds that a statement of this database has been waiting for a lock; 0 when none waits."""
        statement = text(
            "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with unavailable_if_gone(), self._probe.connect() as connection:
            return float(connection.execute(statement).scalar_one())

    @contextmanager
    def try_lock(self, number: int) -> Iterator[bool]:
        """Hold an advisory lock during the block, over a connection of its own; gives whether it was free."""
        with unavailable_if_gone(), self._probe.begin() as connection:
            yield bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}))

    def close(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()


@contextmanager
def unavailable_if_gone() -> Iterator[None]:
    """Turn what the driver and the pool raise when PostgreSQL is not there, or too slow, into `DatabaseUnavailable`."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        # The driver's own words, without the statement and its values.
        reason = str(error.orig if isinstance(error, DBAPIError) else error).strip()
        raise DatabaseUnavailable(reason.partition("\n")[0]) from error
