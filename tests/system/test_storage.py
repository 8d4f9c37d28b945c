"""Jobs, keys and migrations in a real PostgreSQL, audio on a real disk, results in a real Redis."""

import os
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, text
from tests.system.processes import System, free_port, new_job

from audio_enhancement.settings import CacheSettings, DatabaseSettings, DspSettings, StorageSettings
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import cache, jobs, keys, migrate
from audio_enhancement.storage.cache import ResultCache
from audio_enhancement.storage.database import Database, DatabaseUnavailable
from audio_enhancement.storage.files import AudioFiles
from audio_enhancement.storage.models import Base, Status


@pytest.fixture(scope="module")
def system(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    made = System(servers, tmp_path_factory.mktemp("storage"), {})
    yield made
    made.close()


@pytest.fixture
def database(system: System) -> Database:
    system.forget_all()
    return system.database


@pytest.fixture
def empty(system: System) -> Iterator[Database]:
    """A database without tables: a schema of its own."""
    database = Database(DatabaseSettings(dsn=system.environment["AE_DATABASE_DSN"]))
    schema = f"empty_{uuid.uuid4().hex}"
    with system.sql() as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    event.listen(database.engine, "checkout", lambda raw, *_: raw.execute(f"SET search_path = {schema}"))
    yield database
    database.close()
    with system.sql() as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


def test_migrations_make_what_the_models_say_and_nothing_the_second_time(empty: Database) -> None:
    assert migrate.current(empty) is None
    for _ in range(2):
        assert migrate.upgrade(empty) == migrate.current(empty) == migrate.head()
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_an_older_release_leaves_a_newer_database_as_it_is(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    assert migrate.upgrade(empty) == migrate.current(empty) == "of_tomorrow"


def test_a_job_ends_once_whoever_tries(system: System, database: Database) -> None:
    job = new_job(system)
    jobs.insert(database, job)
    claimed = jobs.claim(database, job.id)
    assert claimed is not None and (claimed.status, claimed.attempts) == (Status.RUNNING, 1)
    together = threading.Barrier(4)

    def finish(status: Status) -> bool:
        together.wait()
        return jobs.finish(database, job.id, status) is not None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(finish, [Status.DONE, Status.FAILED, Status.DONE, Status.DEAD])) == 1
    assert jobs.claim(database, job.id) is None
    assert system.job(job.id).finished_at is not None


def test_each_claim_is_an_attempt_and_a_released_job_waits(system: System, database: Database) -> None:
    job = new_job(system)
    jobs.insert(database, job)
    for attempt in (1, 2, 3):
        claimed = jobs.claim(database, job.id, most=3)
        assert claimed is not None and claimed.attempts == attempt
        jobs.release(database, claimed)
        assert system.job(job.id).status == Status.QUEUED
    assert jobs.claim(database, job.id, most=3) is None
    assert jobs.remove(database, job.id)
    assert not jobs.remove(database, job.id)
    assert jobs.claim(database, job.id) is None


def test_an_attempt_that_was_taken_for_dead_harms_no_other(system: System, database: Database) -> None:
    job = new_job(system)
    jobs.insert(database, job)
    stale, newer = jobs.claim(database, job.id), jobs.claim(database, job.id)
    assert stale is not None and newer is not None
    jobs.release(database, stale)
    assert system.job(job.id).status == Status.RUNNING
    jobs.release(database, newer)
    done = jobs.finish(database, job.id, Status.DONE)  # by the stale one, which came to a result after all
    assert done is not None and done.attempts == 2
    assert jobs.claim(database, job.id) is None


def test_a_job_is_seen_by_its_own_key_alone(system: System, database: Database) -> None:
    job = new_job(system)
    jobs.insert(database, job)
    stranger, _ = keys.create(database, "stranger")
    assert jobs.get(database, job.id, system.key_id) is not None
    assert jobs.get(database, job.id, stranger) is None


def test_dead_letters_are_listed_and_queued_again(system: System, database: Database) -> None:
    dead = [
        new_job(system, status="dead", attempts=4, error="x", detail="y", finished_at=datetime.now(UTC), enqueued_at=at)
        for at in (datetime.now(UTC), None, None)
    ]
    for job in (*dead, new_job(system, status="failed"), new_job(system)):
        jobs.insert(database, job)
    assert {job.id for job in jobs.list_dead(database)} == {job.id for job in dead}
    assert len(jobs.list_dead(database, limit=2)) == 2
    assert jobs.requeue(database, [dead[0].id]) == [dead[0].id]
    fresh = system.job(dead[0].id)
    assert (fresh.status, fresh.attempts, fresh.error, fresh.detail, fresh.enqueued_at, fresh.finished_at) == (
        *(Status.QUEUED, 0),
        *(None,) * 4,
    )
    assert set(jobs.requeue(database)) == {dead[1].id, dead[2].id}
    assert jobs.requeue(database) == []
    assert jobs.count(database, Status.QUEUED) == 4


def test_old_jobs_are_removed_but_no_dead_letter(system: System, database: Database) -> None:
    old, young = datetime.now(UTC) - timedelta(hours=2), datetime.now(UTC)
    gone = [new_job(system, status=status, finished_at=old) for status in ("done", "failed")]
    kept = [
        new_job(system, status="done", finished_at=young),
        new_job(system, status="dead", finished_at=old),
        new_job(system, created_at=old),
    ]
    for job in (*gone, *kept):
        jobs.insert(database, job)
    assert 7200 <= jobs.oldest_unfinished_age_s(database) < 7300
    assert len(jobs.remove_older_than(database, 3600, limit=1)) == 1
    assert len(jobs.remove_older_than(database, 3600)) == 1
    assert {job.id for job in kept} == {
        job.id for job in (jobs.get(database, job.id) for job in (*gone, *kept)) if job is not None
    }


def test_a_key_works_until_it_is_rotated_or_revoked(database: Database) -> None:
    name = f"client {uuid.uuid4()}"
    key_id, key = keys.create(database, name)
    found = keys.find(database, key)
    assert found is not None and found.id == key_id and key not in (found.sha256, found.name)
    assert keys.find(database, key + "x") is None
    second = keys.rotate(database, name, overlap_s=60)
    assert keys.find(database, key) is not None and keys.find(database, second) is not None
    third = keys.rotate(database, name, overlap_s=0)
    assert keys.find(database, key) is None and keys.find(database, second) is None
    newest = keys.find(database, third)
    assert newest is not None and {row.name for row in keys.list_keys(database)} >= {name}
    assert keys.revoke(database, newest.id) and keys.revoke(database, newest.id)
    assert keys.find(database, third) is None
    assert not keys.revoke(database, uuid.uuid4())
    with pytest.raises(LookupError, match="no valid key"):
        keys.rotate(database, name, overlap_s=0)


def test_a_database_that_is_away_or_busy_is_unavailable_in_time(system: System) -> None:
    dsn = system.environment["AE_DATABASE_DSN"]
    nowhere = Database(DatabaseSettings(dsn=f"postgresql+psycopg://audio:secret@127.0.0.1:{free_port()}/audio"))
    with pytest.raises(DatabaseUnavailable, match="refused") as caught:
        keys.find(nowhere, "key")
    assert "secret" not in str(caught.value)
    with pytest.raises(DatabaseUnavailable):
        nowhere.ping()
    with pytest.raises(DatabaseUnavailable):
        migrate.upgrade(nowhere)
    busy = Database(DatabaseSettings(dsn=dsn, pool_size=1, connect_timeout_s=1, statement_timeout_ms=300))
    with system.sql() as blocker, ThreadPoolExecutor(1) as pool:
        blocker.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseUnavailable, match="statement timeout"):
            jobs.count(busy, Status.DEAD)
        slow = pool.submit(jobs.count, Database(DatabaseSettings(dsn=dsn)), Status.DEAD)
        while not busy.lock_wait_s():
            assert not slow.done()
        blocker.rollback()
        slow.result()
    with busy.begin() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(DatabaseUnavailable, match="QueuePool"):
            jobs.count(busy, Status.DEAD)
        busy.ping()  # has a connection of its own
    busy.close()


