"""The run folder: every path that a running system uses, named once.

One run folder is one system. Two run folders are two systems that know nothing of each other.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RunDir:
    """Paths below one run folder. Nothing is created by looking at them."""

    root: Path

    @classmethod
    def from_environment(cls) -> "RunDir":
        """Take the run folder from ``AE_RUN_DIR`` (processes) or ``RUN_DIR`` (people); else ``run`` beside ``system``.

        A release lies at ``<run folder>/releases/<version>``, so tools started from a release find their run folder.
        """
        named = os.environ.get("AE_RUN_DIR") or os.environ.get("RUN_DIR")
        if named:
            return cls(Path(named).resolve())
        system = Path(__file__).resolve().parents[1]
        if system.parent.name == "releases":
            return cls(system.parents[1])
        return cls(system.parent / "run")

    @property
    def stack_file(self) -> Path:
        """Ports, interpreter and server binaries of this stack, as JSON."""
        return self.root / "stack.json"

    @property
    def etc(self) -> Path:
        """Configuration of all processes."""
        return self.root / "etc"

    def environment_file(self, environment: str = "production") -> Path:
        """Settings of one environment, with its secrets (mode 0600)."""
        return self.etc / f"{environment}.env"

    @property
    def client_file(self) -> Path:
        """``AE_URL`` and ``AE_API_KEY`` for people who call the gateway (mode 0600)."""
        return self.etc / "client.env"

    @property
    def operator_file(self) -> Path:
        """What an operator types first in a shell: ``. etc/operator.env`` (mode 0600)."""
        return self.etc / "operator.env"

    @property
    def supervisor_conf(self) -> Path:
        """Configuration of supervisord; it includes every file of `programs`."""
        return self.etc / "supervisor" / "supervisord.conf"

    @property
    def programs(self) -> Path:
        """One file per supervised program."""
        return self.etc / "supervisor" / "conf.d"

    @property
    def nginx_conf(self) -> Path:
        """Configuration of nginx; it includes `upstream_conf`."""
        return self.etc / "nginx" / "nginx.conf"

    @property
    def upstream_conf(self) -> Path:
        """The colour that nginx sends requests to; replaced as a whole by a deployment."""
        return self.etc / "nginx" / "upstream.conf"

    @property
    def prometheus(self) -> Path:
        """Configuration of Prometheus."""
        return self.etc / "prometheus"

    @property
    def targets(self) -> Path:
        """What Prometheus scrapes: one JSON file per job (file_sd)."""
        return self.prometheus / "targets"

    @property
    def releases(self) -> Path:
        """Built releases, one read-only folder per version."""
        return self.root / "releases"

    @property
    def state(self) -> Path:
        """What deployments remember."""
        return self.root / "state"

    @property
    def data(self) -> Path:
        """Data folders of the servers, and the audio."""
        return self.root / "data"

    @property
    def backups(self) -> Path:
        """Backups, one folder each."""
        return self.root / "backups"

    @property
    def log(self) -> Path:
        """Log files, one per program."""
        return self.root / "log"

    @property
    def tmp(self) -> Path:
        """Scratch space and sockets."""
        return self.root / "tmp"

    def stack(self) -> dict[str, Any]:
        """Read `stack_file`.

        Raises:
            SystemExit: there is no stack in this folder; the message says how to start one.
        """
        try:
            content: dict[str, Any] = json.loads(self.stack_file.read_text())
        except FileNotFoundError:
            raise SystemExit(
                f"no stack in {self.root}: start one with `make up`, or name its folder in RUN_DIR"
            ) from None
        return content


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace ``path`` by ``text`` in one step: readers see the old content or the new, whole and on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
