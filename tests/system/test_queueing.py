"""The queue in a real Redis, and the relay between it and a real PostgreSQL."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.system.processes import System, free_port, new_job

from audio_enhancement.queueing import relay as relaying
from audio_enhancement.queueing.broker import QUEUE, message
from audio_enhancement.queueing.queue import Counts, JobQueue, QueueUnavailable
from audio_enhancement.settings import QueueSettings
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import jobs

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture(scope="module")
def shared(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    made = System(servers, tmp_path_factory.mktemp("queueing"), {})
    yield made
    made.close()


@pytest.fixture
def system(shared: System) -> System:
    shared.forget_all()
    return shared


def stored(system: System, **values: object) -> uuid.UUID:
    job = new_job(system, **values)
    jobs.insert(system.database, job)
    return job.id


def test_messages_are_counted_wherever_they_are(system: System) -> None:
    queue, waiting, paused = system.queue, uuid.uuid4(), uuid.uuid4()
    assert queue.counts() == Counts(0, 0)
    queue.put(waiting)
    queue.broker.enqueue(message(str(paused)), delay=60_000)
    assert queue.counts() == Counts(waiting=2, in_flight=0)
    consumer = queue.broker.consume(QUEUE, prefetch=1, timeout=100)
    taken = next(consumer)
    assert taken is not None
    assert queue.counts() == Counts(waiting=1, in_flight=1)
    assert queue.job_ids() == {waiting, paused}
    consumer.ack(taken)
    assert queue.counts() == Counts(waiting=1, in_flight=0)
    assert queue.job_ids() == {paused}


def test_a_queue_that_is_away_says_so() -> None:
    queue = JobQueue(QueueSettings(url=f"redis://127.0.0.1:{free_port()}/0"))
    for call in (queue.ping, queue.counts, queue.job_ids, queue.memory_used_ratio, lambda: queue.put(uuid.uuid4())):
        with pytest.raises(QueueUnavailable, match="refused"):
            call()


def test_a_full_redis_takes_no_message_and_the_relay_waits(system: System) -> None:
    job_id = stored(system, created_at=LONG_AGO)
    client: Any = system.queue.broker.client
    before = client.config_get("maxmemory")["maxmemory"]
    try:
        client.config_set("maxmemory", "1mb")
        assert system.queue.memory_used_ratio() > 1
        with pytest.raises(QueueUnavailable, match="maxmemory"):
            system.queue.put(uuid.uuid4())
        with pytest.raises(QueueUnavailable):
            system.relay()
        assert system.job(job_id).enqueued_at is None
    finally:
        client.config_set("maxmemory", before)
    assert system.relay() == 1
    assert system.queue.job_ids() == {job_id}


def test_the_relay_queues_what_redis_never_took(system: System) -> None:
    left, young = stored(system, created_at=LONG_AGO), stored(system)
    ended = stored(system, created_at=LONG_AGO, status="done")
    assert system.relay() == 1
    assert system.queue.job_ids() == {left}
    assert system.job(left).enqueued_at is not None
    assert system.job(young).enqueued_at is None
    assert system.job(ended).enqueued_at is None
    assert system.relay() == 0


def test_the_relay_queues_what_redis_lost_also_while_others_wait(system: System) -> None:
    old = {"created_at": LONG_AGO, "enqueued_at": LONG_AGO}
    lost, waiting, paused, running = (stored(system, **old) for _ in range(4))
    for job_id in (waiting, running):
        system.queue.put(job_id)
    system.queue.broker.enqueue(message(str(paused)), delay=60_000)
    next(system.queue.broker.consume(QUEUE, prefetch=1, timeout=100))
    assert system.relay() == 1
    assert system.queue.counts() == Counts(waiting=3, in_flight=1)
    assert system.queue.job_ids() == {lost, waiting, paused, running}
    assert system.relay() == 0


def test_the_relay_leaves_a_running_job_the_time_of_an_attempt(system: System) -> None:
    running = {"status": "running", "created_at": LONG_AGO, "enqueued_at": LONG_AGO}
    lost = stored(system, **running, started_at=LONG_AGO)
    stored(system, **running, started_at=datetime.now(UTC) - timedelta(seconds=3))
    assert system.relay() == 1
    assert system.queue.job_ids() == {lost}


def test_one_relay_at_a_time(system: System) -> None:
    stored(system, created_at=LONG_AGO)
    with system.database.begin() as session:
        session.execute(text(f"SELECT pg_advisory_xact_lock({relaying.RELAY_LOCK})"))
        assert system.relay() == 0
    assert system.relay() == 1


def test_a_long_queue_is_not_read(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(system, created_at=LONG_AGO, enqueued_at=LONG_AGO)
    monkeypatch.setattr(relaying, "MOST_MESSAGES", 0)
    system.queue.put(uuid.uuid4())
    assert system.relay() == 0
    monkeypatch.undo()
    assert system.relay() == 1
