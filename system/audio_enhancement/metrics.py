"""Every metric of the system, in one place.

Metrics are made for a registry that is passed in, so that each process (and each test) has its own.
`REGISTRY` is a registry with all of them, for those who list them.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

HTTP_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
JOB_BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class ApiMetrics:
    """What the API gateway shows at ``/metrics``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "ae_http_requests", "Requests answered by the API gateway.", ["method", "route", "code"], registry=registry
        )
        self.duration = Histogram(
            "ae_http_request_duration_seconds",
            "Time from the first byte of a request to the last byte of its answer.",
            ["method", "route"],
            buckets=HTTP_BUCKETS_S,
            registry=registry,
        )
        self.cache = Counter(
            "ae_cache_requests",
            "Uploads looked up in the result cache, by outcome: hit, miss, bypass or error.",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("hit", "miss", "bypass", "error"):
            self.cache.labels(outcome)  # shown from the start: a ratio without a single hit is 0, and not unknown


class WorkerMetrics:
    """What an enhancement worker shows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.end_to_end = Histogram(
            "ae_job_end_to_end_seconds",
            "Time from the upload of a recording to its result.",
            buckets=JOB_BUCKETS_S,
            registry=registry,
        )
        self.processing = Histogram(
            "ae_job_processing_seconds",
            "Time that one attempt at a job took in a worker.",
            buckets=JOB_BUCKETS_S,
            registry=registry,
        )
        self.finished = Counter(
            "ae_jobs_finished",
            "Jobs that ended, by status (done, failed, dead) and reason.",
            ["status", "reason"],
            registry=registry,
        )
        self.in_progress = Gauge("ae_jobs_in_progress", "Jobs that this worker is running now.", registry=registry)


class MonitorMetrics:
    """What the monitor shows: the canary, the queue and the servers as seen from outside."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.queue_depth = Gauge("ae_queue_depth_jobs", "Jobs that wait in the queue.", registry=registry)
        self.oldest_unfinished = Gauge(
            "ae_oldest_unfinished_job_age_seconds",
            "Age of the oldest job that has not ended; 0 when there is none.",
            registry=registry,
        )
        self.dead_letters = Gauge("ae_dead_letter_jobs", "Jobs in the dead letters.", registry=registry)
        self.relayed = Counter(
            "ae_jobs_requeued", "Jobs that had been left behind and were queued again.", registry=registry
        )
        self.canary_runs = Counter(
            "ae_canary_runs", "Canary runs, by outcome: ok, failed or timeout.", ["outcome"], registry=registry
        )
        self.canary_improvement = Gauge(
            "ae_canary_si_sdr_improvement_db",
            "Improvement in SI-SDR that the last canary run measured.",
            registry=registry,
        )
        self.redis_up = Gauge("ae_redis_up", "1 when Redis answers a ping, else 0.", registry=registry)
        self.redis_memory = Gauge(
            "ae_redis_memory_used_ratio",
            "Share of Redis' maxmemory that is in use; 0 when there is no limit.",
            registry=registry,
        )
        self.postgres_up = Gauge("ae_postgres_up", "1 when PostgreSQL answers SELECT 1, else 0.", registry=registry)
        self.postgres_lock_wait = Gauge(
            "ae_postgres_lock_wait_seconds",
            "Longest time that a statement has been waiting for a lock.",
            registry=registry,
        )
        self.version_replaced = Gauge(
            "ae_version_replaced_timestamp_seconds",
            "When the version that serves took over from another one, as Unix time; NaN for the first version and "
            "after a rollback.",
            registry=registry,
        )
        self.storage_free = Gauge(
            "ae_storage_free_ratio", "Share of the audio storage that is free.", registry=registry
        )
        self.cpu = Gauge(
            "ae_host_cpu_used_ratio", "Share of the host's processor time that is in use.", registry=registry
        )
        self.memory = Gauge(
            "ae_host_memory_used_ratio", "Share of the host's memory that is in use.", registry=registry
        )
        # A gauge that has not been set reads 0, which for the canary would be an alert about nothing.
        self.canary_improvement.set(float("nan"))
        self.version_replaced.set(float("nan"))


def build_info(registry: CollectorRegistry, version: str, colour: str, component: str) -> None:
    """Show which release a process runs, as the constant 1 of ``ae_build_info``."""
    info = Gauge(
        "ae_build_info",
        "The release that a process runs; always 1.",
        ["version", "colour", "component"],
        registry=registry,
    )
    info.labels(version, colour, component).set(1)


def all_metrics() -> CollectorRegistry:
    """Make a registry that holds every metric of the system once."""
    registry = CollectorRegistry()
    for group in (ApiMetrics, WorkerMetrics, MonitorMetrics):
        group(registry)
    build_info(registry, "", "", "")
    return registry


REGISTRY = all_metrics()
