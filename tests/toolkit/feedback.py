"""What tests of the feedback share: an answer, a server in this process, and a real PostgreSQL."""

import os
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
def served(settings: Settings, database: Path, *more: BaseRoute) -> Iterator[str]:
    """The address of a server, which runs in a thread."""
    store = open_store(f"sqlite:///{database}")
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


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL of its own, with an empty database."""
    programs = find_all(print)
    run = RunDir(folder)
    run.data.mkdir(parents=True, exist_ok=True)
    data = postgres.prepare(run, programs, PASSWORD, print)
    with socket_free() as port:
        command, environment = postgres.command(programs["postgres"], "-p", str(port), "-c", "fsync=off")
    log = folder / "postgres.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=data, env={**os.environ, **environment}, stdout=out, stderr=out)
    try:
        until(lambda: postgres.answers(port, PASSWORD) or server.poll() is not None)
        assert server.poll() is None, log.read_text()
        yield f"postgresql://{postgres.USER}:{PASSWORD}@127.0.0.1:{port}/{postgres.DATABASE}"
    finally:
        server.send_signal(2)  # at once, and in order
        server.wait(30)


@contextmanager
def socket_free() -> Iterator[int]:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


def until(condition: Any, seconds: float = 60) -> None:
    """Poll until *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
