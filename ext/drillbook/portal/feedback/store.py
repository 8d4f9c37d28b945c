"""Where answers are stored: SQLite, or PostgreSQL by its URL. What `add` has returned for survives a crash."""

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import (
    URL,
    Column,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    create_engine,
    delete,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from drillbook.portal.feedback.answer import NO, Answer, FeedbackError, Received

LOCK: Final = 5_190_001  # of PostgreSQL: those who migrate share it. Any fixed number serves
WAIT_S: Final = 20  # for another who writes, or for a host that does not answer
METADATA: Final = MetaData()
INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class StoreError(FeedbackError):
    """The database cannot be used; the text says why, without its password."""


class ConflictError(Exception):
    """The key of an answer is that of another answer."""


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone, which SQLite does not keep."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC; for SQLite without saying so."""
        utc = value and value.astimezone(UTC)
        return utc.replace(tzinfo=None) if utc and dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC, whatever the session's zone."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


ANSWERS: Final = Table(
    "feedback",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("received", UtcTime, nullable=False, index=True),
    Column("key", String(36), nullable=False, unique=True),
    Column("page", String(300), nullable=False, index=True),
    Column("subject", String(300), nullable=False),
    Column("verdict", String(3), nullable=False),
    Column("text", Text, nullable=False),
    Column("version", String(100), nullable=False),
    Column("language", String(80), nullable=False),
)
_FIELDS: Final = tuple(ANSWERS.c[name] for name in Answer._fields)


class Store:
    """The answers in one database. May be shared by threads; several processes may have one each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = INSERTS[engine.dialect.name]
        # SQLite has one writer, and lets the others poll: here they queue
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else None

    def add(self, answer: Answer, at: datetime) -> bool:
        """Store *answer*, for good; false when it is there already. Raises :exc:`ConflictError`, :exc:`StoreError`."""
        row = self._insert(ANSWERS).values(received=at, **answer._asdict()).returning(ANSWERS.c.id)
        with self._change() as connection:
            if connection.execute(row.on_conflict_do_nothing(index_elements=["key"])).one_or_none():
                return True
            there = connection.execute(select(*_FIELDS).where(ANSWERS.c.key == answer.key)).one_or_none()
        if there is not None and Answer(*there) != answer:
            raise ConflictError("the key is that of another answer")
        return False

    def answers(
        self,
        *,
        page: str = "",
        since: datetime | None = None,
        wrong: bool = False,
        written: bool = False,
        limit: int | None = None,
    ) -> list[Received]:
        """Answers, the latest first: of a page or a folder; since a time; only those that say No; only with words."""
        wanted = select(ANSWERS.c.received, *_FIELDS).order_by(ANSWERS.c.received.desc(), ANSWERS.c.id.desc())
        if page:
            below = ANSWERS.c.page.startswith(f"{page.rstrip('/')}/", autoescape=True)
            wanted = wanted.where((ANSWERS.c.page == page) | below)
        if since:
            wanted = wanted.where(ANSWERS.c.received >= since)
        if wrong:
            wanted = wanted.where(ANSWERS.c.verdict == NO)
        if written:
            wanted = wanted.where(ANSWERS.c.text != "")
        with self._begin() as connection:
            return [Received(at, Answer(*fields)) for at, *fields in connection.execute(wanted.limit(limit))]

    def counts(self, since: datetime | None = None) -> list[tuple[str, str, str, int]]:
        """How often each page and subject got each verdict: (page, subject, verdict, number)."""
        by = (ANSWERS.c.page, ANSWERS.c.subject, ANSWERS.c.verdict)
        wanted = select(*by, func.count()).group_by(*by)
        if since:
            wanted = wanted.where(ANSWERS.c.received >= since)
        with self._begin() as connection:
            return [(page, subject, verdict, number) for page, subject, verdict, number in connection.execute(wanted)]

    def prune(self, before: datetime) -> int:
        """Remove the answers that are older; returns how many."""
        with self._change() as connection:
            return connection.execute(delete(ANSWERS).where(ANSWERS.c.received < before)).rowcount

    def remove(self, key: str) -> bool:
        """Remove one answer; false when there is none with this key."""
        with self._change() as connection:
            return connection.execute(delete(ANSWERS).where(ANSWERS.c.key == key)).rowcount == 1

    def check(self) -> None:
        """Raises :exc:`StoreError` when answers cannot be stored."""
        with self._begin() as connection:
            connection.execute(select(ANSWERS.c.id).limit(1))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _change(self) -> Iterator[Connection]:
        if self._turn and not self._turn.acquire(timeout=WAIT_S):
            raise StoreError(f"{self._engine.url.render_as_string()}: others write, for {WAIT_S} s and more")
        try:
            with self._begin() as connection:
                yield connection
        finally:
            if self._turn:
                self._turn.release()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with _readable(self._engine.url), self._engine.begin() as connection:
            yield connection


def open_store(url: str, *, make: bool = True) -> Store:
    """The store at *url*, migrated. Raises :exc:`StoreError`; without *make*, also when SQLite's file is not there."""
    address = _address(url)
    with _readable(address):
        if address.get_backend_name() == "sqlite":
            file = Path(str(address.database))
            if not (file.exists() or make):
                raise StoreError(f"there is no database {file}")
            if not file.absolute().parent.is_dir():
                raise StoreError(f"there is no folder {file.parent} for the database")
            engine = create_engine(address, hide_parameters=True, connect_args={"timeout": WAIT_S})
            event.listen(engine, "connect", _durable_sqlite)
            event.listen(engine, "begin", _take_turn)
            alone: Any = _folder_lock(file.absolute().parent)
        else:
            engine = create_engine(address, hide_parameters=True, pool_pre_ping=True, connect_args=_limited(WAIT_S))
            event.listen(engine, "connect", _durable_postgresql)
            alone = nullcontext()
        with alone:
            _migrate(engine)
    return Store(engine)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "this is no URL of a database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from error
    backend = address.get_backend_name()
    if backend == "postgres":  # as many hosts of databases write it
        backend = "postgresql"
    if backend not in INSERTS:
        raise StoreError(f"feedback is stored in SQLite or PostgreSQL, not in {backend}")
    if backend == "sqlite" and address.database in (None, "", ":memory:"):
        raise StoreError("SQLite needs a file, or nothing would be kept: sqlite:///feedback.db")
    return address.set(drivername="sqlite" if backend == "sqlite" else "postgresql+psycopg")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _readable(url: URL) -> Iterator[None]:
    """Errors of the database as one line, with neither its password nor an answer in it."""
    try:
        yield
    except CommandError as error:
        raise StoreError(f"{url.render_as_string()} is not of this drillbook, or of a newer one: {error}") from error
    except (SQLAlchemyError, NoSuchModuleError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
        raise StoreError(f"{url.render_as_string()}: {reason[0]}") from error


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """One process at a time makes the file, or changes its mode, which no lock of SQLite covers."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _durable_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # or the driver would begin only at the first change, and not before DDL
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _take_turn(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # one that reads first and writes then could be refused at once


def _limited(seconds: int) -> dict[str, int]:
    """For libpq: how long it waits for a host that is gone, and has closed nothing."""
    return {"connect_timeout": seconds, "tcp_user_timeout": 1000 * seconds, "keepalives_idle": seconds}


def _durable_postgresql(connection: Any, _: Any) -> None:
    connection.execute("SET synchronous_commit = on")  # whatever the server's own
    connection.execute(f"SET lock_timeout = '{WAIT_S}s'")
    connection.commit()
