"""The private stack of a box: the system that pages are proven against, as `drillbook_stack` in conf.py says."""

import json
import os
import re
import shutil
import signal
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from drillbook.process import LineTimeout, background
from drillbook.proof.bubblewrap import PATH
from drillbook.proof.shell import Ran, Shell

Json = dict[str, Any]
HELD: Final = "held"
_UP_S: Final = 300
_ASK_S: Final = 60
_FAULT_S: Final = 180
_SHORTEST_SECRET: Final = 6  # what is shorter would hide words that are no secret


class StackError(Exception):
    """The stack does not do what conf.py says that it does; the text says what it printed."""


class PrivateStack:
    """One running system, with everything that it writes in *scratch*.

    Nothing is started before :meth:`up`; without ``up`` in *described* there is nothing to start, and commands are
    typed all the same.
    """

    def __init__(self, described: Mapping[str, Any], confdir: Path, scratch: Path, rules: str = "", site: str = ""):
        self._described = described
        self.scratch = scratch
        self.folder = confdir / described.get("folder", "")
        self.secrets: list[str] = []
        self.urls: dict[str, str] = {}
        self.running = False
        self._shells = 0
        self._server = _serve(Path(site)) if site else None
        self.site = f"http://127.0.0.1:{self._server.server_port}" if self._server else ""
        self._home = scratch / "home"
        self._home.mkdir(exist_ok=True)
        (scratch / "shells").mkdir(mode=0o700, exist_ok=True)
        self._rules = rules
        self._lives = 0
        self.environment = self._environment(scratch)

    def _environment(self, scratch: Path) -> dict[str, str]:
        places = {"scratch": str(scratch), "rules": self._rules, "site": self.site}
        given = self._described.get("environment", {}).items()
        return {
            "PATH": PATH,
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            **{name: value.format(**places) for name, value in given},
        }

    def up(self) -> None:
        """Start it, if it does not run. Raises :exc:`StackError`."""
        if self.running or not self._described.get("up"):
            return
        self._type("up", _UP_S)
        self.running = True
        self.learn_secrets()
        if "status" in self._described:
            self.urls = dict(self._status().get("urls", {}))

    def down(self) -> None:
        """Stop it, if it runs; and the site."""
        self._stop()
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def renew(self) -> None:
        """Stop it, and start another one that has nothing of the old. Raises :exc:`StackError`."""
        with suppress(StackError):  # it may be what failed: what is left of it ends with the box
            self._stop()
        self._lives += 1
        scratch = self.scratch / f"again-{self._lives}"
        scratch.mkdir()
        scratch.chmod(0o755)  # for the system's other users, as the first one
        self.environment = self._environment(scratch)
        self.up()

    def _stop(self) -> None:
        was_running, self.running = self.running, False
        if was_running and "down" in self._described:
            self._type("down", _ASK_S)

    def learn_secrets(self) -> None:
        """Ask for the secrets again: a procedure may have made new ones."""
        if self.running and "secrets" in self._described:
            found = {line.strip() for line in self._type("secrets", _ASK_S).splitlines()}
            self.secrets += sorted(word for word in found - {*self.secrets} if len(word) >= _SHORTEST_SECRET)

    def shell(self, name: str) -> Shell:
        """A new shell in the stack's folder, in which what a reader types first is typed."""
        shell = self.bare_shell(name, self.folder)
        if self.running and (enter := self._described.get("enter", "")):
            ran = shell.run(enter, _ASK_S)
            if ran.status != 0:
                raise StackError(f"`{enter}` ended with exit status {ran.status}:\n{ran.output}")
        return shell

    def bare_shell(self, name: str, folder: Path, environment: Mapping[str, str] | None = None) -> Shell:
        """A new shell in *folder*, in which nothing was typed."""
        self._shells += 1
        state = self.scratch / "shells" / f"{self._shells}-{re.sub(r'[^A-Za-z0-9]+', '-', name)}"
        return Shell(state, folder, environment or self.environment, secrets=self.secrets)

    def type(self, command: str, stdin: bytes = b"", time_limit_s: float = _ASK_S) -> Ran:
        """Run *command* in a shell of its own, as one who entered the stack would, with *stdin* to read."""
        return self.shell("typed").run(command, time_limit_s, stdin)

    def snapshot(self) -> dict[str, str]:
        """Everything that a procedure could leave changed, by its name; empty if conf.py does not say how."""
        if not self.running or "snapshot" not in self._described:
            return {}
        lines = (
            re.split(r"\s{2,}|\t", line.strip(), maxsplit=1) for line in self._type("snapshot", _ASK_S).splitlines()
        )
        return {thing[0]: thing[1] if len(thing) > 1 else "" for thing in lines if thing[0]}

    @contextmanager
    def fault(self, name: str) -> Iterator[str]:
        """Hold the fault *name* in the system; gives what was said when it held."""
        command = self._described.get("fault", "").format(fault=name)
        if not command:
            raise StackError(f"the fault {name} cannot be put in: drillbook_stack does not say how")
        said: list[str] = []
        # its own words go through a shell, which hands its place on, so that the signal to end reaches it
        with background(
            ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, secrets=self.secrets
        ) as holder:
            try:
                for line in holder.lines(_FAULT_S):
                    said.append(line)
                    if line.startswith(HELD):
                        break
                else:
                    raise StackError(f"`{command}` ended before it held the fault:\n" + "\n".join(said))
            except LineTimeout as error:
                raise StackError(f"`{command}` did not hold the fault in {_FAULT_S} s:\n" + "\n".join(said)) from error
            try:
                yield line
            finally:  # whatever happened meanwhile, it must take out what it put in
                status = holder.stop(_FAULT_S)
            if status not in (0, -signal.SIGTERM):
                said += list(holder.lines(1))
                raise StackError(f"`{command}` ended with exit status {status}:\n" + "\n".join(said))

    def _status(self) -> Json:
        printed = self._type("status", _ASK_S)
        try:
            found: Json = json.loads(printed)
        except ValueError as error:
            raise StackError(f"`{self._described['status']}` does not print JSON: {error}\n{printed}") from error
        return found

    def _type(self, name: str, time_limit_s: float) -> str:
        command = self._described[name]
        ran = self.bare_shell(name, self.folder).run(command, time_limit_s)
        if ran.status != 0 or ran.timed_out:
            end = f"had not ended after {time_limit_s:g} s" if ran.timed_out else f"ended with exit status {ran.status}"
            raise StackError(f"`{command}` {end}:\n{ran.output}")
        return ran.output


def remove(path: Path) -> None:
    """Remove what is there, also what was made read-only; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    for root, names, _ in os.walk(path):
        for folder in (Path(root), *(Path(root, name) for name in names)):
            if stat.S_ISDIR(folder.lstat().st_mode):
                folder.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


def _serve(folder: Path) -> ThreadingHTTPServer:
    """The built manual, on a free port of this box."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=os.fspath(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
