"""The supervised programs of a deployment: gateways, workers and the monitor. Written, started, stopped, scraped."""

import json
import os
import random
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from audio_enhancement.deployment.journal import DeploymentError
from audio_enhancement.deployment.probes import gateway_ready, log_tail, metrics_version, wait_until
from audio_enhancement.deployment.state import COLOURS, MONITOR, Deployment, gateway_program, worker_program
from audio_enhancement.rundir import RunDir, write_atomically
from audio_enhancement.settings import ApiSettings, ComponentSettings, WorkerSettings
from audio_enhancement.stack.supervise import Supervisor

STOP_MARGIN_S = 10
"""What a process gets on top of its own drain time before it is killed."""
RESTARTS_ALLOWED = 2
"""Restarts after which a new process counts as broken, however much time is left."""
PORTS = range(20_000, 32_000)
"""Where ports of processes come from: below those that the kernel hands out to clients."""

RUNNING = frozenset({"STARTING", "RUNNING"})
ENDED = frozenset({"STOPPED", "EXITED", "FATAL", "UNKNOWN"})
S = TypeVar("S", bound=ComponentSettings)


def load_settings(cls: type[S], run: RunDir, environment: str) -> S:
    """Read a component's settings as the processes of ``environment`` read them."""
    before = os.environ.get("AE_ENV_FILE")
    os.environ["AE_ENV_FILE"] = str(run.environment_file(environment))
    try:
        return cls()
    finally:
        del os.environ["AE_ENV_FILE"]
        if before is not None:
            os.environ["AE_ENV_FILE"] = before


def with_ports(deployment: Deployment, programs: Iterable[str]) -> dict[str, int]:
    """The deployment's ports, and a free one for each of ``programs`` that has none yet."""
    ports = dict(deployment.ports)
    candidates = iter(random.sample(PORTS, len(PORTS)))  # stacks that start together do not meet
    for program in programs:
        if program not in ports:
            ports[program] = next(port for port in candidates if port not in ports.values() and port_is_free(port))
    return ports


