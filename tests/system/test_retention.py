"""What is removed in time, and what never is: rows in a real PostgreSQL, audio on a real disk."""

import os
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.system.processes import System, new_job

from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import jobs, retention
from audio_enhancement.storage.retention import FOLDERS, clean_up, remove_orphans

HOUR_S = 3600


@pytest.fixture(scope="module")
def shared(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    made = System(servers, tmp_path_factory.mktemp("retention"), {})
    yield made
    made.close()


@pytest.fixture
def system(shared: System) -> System:
    shared.forget_all()
    for path in files_of(shared):
        path.unlink()
    return shared


def files_of(system: System) -> set[Path]:
    return {path for path in system.files.root.rglob("*") if path.is_file()}


def put_audio(system: System, job_id: uuid.UUID) -> None:
    for path in (system.files.upload(job_id), system.files.result(job_id)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"audio")


def stored(system: System, status: str, ended_h: float | None) -> uuid.UUID:
    """A job with its audio that ended so many hours ago."""
    finished = None if ended_h is None else datetime.now(UTC) - timedelta(hours=ended_h)
    job = new_job(system, status=status, created_at=datetime.now(UTC) - timedelta(hours=9), finished_at=finished)
    jobs.insert(system.database, job)
    put_audio(system, job.id)
    return job.id


def test_old_jobs_go_with_their_audio_and_others_keep_theirs(system: System) -> None:
    old = [stored(system, status, ended_h=2) for status in ("done", "failed")]
    kept = [stored(system, "done", 0.5), stored(system, "dead", 8), stored(system, "queued", None)]
    assert clean_up(system.database, system.files, HOUR_S) == 2
    assert clean_up(system.database, system.files, HOUR_S) == 0
    assert all(jobs.get(system.database, job_id) is None for job_id in old)
    assert all(jobs.get(system.database, job_id) is not None for job_id in kept)
    assert {path.name for path in files_of(system)} == {job_id.hex for job_id in kept}


def test_more_old_jobs_than_one_statement_takes_all_go(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    remove, calls = jobs.remove_older_than, []

    def three_at_once(*arguments: object) -> object:
        calls.append(arguments)
        return remove(*arguments, limit=3)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "remove_older_than", three_at_once)
    for _ in range(7):
        stored(system, "done", ended_h=2)
    assert clean_up(system.database, system.files, HOUR_S) == 7
    assert len(calls) == 4
    assert files_of(system) == set()


def test_audio_without_a_job_goes_once_it_is_old_enough(system: System) -> None:
    orphan, kept = uuid.UUID(int=0x17 << 120), uuid.UUID(int=0x17 << 120 | 1)
    elsewhere = uuid.UUID(int=0x18 << 120)
    jobs.insert(system.database, new_job(system, id=kept))
    for job_id in (orphan, kept, elsewhere):
        put_audio(system, job_id)
    half_written = system.files.result(kept).with_name(f".{kept.hex}.abc.tmp")
    half_written.write_bytes(b"au")

    assert remove_orphans(system.database, system.files, 0x17, HOUR_S) == 0
    assert remove_orphans(system.database, system.files, 0x17, -1) == 3
    assert remove_orphans(system.database, system.files, 0x17, -1) == 0
    assert {path.name for path in files_of(system)} == {kept.hex, elsewhere.hex}


def test_every_folder_gets_its_turn(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    orphans = [uuid.UUID(int=folder << 120) for folder in (0, 0x80, 0xFF)]
    for job_id in orphans:
        put_audio(system, job_id)
    now = time.time()
    for minute in range(FOLDERS):
        monkeypatch.setattr(retention.time, "time", lambda minute=minute: now + 60 * minute)
        clean_up(system.database, system.files, HOUR_S, abandoned_s=-1)
    assert files_of(system) == set()


def test_an_upload_that_broke_off_goes_and_one_that_goes_on_stays(system: System) -> None:
    incoming = system.files.incoming()
    incoming.write_bytes(b"RIFF")
    os.utime(incoming, (0, 0))  # what the sender says of the time counts for nothing
    clean_up(system.database, system.files, HOUR_S)
    assert incoming.exists()
    clean_up(system.database, system.files, HOUR_S, abandoned_s=-1)
    assert not incoming.exists()


def test_a_result_that_is_being_shared_is_not_taken_for_an_orphan(system: System) -> None:
    """The link precedes its job's row, and has the old time of writing of the result that it shares."""
    source, twin = uuid.UUID(int=0x17 << 120), uuid.UUID(int=0x17 << 120 | 1)
    jobs.insert(system.database, new_job(system, id=source, status="done", finished_at=datetime.now(UTC)))
    put_audio(system, source)
    os.utime(system.files.result(source), (0, 0))
    assert system.files.share_result(source, twin)
    assert remove_orphans(system.database, system.files, 0x17, HOUR_S) == 0
    assert system.files.result(twin).exists()
