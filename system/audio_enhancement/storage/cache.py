"""The result cache: which finished job holds the result for a content under the present enhancement settings."""

import hashlib
import itertools
import uuid
from pathlib import Path

import redis

from audio_enhancement.settings import CacheSettings, DspSettings

PREFIX = "ae:result:"
TIMEOUT_S = 1.0
"""A cache that is slower than this is no help."""


def connect(settings: CacheSettings) -> "redis.Redis":
    """Open the cache's Redis; nothing is sent yet."""
    return redis.Redis.from_url(
        settings.url.get_secret_value(), socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    )


def cache_key(content_sha256: str, dsp: DspSettings, version: str) -> str:
    """Name of an entry: it changes with the content, with any enhancement setting, and with the version."""
    return PREFIX + hashlib.sha256(f"{content_sha256} {dsp.model_dump_json()} {version}".encode()).hexdigest()


class ResultCache:
    """Finished results by content. Raises `redis.RedisError` when Redis does not answer; callers go on without."""

    def __init__(self, settings: CacheSettings, dsp: DspSettings) -> None:
        self.settings = settings
        self.dsp = dsp
        self.version = (Path(__file__).parents[2] / "VERSION").read_text().strip()
        self.redis = connect(settings)

    def find(self, content_sha256: str) -> uuid.UUID | None:
        """The job that holds the result, if one is remembered."""
        if not self.settings.ttl_s:
            return None
        found = self.redis.get(cache_key(content_sha256, self.dsp, self.version))
        return uuid.UUID(bytes=found) if isinstance(found, bytes) else None

    def remember(self, content_sha256: str, job_id: uuid.UUID) -> None:
        """Remember a job's result for `CacheSettings.ttl_s` seconds."""
        if self.settings.ttl_s:
            name = cache_key(content_sha256, self.dsp, self.version)
            self.redis.set(name, job_id.bytes, ex=self.settings.ttl_s)


def entries(settings: CacheSettings) -> int:
    """Number of results that the cache holds."""
    return sum(1 for _ in connect(settings).scan_iter(PREFIX + "*", count=1000))


def purge(settings: CacheSettings) -> int:
    """Forget all results; returns how many there were. Jobs, and whatever else is in that Redis, stay."""
    client = connect(settings)
    names = client.scan_iter(PREFIX + "*", count=1000)
    removed = 0
    while batch := list(itertools.islice(names, 1000)):  # a full cache holds hundreds of thousands
        removed += int(client.unlink(*batch))
    return removed
