"""Clients for faults: real uploads over HTTP, each with an API key of its own, and nothing of them left at the end."""

import http.client
import io
import itertools
import json
import os
import threading
import time
import uuid
import wave
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import numpy as np
import soundfile
from sqlalchemy import delete, select

from audio_enhancement.settings import DatabaseSettings, StorageSettings
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import keys
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.files import AudioFiles
from audio_enhancement.storage.models import ENDED, ApiKey, Job

RATE_HZ = 16_000
SECONDS = 0.5
LONG_S = 120.0
AGAIN = 4
"""So many recordings ago was what is sent again."""
ANSWER_S = 15.0
USUAL = ("archive", "radio", "studio")
Recordings = Callable[[], bytes]
"""Gives the next recording to upload."""


def everyday(seconds: float) -> Recordings:
    """Recordings of which every third has come before, so that a cache helps."""
    randomness = np.random.default_rng()
    sent: deque[bytes] = deque(maxlen=AGAIN)
    turns = itertools.cycle(("new", "new", "again"))

    def one() -> bytes:
        if next(turns) == "again" and len(sent) == AGAIN:
            return sent[0]
        sent.append(recording(randomness, seconds))
        return sent[-1]

    return one


def the_same(count: int) -> Recordings:
    """A few recordings again and again, as from a client that asks for what it has asked for before."""
    randomness = np.random.default_rng()
    turns = itertools.cycle([recording(randomness) for _ in range(count)])
    return lambda: next(turns)


def damaged() -> Recordings:
    """What begins like a recording and is none."""
    return lambda: b"fLaC" + os.urandom(2000)


def long() -> Recordings:
    """Minutes of near silence, small to send and long to enhance; no two are the same."""
    randomness = np.random.default_rng()

    def silence() -> bytes:
        samples = np.zeros(int(LONG_S * RATE_HZ), np.int16)
        samples[:8] = randomness.integers(-1000, 1000, 8)
        file = io.BytesIO()
        soundfile.write(file, samples, RATE_HZ, format="FLAC", subtype="PCM_16")
        return file.getvalue()

    return silence


def recording(randomness: np.random.Generator, seconds: float = SECONDS) -> bytes:
    """A tone in noise, as a WAV file."""
    moments = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    samples = 6000 * np.sin(2 * np.pi * 440 * moments) + 300 * randomness.standard_normal(moments.size)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


class Client(threading.Thread):
    """Uploads ``per_second`` recordings, one request at a time, and asks how its oldest job stands.

    With ``most_open`` it waits for results before it sends more. Refused or unanswered, it tries again: it is a program.
    """

    def __init__(self, url: str, key: str, recordings: Recordings, per_second: float, most_open: int | None) -> None:
        super().__init__(daemon=True)
        self.address = urlsplit(url).netloc
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "audio/wav"}
        self.recordings = recordings
        self.pause_s = 1 / per_second
        self.most_open = most_open
        self.open: deque[str] = deque()
        self.leave = threading.Event()

    def run(self) -> None:
        """Send until told to leave."""
        due = time.monotonic()
        while not self.leave.wait(max(0.0, due - time.monotonic())):
            due = max(due + self.pause_s, time.monotonic() - 1)  # it does not catch up on a long silence
            if self.most_open is None or len(self.open) < self.most_open:
                self._upload()
            if self.most_open is not None and self.open:
                self._ask()

    def _upload(self) -> None:
        status, answer = self._request("POST", "/v1/enhancements", self.recordings())
        if status == 202:
            self.open.append(json.loads(answer)["id"])

    def _ask(self) -> None:
        status, answer = self._request("GET", f"/v1/enhancements/{self.open[0]}")
        if status == 404 or (status == 200 and json.loads(answer)["status"] in ENDED):
            self.open.popleft()

    def _request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=ANSWER_S)
        try:
            connection.request(method, path, body, self.headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


@contextmanager
def client(
    stack: Stack,
    name: str,
    recordings: Recordings,
    per_second: float,
    most_open: int | None = None,
    connections: int = 1,
) -> Iterator[None]:
    """A client that sends while the block runs, over that many connections. Its key, jobs and audio go with it."""
    database = Database(DatabaseSettings())
    key_id, key = keys.create(database, name)
    senders = [Client(stack.url, key, recordings, per_second / connections, most_open) for _ in range(connections)]
    for sender in senders:
        sender.start()
    try:
        yield
    finally:
        for sender in senders:
            sender.leave.set()
        for sender in senders:
            sender.join()
        forget(database, key_id)
        database.close()


@contextmanager
def usual(stack: Stack, per_second: float = 0.7, most_open: int = 4, seconds: float = SECONDS) -> Iterator[None]:
    """What comes on any day: a few clients, none of which stands out, that wait for results before they send more."""
    with ExitStack() as clients:
        for name in USUAL:
            clients.enter_context(client(stack, name, everyday(seconds), per_second, most_open))
        yield


def forget(database: Database, key_id: uuid.UUID) -> None:
    """Remove a key with its jobs and their audio. Messages about them lead to nothing."""
    files = AudioFiles(StorageSettings())
    with database.begin() as session:
        ids = session.scalars(select(Job.id).where(Job.api_key_id == key_id)).all()
        session.execute(delete(Job).where(Job.api_key_id == key_id))
        session.execute(delete(ApiKey).where(ApiKey.id == key_id))
    for job_id in ids:
        files.remove(job_id)