def stored(files: AudioFiles, data: bytes = b"audio") -> uuid.UUID:
    job_id = uuid.uuid4()
    received = files.incoming()
    received.write_bytes(data)
    files.keep(received, job_id)
    result = files.result(job_id)
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_bytes(data)
    return job_id


def test_a_shared_result_outlives_the_job_it_came_from(tmp_path: Path) -> None:
    files = AudioFiles(StorageSettings(data_dir=tmp_path))
    files.prepare()
    source, twin = stored(files), uuid.uuid4()
    assert list((tmp_path / "incoming").iterdir()) == []
    assert files.share_result(source, twin)
    files.remove(source)
    files.remove(source)
    assert files.result(twin).read_bytes() == b"audio"
    assert not files.upload(source).exists()
    assert not files.share_result(source, uuid.uuid4())


def test_a_result_that_cannot_be_linked_is_not_shared(tmp_path: Path) -> None:
    files = AudioFiles(StorageSettings(data_dir=tmp_path))
    files.prepare()
    assert not files.share_result(stored(files), in_the_way := stored(files))
    assert files.result(in_the_way).stat().st_nlink == 1


def test_a_quota_counts_each_file_once(tmp_path: Path) -> None:
    files = AudioFiles(StorageSettings(data_dir=tmp_path, quota_mb=1, min_free_ratio=0.5))
    files.prepare()
    source = stored(files, bytes(100_000))
    assert files.share_result(source, uuid.uuid4())
    assert files.free_ratio() == pytest.approx(0.8)
    assert not files.is_full()
    full = AudioFiles(files.settings)
    os.truncate(files.upload(source), 500_000)
    assert full.is_full()
    os.truncate(files.upload(source), 5_000_000)
    assert AudioFiles(files.settings).free_ratio() == 0
    assert 0 < AudioFiles(StorageSettings(data_dir=tmp_path)).free_ratio() < 1


