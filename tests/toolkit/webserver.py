"""What serves a published folder, our own application and a real nginx with the configuration made for it, and how tests ask."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPMessage
from pathlib import Path
from typing import NamedTuple

from starlette.testclient import TestClient
from tests.toolkit.conftest import EXT
from tests.toolkit.feedback import until

from audio_enhancement.stack.packages import find_all
from drillbook.portal.app import create

TYPES = "text/html html; text/css css; text/javascript js; application/json json; text/xml xml; text/plain txt;"


class Nginx(NamedTuple):
    """One that runs: its port, its process, and the folder of its logs."""

    port: int
    process: subprocess.Popen[bytes]
    folder: Path


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: HTTPMessage
    body: bytes


@contextlib.contextmanager
def nginx(site: Path, folder: Path, application: str = "http://127.0.0.1:1") -> Iterator[Nginx]:
    """An nginx that serves the published folder, with the application at this address behind it."""
    program = find_all(print)["nginx"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = (site / "current" / "nginx.conf").read_text()
    assert "listen 8080;" in made and f'root "{site}/current";' in made and "http://127.0.0.1:8000;" in made
    made = made.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    (folder / "site.conf").write_text(made.replace("http://127.0.0.1:8000;", f"{application};"))
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{ }}\n"
        f"http {{ {paths} access_log {folder}/access.log; types {{ {TYPES} }} include {folder}/site.conf; }}\n"
    )
    environment = {**os.environ, "LD_LIBRARY_PATH": program.library_path}
    with subprocess.Popen([program.path, "-c", folder / "nginx.conf", "-p", folder], env=environment) as process:
        try:
            until(lambda: listens(port) or process.poll() is not None)
            assert process.poll() is None, (folder / "error.log").read_text()
            yield Nginx(port, process, folder)
        finally:
            process.terminate()


@contextlib.contextmanager
def serving(site: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """The address of `drillbook serve`, in a process of its own."""
    command = [sys.executable, "-m", "drillbook", "serve", str(site), "--port", "0", *arguments]
    around = {**os.environ, "PYTHONPATH": str(EXT), **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=around) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip().rstrip("/")
        finally:
            process.terminate()


def reader(site: Path) -> TestClient:
    """Who asks our application in this process, takes what comes as it is, and follows nothing."""
    return TestClient(create(site), headers={"accept-encoding": ""}, follow_redirects=False)


def listens(port: int) -> bool:
    """Whether anybody does."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def ask(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    client: str = "",
) -> Answer:
    """Ask a server on this machine, from the address *client* of it: all of 127.0.0.0/8 is."""
    source = (client, 0) if client else None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=source)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def get(port: int, path: str, **headers: str) -> Answer:
    """Ask for a page; the names of headers have ``_`` for ``-``."""
    return ask(port, "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
