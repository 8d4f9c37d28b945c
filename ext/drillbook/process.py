"""The one place that starts a process: a time limit, an output limit, nothing left running, secrets redacted.

Standard library only, so that every floor above may use it.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024
REDACTED = b"***"

_POLL_S = 0.05  # how soon a finished leader is noticed while one of its children still holds the pipes
_END_S = 0.005  # how soon the end is noticed once both outputs are closed
_DRAIN_S = 1.0  # how long the pipes may stay open after the group is dead (a child that left the group)
_CHUNK_BYTES = 65536
_TOGETHER_S = 0.02  # what arrives as soon behind something else arrived with it


class Completed(NamedTuple):
    """What a finished process left behind.

    ``status`` is the exit status, or minus the number of the signal that ended the process.
    ``timed_out`` and ``truncated`` say that we ended it, because of its time or of its output. ``arrivals`` says when
    standard output came: seconds since the start, and how many lines had ended by then.
    """

    status: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    truncated: bool = False
    arrivals: tuple[tuple[float, int], ...] = ()


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    max_output_bytes: int = DEFAULT_MAX_OUTPUT_BYTES,
    secrets: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run *argv* (never through a shell) in a process group of its own, and wait for its end.

    The whole group is killed when *timeout_s* seconds have passed, when standard output or standard error
    exceeds *max_output_bytes*, and when the leader ends: a child that it left in the background ends too.
    *env* is the whole environment; ``None`` passes on ours. Each of *secrets* is ``***`` in what is returned. *pass_fds*
    stay open in it: a lock is then held for as long as it runs, even when we are killed.

    Raises :exc:`OSError` if the program cannot be started (it does not exist, it is not executable).
    """
    process = subprocess.Popen(  # noqa: S603 - argv comes from the caller's own code; there is no shell
        list(argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=None if env is None else dict(env),
        start_new_session=True,
        pass_fds=tuple(pass_fds),
    )
    with process:
        margin = max((len(secret.encode()) for secret in secrets), default=0)  # a secret across the limit
        try:
            exchange = _Exchange(process, stdin, max_output_bytes + margin)
            timed_out, truncated = exchange.until_end(time.monotonic() + timeout_s)
        finally:  # also on KeyboardInterrupt: the group must not outlive us
            _kill_group(process.pid)
        exchange.drain(time.monotonic() + _DRAIN_S)
        status = process.wait()
    stdout, stderr = (
        _redact(bytes(kept), secrets, cut=truncated)[:max_output_bytes] for kept in (exchange.stdout, exchange.stderr)
    )
    return Completed(status, stdout, stderr, timed_out, truncated, tuple(exchange.arrivals))


class LineTimeout(Exception):
    """No line came in time."""


class Background:
    """A process that runs beside us, in a group of its own, and what it says, line by line; see :func:`background`."""

    def __init__(self, process: subprocess.Popen[bytes], secrets: Sequence[str], max_line_bytes: int) -> None:
        assert process.stdout
        self._process = process
        self._secrets, self._limit = secrets, max_line_bytes
        self._pending = bytearray()
        self._open = True
        self._selector = selectors.DefaultSelector()
        self._selector.register(process.stdout, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        """Its process id, which is that of its group."""
        return self._process.pid

    def line(self, timeout_s: float) -> str | None:
        """The next line, without its end; ``None`` when there will be none. Raises :exc:`LineTimeout`."""
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._pending and self._open:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not self._selector.select(remaining):
                raise LineTimeout(f"no line came in {timeout_s:g} s")
            chunk = os.read(self._process.stdout.fileno(), _CHUNK_BYTES)  # type: ignore[union-attr]
            self._pending += chunk
            self._open = bool(chunk) and len(self._pending) <= self._limit
        if not self._pending:
            return None
        found, _, rest = bytes(self._pending).partition(b"\n")
        self._pending = bytearray(rest)
        return _redact(found, self._secrets, cut=False).decode("utf-8", "replace")

    def lines(self, timeout_s: float) -> Iterator[str]:
        """All that are still to come, each in *timeout_s* seconds after the last."""
        while (line := self.line(timeout_s)) is not None:
            yield line

    def stop(self, timeout_s: float) -> int:
        """Ask it to end (SIGTERM, to it alone), give it time, and answer its exit status; then its group is killed."""
        if self._process.returncode is None:
            self._process.terminate()
        status = self.wait(timeout_s)
        return self._end() if status is None else status

    def wait(self, timeout_s: float) -> int | None:
        """Its exit status, or ``None`` if it has not ended in time; when it has, its group is killed."""
        deadline = time.monotonic() + timeout_s
        while not _has_ended(self._process):
            if time.monotonic() > deadline:
                return None
            time.sleep(_POLL_S)
        return self._end()

    def close(self) -> None:
        """Kill its group."""
        self._selector.close()
        self._end()

    def _end(self) -> int:
        if self._process.returncode is None:  # afterwards the group's number may be another's
            _kill_group(self._process.pid)
        return self._process.wait()


@contextlib.contextmanager
def background(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
    max_line_bytes: int = DEFAULT_MAX_OUTPUT_BYTES,
) -> Iterator[Background]:
    """Run *argv* beside us until the ``with`` block ends: then its group is killed, whatever happened.

    Both its outputs come as lines, in their order. A line over *max_line_bytes* ends what is read of it.

    Raises :exc:`OSError` if the program cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603 - argv comes from the caller's own code; there is no shell
        list(argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=None if env is None else dict(env),
        start_new_session=True,
    )
    feeder = threading.Thread(target=_feed_all, args=(process, stdin), daemon=True)
    feeder.start()  # beside us: it may say something before it has read all
    started = Background(process, secrets, max_line_bytes)
    try:
        yield started
    finally:
        started.close()
        feeder.join()
        assert process.stdout
        process.stdout.close()


def _feed_all(process: subprocess.Popen[bytes], stdin: bytes) -> None:
    assert process.stdin
    with contextlib.suppress(BrokenPipeError):  # it does not read its input: that is its right
        process.stdin.write(stdin)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()


class _Exchange:
    """Feeds standard input and gathers both outputs at once, so that neither side waits for the other."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, limit: int) -> None:
        assert process.stdin and process.stdout and process.stderr  # all three are pipes
        self._process = process
        self._pending = memoryview(stdin)
        self._limit = limit
        self.stdout, self.stderr = bytearray(), bytearray()
        self.arrivals: list[tuple[float, int]] = []
        self._began = time.monotonic()
        self._selector = selectors.DefaultSelector()
        self._selector.register(process.stdout, selectors.EVENT_READ, self.stdout)
        self._selector.register(process.stderr, selectors.EVENT_READ, self.stderr)
        os.set_blocking(process.stdin.fileno(), False)
        self._selector.register(process.stdin, selectors.EVENT_WRITE, None)

    def until_end(self, deadline: float) -> tuple[bool, bool]:
        """Exchange until the leader has ended; answer (timed out, truncated)."""
        while not _has_ended(self._process):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return True, False
            if not self._turn(min(remaining, _POLL_S)):
                return False, True
        return False, False

    def drain(self, deadline: float) -> None:
        """Read what the dead group left in the pipes."""
        while self._selector.get_map() and time.monotonic() < deadline and self._turn(_POLL_S):
            pass
        self._selector.close()

    def _turn(self, timeout_s: float) -> bool:
        """Move what can be moved; false when an output exceeds the limit."""
        if not self._selector.get_map():  # all closed: only its end is left to wait for
            time.sleep(min(timeout_s, _END_S))
            return True
        for key, _ in self._selector.select(timeout_s):
            if key.data is None:
                self._feed(key.fd)
            elif chunk := os.read(key.fd, _CHUNK_BYTES):
                key.data.extend(chunk[: self._limit + 1 - len(key.data)])
                if key.data is self.stdout:
                    self._note_arrival(chunk.count(b"\n"))
                if len(key.data) > self._limit:
                    return False
            else:
                self._selector.unregister(key.fileobj)
        return True

    def _note_arrival(self, lines: int) -> None:
        now, before = time.monotonic() - self._began, self.arrivals[-1][1] if self.arrivals else 0
        if self.arrivals and now - self.arrivals[-1][0] < _TOGETHER_S:
            now = self.arrivals.pop()[0]
        self.arrivals.append((now, before + lines))

    def _feed(self, fd: int) -> None:
        try:
            self._pending = self._pending[os.write(fd, self._pending[:_CHUNK_BYTES]) :]
        except BrokenPipeError:  # it does not read its input: that is its right
            self._pending = self._pending[:0]
        if not self._pending:
            self._close_stdin()

    def _close_stdin(self) -> None:
        assert self._process.stdin
        self._selector.unregister(self._process.stdin)
        self._process.stdin.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    # WNOWAIT leaves the leader as a zombie: its process id, and so its group's, stays taken until the kill
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, flags) is not None


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # nobody is left
        os.killpg(leader, signal.SIGKILL)


def _redact(output: bytes, secrets: Sequence[str], *, cut: bool) -> bytes:
    needles = sorted((secret.encode() for secret in secrets if secret), key=len, reverse=True)
    for needle in needles:
        output = output.replace(needle, REDACTED)
    if cut:  # the cut may have left the beginning of a secret
        for needle in needles:
            for length in range(len(needle) - 1, 0, -1):
                if output.endswith(needle[:length]):
                    output = output[:-length]
    return output
