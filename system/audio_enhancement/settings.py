"""Every setting of the system, by component: one class each, read from the environment.

A setting ``worker.concurrency`` is read from ``AE_WORKER_CONCURRENCY``. The environment wins over the file that
``AE_ENV_FILE`` names (lines of ``NAME="value"``), which wins over the default. A value out of range stops the
process at its start with a message that names the variable.

Each field carries its unit and whether a running process must be restarted to see a change; the manual's
configuration reference is made from these classes, so a description here is a sentence in the manual.
"""

import os
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


def setting(default: Any, description: str, *, unit: str | None = None, restart: bool = True, **limits: Any) -> Any:
    """Declare a setting: its default, what it means, its unit, its limits, and whether a change needs a restart."""
    return Field(default, description=description, json_schema_extra={"unit": unit, "restart": restart}, **limits)


class ComponentSettings(BaseSettings):
    """What all components share: where values come from, and that no default is taken on trust."""

    component: ClassVar[str]
    model_config = SettingsConfigDict(extra="ignore", validate_default=True, frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read ``AE_ENV_FILE`` at each construction, not at import, so that one process can serve two environments."""
        from pydantic_settings import DotEnvSettingsSource

        file = os.environ.get("AE_ENV_FILE")
        dotenv = DotEnvSettingsSource(settings_cls, env_file=Path(file)) if file else dotenv_settings
        return init_settings, env_settings, dotenv


class ApiSettings(ComponentSettings):
    """The API gateway: what it accepts, how much, and how long it waits."""

    component = "api"
    model_config = SettingsConfigDict(env_prefix="AE_API_")

    host: str = setting("127.0.0.1", "Address that the gateway listens on. nginx stands in front of it.")
    port: int = setting(8001, "Port that the gateway listens on. Each colour has its own.", ge=1, le=65535)
    max_upload_mb: int = setting(
        50,
        "Largest upload that is accepted. A larger one is answered with `upload_too_large`.",
        unit="MB",
        ge=1,
        le=500,
    )
    request_timeout_s: float = setting(
        10.0, "Time after which a request that waits for the database or the queue is given up.", unit="s", ge=1, le=60
    )
    rate_limit_per_minute: int = setting(
        600,
        "Uploads that one API key may send in a minute. 0 switches the limit off.",
        unit="requests/min",
        ge=0,
        le=100_000,
    )
    drain_s: float = setting(
        10.0, "Time that requests in flight get to finish when the gateway is told to stop.", unit="s", ge=0, le=3600
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting("info", "Least severe message that is logged.")


class WorkerSettings(ComponentSettings):
    """The enhancement workers: how many jobs at once, for how long, how often again."""

    component = "worker"
    model_config = SettingsConfigDict(env_prefix="AE_WORKER_")

    concurrency: int = setting(
        2, "Jobs that one worker process runs at the same time, one thread each.", unit="jobs", ge=1, le=32
    )
    time_limit_s: int = setting(
        120, "Time that one attempt at a job may take; then the attempt has failed.", unit="s", ge=5, le=600
    )
    max_retries: int = setting(
        3,
        "Attempts after the first one. A job that fails them all goes to the dead letters.",
        unit="attempts",
        ge=0,
        le=10,
    )
    retry_backoff_s: float = setting(
        1.0, "Wait before the first retry; it doubles with each further one.", unit="s", ge=0.1, le=60
    )
    heartbeat_timeout_s: int = setting(
        15,
        "Silence after which a worker is taken for dead and its jobs are delivered to others.",
        unit="s",
        ge=5,
        le=300,
    )
    shutdown_timeout_s: int = setting(
        300, "Time that jobs in flight get to finish when a worker is told to stop.", unit="s", ge=1, le=3600
    )
    metrics_host: str = setting(
        "127.0.0.1", "Address on which the worker shows its metrics; `0.0.0.0` where Prometheus runs on another host."
    )
    metrics_port: int = setting(
        9101, "Port on which the worker shows its metrics. Each worker has its own.", ge=1, le=65535
    )


class AudioSettings(ComponentSettings):
    """What a recording may be. All limits hold for the decoded audio, whatever the file's header claims."""

    component = "audio"
    model_config = SettingsConfigDict(env_prefix="AE_AUDIO_")

    max_duration_s: float = setting(600.0, "Longest recording that is enhanced.", unit="s", ge=1, le=7200)
    max_channels: int = setting(2, "Most channels that a recording may have.", unit="channels", ge=1, le=8)
    min_sample_rate_hz: int = setting(8000, "Lowest sample rate that is enhanced.", unit="Hz", ge=8000, le=48000)
    max_sample_rate_hz: int = setting(96000, "Highest sample rate that is enhanced.", unit="Hz", ge=16000, le=192000)
    decode_timeout_s: float = setting(30.0, "Time that decoding one recording may take.", unit="s", ge=1, le=300)
    decode_memory_mb: int = setting(
        1024, "Address space that the decoding process may use.", unit="MB", ge=256, le=8192
    )


class DspSettings(ComponentSettings):
    """The enhancement itself: log-MMSE noise suppression, loudness and limiter."""

    component = "dsp"
    model_config = SettingsConfigDict(env_prefix="AE_DSP_")

    gain_floor_db: float = setting(
        -12.0,
        "Least gain that noise suppression applies. Lower removes more noise and harms speech sooner.",
        unit="dB",
        ge=-40,
        le=0,
    )
    alpha: float = setting(
        0.98, "Weight of the past in the decision-directed estimate of the signal-to-noise ratio.", ge=0.5, le=0.999
    )
    target_lufs: float = setting(
        -18.0, "Loudness that the enhanced recording is brought to (EBU R 128).", unit="LUFS", ge=-40, le=-5
    )
    limiter_ceiling_dbfs: float = setting(
        -1.0, "Highest peak that the limiter lets through.", unit="dBFS", ge=-12, le=0
    )


class QueueSettings(ComponentSettings):
    """The job queue in Redis."""

    component = "queue"
    model_config = SettingsConfigDict(env_prefix="AE_QUEUE_")

    url: SecretStr = setting(
        SecretStr("redis://127.0.0.1:6379/0"), "Address of the Redis that holds the queue, with its password."
    )
    memory_mb: int = setting(
        256,
        "Memory that Redis may use. At the limit it takes no more jobs and no more results; nothing is evicted. "
        "`./scripts/redis_memory.sh` changes it while Redis runs.",
        unit="MB",
        ge=8,
        le=1_000_000,
    )
    connect_timeout_s: float = setting(2.0, "Time that a connection to Redis may take.", unit="s", ge=0.1, le=30)
    relay_interval_s: float = setting(
        5.0, "Pause between two searches for jobs that are stored but not queued.", unit="s", ge=0.5, le=300
    )
    relay_after_s: float = setting(
        10.0,
        "Age at which a stored job that is in no queue counts as left behind and is queued again.",
        unit="s",
        ge=1,
        le=3600,
    )


class CacheSettings(ComponentSettings):
    """The result cache: the same recording with the same enhancement settings is answered at once."""

    component = "cache"
    model_config = SettingsConfigDict(env_prefix="AE_CACHE_")

    url: SecretStr = setting(
        SecretStr("redis://127.0.0.1:6379/1"), "Address of the Redis that holds the cache, with its password."
    )
    ttl_s: int = setting(
        3600, "Time that a result stays in the cache. 0 switches the cache off.", unit="s", ge=0, le=86400
    )


class DatabaseSettings(ComponentSettings):
    """PostgreSQL, which holds jobs, results and API keys."""

    component = "database"
    model_config = SettingsConfigDict(env_prefix="AE_DATABASE_")

    dsn: SecretStr = setting(
        SecretStr("postgresql+psycopg://audio@127.0.0.1:5432/audio"), "Address of the database, with user and password."
    )
    pool_size: int = setting(10, "Connections that one process keeps open.", unit="connections", ge=1, le=50)
    connect_timeout_s: int = setting(3, "Time that a connection may take.", unit="s", ge=1, le=30)
    statement_timeout_ms: int = setting(
        5000, "Time after which the database ends a statement. 0 switches the limit off.", unit="ms", ge=0, le=600_000
    )


class StorageSettings(ComponentSettings):
    """The folder that holds uploads and results."""

    component = "storage"
    model_config = SettingsConfigDict(env_prefix="AE_STORAGE_")

    data_dir: Path = setting(
        Path("/var/lib/audio-enhancement"), "Folder of uploads and results, on a volume shared by all hosts."
    )
    min_free_ratio: float = setting(
        0.1,
        "Share of the volume that must stay free. Below it, uploads are answered with `storage_full`.",
        ge=0,
        le=0.9,
    )
    quota_mb: int = setting(
        0, "Space that uploads and results may take; 0 means the whole volume.", unit="MB", ge=0, le=100_000_000
    )
    retention_s: int = setting(
        604_800,
        "Age at which finished jobs and their audio are removed. Under cache.ttl_s the cache leads to results that "
        "are gone.",
        unit="s",
        ge=1,
        le=31_536_000,
    )


class CanarySettings(ComponentSettings):
    """The canary: a known recording that goes through the gateway again and again."""

    component = "canary"
    model_config = SettingsConfigDict(env_prefix="AE_CANARY_")

    url: str = setting("http://127.0.0.1:8080", "Address of the gateway as clients see it.")
    api_key: SecretStr = setting(SecretStr(""), "API key that the canary uses. Empty switches the canary off.")
    interval_s: float = setting(60.0, "Pause between two runs.", unit="s", ge=1, le=3600)
    timeout_s: float = setting(30.0, "Time after which a run counts as failed.", unit="s", ge=1, le=300)
    min_improvement_db: float = setting(
        2.0, "Improvement in SI-SDR under which the quality counts as degraded.", unit="dB", ge=0, le=30
    )


class MonitoringSettings(ComponentSettings):
    """The monitor process, Prometheus and Alertmanager."""

    component = "monitoring"
    model_config = SettingsConfigDict(env_prefix="AE_MONITORING_")

    metrics_host: str = setting(
        "127.0.0.1", "Address on which the monitor shows its metrics; `0.0.0.0` where Prometheus runs on another host."
    )
    metrics_port: int = setting(9100, "Port on which the monitor shows its metrics.", ge=1, le=65535)
    probe_interval_s: float = setting(
        5.0, "Pause between two looks at Redis, PostgreSQL, the queue and the storage.", unit="s", ge=0.5, le=300
    )
    scrape_interval_s: int = setting(15, "Pause between two scrapes of Prometheus.", unit="s", ge=1, le=300)
    runbook_base_url: str = setting(
        "https://docs.example.org/audio-enhancement/deployed/en",
        "Address of the manual of the version that is deployed. Each alert's `runbook_url` starts with it.",
    )
    alertmanager_url: str = setting(
        "http://127.0.0.1:9093", "Address of Alertmanager; deployments silence their own alerts there."
    )
    webhook_url: str = setting("", "Address that Alertmanager sends alerts to. Empty means that they are only shown.")


class DeploySettings(ComponentSettings):
    """Deployments by `./deploy.py`."""

    component = "deploy"
    model_config = SettingsConfigDict(env_prefix="AE_DEPLOY_")

    drain_s: float = setting(
        30.0,
        "Time that a draining rollback gives to requests and jobs in flight.",
        unit="s",
        restart=False,
        ge=0,
        le=3600,
    )
    health_timeout_s: float = setting(
        60.0, "Time in which a new colour must become ready.", unit="s", restart=False, ge=1, le=600
    )
    workers: int = setting(
        2, "Worker processes that the first deployment starts.", unit="processes", restart=False, ge=1, le=64
    )
    keep_releases: int = setting(
        5, "Releases that are kept; older ones are removed.", unit="releases", restart=False, ge=2, le=100
    )


SETTINGS: dict[str, type[ComponentSettings]] = {
    cls.component: cls
    for cls in (
        ApiSettings,
        WorkerSettings,
        AudioSettings,
        DspSettings,
        QueueSettings,
        CacheSettings,
        DatabaseSettings,
        StorageSettings,
        CanarySettings,
        MonitoringSettings,
        DeploySettings,
    )
}

SECRETS: frozenset[str] = frozenset(
    f"{cls.model_config['env_prefix']}{name}".upper()
    for cls in SETTINGS.values()
    for name, field in cls.model_fields.items()
    if field.annotation is SecretStr
)
"""Environment names of the settings that hold a secret."""
"""All there is to configure, by the name of the component."""
