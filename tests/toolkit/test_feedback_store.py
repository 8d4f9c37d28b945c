"""Feedback in SQLite and in a real PostgreSQL: nothing that was acknowledged is lost, and nothing is there twice."""

import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text
from tests.toolkit.conftest import EXT
from tests.toolkit.feedback import PASSWORD, answer, postgresql, sent, served, until

import drillbook.portal.feedback.store
from drillbook.portal.app import create
from drillbook.portal.feedback.limits import Rate
from drillbook.portal.feedback.routes import Settings
from drillbook.portal.feedback.store import METADATA, ConflictError, StoreError, open_store
from drillbook.portal.feedback.threads import Threads
from drillbook.portal.release import new_release, seal, switch

KILLS = 10
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql(tmp_path_factory.mktemp("pg"), "fsync=off") as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/feedback.db"
    found = str(request.getfixturevalue("cluster"))
    with engine_of(found).begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return found


def engine_of(url: str):  # type: ignore[no-untyped-def]
    return create_engine(make_url(url.replace("postgresql:", "postgresql+psycopg:")))


def test_an_answer_is_stored_once(url: str) -> None:
    store = open_store(url)
    first = answer(text="It was the pump: ☃ 日本語 \U0001f600")
    assert store.add(first, NOON) and not store.add(first, NOON + timedelta(days=1))
    with pytest.raises(ConflictError):
        store.add(first._replace(text="Something else"), NOON)
    store.close()
    store = open_store(url)
    [found] = store.answers()
    assert (found.answer, found.at) == (first, NOON)
    store.close()


def test_answers_are_found_counted_and_pruned(url: str) -> None:
    store = open_store(url)
    for day, (page, subject, verdict) in enumerate(
        [
            ("alerts/A", "page", "no"),
            ("alerts/A", "page", "yes"),
            ("alerts/A_B", "fix A/b", "no"),
            ("alert", "page", "no"),
        ]
    ):
        store.add(answer(page=page, subject=subject, verdict=verdict), NOON + timedelta(days=day))
    assert [one.answer.page for one in store.answers()] == ["alert", "alerts/A_B", "alerts/A", "alerts/A"]
    assert [one.answer.verdict for one in store.answers(page="alerts/A")] == ["yes", "no"]
    assert len(store.answers(page="alerts")) == 3, "a folder has its pages"
    assert len(store.answers(wrong=True)) == 3 and len(store.answers(limit=1)) == 1
    assert len(store.answers(since=NOON + timedelta(days=2))) == 2
    assert sorted(store.counts()) == [
        ("alert", "page", "no", 1),
        ("alerts/A", "page", "no", 1),
        ("alerts/A", "page", "yes", 1),
        ("alerts/A_B", "fix A/b", "no", 1),
    ]
    assert store.counts(NOON + timedelta(days=3)) == [("alert", "page", "no", 1)]
    assert store.prune(NOON + timedelta(days=2)) == 2 and len(store.answers()) == 2
    store.close()


def test_threads_that_send_one_answer_store_it_once(url: str) -> None:
    store = open_store(url)
    same = [answer() for _ in range(10)]
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda one: store.add(one, NOON), same * 8))
    assert sum(added) == len(store.answers()) == 10
    store.close()


def test_migrations_make_what_the_code_reads_and_nothing_else(url: str) -> None:
    open_store(url).close()
    engine = engine_of(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_processes_that_start_together_migrate_once(url: str) -> None:
    code = (
        "import sys; from drillbook.portal.feedback.store import open_store\n"
        "sys.stdin.read(1); open_store(sys.argv[1]).check()"
    )
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", code, url], env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in starting:
        assert process.stdin
        process.stdin.write(b"x")
        process.stdin.flush()
    for process in starting:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()


def test_a_newer_database_is_left_alone(url: str) -> None:
    open_store(url).close()
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="or of a newer one"):
        open_store(url)


