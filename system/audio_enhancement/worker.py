"""The enhancement worker: takes jobs from the queue until it is told to stop.

``python -m audio_enhancement.worker`` is one process with `WorkerSettings.concurrency` threads. SIGTERM and SIGINT let
jobs in flight finish, for `WorkerSettings.shutdown_timeout_s` at most; jobs that have not begun go back to the queue.
"""

import os
import signal
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta

import dramatiq
import redis
from dramatiq.middleware import TimeLimitExceeded
from dramatiq.worker import ConsumerThread, WorkerThread
from prometheus_client import CollectorRegistry, process_collector, start_http_server

from audio_enhancement import logs
from audio_enhancement.audio.decode import Audio, DecodeError, decode
from audio_enhancement.audio.encode import encode
from audio_enhancement.dsp.enhance import enhance
from audio_enhancement.dsp.speech import speech_like
from audio_enhancement.errors import ERRORS
from audio_enhancement.metrics import WorkerMetrics, build_info
from audio_enhancement.queueing.broker import ACTOR, QUEUE, make_broker
from audio_enhancement.settings import (
    AudioSettings,
    CacheSettings,
    DatabaseSettings,
    DspSettings,
    QueueSettings,
    StorageSettings,
    WorkerSettings,
)
from audio_enhancement.storage import jobs
from audio_enhancement.storage.cache import ResultCache
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.files import AudioFiles
from audio_enhancement.storage.models import Job, Status

STOP = frozenset({signal.SIGTERM, signal.SIGINT})
"""Signals that stop a worker."""
GIVEN_UP = "enhancement_failed"
"""Reason of every dead letter."""


class AttemptFailed(dramatiq.errors.Retry):
    """An attempt went wrong and another may go well. The message goes back to the queue with a pause."""


class Enhancer:
    """One attempt at one job, from claim to end."""

    def __init__(self, settings: WorkerSettings, registry: CollectorRegistry) -> None:
        self.settings = settings
        self.audio = AudioSettings()
        self.dsp = DspSettings()
        self.database = Database(DatabaseSettings())
        self.files = AudioFiles(StorageSettings())
        self.cache = ResultCache(CacheSettings(), self.dsp)
        self.metrics = WorkerMetrics(registry)
        # Shown from the start: a rate needs a first value.
        self.metrics.finished.labels(Status.DONE.value, "")
        for error in ERRORS:
            if error.scope == "job":
                self.metrics.finished.labels(Status.FAILED.value, error.code)
        self.metrics.finished.labels(Status.DEAD.value, GIVEN_UP)
        self.log = logs.configure("worker")

    def attempt(self, job_id: uuid.UUID) -> None:
        """Try a job once.

        Raises:
            AttemptFailed: it is to be tried again.
            DatabaseUnavailable: whether it is, the next attempt will see.
        """
        job = jobs.claim(self.database, job_id, most=self.settings.max_retries + 1)
        if job is None:
            self._end_if_abandoned(job_id)
            return
        start = time.perf_counter()
        with self.metrics.in_progress.track_inprogress():
            try:
                self._enhance(job)
            except DecodeError as error:
                self._end(job.id, Status.FAILED, error.code, str(error))
            except TimeLimitExceeded:
                self._failed(job, f"The attempt took longer than {self.settings.time_limit_s} s.")
            except Exception as error:
                # Whatever else goes wrong is ours or the moment's, not the recording's: try again, then put it aside.
                self.log.exception("attempt failed", job=str(job.id), attempt=job.attempts)
                self._failed(job, f"{type(error).__name__}: {error}")
            finally:
                self.metrics.processing.observe(time.perf_counter() - start)

    def _end_if_abandoned(self, job_id: uuid.UUID) -> None:
        """End a job that cannot be claimed, unless it has ended or was removed: it has had all its attempts.

        If the last of them began longer ago than an attempt may take, none came back: the job kills its workers. Until
        then it may be running elsewhere, and this message is its second; it comes again later.
        """
        job = jobs.get(self.database, job_id)
        if job is None or jobs.has_ended(job):
            return
        limit = timedelta(seconds=self.settings.time_limit_s)
        if job.started_at is not None and datetime.now(UTC) - job.started_at < limit:
            raise AttemptFailed("The last attempt may still be running.")
        self._end(job_id, Status.DEAD, GIVEN_UP, "No attempt came to an end.")

    def _enhance(self, job: Job) -> None:
        upload = self.files.upload(job.id)
        if not upload.exists():
            raise DecodeError("upload_lost", "The stored upload is gone.")
        recording = decode(upload, self.audio)
        samples = enhance(recording.samples, recording.sample_rate, self.dsp)
        result = self.files.result(job.id)
        result.parent.mkdir(parents=True, exist_ok=True)
        encode(result, Audio(samples, recording.sample_rate, recording.format))
        if self._end(job.id, Status.DONE):
            try:
                self.cache.remember(job.content_sha256, job.id)
            except redis.RedisError as error:
                self.log.warning("result not cached", job=str(job.id), reason=str(error))
        elif jobs.get(self.database, job.id) is None:
            self.files.remove(job.id)  # the client removed the job meanwhile

    def _failed(self, job: Job, detail: str) -> None:
        if job.attempts > self.settings.max_retries:
            self._end(job.id, Status.DEAD, GIVEN_UP, detail)
            return
        jobs.release(self.database, job)
        raise AttemptFailed(detail)

    def _end(self, job_id: uuid.UUID, status: Status, error: str | None = None, detail: str | None = None) -> bool:
        """End the job; returns whether this attempt was the one that ended it."""
        ended = jobs.finish(self.database, job_id, status, error, detail)
        if ended is None:
            return False
        self.metrics.finished.labels(status.value, error or "").inc()
        if status is Status.DONE:
            self.metrics.end_to_end.observe((datetime.now(UTC) - ended.created_at).total_seconds())
        self.log.info("job ended", job=str(job_id), status=status.value, reason=error, attempt=ended.attempts)
        return True

    def warm_up(self) -> None:
        """Enhance a second of sound, so that the first job does not pay for imports and plans."""
        enhance(speech_like(1.0)[:, None], 16_000, self.dsp)


