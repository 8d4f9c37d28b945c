"""Real uploads at a steady rate, and what became of each."""

import http.client
import io
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Self

import numpy as np
import psycopg
import soundfile

from audio_enhancement.dsp.speech import noisy, speech_like
from audio_enhancement.stack.stack import Stack

RATE_HZ = 16_000
THREADS = 8


class Load:
    """Uploads ``per_second`` different recordings while the block runs; each over a connection of its own."""

    def __init__(self, stack: Stack, per_second: float = 20) -> None:
        self.stack = stack
        self.per_second = per_second
        self.accepted: list[str] = []
        self.lost: list[str] = []
        self.served_by: Counter[str] = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(THREADS)]
        self._recording = noisy(speech_like(0.5, RATE_HZ), 5.0, seed=1)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def sent(self) -> int:
        return len(self.accepted) + len(self.lost)

    def _work(self, number: int) -> None:
        randomness = np.random.default_rng()
        due = time.monotonic() + number / self.per_second
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += THREADS / self.per_second
            self._upload(randomness)

    def _upload(self, randomness: np.random.Generator) -> None:
        body = io.BytesIO()
        different = self._recording + randomness.standard_normal(self._recording.size) * 1e-3
        soundfile.write(body, different, RATE_HZ, format="WAV", subtype="PCM_16")
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.ports["nginx"], timeout=30)
        headers = {"Authorization": f"Bearer {self.stack.api_key}", "Content-Type": "audio/wav"}
        try:
            connection.request("POST", "/v1/enhancements", body.getvalue(), headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 202:
                self.accepted.append(answer.headers["Location"].rpartition("/")[2])
                self.served_by[answer.headers["X-Served-By"]] += 1
            else:
                self.lost.append(f"{answer.status} {text[:200]!r}")
        except (OSError, http.client.HTTPException) as error:
            self.lost.append(repr(error))
        finally:
            connection.close()

    def statuses(self) -> Counter[str]:
        """How the accepted jobs stand; ``gone`` are those that the database does not know."""
        dsn = self.stack.environment["AE_DATABASE_DSN"].replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(dsn) as connection:
            rows = connection.execute("SELECT status FROM jobs WHERE id = ANY(%s)", (self.accepted,)).fetchall()
        found = Counter(status for (status,) in rows)
        return found + Counter(gone=len(self.accepted) - len(rows))

    def assert_all_done(self, patience_s: float = 30) -> None:
        """Wait until every accepted job is done; fail when none has ended for ``patience_s`` seconds.

        How long it takes is the machine's affair; that it comes to an end is ours.
        """
        unfinished, since = len(self.accepted) + 1, time.monotonic()
        while (statuses := self.statuses()) != {"done": len(self.accepted)}:
            waiting = len(self.accepted) - statuses["done"]
            if waiting < unfinished:
                unfinished, since = waiting, time.monotonic()
            assert time.monotonic() < since + patience_s, f"no job has ended for {patience_s:g} s: {statuses}"
            time.sleep(0.2)
