"""The gateway while its servers are away, slow or forgetful: what is accepted ends, and what is refused leaves nothing."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from tests.system.client import Client, Running, assert_problem, job_id, running_system
from tests.system.conftest import until
from tests.system.odd_worker import HOLD_HZ
from tests.system.processes import System, recording

from audio_enhancement.queueing.queue import QueueUnavailable
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage.database import DatabaseUnavailable

SETTINGS = {
    "AE_API_RATE_LIMIT_PER_MINUTE": "1000",
    "AE_API_REQUEST_TIMEOUT_S": "4",
    "AE_DATABASE_CONNECT_TIMEOUT_S": "1",
    "AE_DATABASE_STATEMENT_TIMEOUT_MS": "1500",
    "AE_WORKER_CONCURRENCY": "2",
    "AE_WORKER_HEARTBEAT_TIMEOUT_S": "5",
    "AE_WORKER_RETRY_BACKOFF_S": "0.1",
    "AE_WORKER_TIME_LIMIT_S": "5",
}
PATIENCE_S = 20.0
"""Longer than any time limit of these settings lets a request take."""


@pytest.fixture(scope="module")
def running(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_system(servers, tmp_path_factory.mktemp("faults"), SETTINGS) as running:
        yield running


@pytest.fixture(autouse=True)
def as_before(running: Running) -> Iterator[None]:
    """Each test begins with both servers there, and ends with nothing on its way."""
    until(lambda: running.gateway.answers("/readyz"), 10, "the gateway is ready")
    yield
    running.system.hold.unlink(missing_ok=True)
    all_end(running)


def all_end(running: Running) -> None:
    """Relay, as the monitor does, until no job is on its way."""

    def ended() -> bool:
        try:
            running.system.relay()
        except (QueueUnavailable, DatabaseUnavailable):
            return False
        with running.system.sql() as connection:
            found = connection.execute("SELECT count(*) FROM jobs WHERE status IN ('queued', 'running')").fetchone()
        return found == (0,)

    until(ended, 120, "every job ended")


def stored_files(system: System) -> set[Path]:
    return {path for path in system.files.root.rglob("*") if path.is_file()}


def rows(system: System) -> int:
    with system.sql() as connection:
        found = connection.execute("SELECT count(*) FROM jobs").fetchone()
    assert found is not None
    return int(found[0])


def interrupted(data: bytes, happen: Callable[[], object]) -> Iterator[bytes]:
    """An upload in whose middle something happens."""
    yield data[:1000]
    happen()
    yield data[1000:]


@contextmanager
def frozen(system: System, server: str) -> Iterator[None]:
    """The server keeps its connections and says nothing."""
    process = psutil.Process(system.servers.supervisor.status()[server].pid)
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.suspend()
    try:
        yield
    finally:
        for member in family:
            with suppress(psutil.NoSuchProcess):  # one that serves a single client may have been ended for its silence
                member.resume()


def assert_in_time(start: float) -> None:
    assert time.monotonic() - start < PATIENCE_S


def test_without_redis_uploads_are_accepted_and_done_when_it_is_back(running: Running) -> None:
    system, client = running.system, running.client
    with system.stopped("redis"):
        start = time.monotonic()
        locations = [client.accepted(recording(100 + number)) for number in range(3)]
        assert_in_time(start)
        for location in locations:
            job = system.job(job_id(location))
            assert (job.status, job.enqueued_at) == ("queued", None)
        ready = client.http.get("/readyz")
        assert ready.status_code == 200 and ready.json()["queue"] == "unavailable"
        with pytest.raises(QueueUnavailable):
            until(lambda: system.relay() > 0, 3, "the relay misses Redis")
    all_end(running)
    assert [client.job(location)["status"] for location in locations] == ["done"] * 3
    assert running.gateway.metric('ae_cache_requests_total{outcome="error"}') >= 3


def test_redis_that_stops_between_the_row_and_the_message_loses_no_job(running: Running) -> None:
    system = running.system
    data = recording(110)
    try:
        location = running.client.accepted(interrupted(data, lambda: system.servers.supervisor.stop("redis")))
        assert system.job(job_id(location)).enqueued_at is None
    finally:
        with system.stopped("redis"):
            pass
    all_end(running)
    job = running.client.job(location)
    assert (job["status"], job["attempts"]) == ("done", 1)
    assert system.job(job_id(location)).enqueued_at is not None


def test_a_redis_that_lost_its_data_loses_no_job(running: Running) -> None:
    system, client = running.system, running.client
    system.hold.touch()
    held = [client.accepted(recording(120 + number, rate_hz=HOLD_HZ)) for number in range(2)]
    until(lambda: all(client.job(location)["status"] == "running" for location in held), 10, "both are running")
    waiting = [client.accepted(recording(122 + number)) for number in range(3)]
    assert system.queue.counts().waiting == 3
    system.queue.broker.client.flushdb()
    system.hold.unlink()
    all_end(running)
    jobs = [client.job(location) for location in held + waiting]
    assert [(job["status"], job["attempts"]) for job in jobs] == [("done", 1)] * 5


def test_postgres_that_stops_in_mid_request_is_a_503_that_leaves_nothing(running: Running) -> None:
    system, client = running.system, running.client
    before, count = stored_files(system), rows(system)
    data = recording(130)
    try:
        start = time.monotonic()
        answer = client.upload(interrupted(data, lambda: system.servers.supervisor.stop("postgres")))
        assert_problem(answer, "database_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert_in_time(start)
        assert stored_files(system) == before
        assert_problem(client.http.get("/v1/enhancements/00000000-0000-0000-0000-000000000000"), "database_unavailable")
        ready = client.http.get("/readyz")
        assert ready.status_code == 503 and ready.json()["database"] == "unavailable"
        assert client.http.get("/healthz").status_code == 200
    finally:
        with system.stopped("postgres"):
            pass
    assert rows(system) == count
    assert client.ended(client.accepted(data))["status"] == "done"


def test_a_locked_table_is_a_503_in_time_and_probes_do_not_wait(running: Running) -> None:
    """More requests wait than the gateway has threads and connections."""
    system, client = running.system, running.client
    location = client.accepted(recording(140))
    client.ended(location)
    before, count = stored_files(system), rows(system)
    data = [recording(141 + number) for number in range(60)]

    def ask(number: int) -> tuple[int, float]:
        start = time.monotonic()
        answer = client.upload(data[number]) if number % 2 else client.http.get(location)
        return answer.status_code, time.monotonic() - start

    with (
        Client(running.gateway.url, "") as prober,
        ThreadPoolExecutor(60) as pool,
        system.sql() as blocker,
    ):
        prober.http.get("/healthz")
        blocker.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        asked = [pool.submit(ask, number) for number in range(60)]
        until(lambda: system.database.lock_wait_s() > 0, 5, "statements wait for the lock")
        probes = [prober.http.get(path) for path in ("/healthz", "/readyz") * 5]
        assert [probe.status_code for probe in probes] == [200] * 10
        # One or the other may be late because this machine is busy; none waits for the database.
        assert sorted(probe.elapsed.total_seconds() for probe in probes)[5] < 0.5
        answers = [future.result() for future in asked]
        # Threads that nobody waits for any more have given up, too.
        until(lambda: stored_files(system) == before, 5, "nothing is left of refused uploads")
        blocker.rollback()
    statuses = Counter(status for status, _ in answers)
    assert set(statuses) <= {503, 504} and statuses[503] > 0, statuses
    assert max(seconds for _, seconds in answers) < PATIENCE_S
    assert rows(system) == count
    assert client.job(location)["status"] == "done"


def test_an_upload_that_is_given_up_leaves_nothing(running: Running) -> None:
    """More uploads end at the same moment than the gateway has threads, and it gives up before the database does."""
    system, count = running.system, 60
    slow = {
        "AE_API_REQUEST_TIMEOUT_S": "2",
        "AE_DATABASE_CONNECT_TIMEOUT_S": "3",
        "AE_DATABASE_STATEMENT_TIMEOUT_MS": "3000",
    }
    before = stored_files(system)

    def lock() -> None:
        until(lambda: len(stored_files(system) - before) == count, 3, "all uploads have begun")
        blocker.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")

    with (
        system.gateway(**slow) as gateway,
        Client(gateway.url, system.key) as client,
        system.sql() as blocker,
        ThreadPoolExecutor(count) as pool,
    ):
        together = threading.Barrier(count, lock)
        uploads = [interrupted(recording(600 + number), together.wait) for number in range(count)]
        for answer in pool.map(client.upload, uploads):
            assert_problem(answer, "request_timeout")
        until(lambda: stored_files(system) == before, 10, "nothing is left of uploads that were given up")


@pytest.mark.parametrize("server", ["redis", "postgres"])
def test_a_frozen_server_holds_no_request_beyond_its_limit(running: Running, server: str) -> None:
    client = running.client
    with frozen(running.system, server):
        start = time.monotonic()
        answer = client.upload(recording(250))
        assert_in_time(start)
        if server == "postgres":
            assert answer.status_code in (503, 504)
        else:
            # Each question to Redis has a limit of its own, and their sum may be over the request's.
            assert answer.status_code in (202, 504)
        assert client.http.get("/healthz").status_code == 200
    until(lambda: running.gateway.answers("/readyz"), 10, "the gateway is ready again")
    assert client.ended(client.accepted(recording(251)), within_s=40)["status"] == "done"


def test_every_accepted_job_ends_whatever_stops_meanwhile(running: Running) -> None:
    system = running.system
    accepted: list[str] = []
    refused: Counter[int] = Counter()

    def send(number: int) -> None:
        answer = running.client.upload(recording(300 + number))
        if answer.status_code == 202:
            accepted.append(answer.headers["Location"])
        else:
            refused[answer.status_code] += 1

    with ThreadPoolExecutor(4) as pool:
        for round_ in range(2):
            for server in ("redis", "postgres"):
                sent = [pool.submit(send, round_ * 100 + len(accepted) + number) for number in range(12)]
                with system.stopped(server):
                    sent += [pool.submit(send, 1000 + round_ * 100 + len(accepted) + number) for number in range(4)]
                for future in sent:
                    future.result()
    all_end(running)
    assert len(accepted) >= 30
    assert set(refused) <= {503, 504}
    assert Counter(running.client.job(location)["status"] for location in accepted) == {"done": len(accepted)}
    assert running.worker.popen.poll() is None
    # Nothing that nobody knows is left: an upload and a result for each job, and in Redis no message.
    with system.sql() as connection:
        done = {row[0].hex for row in connection.execute("SELECT id FROM jobs WHERE NOT cached")}
        known = {row[0].hex for row in connection.execute("SELECT id FROM jobs")}
    assert {path.name for path in (system.files.root / "uploads").rglob("*") if path.is_file()} == done
    assert {path.name for path in (system.files.root / "results").rglob("*") if path.is_file()} == known
    until(lambda: sum(system.queue.counts()) == 0, 15, "no message is left")


def test_what_dramatiq_keeps_in_redis_does_not_grow(running: Running) -> None:
    """Heartbeats of processes that are gone are forgotten, and no message leaves anything behind."""
    system, client = running.system, running.client
    for number in range(20):
        client.accepted(recording(500 + number))
    all_end(running)
    redis = system.queue.broker.client
    redis.zadd("dramatiq:__heartbeats__", {f"gone-{number}": 0 for number in range(100)})
    until(lambda: redis.zcard("dramatiq:__heartbeats__") < 10, 20, "the dead are forgotten")
    until(lambda: redis.keys("*") == [b"dramatiq:__heartbeats__"], 10, "nothing but heartbeats is left")
