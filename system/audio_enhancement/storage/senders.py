"""Senders: all keys of one name, and what came with them. One can be blocked, and allowed again as if nothing was."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlalchemy.orm import Session

from audio_enhancement.storage.database import Database
from audio_enhancement.storage.models import ApiKey, Job, Status

BLOCKED = "sender_blocked"
"""Error of the jobs that ended because their sender was blocked."""


class Sender(NamedTuple):
    """What came from a sender lately, what of it failed, what waits (from whenever), and how many keys are valid."""

    name: str
    uploads: int
    failed: int
    waiting: int
    keys: int


class Done(NamedTuple):
    """How many keys and how many jobs were changed."""

    keys: int
    jobs: int


def of_last(database: Database, seconds: float) -> list[Sender]:
    """Every sender with a job of the last ``seconds`` or one that waits; who has sent most comes first.

    Raises:
        DatabaseUnavailable: the database did not answer.
    """
    lately = Job.created_at > datetime.now(UTC) - timedelta(seconds=seconds)
    waiting = Job.status == Status.QUEUED
    failed = Job.status.in_((Status.FAILED, Status.DEAD)) & (func.coalesce(Job.error, "") != BLOCKED)
    jobs = (
        select(
            ApiKey.name,
            func.count().filter(lately).label("uploads"),
            func.count().filter(lately & failed).label("failed"),
            func.count().filter(waiting).label("waiting"),
        )
        .join(ApiKey, ApiKey.id == Job.api_key_id)
        .where(lately | waiting)
        .group_by(ApiKey.name)
    )
    valid = select(ApiKey.name, func.count()).where(_valid(datetime.now(UTC)))
    with database.begin() as session:
        keys = dict(session.execute(valid.group_by(ApiKey.name)).tuples().all())
        found = [Sender(*row, keys.get(row[0], 0)) for row in session.execute(jobs).tuples()]
    return sorted(found, key=lambda sender: (-sender.uploads, sender.name))


def block(database: Database, name: str) -> Done:
    """End all keys of a sender, and its jobs that no worker has begun.

    Raises:
        LookupError: there never was such a sender.
        DatabaseUnavailable: nothing was changed.
    """
    now = datetime.now(UTC)
    with database.begin() as session:
        keys = _keys(session, name)
        # One time for all: it is how `allow` knows the keys that ended here from those that had ended before.
        ended = _count(
            session,
            update(ApiKey).where(ApiKey.id.in_(keys), _valid(now)).values(revoked_at=now),
        )
        jobs = _count(
            session,
            update(Job)
            .where(Job.api_key_id.in_(keys), Job.status == Status.QUEUED)
            .values(status=Status.FAILED, error=BLOCKED, detail="Operators have blocked the sender.", finished_at=now),
        )
    return Done(ended, jobs)


def allow(database: Database, name: str) -> Done:
    """Undo `block`. The relay queues the jobs again within seconds.

    Raises:
        LookupError: there never was such a sender.
        DatabaseUnavailable: nothing was changed.
    """
    with database.begin() as session:
        keys = _keys(session, name)
        last = session.scalar(select(func.max(ApiKey.revoked_at)).where(ApiKey.id.in_(keys)))
        ended = ApiKey.id.in_(keys), ApiKey.revoked_at.is_not(None), ApiKey.revoked_at == last
        back = _count(session, update(ApiKey).where(*ended).values(revoked_at=None))
        jobs = _count(
            session,
            update(Job)
            .where(Job.api_key_id.in_(keys), Job.error == BLOCKED)
            .values(status=Status.QUEUED, error=None, detail=None, enqueued_at=None, finished_at=None),
        )
    return Done(back, jobs)


def _valid(now: datetime) -> ColumnElement[bool]:
    return ApiKey.revoked_at.is_(None) & (ApiKey.expires_at.is_(None) | (ApiKey.expires_at > now))


def _keys(session: Session, name: str) -> list[Any]:
    found = list(session.scalars(select(ApiKey.id).where(ApiKey.name == name)))
    if not found:
        raise LookupError(f"no sender is named {name!r}")
    return found


def _count(session: Session, statement: Any) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