def await_threads(worker: dramatiq.Worker) -> None:
    """Wait until every thread of the worker runs. One that is told to stop before that never hears it."""
    threads: list[WorkerThread | ConsumerThread] = [*worker.workers, *worker.consumers.values()]
    for thread in threads:
        while not thread.running:
            time.sleep(0.01)


def fetch_no_more(worker: dramatiq.Worker) -> None:
    """Leave waiting jobs to other workers. dramatiq itself goes on fetching until the last job in flight has ended.

    The consumer of delayed messages goes on: its commands are the heartbeat that keeps jobs in flight ours.
    """
    consumer = worker.consumers[QUEUE]
    consumer.prefetch = 0
    if consumer.consumer is not None:
        consumer.consumer.prefetch = 0  # type: ignore[attr-defined]  # of the Redis broker's consumer alone


def main() -> int:
    """Run a worker until a signal stops it."""
    # From here on a signal waits until it is asked for below: a worker that is stopped while it starts ends in order.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    settings = WorkerSettings()
    registry = CollectorRegistry()
    process_collector.ProcessCollector(registry=registry)
    build_info(registry, os.environ.get("AE_VERSION", ""), os.environ.get("AE_COLOUR", ""), "worker")
    enhancer = Enhancer(settings, registry)
    enhancer.files.prepare()
    enhancer.warm_up()

    broker = make_broker(QueueSettings(), settings)
    broker.emit_after("process_boot")  # starts the thread of TimeLimit; dramatiq's own command line does this

    def attempt(job_id: str) -> None:
        enhancer.attempt(uuid.UUID(job_id))

    dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, broker=broker)(attempt)
    worker = dramatiq.Worker(broker, worker_threads=settings.concurrency, worker_timeout=500)
    worker.queue_prefetch = settings.concurrency  # a job that waits inside a busy worker helps nobody

    worker.start()
    await_threads(worker)
    start_http_server(settings.metrics_port, addr=settings.metrics_host, registry=registry)  # says that it is ready
    enhancer.log.info("ready", concurrency=settings.concurrency, metrics_port=settings.metrics_port)
    signal.sigwait(STOP)
    enhancer.log.info("draining", shutdown_timeout_s=settings.shutdown_timeout_s)
    fetch_no_more(worker)
    worker.stop(timeout=settings.shutdown_timeout_s * 1000)
    broker.close()
    enhancer.database.close()
    enhancer.log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
