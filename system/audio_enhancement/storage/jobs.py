"""The life of a job in PostgreSQL. Every change of status is one statement whose condition decides who wins.

Delivery from the queue is at least once; what makes a job end once is that one statement alone can move it to its end.
Any attempt may do so, also one whose worker was taken for dead and lives: the same recording gives the same result.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, true, update

from audio_enhancement.storage.database import Database
from audio_enhancement.storage.models import ENDED, Job, Status

UNFINISHED = (Status.QUEUED, Status.RUNNING)


def insert(database: Database, job: Job) -> None:
    """Store a new job."""
    with database.begin() as session:
        session.add(job)


def get(database: Database, job_id: uuid.UUID, api_key_id: uuid.UUID | None = None) -> Job | None:
    """Read a job; with ``api_key_id`` only if it belongs to that key."""
    with database.begin() as session:
        job = session.get(Job, job_id)
    return job if job is not None and api_key_id in (None, job.api_key_id) else None


def mark_enqueued(database: Database, job_ids: Iterable[uuid.UUID]) -> None:
    """Take jobs out of the outbox: Redis has their messages."""
    with database.begin() as session:
        session.execute(update(Job).where(Job.id.in_(list(job_ids))).values(enqueued_at=datetime.now(UTC)))


def claim(database: Database, job_id: uuid.UUID, most: int | None = None) -> Job | None:
    """Begin an attempt: count it and mark the job as running.

    ``None`` when the job has ended or is gone, or when ``most`` attempts have begun. A job that is running may be
    claimed again: its message comes twice only when its worker was taken for dead.
    """
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.status.in_(UNFINISHED), true() if most is None else Job.attempts < most)
        .values(status=Status.RUNNING, attempts=Job.attempts + 1, started_at=datetime.now(UTC))
        .returning(Job)
    )
    with database.begin() as session:
        return session.scalar(statement)


def release(database: Database, job: Job) -> None:
    """Give an attempt up: the job waits for the next one, unless that has begun already."""
    own = (Job.id == job.id, Job.status == Status.RUNNING, Job.attempts == job.attempts)
    with database.begin() as session:
        session.execute(update(Job).where(*own).values(status=Status.QUEUED))


def finish(
    database: Database, job_id: uuid.UUID, status: Status, error: str | None = None, detail: str | None = None
) -> Job | None:
    """End a job; returns it, or ``None`` when another attempt ended it first or it was removed."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.status.in_(UNFINISHED))
        .values(status=status, error=error, detail=detail and detail[:500], finished_at=datetime.now(UTC))
        .returning(Job)
    )
    with database.begin() as session:
        return session.scalar(statement)


def remove(database: Database, job_id: uuid.UUID) -> bool:
    """Remove a job's row; returns whether there was one."""
    with database.begin() as session:
        return session.execute(delete(Job).where(Job.id == job_id).returning(Job.id)).first() is not None


def remove_older_than(database: Database, age_s: float, limit: int = 500) -> Sequence[uuid.UUID]:
    """Remove up to ``limit`` jobs that ended more than ``age_s`` seconds ago; returns their ids. Dead letters stay."""
    before = datetime.now(UTC) - timedelta(seconds=age_s)
    old = select(Job.id).where(Job.finished_at < before, Job.status != Status.DEAD).limit(limit)
    with database.begin() as session:
        return session.scalars(delete(Job).where(Job.id.in_(old.scalar_subquery())).returning(Job.id)).all()


def outbox(database: Database, age_s: float, limit: int = 500) -> Sequence[uuid.UUID]:
    """Jobs that were stored ``age_s`` seconds ago or earlier and never reached the queue, oldest first."""
    return _waiting(database, Job.created_at, age_s, limit, Job.status == Status.QUEUED, Job.enqueued_at.is_(None))


def left_behind(database: Database, age_s: float, running_s: float, limit: int = 500) -> Sequence[uuid.UUID]:
    """Jobs that were queued, or have been running, for longer than that and have not ended, oldest first."""
    queued = _waiting(database, Job.enqueued_at, age_s, limit, Job.status == Status.QUEUED)
    running = _waiting(database, Job.started_at, running_s, limit, Job.status == Status.RUNNING)
    return [*queued, *running]


def _waiting(
    database: Database,
    since: Any,
    age_s: float,
    limit: int,
    *conditions: ColumnElement[bool],
) -> Sequence[uuid.UUID]:
    before = datetime.now(UTC) - timedelta(seconds=age_s)
    statement = select(Job.id).where(since < before, *conditions).order_by(Job.created_at).limit(limit)
    with database.begin() as session:
        return session.scalars(statement).all()


def oldest_unfinished_age_s(database: Database) -> float:
    """Age in seconds of the oldest job that has not ended; 0 when there is none."""
    with database.begin() as session:
        oldest = session.scalar(select(func.min(Job.created_at)).where(Job.status.in_(UNFINISHED)))
    return 0.0 if oldest is None else max(0.0, (datetime.now(UTC) - oldest).total_seconds())


def count(database: Database, *statuses: Status) -> int:
    """Number of jobs in any of ``statuses``."""
    with database.begin() as session:
        return session.scalar(select(func.count()).where(Job.status.in_(statuses))) or 0


def list_dead(database: Database, limit: int = 100) -> Sequence[Job]:
    """The dead letters, newest first."""
    statement = select(Job).where(Job.status == Status.DEAD).order_by(Job.finished_at.desc()).limit(limit)
    with database.begin() as session:
        return session.scalars(statement).all()


def requeue(database: Database, job_ids: Iterable[uuid.UUID] | None = None) -> Sequence[uuid.UUID]:
    """Put dead letters (all, or those named) back into the outbox with fresh attempts; returns which.

    The caller queues them, or the relay does within seconds.
    """
    conditions = [Job.status == Status.DEAD]
    if job_ids is not None:
        conditions.append(Job.id.in_(list(job_ids)))
    values = {
        "status": Status.QUEUED,
        "attempts": 0,
        "error": None,
        "detail": None,
        "enqueued_at": None,
        "finished_at": None,
    }
    with database.begin() as session:
        return session.scalars(update(Job).where(*conditions).values(values).returning(Job.id)).all()


def has_ended(job: Job) -> bool:
    """Whether a job changes no more."""
    return job.status in ENDED
