"""Recordings sent to the gateway by several clients at once, and when each of them was done, as the database says."""

import http.client
import io
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
import psycopg
import soundfile

from audio_enhancement.dsp.speech import noisy, speech_like
from bench.tuning.stack import Bench

RATE_HZ: Final = 16_000
CLIENTS: Final = 4
POLL_S: Final = 0.1
PATIENCE_S: Final = 300.0


class Job(NamedTuple):
    """A job that is done: its times in s since the first upload, and whether the cache answered."""

    created: float
    started: float | None
    finished: float
    cached: bool

    @property
    def takes(self) -> float:
        """From the upload to the result, in s."""
        return self.finished - self.created


def recordings(count: int, seconds: float, *, rate_hz: int = RATE_HZ, channels: int = 1) -> list[bytes]:
    """Different recordings of the same length, as WAV of 16 bits."""
    sound = noisy(speech_like(seconds, rate_hz), 5.0, seed=1, sample_rate=rate_hz)
    randomness = np.random.default_rng(0)
    made = []
    for _ in range(count):
        body = io.BytesIO()
        different = sound + randomness.standard_normal(sound.size).astype(np.float32) * 1e-3
        soundfile.write(body, np.repeat(different[:, None], channels, 1), rate_hz, format="WAV", subtype="PCM_16")
        made.append(body.getvalue())
    return made


def burst(bench: Bench, bodies: Sequence[bytes]) -> list[Job]:
    """Send all as fast as they are taken, and wait until all are done."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return ended(bench, list(pool.map(lambda body: send(bench, body), bodies)))


def best_burst(bench: Bench, bodies: Sequence[bytes], times: int = 2) -> list[Job]:
    """The fastest of several bursts: what else goes on in a machine only ever makes it slower."""
    return max((burst(bench, bodies) for _ in range(times)), key=per_second)


def steady(bench: Bench, bodies: Sequence[bytes], per_second: float) -> list[Job]:
    """Send them at this pace, whether they are done or not, and wait until all are done."""
    start = time.monotonic()

    def when_due(numbered: tuple[int, bytes]) -> str:
        number, body = numbered
        time.sleep(max(0.0, start + number / per_second - time.monotonic()))
        return send(bench, body)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return ended(bench, list(pool.map(when_due, enumerate(bodies))))


def send(bench: Bench, body: bytes) -> str:
    """Upload a recording; returns the id of its job."""
    connection = http.client.HTTPConnection("127.0.0.1", bench.stack.ports["nginx"], timeout=60)
    try:
        headers = {"Authorization": f"Bearer {bench.stack.api_key}", "Content-Type": "audio/wav"}
        connection.request("POST", "/v1/enhancements", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 202:
            raise RuntimeError(f"an upload was answered with {answer.status}: {said[:500]!r}")
        return answer.headers["Location"].rpartition("/")[2]
    finally:
        connection.close()


def ended(bench: Bench, ids: Sequence[str]) -> list[Job]:
    """The jobs, when all are done, in the order in which they were uploaded."""
    dsn = bench.stack.environment["AE_DATABASE_DSN"].replace("postgresql+psycopg", "postgresql")
    deadline = time.monotonic() + PATIENCE_S
    with psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            rows = connection.execute(
                "SELECT status, created_at, started_at, finished_at, cached FROM jobs WHERE id = ANY(%s) ORDER BY 2",
                (list(ids),),
            ).fetchall()
            if all(status == "done" for status, *_ in rows) and len(rows) == len(ids):
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"not all of {len(ids)} jobs are done after {PATIENCE_S:g} s")
            time.sleep(POLL_S)
    first: datetime = rows[0][1]

    def since(moment: datetime) -> float:
        return (moment - first).total_seconds()

    return [
        Job(since(created), since(started) if started else None, since(finished), cached)
        for _, created, started, finished, cached in rows
    ]


def per_second(jobs: Sequence[Job]) -> float:
    """Jobs done in a second, from the first upload to the last result."""
    return len(jobs) / max(job.finished for job in jobs)


def p95(values: Sequence[float]) -> float:
    """What 95 % of *values* are not above."""
    return float(np.quantile(values, 0.95))
