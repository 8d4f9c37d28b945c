"""A system without nginx and deployments: gateways and workers as processes, on the servers of the tests' stack."""

import io
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import psycopg
import soundfile
from tests.system.conftest import until

from audio_enhancement.queueing.queue import JobQueue
from audio_enhancement.queueing.relay import relay
from audio_enhancement.settings import (
    CacheSettings,
    DatabaseSettings,
    DspSettings,
    QueueSettings,
    StorageSettings,
    WorkerSettings,
)
from audio_enhancement.stack.servers import redis_answers
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import jobs, keys
from audio_enhancement.storage.cache import ResultCache
from audio_enhancement.storage.database import Database, DatabaseUnavailable
from audio_enhancement.storage.files import AudioFiles
from audio_enhancement.storage.models import Job

SYSTEM = Path(__file__).parents[2] / "system"
ODD_WORKER = Path(__file__).with_name("odd_worker.py")
STARTS_S = 30.0
RATE_HZ = 16_000
_redis_databases = itertools.cycle(range(2, 16, 2))  # 0 and 1 belong to the stack itself


def recording(seed: int, seconds: float = 0.5, rate_hz: int = RATE_HZ, form: str = "WAV") -> bytes:
    """A short tone with noise of its own, so that no two seeds have the same content."""
    count = int(seconds * rate_hz)
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(count) / rate_hz)
    file = io.BytesIO()
    samples = tone + 0.01 * np.random.default_rng(seed).standard_normal(count)
    soundfile.write(file, samples.astype(np.float32), rate_hz, format=form)
    return file.getvalue()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A gateway or a worker. Its whole group is gone at the end of `running`."""

    def __init__(self, popen: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.popen = popen
        self.port = port
        self.log_file = log
        self.url = f"http://127.0.0.1:{port}"

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def answers(self, path: str) -> bool:
        assert self.popen.poll() is None, f"ended with {self.popen.returncode}:\n{self.log[-3000:]}"
        try:
            return httpx.get(self.url + path, trust_env=False, timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def metric(self, line: str) -> float:
        """The value of the sample that begins with ``line``; 0 where there is none."""
        text = httpx.get(self.url + "/metrics", trust_env=False).text
        return sum(float(found.rpartition(" ")[2]) for found in text.splitlines() if found.startswith(line))

    def signal(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def ended(self, within_s: float) -> int:
        """Wait for the end; returns the exit status."""
        return self.popen.wait(within_s)


class System:
    """Settings, a client's key, and direct ways to the database, the queue and the files."""

    def __init__(self, servers: Stack, folder: Path, overrides: Mapping[str, str]) -> None:
        self.servers = servers
        self.folder = folder
        number = next(_redis_databases)
        redis_url = servers.environment["AE_QUEUE_URL"].removesuffix("/0")
        self.environment = {
            **servers.environment,
            "AE_QUEUE_URL": f"{redis_url}/{number}",
            "AE_CACHE_URL": f"{redis_url}/{number + 1}",
            "AE_STORAGE_DATA_DIR": str(folder / "audio"),
            **overrides,
        }
        self.queue_settings = QueueSettings(url=self.environment["AE_QUEUE_URL"], relay_after_s=1)
        self.cache_settings = CacheSettings(url=self.environment["AE_CACHE_URL"])
        self.worker_settings = WorkerSettings(heartbeat_timeout_s=5, time_limit_s=5)
        self.database = Database(DatabaseSettings(dsn=self.environment["AE_DATABASE_DSN"]))
        self.queue = JobQueue(self.queue_settings, self.worker_settings)
        self.files = AudioFiles(StorageSettings(data_dir=folder / "audio"))
        self.cache = ResultCache(self.cache_settings, DspSettings())
        self.files.prepare()
        self.forget_all()
        self.key_id, self.key = keys.create(self.database, "test")

    def forget_all(self) -> None:
        """No job in the database or in Redis."""
        with self.sql() as connection:
            connection.execute("DELETE FROM jobs")
        self.queue.broker.client.flushdb()
        self.cache.redis.flushdb()

    def close(self) -> None:
        self.forget_all()
        self.queue.close()
        self.database.close()

    def sql(self) -> "psycopg.Connection[Any]":
        """A connection of the test's own; use it as a transaction."""
        return psycopg.connect(self.environment["AE_DATABASE_DSN"].replace("postgresql+psycopg", "postgresql"))

    def job(self, job_id: uuid.UUID | str) -> Job:
        found = jobs.get(self.database, uuid.UUID(str(job_id)))
        assert found is not None
        return found

    def relay(self) -> int:
        return relay(self.database, self.queue, self.queue_settings, self.worker_settings)

    def ends(self, job_id: uuid.UUID | str, status: str, within_s: float = 60.0) -> Job:
        """Wait until a job has ended; it must end so."""
        until(lambda: jobs.has_ended(self.job(job_id)), within_s, f"job {job_id} ended")
        found = self.job(job_id)
        assert found.status == status, (found.status, found.error, found.detail)
        return found

    def submit(self, data: bytes, **values: Any) -> uuid.UUID:
        """Store and queue a job, as the gateway does."""
        received = self.files.incoming()
        received.write_bytes(data)
        job = new_job(self, **values)
        self.files.keep(received, job.id)
        jobs.insert(self.database, job)
        self.queue.put(job.id)
        jobs.mark_enqueued(self.database, [job.id])
        return job.id

    @contextmanager
    def running(self, command: list[str], port: int, ready: str, environment: Mapping[str, str]) -> Iterator[Process]:
        log = self.folder / f"{port}.log"
        whole = {name: value for name, value in os.environ.items() if not name.startswith("AE_")}
        whole |= {**self.environment, **environment, "PYTHONPATH": str(SYSTEM), "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, *command], env=whole, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            process = Process(popen, port, log)
            if ready:
                until(lambda: process.answers(ready), STARTS_S, f"{command} is ready")
            yield process
        finally:
            if popen.poll() is None:
                os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()

    @contextmanager
    def gateway(self, **settings: str) -> Iterator[Process]:
        port = free_port()
        environment = {"AE_API_PORT": str(port), "AE_COLOUR": "blue", "AE_VERSION": "v9.9.9", **settings}
        with self.running(["-m", "audio_enhancement.api"], port, "/healthz", environment) as process:
            yield process

    @contextmanager
    def worker(self, *, wait: bool = True, **settings: str) -> Iterator[Process]:
        """A worker whose recordings may have a fate (`odd_worker`)."""
        port = free_port()
        environment = {"AE_WORKER_METRICS_PORT": str(port), "HOLD": str(self.hold), **settings}
        with self.running([str(ODD_WORKER)], port, "/metrics" if wait else "", environment) as process:
            yield process

    @property
    def hold(self) -> Path:
        """While this file exists, recordings of `odd_worker.HOLD_HZ` stay in a worker."""
        return self.folder / "hold"

    @contextmanager
    def stopped(self, server: str) -> Iterator[None]:
        """The system without one of its servers; it is back, and answers, at the end."""
        self.servers.supervisor.stop(server)
        try:
            yield
        finally:
            self.servers.supervisor.start(server)
            until(self._redis_answers if server == "redis" else self._postgres_answers, 20, f"{server} answers")

    def _redis_answers(self) -> bool:
        url = urlsplit(self.environment["AE_QUEUE_URL"])
        assert url.port is not None and url.password is not None
        return redis_answers(url.port, url.password)

    def _postgres_answers(self) -> bool:
        try:
            self.database.ping()
        except DatabaseUnavailable:
            return False
        return True


def new_job(system: System, **values: Any) -> Job:
    """A row that is not stored yet."""
    fields = {
        "id": uuid.uuid4(),
        "api_key_id": system.key_id,
        "status": "queued",
        "attempts": 0,
        "cached": False,
        "format": "WAV",
        "content_sha256": "0" * 64,
    }
    return Job(**{**fields, **values})


def wait_s(seconds: float) -> None:
    """Let time pass where nothing can be polled for: something must *not* happen."""
    deadline = time.monotonic() + seconds
    until(lambda: time.monotonic() >= deadline, seconds + 1, "time passes")
