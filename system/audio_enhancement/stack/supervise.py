"""The supervisor of all processes of one run folder: one file per program, and supervisord over a unix socket.

One program is one group with one process, so that `Supervisor.update` touches what changed and nothing else.
"""

import hashlib
import http.client
import math
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from audio_enhancement.rundir import RunDir, write_atomically

# Faults of supervisord's XML-RPC interface (supervisor.xmlrpc.Faults), which are part of its documented API.
_BAD_NAME, _ALREADY_STARTED, _NOT_RUNNING, _ALREADY_ADDED = 10, 60, 70, 90
# sockaddr_un holds 108 bytes with the closing NUL; supervisord first binds to the path with ".<pid>" behind it.
_LONGEST_SOCKET_PATH = 107 - 9
_CALL_TIMEOUT_S = 10.0
_STOPPED = {"STOPPED", "EXITED", "FATAL"}


class SupervisorError(RuntimeError):
    """supervisord does not answer, or refused a request; the message says what to do."""


class ProcessStatus(NamedTuple):
    """One supervised process: its state in supervisord's words, its process id (0: none), and since when."""

    name: str
    state: str
    pid: int
    since: datetime | None
    exit_status: int


class Supervisor:
    """The supervisord of one run folder."""

    def __init__(self, run: RunDir) -> None:
        self.run = run
        path = run.tmp / "supervisor.sock"
        if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
            name = hashlib.sha256(os.fsencode(run.root)).hexdigest()[:12]
            path = Path(tempfile.gettempdir()) / f"ae-{os.geteuid()}-{name}" / "supervisor.sock"
        self.socket = path
        self.pid_file = run.tmp / "supervisord.pid"

    def write_program(
        self,
        name: str,
        command: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        stop_signal: str = "TERM",
        stop_wait_s: int = 10,
        start_seconds: int = 0,
        user: str | None = None,
        priority: int = 999,
    ) -> None:
        """Describe a program; `update` makes it so.

        Args:
            name: the program's name, as `status` shows it.
            command: the executable and its arguments.
            directory: the folder that it runs in.
            environment: what it gets besides supervisord's own, small environment.
            stop_signal: how it is asked to stop; after `stop_wait_s` seconds its process group is killed.
            start_seconds: how long it has to live to count as started; 0 starts it again whenever it ends.
            user: the user that it runs as; only root can name one.
            priority: lower ones start first and stop last.
        """
        lines = [
            f"[program:{name}]",
            f"command={_value(shlex.join(command))}",
            f"directory={_value(str(directory))}",
            "environment=" + ",".join(f"{key}={_quoted(value)}" for key, value in (environment or {}).items()),
            "autostart=true",
            "autorestart=true",
            f"startsecs={start_seconds}",
            f"stopsignal={stop_signal}",
            f"stopwaitsecs={stop_wait_s}",
            "killasgroup=true",
            f"priority={priority}",
            "redirect_stderr=true",
            f"stdout_logfile={_value(str(self.run.log / f'{name}.log'))}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
            *([f"user={user}"] if user else []),
        ]
        path = self.run.programs / f"{name}.conf"
        text = "\n".join(lines) + "\n"
        # An unchanged file is left alone: its time tells people when the program was last changed.
        if not path.exists() or path.read_text() != text:
            write_atomically(path, text)

    def remove_program(self, name: str) -> None:
        """Forget a program; `update` stops it."""
        (self.run.programs / f"{name}.conf").unlink(missing_ok=True)

    def programs(self) -> list[str]:
        """Names of the programs that are described, whether they run or not."""
        return sorted(path.stem for path in self.run.programs.glob("*.conf"))

    def update(self) -> None:
        """Read the files again; start what is new, stop what is gone, restart what changed, leave the rest."""
        added, changed, removed = self._call("reloadConfig")[0]
        stopping = [*removed, *changed]
        self.stop_all(stopping)
        for name in stopping:
            self._call("removeProcessGroup", name)
        for name in [*changed, *added]:
            self._call("addProcessGroup", name, accept=_ALREADY_ADDED)

    def start(self, name: str) -> None:
        """Start a program; one that runs is left alone."""
        self._call("startProcess", name, False, accept=_ALREADY_STARTED)

    def stop(self, name: str, wait: bool = True) -> None:
        """Stop a program; one that does not run is left alone."""
        if wait:
            self.stop_all([name])
        else:
            self._call("stopProcess", name, False, accept=_NOT_RUNNING)

    def stop_all(self, names: Iterable[str], deadline: float = math.inf) -> None:
        """Stop programs all at once (``supervisorctl stop a b`` stops one after the other) and wait for them.

        Without a deadline (of `time.monotonic`) the wait still ends: supervisord kills what outlives its `stop_wait_s`.
        """
        names = list(names)
        for name in names:
            self.stop(name, wait=False)
        while time.monotonic() < deadline:
            status = self.status()
            if all(status[name].state in _STOPPED for name in names if name in status):
                return
            time.sleep(0.05)

    def status(self) -> dict[str, ProcessStatus]:
        """Every process that supervisord has, by name."""
        found = {}
        for info in self._call("getAllProcessInfo"):
            running = info["pid"] > 0
            moment = info["start"] if running else info["stop"]
            found[info["name"]] = ProcessStatus(
                info["name"],
                info["statename"],
                info["pid"],
                datetime.fromtimestamp(moment, UTC) if moment else None,
                info["exitstatus"],
            )
        return found

    def running(self) -> bool:
        """Whether supervisord answers."""
        try:
            self._call("getState")
        except SupervisorError:
            return False
        return True

    def start_daemon(self, timeout_s: float = 10.0) -> None:
        """Start supervisord with all described programs; return when it answers.

        Raises:
            SupervisorError: it ended at once, or did not answer in time.
        """
        root = os.geteuid() == 0
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket.parent.stat().st_uid != os.geteuid():
            raise SupervisorError(
                f"{self.socket.parent} belongs to another user: remove it, or choose a shorter RUN_DIR"
            )
        self.run.programs.mkdir(parents=True, exist_ok=True)
        for folder in (self.run.tmp, self.run.log):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomically(
            self.run.supervisor_conf,
            f"[unix_http_server]\nfile={_value(str(self.socket))}\nchmod=0700\n"
            f"[supervisord]\nlogfile={_value(str(self.run.log / 'supervisord.log'))}\nlogfile_maxbytes=10MB\n"
            f"logfile_backups=1\npidfile={_value(str(self.pid_file))}\ndirectory={_value(str(self.run.root))}\n"
            + ("user=root\n" if root else "")
            + "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
            # For people: `supervisorctl -c etc/supervisor/supervisord.conf status`.
            f"[supervisorctl]\nserverurl=unix://{_value(str(self.socket))}\n"
            "[include]\nfiles=conf.d/*.conf\n",
        )
        result = subprocess.run(  # noqa: S603  (our own interpreter)
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.run.supervisor_conf)],
            env={
                "PATH": f"{self.run.root / 'bin'}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                "HOME": str(self.run.tmp),
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "AE_RUN_DIR": str(self.run.root),
            },
            cwd=self.run.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise SupervisorError(f"supervisord did not start: {(result.stderr or result.stdout).strip()}")
        deadline = time.monotonic() + timeout_s
        while not self.running():
            if time.monotonic() > deadline:
                raise SupervisorError(f"supervisord does not answer: see {self.run.log / 'supervisord.log'}")
            time.sleep(0.02)

    def shut_down(self, timeout_s: float, last: Sequence[str] = ()) -> None:
        """Stop all programs and supervisord, and kill what outlives that: also the orphans of a killed supervisord.

        Programs stop all at once, but for those in ``last``, which the others may need to finish their work.

        Everything that one supervisord started is in the session that it leads, and a session's number is not used
        again while a process is in it: so a process is ours when it is in that session and works in the run folder.
        """
        deadline = time.monotonic() + timeout_s
        session = self._session_id()  # supervisord removes its file before it ends
        with suppress(SupervisorError):
            self.stop_all((name for name in self.status() if name not in last), deadline)
            self.stop_all((name for name in self.status() if name in last), deadline)
            self._call("shutdown")
            while time.monotonic() < deadline and self._members(session):
                time.sleep(0.02)
        self._end(self._members(session))
        self.pid_file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        if self.socket.parent != self.run.tmp:
            with suppress(OSError):  # not there, or another user's
                self.socket.parent.rmdir()

    def orphans(self) -> list[psutil.Process]:
        """Processes of this run folder that no supervisord looks after any more."""
        return [] if self.running() else self._members(self._session_id())

    def _session_id(self) -> int | None:
        try:
            return int(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _members(self, session: int | None) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                    folder = Path(process.cwd())
                    if folder == self.run.root or self.run.root in folder.parents:
                        found.append(process)
        return found

    @staticmethod
    def _end(processes: list[psutil.Process]) -> None:
        """Ask, then kill. PostgreSQL takes SIGINT for "now, but cleanly"; SIGTERM would wait for its clients."""
        everything = {child for process in processes for child in [process, *_children(process)]}
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(2 if process.name() == "postgres" else 15)
                process.send_signal(18)  # SIGCONT: a frozen process cannot end
        _, alive = psutil.wait_procs(list(everything), timeout=5)
        for process in alive:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=5)

    def _call(self, method: str, *arguments: Any, accept: int | None = None) -> Any:
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(self.socket)) as server:
                return getattr(server.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == accept:
                return None
            if fault.faultCode == _BAD_NAME:
                raise SupervisorError(f"supervisord knows no program {arguments[0]!r}") from fault
            raise SupervisorError(f"supervisord refused {method}{arguments}: {fault.faultString}") from fault
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise SupervisorError(f"supervisord of {self.run.root} does not answer ({error}): `make up`") from error


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_CALL_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(os.fspath(self._path))
        except OSError:
            self.sock.close()
            raise


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _value(text: str) -> str:
    """Write a value for supervisord's INI reader: ``%`` doubled; what it would take for a comment is refused."""
    if "\n" in text or any(mark in text for mark in (" ;", " #", "\t;", "\t#")):
        raise ValueError(f"supervisord cannot read a value with a comment sign or a line break in it: {text!r}")
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    if '"' in text:
        raise ValueError(f"supervisord cannot read an environment value with a quote in it: {text!r}")
    return f'"{_value(text)}"'