def test_files_that_vanish_while_they_are_counted_do_not_matter(tmp_path: Path) -> None:
    files = AudioFiles(StorageSettings(data_dir=tmp_path, quota_mb=1))
    files.prepare()
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            files.remove(stored(files))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(churn)
        try:
            for _ in range(100):
                assert AudioFiles(files.settings).free_ratio() > 0.9
        finally:
            stop.set()


def test_the_cache_knows_content_settings_and_version(system: System) -> None:
    found, job_id = ResultCache(system.cache_settings, DspSettings()), uuid.uuid4()
    found.remember("a" * 64, job_id)
    assert found.find("a" * 64) == job_id
    assert found.find("b" * 64) is None
    assert ResultCache(system.cache_settings, DspSettings(gain_floor_db=-13)).find("a" * 64) is None
    newer = ResultCache(system.cache_settings, DspSettings())
    newer.version = "v99.0.0"
    assert newer.find("a" * 64) is None
    name = cache.cache_key("a" * 64, found.dsp, found.version)
    assert 0 < found.redis.ttl(name) <= system.cache_settings.ttl_s


def test_purging_the_cache_leaves_the_rest_of_redis(system: System) -> None:
    found = ResultCache(system.cache_settings, DspSettings())
    cache.purge(system.cache_settings)
    for number in range(3):
        found.remember(str(number), uuid.uuid4())
    found.redis.set("ae:rate:x", 1)
    assert cache.entries(system.cache_settings) == 3
    assert cache.purge(system.cache_settings) == 3
    assert cache.entries(system.cache_settings) == cache.purge(system.cache_settings) == 0
    assert found.redis.get("ae:rate:x") == b"1"


def test_a_cache_that_is_off_or_away(system: System) -> None:
    off = ResultCache(CacheSettings(url=system.environment["AE_CACHE_URL"], ttl_s=0), DspSettings())
    off.remember("c" * 64, uuid.uuid4())
    assert off.find("c" * 64) is None
    away = ResultCache(CacheSettings(url=f"redis://127.0.0.1:{free_port()}/0"), DspSettings())
    with pytest.raises(redis.RedisError):
        away.find("c" * 64)
