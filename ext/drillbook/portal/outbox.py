"""The outbox: messages that are to be sent, kept in a file until they are. SQLite, through SQLAlchemy.

What it promises: a message that was put in is tried until a receiver took it, whatever is killed when. It may be sent
twice, if the sender was killed after a receiver took it and before that was written down; both then have the same id.
"""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Column, Integer, MetaData, String, Table, UniqueConstraint, create_engine, event, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import DatabaseError

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)


class State(StrEnum):
    """How far a message is."""

    QUEUED = "queued"
    SENDING = "sending"  # so it stays when its sender is killed
    SENT = "sent"
    FAILED = "failed"  # it will be tried again


class OutboxError(Exception):
    """The outbox cannot be used; the text says why."""


class Message(NamedTuple):
    """What is sent to one target about one version.

    ``id`` is the same whenever it is sent. ``target`` is a digest of the target, ``to`` what conf.py calls it.
    """

    id: str
    version: str
    target: str
    to: str
    title: str
    body: str


class Kept(NamedTuple):
    """A message with what became of it; ``next_at`` is when it may be tried, ``why`` why it was not taken."""

    message: Message
    state: State
    attempts: int
    next_at: datetime
    why: str


_METADATA: Final = MetaData()
_MESSAGES: Final = Table(
    "messages",
    _METADATA,
    *(Column(name, String, primary_key=name == "id", nullable=False) for name in Message._fields),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", String, nullable=False),  # UTC, ISO 8601: such texts sort as their times do
    Column("sent_at", String),
    Column("why", String, nullable=False, default=""),
    UniqueConstraint("version", "target"),
)


class Outbox:
    """An outbox in *file*, which is made with its folder. Raises :exc:`OutboxError`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._engine = create_engine(f"sqlite:///{file}")
        event.listen(self._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = FULL"))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            _METADATA.create_all(self._engine)
            self.waiting()
        except (DatabaseError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise OutboxError(f"{file} cannot be used as an outbox: {cause}") from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this holds, no other process sends. The lock goes with the process, however that ends."""
        with self._file.with_name(f"{self._file.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutboxError(f"{self._file}: another process is sending") from error
            yield

    def put(self, messages: Iterable[Message], now: datetime) -> list[Message]:
        """Put in what is not there yet; a target gets one message about a version. Returns what is new."""
        fresh: list[Message] = []
        with self._engine.begin() as connection:
            for message in messages:
                row = message._asdict() | {"state": State.QUEUED.value, "next_at": _text(now)}
                if connection.execute(insert(_MESSAGES).values(row).on_conflict_do_nothing()).rowcount:
                    fresh.append(message)
        return fresh

    def waiting(self, due_at: datetime | None = None) -> list[Kept]:
        """What is not sent, or of that what may be tried at *due_at*; the oldest first."""
        wanted = select(_MESSAGES).where(_MESSAGES.c.state != State.SENT.value)
        if due_at is not None:
            left = _MESSAGES.c.state == State.SENDING.value  # by a sender that was killed
            wanted = wanted.where(or_(left, _MESSAGES.c.next_at <= _text(due_at)))
        with self._engine.connect() as connection:
            return [
                _kept(row)
                for row in connection.execute(wanted.order_by(_MESSAGES.c.next_at, _MESSAGES.c.id)).mappings()
            ]

    def begin(self, message: Message) -> None:
        """Note that a message is about to be sent."""
        self._set(message, state=State.SENDING.value, attempts=_MESSAGES.c.attempts + 1)

    def sent(self, message: Message, now: datetime) -> None:
        """Note that its receiver took it."""
        self._set(message, state=State.SENT.value, sent_at=_text(now), why="")

    def failed(self, kept: Kept, why: str, now: datetime) -> datetime:
        """Note that it was not taken; returns when it is tried again, each time later."""
        again: datetime = now + min(FIRST_WAIT * 2 ** min(kept.attempts, 10), LONGEST_WAIT)
        self._set(kept.message, state=State.FAILED.value, why=why, next_at=_text(again))
        return again

    def _set(self, message: Message, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(_MESSAGES.update().where(_MESSAGES.c.id == message.id).values(**values))


def _kept(row: RowMapping) -> Kept:
    message = Message(**{name: row[name] for name in Message._fields})
    return Kept(message, State(row["state"]), row["attempts"], datetime.fromisoformat(row["next_at"]), row["why"])


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
