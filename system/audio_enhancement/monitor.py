"""The monitor: looks at the system from outside, shows what it sees, and tidies up.

``python -m audio_enhancement.monitor``. Each look and each chore has a thread and a rhythm of its own, so that one
that waits (for a locked table, for a server that is gone) holds up no other.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import psutil
from prometheus_client import CollectorRegistry, process_collector, start_http_server

from audio_enhancement import logs
from audio_enhancement.canary import Canary
from audio_enhancement.metrics import MonitorMetrics, build_info
from audio_enhancement.queueing.queue import JobQueue, QueueUnavailable
from audio_enhancement.queueing.relay import relay
from audio_enhancement.settings import (
    CanarySettings,
    DatabaseSettings,
    MonitoringSettings,
    QueueSettings,
    StorageSettings,
    WorkerSettings,
)
from audio_enhancement.storage import jobs
from audio_enhancement.storage.database import Database, DatabaseUnavailable
from audio_enhancement.storage.files import AudioFiles
from audio_enhancement.storage.models import Status

UNKNOWN = float("nan")
"""What a gauge shows while its value cannot be had; no threshold is above or below it."""
CLEAN_UP_INTERVAL_S = 60.0
"""Longest pause between two clean-ups; a short retention time is looked after more often."""
ABANDONED_UPLOAD_S = 3600.0
"""Age at which a half-received upload belongs to a request that is long over."""


class Task(NamedTuple):
    """Something that is done again and again: its name, the pause between two times in seconds, and the doing."""

    name: str
    interval_s: float
    run: Callable[[], None]


class Monitor:
    """All looks and chores of one monitor process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.settings = MonitoringSettings()
        self.queue_settings, self.worker_settings = QueueSettings(), WorkerSettings()
        self.storage_settings, self.canary_settings = StorageSettings(), CanarySettings()
        self.metrics = MonitorMetrics(registry)
        self.database = Database(DatabaseSettings())
        self.queue = JobQueue(self.queue_settings, self.worker_settings)
        self.files = AudioFiles(self.storage_settings)
        self.log = logs.configure("monitor")
        psutil.cpu_percent()  # starts the interval that the next call measures

    def tasks(self) -> list[Task]:
        """Everything that this monitor does."""
        probe_s = self.settings.probe_interval_s
        tasks = [
            Task("redis", probe_s, self.look_at_redis),
            Task("postgres", probe_s, self.look_at_postgres),
            Task("jobs", probe_s, self.look_at_jobs),
            Task("storage", probe_s, self.look_at_storage),
            Task("host", probe_s, self.look_at_host),
            Task("relay", self.queue_settings.relay_interval_s, self.relay),
            Task("clean-up", min(CLEAN_UP_INTERVAL_S, self.storage_settings.retention_s / 2), self.clean_up),
        ]
        if self.canary_settings.api_key.get_secret_value():
            canary = Canary(self.canary_settings, self.metrics)
            tasks.append(Task("canary", self.canary_settings.interval_s, canary.run))
        return tasks

    def look_at_redis(self) -> None:
        """Whether Redis answers, how full it is, and how many jobs wait in it."""
        waiting, memory, answers = UNKNOWN, UNKNOWN, 0
        try:
            self.queue.ping()
            answers = 1
            waiting, memory = self.queue.counts().waiting, self.queue.memory_used_ratio()
        finally:
            self.metrics.redis_up.set(answers)
            self.metrics.queue_depth.set(waiting)
            self.metrics.redis_memory.set(memory)

    def look_at_postgres(self) -> None:
        """Whether PostgreSQL answers, and how long statements wait for locks. Reads no table of ours."""
        wait_s, answers = UNKNOWN, 0
        try:
            self.database.ping()
            answers = 1
            wait_s = self.database.lock_wait_s()
        finally:
            self.metrics.postgres_up.set(answers)
            self.metrics.postgres_lock_wait.set(wait_s)

    def look_at_jobs(self) -> None:
        """How old the oldest unfinished job is, and how many are in the dead letters."""
        oldest_s, dead = UNKNOWN, UNKNOWN
        try:
            oldest_s = jobs.oldest_unfinished_age_s(self.database)
            dead = jobs.count(self.database, Status.DEAD)
        finally:
            self.metrics.oldest_unfinished.set(oldest_s)
            self.metrics.dead_letters.set(dead)

    def look_at_storage(self) -> None:
        """How much of the audio storage is free; nothing, where the folder is gone."""
        free = 0.0
        try:
            free = self.files.free_ratio()
        finally:
            self.metrics.storage_free.set(free)

    def look_at_host(self) -> None:
        """How busy the processors and how full the memory of this host are."""
        self.metrics.cpu.set(psutil.cpu_percent() / 100)
        self.metrics.memory.set(psutil.virtual_memory().percent / 100)

    def relay(self) -> None:
        """Queue jobs that were left behind."""
        count = relay(self.database, self.queue, self.queue_settings, self.worker_settings)
        if count:
            self.metrics.relayed.inc(count)
            self.log.info("jobs queued again", count=count)

    def clean_up(self) -> None:
        """Remove jobs, and the audio of jobs, that ended longer ago than the retention time; and abandoned uploads."""
        while removed := jobs.remove_older_than(self.database, self.storage_settings.retention_s):
            for job_id in removed:
                self.files.remove(job_id)
            self.log.info("old jobs removed", count=len(removed))
        before = time.time() - ABANDONED_UPLOAD_S
        for path in (self.files.root / "incoming").glob("*"):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)

    def repeat(self, task: Task, stop: threading.Event) -> None:
        """Do ``task`` in its rhythm until ``stop``. Begin and end of a failure are logged, not each time."""
        failing = False
        while not stop.is_set():
            try:
                task.run()
            except Exception as error:
                # Whatever goes wrong with one task, the others and its next time must go on: this process is how
                # people learn that something is wrong.
                if not failing:
                    expected = isinstance(error, DatabaseUnavailable | QueueUnavailable | OSError)
                    self.log.warning(
                        "task fails", task=task.name, reason=f"{type(error).__name__}: {error}", exc_info=not expected
                    )
                failing = True
            else:
                if failing:
                    self.log.info("task works again", task=task.name)
                failing = False
            stop.wait(task.interval_s)


def main() -> int:
    """Run the monitor until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    registry = CollectorRegistry()
    process_collector.ProcessCollector(registry=registry)
    build_info(registry, os.environ.get("AE_VERSION", ""), os.environ.get("AE_COLOUR", ""), "monitor")
    monitor = Monitor(registry)
    if replaced_at := os.environ.get("AE_VERSION_REPLACED_AT"):  # a new version has a monitor of its own
        monitor.metrics.version_replaced.set(datetime.fromisoformat(replaced_at).timestamp())
    for task in monitor.tasks():
        # Daemons: at the end nobody waits for a task that waits for a server. None leaves work half done: the
        # database undoes an open transaction, and files are removed one by one.
        threading.Thread(target=monitor.repeat, args=(task, stop), name=task.name, daemon=True).start()
    start_http_server(monitor.settings.metrics_port, addr=monitor.settings.metrics_host, registry=registry)
    monitor.log.info("ready", metrics_port=monitor.settings.metrics_port)
    stop.wait()
    monitor.log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
