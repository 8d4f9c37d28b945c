"""Faults of Redis' memory and of what the cache holds."""

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis

from audio_enhancement.faults import traffic
from audio_enhancement.faults.settings import changed
from audio_enhancement.settings import CacheSettings
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import cache

FULL = 0.94
TIGHT = 0.93
BATCH = 500
RETENTION_S = 2
TURN = 20
"""Recordings that a client sends in turn: each comes again long after its result is gone, also on a busy machine."""


@contextmanager
def full(stack: Stack) -> Iterator[None]:
    """The cache has taken nearly all of Redis' memory with results."""
    settings = CacheSettings()
    client = cache.connect(settings)
    known = set(client.scan_iter(cache.PREFIX + "*", count=1000))
    try:
        # Its tables grow at a stroke when they have too many entries: then Redis is full before it is nearly full.
        with suppress(redis.OutOfMemoryError):
            while _used(client) < FULL * _limit(client):
                _remember(client, settings.ttl_s)
        yield
    finally:
        left = [name for name in client.scan_iter(cache.PREFIX + "*", count=1000) if name not in known]
        for start in range(0, len(left), BATCH):
            client.unlink(*left[start : start + BATCH])


@contextmanager
def limit_low(stack: Stack) -> Iterator[None]:
    """Somebody has set Redis' limit by hand, and far too low."""
    client = cache.connect(CacheSettings())
    before = _limit(client)
    client.config_set("maxmemory", int(_used(client) / TIGHT))
    try:
        yield
    finally:
        client.config_set("maxmemory", before)


@contextmanager
def stale(stack: Stack) -> Iterator[None]:
    """Results are removed soon after they are made, by a setting that somebody changed, while the cache leads to them."""
    with (
        traffic.client(stack, "studio", traffic.the_same(TURN), per_second=2),
        changed(stack, {"AE_STORAGE_RETENTION_S": str(RETENTION_S)}, restart=["monitor"]),
    ):
        yield


def _remember(client: "redis.Redis", ttl_s: int) -> None:
    with client.pipeline(transaction=False) as pipeline:
        for _ in range(BATCH):
            pipeline.set(cache.PREFIX + secrets.token_hex(32), uuid.uuid4().bytes, ex=ttl_s)
        pipeline.execute()


def _used(client: "redis.Redis") -> int:
    info: Any = client.info("memory")
    return int(info["used_memory"])


def _limit(client: "redis.Redis") -> int:
    found: Any = client.config_get("maxmemory")
    return int(found["maxmemory"])
