"""What the gateway's routes share: settings, and the ways to PostgreSQL, Redis and the audio files."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from prometheus_client import CollectorRegistry, process_collector

from audio_enhancement.metrics import ApiMetrics, build_info
from audio_enhancement.queueing.queue import JobQueue
from audio_enhancement.settings import (
    ApiSettings,
    CacheSettings,
    DatabaseSettings,
    DspSettings,
    QueueSettings,
    StorageSettings,
)
from audio_enhancement.storage.cache import ResultCache
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.files import AudioFiles

P = ParamSpec("P")
T = TypeVar("T")


def version() -> str:
    """The release that this process runs."""
    return os.environ.get("AE_VERSION") or (Path(__file__).parents[2] / "VERSION").read_text().strip()


class Gateway:
    """One gateway process. Making it connects to nothing."""

    def __init__(self) -> None:
        self.settings = ApiSettings()
        self.version = version()
        self.colour = os.environ.get("AE_COLOUR", "none")
        self.database = Database(DatabaseSettings())
        self.queue = JobQueue(QueueSettings())
        self.cache = ResultCache(CacheSettings(), DspSettings())
        self.files = AudioFiles(StorageSettings())
        self.registry = CollectorRegistry()
        process_collector.ProcessCollector(registry=self.registry)
        self.metrics = ApiMetrics(self.registry)
        build_info(self.registry, self.version, self.colour, "api")
        self._probes = CapacityLimiter(4)

    async def within_time(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking call in a thread.

        Raises:
            TimeoutError: it took longer than `ApiSettings.request_timeout_s`; the thread ends by its own limits.
        """
        return await self._in_thread(None, lambda: function(*args, **kwargs))

    async def probe(self, function: Callable[[], T]) -> T:
        """As `within_time`, for looks at our own state: they never wait behind requests for a thread."""
        return await self._in_thread(self._probes, function)

    async def _in_thread(self, limiter: CapacityLimiter | None, function: Callable[[], T]) -> T:
        async with asyncio.timeout(self.settings.request_timeout_s):
            return await to_thread.run_sync(function, abandon_on_cancel=True, limiter=limiter)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()
        self.queue.close()


def gateway(request: Request) -> Gateway:
    """The process that serves this request."""
    found: Gateway = request.app.state.gateway
    return found


Serving = Annotated[Gateway, Depends(gateway)]