def test_sqlite_writes_through_to_the_disk(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/feedback.db")
    with store._begin() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["feedback.db"], "and leaves nothing beside it"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("feedback.db", "this is no URL of a database"),
        ("mysql://u:hush@h/d", "not in mysql"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:////no/such/folder/f.db", "there is no folder /no/such/folder"),
        ("sqlite:////proc/f.db", "unable to open database file"),
        ("postgresql://u:hush@127.0.0.1:1/d", "connection"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_without_its_password(given: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as raised:
        open_store(given)
    assert "hush" not in str(raised.value) and "\n" not in str(raised.value)


def test_a_wrong_password_is_not_shown(cluster: str) -> None:
    with pytest.raises(StoreError, match="password authentication failed") as raised:
        open_store(cluster.replace(PASSWORD, "hush"))
    assert "hush" not in str(raised.value)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(EXT)}


class Server:
    """A server in a process of its own, which can be killed and started again at the same address."""

    def __init__(self, url: str, log: Path) -> None:
        self._url, self._log, self._port = url, log, 0
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes answers."""
        command = [sys.executable, "-m", "drillbook", "feedback", "serve", "--rate", "999999"]
        where = ["--port", str(self._port), "--database", self._url]
        with self._log.open("a") as errors:
            self.process = subprocess.Popen(
                [*command, *where], env=environment(), stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout
        self.address = self.process.stdout.readline().split()[-1]
        self._port = int(self.address.split(":")[2].partition("/")[0])

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.process.communicate()

    def end(self) -> int:
        """In order; answers its exit status."""
        self.process.terminate()
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """Starts a server for a database."""
    with ExitStack() as stack:

        def made(url: str) -> Server:
            server = Server(url, tmp_path / "log")
            stack.callback(lambda: server.kill())
            return server

        yield made


class Clients:
    """Four, which send answers one after the other, and each again, with its key, until it is acknowledged."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.acknowledged: set[str] = set()
        self.refusals: list[httpx.Response] = []
        self._ending = threading.Event()

    def __enter__(self) -> "Clients":
        self._pool = ThreadPoolExecutor(4)
        self._clients = [self._pool.submit(self._send) for _ in range(4)]
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._pool.shutdown()

    def send(self, more: int) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + more
        until(lambda: len(self.acknowledged) >= wanted or any(client.done() for client in self._clients), 120)

    def finish(self) -> None:
        """Wait until all that was sent is acknowledged."""
        self._ending.set()
        for client in self._clients:
            client.result()

    def _send(self) -> None:
        with httpx.Client(verify=False, timeout=30) as client:
            while not self._ending.is_set():
                self._until_acknowledged(client, sent(text="x" * 200))

    def _until_acknowledged(self, client: httpx.Client, one: Mapping[str, str]) -> None:
        origin = {"Origin": self._address.removesuffix("/-/feedback")}
        deadline = time.monotonic() + 120
        while one["key"] not in self.acknowledged:
            assert time.monotonic() < deadline, "it is never acknowledged"
            try:
                answered = client.post(self._address, json=one, headers=origin)
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            if answered.status_code in (200, 201):
                self.acknowledged.add(one["key"])
            else:
                self.refusals.append(answered)
                time.sleep(0.02)


def stored_in(url: str) -> list[str]:
    """The keys of all answers."""
    with closing(open_store(url, make=False)) as store:
        return sorted(one.answer.key for one in store.answers())


def test_a_server_that_is_killed_loses_nothing_and_stores_nothing_twice(
    url: str, serving: Callable[[str], Server]
) -> None:
    server, chance = serving(url), random.Random(7)
    with Clients(server.address) as clients:
        for _ in range(KILLS):
            clients.send(chance.randrange(4, 14))
            server.kill()
            acknowledged, stored = set(clients.acknowledged), stored_in(url)
            assert acknowledged <= set(stored) and len(stored) == len(set(stored))
            server.start()
        clients.finish()
    assert server.end() == 0
    assert not clients.refusals
    assert stored_in(url) == sorted(clients.acknowledged)


def test_a_postgresql_that_is_killed_loses_nothing_and_is_used_again_without_a_restart(
    tmp_path: Path, serving: Callable[[str], Server]
) -> None:
    # It is told to acknowledge what it has not written yet: the application has to ask otherwise
    with postgresql(tmp_path, "fsync=on", "synchronous_commit=off", "wal_writer_delay=10s") as database:
        server, chance = serving(database.url), random.Random(7)
        with Clients(server.address) as clients:
            for _ in range(KILLS):
                clients.send(chance.randrange(4, 14))
                database.kill()
                acknowledged, refused = set(clients.acknowledged), len(clients.refusals)
                until(lambda refused=refused: len(clients.refusals) > refused)
                assert httpx.get(f"{server.address}/health").status_code == 503
                database.start()
                stored = stored_in(database.url)
                assert acknowledged <= set(stored) and len(stored) == len(set(stored))
            clients.finish()
        assert httpx.get(f"{server.address}/health").status_code == 200
        assert server.end() == 0
        assert stored_in(database.url) == sorted(clients.acknowledged)
    assert {(one.status_code, one.headers["retry-after"]) for one in clients.refusals} == {(503, "30")}
    assert {one.json()["detail"] for one in clients.refusals} == {"it cannot be stored now"}
    said = (tmp_path / "log").read_text()
    assert f"feedback is not stored: {database.url.replace(PASSWORD, '***').replace(':', '+psycopg:', 1)}: " in said
    assert PASSWORD not in said and "Traceback" not in said


@contextmanager
def held(url: str) -> Iterator[None]:
    """Somebody else has the database, and does not let go."""
    engine = engine_of(url)
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "LOCK TABLE feedback IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()
    engine.dispose()


def test_a_database_that_somebody_holds_is_not_waited_for_without_an_end(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drillbook.portal.feedback.store, "WAIT_S", 1)
    with closing(open_store(url)) as store:
        with held(url), ThreadPoolExecutor(3) as pool:
            for waiting in [pool.submit(store.add, answer(), NOON) for _ in range(3)]:
                with pytest.raises(StoreError):
                    waiting.result(60)
        assert store.add(answer(), NOON)


def test_pages_are_served_while_the_database_is_held(url: str, tmp_path: Path) -> None:
    with new_release(tmp_path / "site") as folder:
        (folder / "index.html").write_text("Pumps")
        (folder / "headers.json").write_text('{"headers": {}}')
        switch(tmp_path / "site", folder, seal(folder, ["index.html", "headers.json"], ""))
    pages = create(tmp_path / "site").routes
    many = Rate(10_000, 1000)
    with served(Settings(client=many, total=many), url, *pages) as site, ThreadPoolExecutor(60) as pool:
        with held(url):
            origin = {"Origin": site}
            waiting = [
                pool.submit(httpx.post, f"{site}/-/feedback", json=sent(), headers=origin, timeout=60)
                for _ in range(60)
            ]
            asked = [pool.submit(httpx.get, f"{site}/-/feedback/health", timeout=60) for _ in range(20)]
            for _ in range(20):  # while they come
                assert httpx.get(f"{site}/", timeout=10).text == "Pumps"
                time.sleep(0.05)
        statuses = {one.result().status_code for one in waiting}
        assert statuses <= {201, 503} and 201 in statuses
        assert {one.result().status_code for one in asked} <= {200, 503}


def test_who_finds_no_thread_is_refused() -> None:
    release = threading.Event()

    async def both() -> None:
        threads = Threads(1, wait_s=0.1)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(threads.run(release.wait, 60))
            await asyncio.sleep(0)
            with pytest.raises(StoreError, match="keeps all that wait for it"):
                await threads.run(release.wait, 60)
            release.set()
        assert await first

    with ThreadPoolExecutor(1) as apart:  # a browser driven by other tests leaves its loop running in this thread
        apart.submit(asyncio.run, both()).result()
