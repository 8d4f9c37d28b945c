"""Bring the whole system up in one run folder, take it down, and say how it is."""

import fcntl
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pydantic

from audio_enhancement.deployment.deploy import deploy
from audio_enhancement.deployment.probes import log_tail, wait_until
from audio_enhancement.deployment.release import ReleaseError, build_release
from audio_enhancement.deployment.state import MONITOR, load_state
from audio_enhancement.rundir import RunDir, write_atomically
from audio_enhancement.settings import SETTINGS, DatabaseSettings, DeploySettings, MonitoringSettings, QueueSettings
from audio_enhancement.stack import operator, packages, postgres, render, servers
from audio_enhancement.stack.supervise import ProcessStatus, Supervisor

ENVIRONMENT = "production"
SOURCE = Path(__file__).resolve().parents[2]
"""The ``system/`` folder, or the release, that this code belongs to."""
SERVERS_READY_S = 30.0
# What supervisord, nginx or a shell would not take as part of a path.
_PATH = re.compile(r"[\w./+@,=:~ -]+")


class StackError(RuntimeError):
    """The stack cannot be brought up; the message says why and what to do."""


class Status(NamedTuple):
    """How a stack is: whether it runs and serves, where, which version, and each of its processes."""

    run_dir: str
    running: bool
    ready: bool
    colour: str | None
    version: str | None
    urls: dict[str, str]
    programs: list[ProcessStatus]


