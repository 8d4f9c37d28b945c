"""Is it ready? Questions to processes over HTTP, each with a deadline."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from audio_enhancement.rundir import RunDir

LOG_LINES = 12
_BUILD_INFO = re.compile(r'^ae_build_info\{[^}]*version="([^"]*)"', re.MULTILINE)


def wait_until(condition: Callable[[], bool], seconds: float, pause_s: float = 0.1) -> bool:
    """Ask ``condition`` until it holds or ``seconds`` have passed; returns whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause_s)
    return True


def served_by(url: str, timeout_s: float = 2) -> str | None:
    """Who answers at ``url``, as ``colour/version``; None when nobody does, or the answer is not 200."""
    try:
        answer = httpx.get(url, timeout=timeout_s, trust_env=False)
    except httpx.TransportError:
        return None
    return answer.headers.get("X-Served-By") if answer.status_code == 200 else None


def gateway_ready(port: int, colour: str, version: str) -> bool:
    """Whether the gateway on ``port`` is the one that is meant, and reaches its database and its queue."""
    return served_by(f"http://127.0.0.1:{port}/readyz") == f"{colour}/{version}"


def metrics_version(port: int) -> str | None:
    """The release that shows its metrics on ``port``; None when nobody answers."""
    try:
        found = _BUILD_INFO.search(httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=2, trust_env=False).text)
    except httpx.TransportError:
        return None
    return found.group(1) if found else None


def is_silent(url: str, young: bool, timeout_s: float) -> bool:
    """Whether a process answers nothing at all at ``url`` in time: it is frozen, or hangs.

    One that refuses the connection while it is ``young`` starts, and is not meant.
    """
    try:
        httpx.get(url, timeout=timeout_s, trust_env=False)
    except httpx.ConnectError:
        return not young
    except httpx.TransportError:
        return True
    return False


def log_tail(run: RunDir, program: str, lines: int = LOG_LINES) -> str:
    """The last lines of a program's log, indented, with the file's name above them."""
    file = log_file(run, program)
    try:
        text = file.read_text(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        text = ["(no log)"]
    return "\n".join([f"last lines of {file}:", *(f"  | {line[:300]}" for line in text)])


def log_file(run: RunDir, program: str) -> Path:
    """Where a program's output goes."""
    return run.log / f"{program}.log"
