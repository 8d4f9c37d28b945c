"""What tests of the feedback share: an answer, a server in this process, and a real PostgreSQL."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from audio_enhancement.rundir import RunDir
from audio_enhancement.stack import postgres
from audio_enhancement.stack.packages import find_all
from drillbook.portal.feedback.answer import Answer, read_answer
from drillbook.portal.feedback.routes import Settings, routes
from drillbook.portal.feedback.store import open_store

PASSWORD = "secret-of-the-tests"


def sent(**changes: Any) -> dict[str, Any]:
    """What a page sends."""
    said = {"page": "alerts/SlowReports", "subject": "page", "verdict": "no", "text": "", "version": "2.1.0"}
    return {"key": str(uuid4()), **said, "language": "en", **changes}


def answer(**changes: Any) -> Answer:
    return read_answer(sent(**changes))


@contextmanager
def served(settings: Settings, database: Path | str, *more: BaseRoute) -> Iterator[str]:
    """The address of a server, which runs in a thread; *database* is a file, or a URL."""
    store = open_store(database if isinstance(database, str) else f"sqlite:///{database}")
    app = Starlette(routes=[*routes(store, settings), *more])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        store.close()


class PostgreSQL:
    """A PostgreSQL of its own, with an empty database; started with these settings."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._programs = find_all(print)
        run = RunDir(folder)
        run.data.mkdir(parents=True, exist_ok=True)
        self._data = postgres.prepare(run, self._programs, PASSWORD, print)
        self._log, self._settings = folder / "postgres.log", [word for one in settings for word in ("-c", one)]
        with socket_free() as self._port:
            self.url = f"postgresql://{postgres.USER}:{PASSWORD}@127.0.0.1:{self._port}/{postgres.DATABASE}"

    def start(self) -> None:
        """Start it; it recovers from what it met."""
        command, environment = postgres.command(self._programs["postgres"], "-p", str(self._port), *self._settings)
        with self._log.open("a") as out:
            self.process = subprocess.Popen(
                command, cwd=self._data, env={**os.environ, **environment}, stdout=out, stderr=out
            )
        until(lambda: postgres.answers(self._port, PASSWORD) or self.process.poll() is not None)
        assert self.process.poll() is None, self._log.read_text()

    def everybody(self) -> list[int]:
        """The server and its children, stopped, so that none can begin another or end in order."""
        self.process.send_signal(signal.SIGSTOP)
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in map(int, children):
            os.kill(child, signal.SIGSTOP)
        return [self.process.pid, *map(int, children)]

    def kill(self) -> None:
        """Kill the server and its children, as if the machine had lost its power; but what the kernel has is kept."""
        for one in self.everybody():
            os.kill(one, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """At once, and in order."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


@contextmanager
def postgresql(folder: Path, *settings: str) -> Iterator[PostgreSQL]:
    """A PostgreSQL that runs."""
    server = PostgreSQL(folder, *settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def socket_free() -> Iterator[int]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


def until(condition: Any, seconds: float = 60) -> None:
    """Poll until *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
