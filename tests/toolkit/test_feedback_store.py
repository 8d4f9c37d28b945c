"""Feedback in SQLite and in a real PostgreSQL: nothing that was acknowledged is lost, and nothing is there twice."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text
from tests.toolkit.conftest import EXT
from tests.toolkit.feedback import PASSWORD, answer, postgresql, sent

from drillbook.portal.feedback.answer import now
from drillbook.portal.feedback.store import METADATA, ConflictError, StoreError, open_store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql(tmp_path_factory.mktemp("pg")) as url:
        yield url


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


def started(url: str, port: int) -> tuple[subprocess.Popen[str], str]:
    """A server in a process of its own, and its address."""
    command = [sys.executable, "-m", "drillbook", "feedback", "serve", "--rate", "999999", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--database", url], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    return process, process.stdout.readline().split()[-1]


def until_acknowledged(address: Callable[[], str], done: dict[str, int], lock: threading.Lock, number: int) -> None:
    """A client: sends answers one after the other, and each again, with its key, until it is acknowledged."""
    deadline = time.monotonic() + 120
    with httpx.Client(verify=False, timeout=10) as client:
        for _ in range(number):
            one = sent(text="x" * 200)
            while one["key"] not in done:
                assert time.monotonic() < deadline, "it is never acknowledged"
                try:
                    origin = {"Origin": address().removesuffix("/-/feedback")}
                    status = client.post(address(), json=one, headers=origin).status_code
                except httpx.TransportError:
                    time.sleep(0.02)
                    continue
                assert status in (200, 201), status
                with lock:
                    done[one["key"]] = status


def test_a_server_that_is_killed_loses_nothing_and_stores_nothing_twice(url: str) -> None:
    process, address = started(url, 0)
    port = int(address.split(":")[2].partition("/")[0])
    done: dict[str, int] = {}
    lock = threading.Lock()
    chance = random.Random(7)
    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(until_acknowledged, lambda: address, done, lock, 40) for _ in range(4)]
        for _ in range(3):
            before, more = len(done), chance.randrange(5, 25)
            while len(done) < before + more and not all(client.done() for client in clients):
                time.sleep(0.003)
            process.send_signal(signal.SIGKILL)
            process.wait()
            acknowledged = set(done)
            process, address = started(url, port)
            store = open_store(url, make=False)
            stored = [one.answer.key for one in store.answers()]
            store.close()
            assert acknowledged <= set(stored) and len(stored) == len(set(stored))
        for client in clients:
            client.result()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    store = open_store(url, make=False)
    stored = sorted(one.answer.key for one in store.answers())
    assert stored == sorted(done) and len(stored) == 160
    assert all(now() - one.at < timedelta(hours=1) for one in store.answers(limit=1))
    store.close()
