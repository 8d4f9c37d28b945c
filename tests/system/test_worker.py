"""Real workers: what they do with good, odd and deadly recordings, and what is left when they are stopped or killed."""

import signal
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.system.conftest import until
from tests.system.odd_worker import FAILS_HZ, HOLD_HZ, KILLS_HZ
from tests.system.processes import System, new_job, recording, wait_s

from audio_enhancement.queueing.broker import QUEUE, message
from audio_enhancement.queueing.queue import Counts
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import jobs
from audio_enhancement.storage.models import Status

SETTINGS = {
    "AE_WORKER_CONCURRENCY": "2",
    "AE_WORKER_HEARTBEAT_TIMEOUT_S": "5",
    "AE_WORKER_MAX_RETRIES": "1",
    "AE_WORKER_RETRY_BACKOFF_S": "0.1",
    "AE_WORKER_SHUTDOWN_TIMEOUT_S": "20",
    "AE_WORKER_TIME_LIMIT_S": "60",
}
REDELIVERED_S = 20.0
"""Heartbeat timeout, and then some looks for dead workers."""


@pytest.fixture(scope="module")
def shared(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    made = System(servers, tmp_path_factory.mktemp("worker"), SETTINGS)
    yield made
    made.close()


@pytest.fixture
def system(shared: System) -> Iterator[System]:
    shared.forget_all()
    yield shared
    shared.hold.unlink(missing_ok=True)


def is_running(system: System, job_id: uuid.UUID) -> bool:
    return system.job(job_id).status == Status.RUNNING


def nothing_is_left(system: System) -> None:
    """A message is answered for a moment after its job has ended, and last of all."""
    until(lambda: system.queue.counts() == Counts(0, 0), 10, "nothing is left in Redis")


def test_attempts_end_whatever_goes_wrong(system: System) -> None:
    system.hold.touch()
    with system.worker(AE_WORKER_TIME_LIMIT_S="5") as worker:
        endless = system.submit(recording(0, rate_hz=HOLD_HZ), attempts=1)
        fails, good = system.submit(recording(1, rate_hz=FAILS_HZ)), system.submit(recording(2))
        damaged, lost = system.submit(recording(3)[:2000]), new_job(system)
        jobs.insert(system.database, lost)
        for job_id in (lost.id, good, uuid.uuid4()):  # one that is twice in the queue, one that nobody knows
            system.queue.put(job_id)

        dead = system.ends(fails, "dead")
        assert (dead.attempts, dead.error, dead.detail) == (
            2,
            "enhancement_failed",
            "RuntimeError: this recording never works",
        )
        assert system.ends(damaged, "failed").error == "corrupt_audio"
        assert system.ends(lost.id, "failed").error == "upload_lost"
        assert system.ends(good, "done").attempts == 1
        assert system.files.result(good).read_bytes()[:4] == b"RIFF"

        removed = system.submit(recording(4, rate_hz=HOLD_HZ))
        until(lambda: is_running(system, removed), 10, "the job is running")
        assert jobs.remove(system.database, removed)
        system.files.remove(removed)

        limited = system.ends(endless, "dead", within_s=30)
        assert (limited.attempts, limited.detail) == (2, "The attempt took longer than 5 s.")
        system.hold.unlink()
        nothing_is_left(system)
        assert not system.files.result(removed).exists()

        # A dead letter that is queued again gets fresh attempts.
        assert jobs.requeue(system.database, [endless]) == [endless]
        system.queue.put(endless)
        assert system.ends(endless, "done").attempts == 1
        nothing_is_left(system)

        finished = "ae_jobs_finished_total"
        assert worker.metric(f'{finished}{{reason="",status="done"}}') == 2
        assert worker.metric(f'{finished}{{reason="enhancement_failed",status="dead"}}') == 2
        assert worker.metric(f'{finished}{{reason="upload_lost",status="failed"}}') == 1
        assert worker.metric("ae_job_end_to_end_seconds_count") == 2
        assert worker.metric("ae_job_processing_seconds_count") >= 8
        assert worker.metric("ae_jobs_in_progress") == 0
        assert worker.metric("ae_build_info") == 1
        assert worker.metric("process_cpu_seconds_total") > 0
        assert system.cache.find("0" * 64) == endless


def test_a_stopped_worker_finishes_what_it_has_and_takes_no_more(system: System) -> None:
    system.hold.touch()
    with system.worker() as worker:
        held = system.submit(recording(10, rate_hz=HOLD_HZ))
        until(lambda: is_running(system, held), 10, "the job is running")
        worker.signal(signal.SIGTERM)
        until(lambda: "draining" in worker.log, 5, "the worker drains")
        late = [system.submit(recording(11 + number)) for number in range(3)]
        wait_s(1.5)
        assert worker.popen.poll() is None
        assert system.queue.counts() == Counts(waiting=3, in_flight=1)
        system.hold.unlink()
        assert worker.ended(10) == 0
    assert system.ends(held, "done", 0).attempts == 1
    assert {system.job(job_id).attempts for job_id in late} == {0}
    assert system.queue.counts() == Counts(waiting=3, in_flight=0)
    assert worker.log.splitlines()[-1].count('"stopped"') == 1


def test_a_worker_that_is_stopped_as_soon_as_it_is_ready_ends_in_order(system: System) -> None:
    with system.worker(THREADS_START_S="2") as worker:
        worker.signal(signal.SIGTERM)
        assert worker.ended(10) == 0  # before its shutdown timeout: its threads have heard


def test_messages_that_a_worker_was_sent_and_never_got_are_delivered_again(system: System) -> None:
    """A fetch whose answer was lost with the connection, and a retry that was paused when the connection broke."""
    redis: Any = system.queue.broker.client
    lost, paused = new_job(system), new_job(system)
    for job in (lost, paused):
        system.files.upload(job.id).parent.mkdir(parents=True, exist_ok=True)
        system.files.upload(job.id).write_bytes(recording(job.id.int % 1000))
        jobs.insert(system.database, job)
    with system.worker() as worker:
        system.queue.broker.enqueue(message(str(paused.id)), delay=2000)
        delayed = f"*.{QUEUE}.DQ"
        until(lambda: any(map(redis.scard, redis.keys(delayed))), 5, "the worker holds the retry")
        acks = redis.keys(delayed)[0].decode().removesuffix(".DQ")
        # What a fetch does in Redis, without its answer.
        sent = str(uuid.uuid4())
        data = message(str(lost.id)).copy(options={"redis_message_id": sent}).encode()
        redis.hset(f"dramatiq:{QUEUE}.msgs", sent, data)
        redis.sadd(acks, sent)
        with system.stopped("redis"):
            until(lambda: worker.log.count("encountered a connection error") == 2, 10, "both consumers noticed")
        for job in (lost, paused):
            assert system.ends(job.id, "done").attempts == 1
        assert worker.popen.poll() is None
        nothing_is_left(system)


def test_retries_that_are_due_when_redis_goes_away_are_not_forgotten(system: System) -> None:
    """Some are due at every moment, so one is when the connection breaks: then dramatiq puts it into the queue."""
    due = [new_job(system) for _ in range(150)]
    for job in due:
        jobs.insert(system.database, job)  # without an upload: it fails as soon as it is tried
    with system.worker() as worker:
        for number, job in enumerate(due):
            system.queue.broker.enqueue(message(str(job.id)), delay=500 + 30 * number)
        until(lambda: system.job(due[0].id).status == Status.FAILED, 10, "the first retry is done")
        with system.stopped("redis"):
            until(lambda: "encountered" in worker.log, 10, "the worker noticed")
        for job in due:
            assert system.ends(job.id, "failed").error == "upload_lost"
        nothing_is_left(system)
        assert worker.popen.poll() is None


def test_a_killed_workers_job_is_done_by_another(system: System) -> None:
    """And a worker that is only slow to be heard of again changes nothing of what another has done."""
    system.hold.touch()
    with system.worker(wait=False) as first, system.worker(wait=False) as second:
        held = [system.submit(recording(20 + number, rate_hz=HOLD_HZ)) for number in range(2)]
        until(lambda: all(is_running(system, job_id) for job_id in held), 30, "both jobs are running")
        for worker in (first, second):
            until(lambda worker=worker: worker.answers("/metrics"), 30, "the worker is ready")  # type: ignore[misc]
        victim, other = sorted((first, second), key=lambda worker: -worker.metric("ae_jobs_in_progress"))
        victim.signal(signal.SIGKILL)
        killed = datetime.now(UTC)
        assert victim.ended(5) == -signal.SIGKILL
        system.hold.unlink()
        ended = [system.ends(job_id, "done", REDELIVERED_S) for job_id in held]
        again = [job for job in ended if job.attempts == 2]
        assert again and all(job.attempts <= 2 for job in ended)
        assert max(job.started_at for job in again if job.started_at) > killed
        nothing_is_left(system)
        assert other.metric('ae_jobs_finished_total{reason="",status="done"}') == 2
        assert {system.files.result(job_id).exists() for job_id in held} == {True}


def test_a_job_that_is_queued_twice_does_not_end_its_own_last_attempt(system: System) -> None:
    system.hold.touch()
    with system.worker(AE_WORKER_MAX_RETRIES="0") as worker:
        held = system.submit(recording(40, rate_hz=HOLD_HZ))
        until(lambda: is_running(system, held), 10, "the job is running")
        system.queue.put(held)
        until(
            lambda: bool(system.queue.broker.client.hlen(f"dramatiq:{QUEUE}.DQ.msgs")), 5, "its second message pauses"
        )
        system.hold.unlink()
        assert system.ends(held, "done").attempts == 1
        nothing_is_left(system)
        assert worker.metric('ae_jobs_finished_total{reason="enhancement_failed",status="dead"}') == 0


def test_a_job_that_kills_its_workers_ends_in_the_dead_letters(system: System) -> None:
    with ExitStack() as running:
        limit = {"AE_WORKER_TIME_LIMIT_S": "5"}  # only then it is sure that the last attempt does not come back
        workers = [running.enter_context(system.worker(wait=False, **limit)) for _ in range(3)]
        deadly = system.submit(recording(30, rate_hz=KILLS_HZ))
        dead = system.ends(deadly, "dead", 30 + 2 * REDELIVERED_S)
        assert (dead.attempts, dead.error, dead.detail) == (2, "enhancement_failed", "No attempt came to an end.")
        assert sorted(worker.popen.poll() or 0 for worker in workers) == [-signal.SIGKILL, -signal.SIGKILL, 0]
        assert [job.id for job in jobs.list_dead(system.database)] == [deadly]
        assert system.ends(system.submit(recording(31)), "done").attempts == 1