def port_is_free(port: int) -> bool:
    """Whether a process of ours could listen there now."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the processes do
        probe.bind(("127.0.0.1", port))
        return True
    return False


def _shows(port: int, version: str | None) -> bool:
    return metrics_version(port) == version


def is_ours(program: str) -> bool:
    """Whether deployments own a program; the others are servers, which deployments leave alone."""
    return program == MONITOR or program.startswith(
        tuple(gateway_program(c) for c in COLOURS) + tuple(worker_program(c, 0)[:-1] for c in COLOURS)
    )


class Fleet:
    """Programs of one environment under the supervisor. Every method may be called again with the same effect."""

    def __init__(self, run: RunDir, environment: str) -> None:
        self.run = run
        self.environment = environment
        self.supervisor = Supervisor(run)
        self.api = load_settings(ApiSettings, run, environment)
        self.worker = load_settings(WorkerSettings, run, environment)

    def gateway(self, colour: str, version: str, port: int) -> str:
        """Write the gateway program of a colour; returns its name."""
        extra = {"AE_COLOUR": colour, "AE_API_PORT": str(port)}
        return self._write(gateway_program(colour), "api", version, extra, self.api.drain_s)

    def workers(self, deployment: Deployment) -> list[str]:
        """Write the worker programs of the active colour; returns their names."""
        names = deployment.worker_programs()
        for name in names:
            extra = {"AE_COLOUR": deployment.active or "", "AE_WORKER_METRICS_PORT": str(deployment.ports[name])}
            self._write(name, "worker", deployment.version or "", extra, self.worker.shutdown_timeout_s)
        return names

    def monitor(self, deployment: Deployment) -> str:
        """Write the monitor program for the active version; returns its name."""
        extra = {
            "AE_COLOUR": deployment.active or "",
            "AE_MONITORING_METRICS_PORT": str(deployment.ports[MONITOR]),
            "AE_VERSION_REPLACED_AT": deployment.replaced_at or "",
        }
        return self._write(MONITOR, "monitor", deployment.version or "", extra, 0)

    def _write(self, name: str, module: str, version: str, extra: Mapping[str, str], drain_s: float) -> str:
        release = self.run.releases / version
        self.supervisor.write_program(
            name,
            [self.run.stack()["python"], "-m", f"audio_enhancement.{module}"],
            directory=self.run.root,
            environment={
                "AE_ENV_FILE": str(self.run.environment_file(self.environment)),
                "AE_RUN_DIR": str(self.run.root),
                "AE_VERSION": version,
                "PYTHONPATH": str(release),
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",  # a release is never written to
                **extra,
            },
            stop_wait_s=int(drain_s) + STOP_MARGIN_S,
            start_seconds=1,
        )
        return name

    def start(self, names: Sequence[str]) -> None:
        """Have the supervisor read what was written, and start those of ``names`` that do not run."""
        self.supervisor.update()
        status = self.supervisor.status()
        for name in names:
            if status[name].state not in RUNNING:
                self.supervisor.start(name)

    def readiness(self, deployment: Deployment) -> dict[str, Callable[[], bool]]:
        """For each program of a deployment the question whether it is ready, and runs the version that is meant."""
        checks: dict[str, Callable[[], bool]] = {}
        for colour, deployed in deployment.gateways().items():
            name = gateway_program(colour)
            checks[name] = partial(gateway_ready, deployment.ports[name], colour, deployed.version)
        for name in [*deployment.worker_programs(), *([MONITOR] if deployment.active else [])]:
            checks[name] = partial(_shows, deployment.ports[name], deployment.version)
        return checks

    def wait_ready(self, checks: Mapping[str, Callable[[], bool]], seconds: float, in_a_row: int = 1) -> None:
        """Wait until every program's check has held ``in_a_row`` times, one after the other.

        Raises:
            DeploymentError: time is up, or a program has been restarted again and again; with its log's last lines.
        """
        held = dict.fromkeys(checks, 0)
        seen: dict[str, set[int]] = {name: set() for name in checks}

        def ready() -> bool:
            status = self.supervisor.status()
            for name, check in checks.items():
                if status[name].pid:
                    seen[name].add(status[name].pid)
                if status[name].state == "FATAL" or len(seen[name]) > 1 + RESTARTS_ALLOWED:
                    raise DeploymentError(f"{name} ends again and again\n{log_tail(self.run, name)}")
                if held[name] < in_a_row:
                    held[name] = held[name] + 1 if check() else 0
            return all(count >= in_a_row for count in held.values())

        if not wait_until(ready, seconds):
            late = next(name for name, count in held.items() if count < in_a_row)
            raise DeploymentError(f"{late} is not ready after {seconds:g} s\n{log_tail(self.run, late)}")

    def ask_to_stop(self, names: Iterable[str]) -> None:
        """Tell programs to finish what they have in flight and end; returns at once."""
        known = self.supervisor.status()
        for name in names:
            if name in known:
                self.supervisor.stop(name, wait=False)

    def stop(self, names: Iterable[str], seconds: float) -> list[str]:
        """Stop programs at the same time and forget them; returns those killed because ``seconds`` were not enough.

        A killed worker's jobs are delivered to another one.
        """
        described = self.supervisor.programs()
        names = [name for name in names if name in described]
        killed: list[str] = []
        if not wait_until(lambda: self._stopped(names), seconds, pause_s=0.2):
            for name, process in self.supervisor.status().items():
                if name in names and process.pid:
                    killed.append(name)
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)  # supervisord gives each a group of its own
            wait_until(lambda: self._stopped(names), STOP_MARGIN_S)
        for name in names:
            self.supervisor.remove_program(name)
        self.supervisor.update()
        return killed

    def _stopped(self, names: Iterable[str]) -> bool:
        """Whether all have ended; those that have not are asked again: one may have been between two lives."""
        status = self.supervisor.status()
        running = [name for name in names if name in status and status[name].state not in ENDED]
        self.ask_to_stop(running)
        return not running

    def strangers(self, deployment: Deployment) -> list[str]:
        """Programs of ours that exist but do not belong to ``deployment``."""
        wanted = set(deployment.programs())
        return [name for name in self.supervisor.programs() if is_ours(name) and name not in wanted]

    def scrape(self, deployment: Deployment, also: Iterable[str] = ()) -> None:
        """Tell Prometheus which processes there are: those of ``deployment``, and ``also`` these."""
        programs = dict.fromkeys([*deployment.programs(), *also])
        for job, prefix in (("api", "audio-enhancement-api-"), ("workers", "enhancement-workers-"), (MONITOR, MONITOR)):
            groups = [
                {"targets": [f"127.0.0.1:{deployment.ports[name]}"], "labels": {"program": name}}
                for name in programs
                if name.startswith(prefix)
            ]
            write_atomically(self.run.targets / f"{job}.json", json.dumps(groups, indent=1) + "\n")
