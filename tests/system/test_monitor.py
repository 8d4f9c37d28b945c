"""The monitor against real servers: what its gauges show when all is well, and when something is not."""

import io
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import psycopg
import pytest
import soundfile
from prometheus_client import CollectorRegistry
from tests.system.conftest import settings_of, until

from audio_enhancement.canary import SAMPLE_RATE_HZ, Canary, CanaryFailed, CanaryTimeout, known_recording
from audio_enhancement.dsp.quality import si_sdr
from audio_enhancement.metrics import MonitorMetrics
from audio_enhancement.monitor import Monitor, Task
from audio_enhancement.queueing.queue import QueueUnavailable
from audio_enhancement.settings import CanarySettings
from audio_enhancement.stack.stack import SOURCE, Stack
from audio_enhancement.storage import jobs, keys
from audio_enhancement.storage.database import DatabaseUnavailable
from audio_enhancement.storage.models import Job, Status


class Seen:
    """A monitor of its own, and the values that it shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.monitor = Monitor(self.registry)

    def value(self, name: str, **labels: str) -> float:
        value = self.registry.get_sample_value(name, labels)
        assert value is not None, name
        return value


@pytest.fixture
def seen(servers: Stack) -> Iterator[Seen]:
    with settings_of(servers):
        seen = Seen()
    yield seen
    seen.monitor.database.close()
    seen.monitor.queue.close()


@pytest.fixture
def nowhere(servers: Stack) -> Iterator[Seen]:
    """A monitor whose Redis and PostgreSQL are not there, and whose storage is gone."""
    closed = {
        "AE_QUEUE_URL": "redis://127.0.0.1:9/0",
        "AE_DATABASE_DSN": "postgresql+psycopg://audio@127.0.0.1:9/audio",
        "AE_STORAGE_DATA_DIR": "/nonexistent",
    }
    with settings_of(servers, closed):
        yield Seen()


@pytest.fixture
def a_job(seen: Seen) -> Iterator[Job]:
    """A row of a job that has not ended, a minute old."""
    database = seen.monitor.database
    key, _ = keys.create(database, "test")
    job = Job(
        id=uuid.uuid4(),
        api_key_id=key,
        status=Status.QUEUED,
        attempts=0,
        cached=False,
        format="WAV",
        content_sha256="0" * 64,
        created_at=datetime.now(UTC) - timedelta(seconds=60),
    )
    jobs.insert(database, job)
    yield job
    jobs.remove(database, job.id)


def end(seen: Seen, job: Job, status: Status) -> None:
    jobs.claim(seen.monitor.database, job.id)
    assert jobs.finish(seen.monitor.database, job.id, status, "enhancement_failed") is not None


def test_all_is_well(seen: Seen) -> None:
    monitor = seen.monitor
    for look in (
        monitor.look_at_redis,
        monitor.look_at_postgres,
        monitor.look_at_jobs,
        monitor.look_at_storage,
        monitor.look_at_host,
    ):
        look()
    assert seen.value("ae_redis_up") == 1
    assert 0 < seen.value("ae_redis_memory_used_ratio") < 1
    assert seen.value("ae_queue_depth_jobs") == 0
    assert seen.value("ae_postgres_up") == 1
    assert seen.value("ae_postgres_lock_wait_seconds") == 0
    assert 0 < seen.value("ae_storage_free_ratio") <= 1
    assert 0 <= seen.value("ae_host_cpu_used_ratio") <= 1
    assert 0 < seen.value("ae_host_memory_used_ratio") < 1


def test_before_the_first_run_the_improvement_is_no_number(seen: Seen) -> None:
    assert math.isnan(seen.value("ae_canary_si_sdr_improvement_db"))


def test_servers_that_are_gone_read_down_and_the_rest_unknown(nowhere: Seen) -> None:
    monitor = nowhere.monitor
    with pytest.raises(QueueUnavailable):
        monitor.look_at_redis()
    for look in (monitor.look_at_postgres, monitor.look_at_jobs):
        with pytest.raises(DatabaseUnavailable):
            look()
    with pytest.raises(OSError, match="nonexistent"):
        monitor.look_at_storage()
    assert nowhere.value("ae_redis_up") == nowhere.value("ae_postgres_up") == 0
    assert nowhere.value("ae_storage_free_ratio") == 0
    for unknown in (
        "ae_queue_depth_jobs",
        "ae_redis_memory_used_ratio",
        "ae_postgres_lock_wait_seconds",
        "ae_oldest_unfinished_job_age_seconds",
        "ae_dead_letter_jobs",
    ):
        assert math.isnan(nowhere.value(unknown)), unknown


def test_the_age_of_the_oldest_job_and_the_dead_letters(seen: Seen, a_job: Job) -> None:
    seen.monitor.look_at_jobs()
    assert 60 <= seen.value("ae_oldest_unfinished_job_age_seconds") < 120
    before = seen.value("ae_dead_letter_jobs")
    end(seen, a_job, Status.DEAD)
    seen.monitor.look_at_jobs()
    assert seen.value("ae_oldest_unfinished_job_age_seconds") < 60
    assert seen.value("ae_dead_letter_jobs") == before + 1


def test_a_job_that_was_left_behind_is_queued_and_counted(seen: Seen, a_job: Job) -> None:
    seen.monitor.relay()
    assert seen.value("ae_jobs_requeued_total") >= 1
    seen.monitor.look_at_redis()
    assert seen.value("ae_queue_depth_jobs") >= 1
    seen.monitor.queue.broker.flush_all()


def test_a_statement_that_waits_for_a_lock_is_seen_while_postgres_reads_up(servers: Stack, seen: Seen) -> None:
    dsn = servers.environment["AE_DATABASE_DSN"].replace("+psycopg", "")
    with psycopg.connect(dsn) as blocker:
        blocker.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        waiting = threading.Thread(target=lambda: jobs.remove(seen.monitor.database, uuid.uuid4()))
        waiting.start()

        def waited() -> bool:
            seen.monitor.look_at_postgres()
            return seen.value("ae_postgres_lock_wait_seconds") > 0.3

        until(waited, 4, "a lock wait of 0.3 s")
        assert seen.value("ae_postgres_up") == 1
        blocker.rollback()
        waiting.join()
    seen.monitor.look_at_postgres()
    assert seen.value("ae_postgres_lock_wait_seconds") == 0


def test_old_jobs_and_abandoned_uploads_are_removed_and_young_ones_stay(seen: Seen, a_job: Job) -> None:
    monitor = seen.monitor
    monitor.files.prepare()
    end(seen, a_job, Status.DONE)
    result = monitor.files.result(a_job.id)
    abandoned, receiving = monitor.files.incoming(), monitor.files.incoming()
    for path in (result, abandoned, receiving):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"audio")
    old = time.time() - 2 * 3600
    os.utime(abandoned, (old, old))
    monitor.clean_up()
    assert result.exists()
    assert (abandoned.exists(), receiving.exists()) == (False, True)
    with monitor.database.begin() as session:
        row = session.get(Job, a_job.id)
        assert row is not None
        row.finished_at = datetime.now(UTC) - timedelta(days=30)
    monitor.clean_up()
    assert not result.exists()
    assert jobs.get(monitor.database, a_job.id) is None
    receiving.unlink()


def test_a_task_that_fails_is_logged_once_and_goes_on(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    stop, runs = threading.Event(), []

    def run() -> None:
        runs.append(len(runs))
        if len(runs) == 6:
            stop.set()
        if len(runs) < 4:
            raise RuntimeError("no luck")

    seen.monitor.repeat(Task("odd", 0.001, run), stop)
    assert len(runs) == 6
    lines = [line for line in capsys.readouterr().out.splitlines() if '"odd"' in line]
    assert ["no luck" in line for line in lines] == [True, False]


def test_without_an_api_key_there_is_no_canary(servers: Stack) -> None:
    with settings_of(servers, {"AE_CANARY_API_KEY": ""}):
        assert "canary" not in {task.name for task in Monitor(CollectorRegistry()).tasks()}
    with settings_of(servers):
        assert "canary" in {task.name for task in Monitor(CollectorRegistry()).tasks()}


# Canary


def make_canary(**settings: object) -> tuple[Canary, CollectorRegistry]:
    registry = CollectorRegistry()
    return Canary(CanarySettings.model_validate(settings), MonitorMetrics(registry)), registry


def test_the_known_recording_is_always_the_same_and_noisy() -> None:
    recording = known_recording()
    assert recording.wav == known_recording().wav
    assert si_sdr(recording.clean, recording.noisy) == pytest.approx(5, abs=0.2)


def test_a_result_is_judged_by_its_improvement_whatever_its_loudness() -> None:
    canary, _ = make_canary()
    clean, mixture, wav = canary.recording
    assert canary._judge(wav) == pytest.approx(0, abs=0.05)
    half_the_noise = (clean + 0.5 * (mixture - clean)) * 0.3
    file = io.BytesIO()
    soundfile.write(file, half_the_noise, SAMPLE_RATE_HZ, format="WAV")
    assert canary._judge(file.getvalue()) == pytest.approx(20 * math.log10(2), abs=0.2)


def test_a_result_that_is_no_recording_or_another_one_is_a_failure() -> None:
    canary, _ = make_canary()
    with pytest.raises(CanaryFailed, match="not a recording"):
        canary._judge(b"RIFF")
    file = io.BytesIO()
    soundfile.write(file, np.zeros(100), SAMPLE_RATE_HZ, format="WAV")
    with pytest.raises(CanaryFailed, match="100"):
        canary._judge(file.getvalue())


def test_a_gateway_that_is_gone_is_a_failed_run_without_a_value() -> None:
    canary, registry = make_canary(url="http://127.0.0.1:9", api_key="k")
    canary.metrics.canary_improvement.set(6)
    canary.run()
    assert registry.get_sample_value("ae_canary_runs_total", {"outcome": "failed"}) == 1
    assert math.isnan(registry.get_sample_value("ae_canary_si_sdr_improvement_db") or 0)


def test_a_real_run_improves_the_recording_and_leaves_no_job(stack: Stack) -> None:
    with settings_of(stack):
        canary = Canary(CanarySettings(), MonitorMetrics(CollectorRegistry()))
    assert canary.improvement_db() > 2
    stored = [path for path in (stack.run.data / "audio" / "uploads").rglob("*") if path.is_file()]
    assert len(stored) <= 2  # those of the stack's own canary, which is running as well


def test_a_run_without_workers_times_out(stack: Stack) -> None:
    workers = [name for name in stack.supervisor.programs() if name.startswith("enhancement-workers")]
    stack.supervisor.stop_all(workers)
    try:
        with settings_of(stack, {"AE_CANARY_TIMEOUT_S": "1"}):
            canary = Canary(CanarySettings(), MonitorMetrics(CollectorRegistry()))
        with pytest.raises(CanaryTimeout, match="queued after 1 s"):
            canary.improvement_db()
    finally:
        for name in workers:
            stack.supervisor.start(name)


def test_a_wrong_api_key_is_a_failed_run(stack: Stack) -> None:
    canary, _ = make_canary(url=stack.url, api_key="ae_wrong")
    with pytest.raises(CanaryFailed, match="answered with 401"):
        canary.improvement_db()


# The process


def test_the_stacks_monitor_shows_its_canary_in_prometheus(stack: Stack) -> None:
    url = f"http://127.0.0.1:{stack.ports['prometheus']}/api/v1/query"

    def improvement() -> float:
        query = {"query": "ae_canary_si_sdr_improvement_db"}
        result = httpx.get(url, params=query, timeout=5).json()["data"]["result"]
        return float(result[0]["value"][1]) if result else math.nan

    until(lambda: improvement() > 2, 30, "an improvement of more than 2 dB")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_process_at_once(servers: Stack, tmp_path: Path, number: signal.Signals) -> None:
    environment = {
        "PYTHONPATH": str(SOURCE),
        "AE_ENV_FILE": str(servers.run.environment_file()),
        "AE_CANARY_API_KEY": "",
        "AE_DATABASE_DSN": "postgresql+psycopg://audio@10.255.255.1:9/audio",  # nobody answers there,
        "AE_DATABASE_CONNECT_TIMEOUT_S": "30",  # and one who waited for it would be late
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        environment["AE_MONITORING_METRICS_PORT"] = str(probe.getsockname()[1])
    log = tmp_path / "monitor.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "audio_enhancement.monitor"], env=environment, stdout=output, stderr=output
        )
    try:
        until(lambda: '"ready"' in log.read_text() or process.poll() is not None, 20, "the monitor to be ready")
        process.send_signal(number)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()