class Stack:
    """The system in one run folder."""

    def __init__(self, run: RunDir, say: Callable[[str], None] = lambda _: None) -> None:
        self.run = run
        self.supervisor = Supervisor(run)
        self._say = say

    @property
    def ports(self) -> dict[str, int]:
        """Ports of the servers, by the server's name."""
        ports: dict[str, int] = self.run.stack()["ports"]
        return ports

    @property
    def url(self) -> str:
        """Address of the gateway as clients see it."""
        return f"http://127.0.0.1:{self.ports['nginx']}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings that the processes get, with their secrets."""
        return render.read_env(self.run.environment_file(ENVIRONMENT))

    @property
    def api_key(self) -> str:
        """The API key that was made for people."""
        return render.read_env(self.run.client_file)["AE_API_KEY"]

    def up(self, *, deploy: bool = True, overrides: Mapping[str, str] | None = None, rules: Path | None = None) -> None:
        """Start everything; what runs is left alone, so this may be called at any time.

        Args:
            deploy: False brings the servers and the database's schema, and none of our own processes.
            overrides: settings by their environment name, kept for the life of the run folder.
            rules: folder of the alert rules, in place of the release's; kept, too.

        Raises:
            StackError: something did not start; it is left as it is, to be looked at or taken down.
        """
        if not _PATH.fullmatch(str(self.run.root)):
            raise StackError(f"RUN_DIR holds a character that servers cannot take in a path: {self.run.root}")
        self.run.root.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.supervisor.running():
                if overrides or rules:
                    raise StackError("the stack runs: take it down first, settings are read when processes start")
                self._start_what_stands()
            else:
                self._start(overrides or {}, rules)
            self._wait_for_servers()
            self._initialise()
            if deploy:
                self._deploy()

    def down(self, timeout_s: float = 30.0) -> bool:
        """Stop everything, and kill what outlives the time limit. Returns whether anything ran."""
        if not self.run.root.is_dir():
            return False
        with self._locked():
            ran = self.supervisor.running() or bool(self.supervisor.orphans())
            self.supervisor.shut_down(timeout_s, last=servers.SERVERS)
            (self.run.tmp / "nginx.pid").unlink(missing_ok=True)
        return ran

    def status(self) -> Status:
        """How the stack is now."""
        ports, state = self.ports, load_state(self.run)
        running = self.supervisor.running()
        urls = {name: f"http://127.0.0.1:{ports[name]}" for name in ("prometheus", "alertmanager")}
        return Status(
            run_dir=str(self.run.root),
            running=running,
            ready=running and servers.http_status(ports["nginx"], "/readyz") == 200,
            colour=state.active if state else None,
            version=state.version if state else None,
            urls={"gateway": self.url, **urls},
            programs=sorted(self.supervisor.status().values()) if running else [],
        )

    def _start(self, overrides: Mapping[str, str], rules: Path | None) -> None:
        if orphans := self.supervisor.orphans():
            self._say(f"ending {len(orphans)} processes that an earlier, killed supervisor left behind")
            self.supervisor.shut_down(0)
        programs = packages.find_all(self._say)
        known = self.run.stack() if self.run.stack_file.exists() else {}
        ports: dict[str, int] = known.get("ports") or servers.choose_ports()
        for name, port in ports.items():
            if servers.is_taken(port):
                raise StackError(f"port {port} ({name}) is used by another program: end it, or choose another RUN_DIR")
        rules = rules or Path(known.get("rules", render.RULES))
        if not any(rules.glob("*.yml")):
            raise StackError(f"{rules} holds no alert rules (*.yml)")
        environment = self._write_environment(ports, overrides)
        for folder in (self.run.data, self.run.log, self.run.tmp, self.run.state, self.run.backups):
            folder.mkdir(parents=True, exist_ok=True)
        Path(environment["AE_STORAGE_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
        binaries = render.wrappers(self.run, programs)
        stack = {"ports": ports, "python": sys.executable, "binaries": binaries}
        if rules != render.RULES:
            stack["rules"] = str(rules)
        write_atomically(self.run.stack_file, json.dumps(stack, indent=1) + "\n")
        operator.write(self.run, programs, ports, environment)
        passwords = self._passwords()
        render.nginx(self.run, ports["nginx"])
        with self._settings():
            render.redis(self.run, ports["redis"], passwords["redis"], QueueSettings().memory_mb)
            render.monitoring(self.run, ports, MonitoringSettings(), rules)
        postgres.prepare(self.run, programs, passwords["postgres"], self._say)
        servers.write_programs(self.run, self.supervisor, programs, ports)
        self._say("starting " + ", ".join(self.supervisor.programs()))
        self.supervisor.start_daemon()

    def _write_environment(self, ports: Mapping[str, int], overrides: Mapping[str, str]) -> dict[str, str]:
        """Write ``production.env``: what it had, what is missing with new secrets, and what was asked for."""
        check_overrides(overrides)
        made = {
            "AE_QUEUE_URL": f"redis://:{secrets.token_urlsafe(24)}@127.0.0.1:{ports['redis']}/0",
            "AE_DATABASE_DSN": f"postgresql+psycopg://{postgres.USER}:{secrets.token_urlsafe(24)}"
            f"@127.0.0.1:{ports['postgres']}/{postgres.DATABASE}",
            "AE_STORAGE_DATA_DIR": str(self.run.data / "audio"),
            "AE_CANARY_URL": f"http://127.0.0.1:{ports['nginx']}",
            "AE_MONITORING_ALERTMANAGER_URL": f"http://127.0.0.1:{ports['alertmanager']}",
        }
        environment = made | self.environment | dict(overrides)
        environment.setdefault("AE_CACHE_URL", environment["AE_QUEUE_URL"].removesuffix("/0") + "/1")
        if environment != self.environment:
            render.write_env(self.run.environment_file(ENVIRONMENT), environment)
        return environment

    def _passwords(self) -> dict[str, str]:
        environment = self.environment
        named = {"redis": environment["AE_QUEUE_URL"], "postgres": environment["AE_DATABASE_DSN"]}
        return {name: urlsplit(url).password or "" for name, url in named.items()}

    def _start_what_stands(self) -> None:
        self.supervisor.update()
        for name, status in self.supervisor.status().items():
            if status.state in {"STOPPED", "EXITED", "FATAL"}:
                self._say(f"starting {name}")
                self.supervisor.start(name)

    def _wait_for_servers(self) -> None:
        deadline = time.monotonic() + SERVERS_READY_S
        for name, check in servers.checks(self.ports, self._passwords()).items():
            if not wait_until(check, deadline - time.monotonic(), pause_s=0.03):
                raise StackError(f"{name} does not answer\n{log_tail(self.run, name)}")
        self._say("servers answer")

    def _initialise(self) -> None:
        """Bring the database to the newest schema and make the API keys that are missing."""
        # Imported here: the database's libraries take a second, which `status` and `down` need not wait for.
        from audio_enhancement.storage import keys, migrate
        from audio_enhancement.storage.database import Database

        with self._settings():
            database = Database(DatabaseSettings())
        try:
            migrate.upgrade(database)
            environment = self.environment
            if not environment.get("AE_CANARY_API_KEY"):
                environment["AE_CANARY_API_KEY"] = keys.create(database, "canary")[1]
                render.write_env(self.run.environment_file(ENVIRONMENT), environment)
            if not self.run.client_file.exists():
                client = {"AE_URL": self.url, "AE_API_KEY": keys.create(database, "client")[1]}
                render.write_env(self.run.client_file, client)
        finally:
            database.close()

    def _deploy(self) -> None:
        """Deploy the version of this code where nothing is deployed yet; wait until clients are served."""
        state = load_state(self.run)
        version = (SOURCE / "VERSION").read_text().strip()
        if state is not None and state.version == version and SOURCE.parent != self.run.releases:
            try:
                build_release(SOURCE, self.run, version)
            except ReleaseError as error:
                self._say(f"note: what runs is not what {SOURCE} holds now: {error}")
        if state is None or state.active is None:
            self._say(f"building and deploying {version}")
            build_release(SOURCE, self.run, version)
            deploy(self.run, ENVIRONMENT, version, say=self._say)
            state = load_state(self.run)
        if state is None or state.active is None:
            raise StackError("the deployment did not finish: `./deploy.py --status` says where it stands")
        with self._settings():
            seconds = DeploySettings().health_timeout_s
        gateway, monitor = self.ports["nginx"], state.ports[MONITOR]
        if not wait_until(lambda: servers.http_status(gateway, "/readyz") == 200, seconds):
            name = f"audio-enhancement-api-{state.active}"
            raise StackError(f"the gateway is not ready after {seconds:g} s\n{log_tail(self.run, name)}")
        if not wait_until(lambda: servers.http_status(monitor, "/metrics") == 200, seconds):
            raise StackError(f"the monitor shows no metrics after {seconds:g} s\n{log_tail(self.run, MONITOR)}")
        self._say(f"{state.version} serves at {self.url}")

    @contextmanager
    def _settings(self) -> Iterator[None]:
        """Let settings in this process be those of this stack."""
        wanted = {"AE_ENV_FILE": str(self.run.environment_file(ENVIRONMENT)), "AE_RUN_DIR": str(self.run.root)}
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One `up` or `down` at a time. The lock is on the folder itself: no lock file is left behind."""
        descriptor = os.open(self.run.root, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say("waiting for another `up` or `down` of this folder")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def check_overrides(overrides: Mapping[str, str]) -> None:
    """See that each override names a setting and has a value in its range.

    Raises:
        StackError: one does not; the message names it.
    """
    known = {
        f"{cls.model_config['env_prefix']}{field}".upper(): (cls, field)
        for cls in SETTINGS.values()
        for field in cls.model_fields
    }
    for name, value in overrides.items():
        if name not in known:
            raise StackError(f"{name} is not a setting: see the configuration reference")
        cls, field = known[name]
        try:
            cls.model_validate({field: value})
        except pydantic.ValidationError as error:
            raise StackError(f"{name}: {error.errors()[0]['msg']}") from error


def to_json(status: Status) -> dict[str, Any]:
    """A status as JSON can hold it; times are UTC, ISO 8601."""
    programs = [
        {**process._asdict(), "since": process.since.isoformat() if process.since else None}
        for process in status.programs
    ]
    return {**status._asdict(), "programs": programs}
