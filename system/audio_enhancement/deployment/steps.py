"""The steps of an operation, each of which may be run again with the same effect, and the way back.

A step looks at what the operation shall lead to, not at what it thinks has been done, so a step that was killed in
its middle is run again as a whole.
"""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple

import httpx

from audio_enhancement.deployment import gateway, probes
from audio_enhancement.deployment.configuration import keep_settings, recall_settings
from audio_enhancement.deployment.fleet import STOP_MARGIN_S, Fleet, load_settings
from audio_enhancement.deployment.journal import DeploymentError, Operation
from audio_enhancement.deployment.release import prune_releases
from audio_enhancement.deployment.silence import Silences
from audio_enhancement.deployment.state import COLOURS, MONITOR, Deployment, gateway_program
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import DeploySettings, MonitoringSettings

READY_IN_A_ROW = 3
MIGRATION_TIMEOUT_S = 600
LEAST_STOP_S = 5
"""What a process gets to end when its time to drain is over."""


@dataclass(frozen=True)
class Context:
    """What a step works with."""

    run: RunDir
    operation: Operation
    say: Callable[[str], None]

    @cached_property
    def fleet(self) -> Fleet:
        """The programs of this environment."""
        return Fleet(self.run, self.operation.after.environment)

    @cached_property
    def settings(self) -> DeploySettings:
        """How long a deployment waits."""
        return load_settings(DeploySettings, self.run, self.operation.after.environment)

    @cached_property
    def silences(self) -> Silences:
        """The silences of this operation."""
        monitoring = load_settings(MonitoringSettings, self.run, self.operation.after.environment)
        return Silences(monitoring.alertmanager_url, self.operation.id)

    @property
    def drain_s(self) -> float:
        """Time that what is stopped gets for what it has in flight."""
        own = self.fleet.worker.shutdown_timeout_s + STOP_MARGIN_S
        return own if self.operation.drain_s is None else self.operation.drain_s


class Step(NamedTuple):
    """One step: what it is going to do, as a phrase for people, and doing it."""

    describe: Callable[[Operation], str]
    run: Callable[[Context], None]


def served(deployment: Deployment) -> tuple[str, str, int]:
    """Colour, version and gateway port of what a deployment serves."""
    if deployment.active is None or deployment.version is None:
        raise DeploymentError("nothing has been deployed yet")
    return deployment.active, deployment.version, deployment.ports[gateway_program(deployment.active)]


def _name(operation: Operation) -> str:
    colour, version, _ = served(operation.after)
    return f"{colour} ({version})"


def _passing(operation: Operation) -> set[str]:
    """Programs that the operation starts, replaces or stops."""
    before, after = operation.before, operation.after
    replaced = {
        gateway_program(colour)
        for colour in before.colours.keys() & after.colours.keys()
        if before.colours[colour].version != after.colours[colour].version
    }
    restarted = {MONITOR} if before.version != after.version else set()
    return (set(before.programs()) ^ set(after.programs())) | replaced | restarted


def silence(context: Context) -> None:
    """Silence the alerts that the operation itself would raise."""
    programs = _passing(context.operation)
    seconds = context.drain_s + 2 * context.settings.health_timeout_s + MIGRATION_TIMEOUT_S
    try:
        if programs:
            context.silences.create(programs, seconds, context.operation.title)
    except httpx.HTTPError as error:
        context.say(f"  no silence: Alertmanager does not answer ({error}); WorkerDown or ApiDown may fire")


def migrate(context: Context) -> None:
    """Bring the database to the schema of the new release, which the old release can still use."""
    _, version, _ = served(context.operation.after)
    result = subprocess.run(  # noqa: S603
        [context.run.stack()["python"], "-m", "audio_enhancement.storage.migrate"],
        env={
            "AE_ENV_FILE": str(context.run.environment_file(context.operation.after.environment)),
            "AE_RUN_DIR": str(context.run.root),
            "PYTHONPATH": str(context.run.releases / version),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=context.run.root,
        capture_output=True,
        text=True,
        timeout=MIGRATION_TIMEOUT_S,
        check=False,
    )
    if result.returncode:
        raise DeploymentError(f"migrating the database failed:\n{(result.stderr or result.stdout).strip()[-2000:]}")


def start_gateway(context: Context) -> None:
    """Run the gateway of the colour that shall serve."""
    colour, version, port = served(context.operation.after)
    if gateway_program(colour) in context.operation.before.programs():
        # Long uploads may still be on their way to the colour that served until a moment ago.
        _await_requests(context, port, context.drain_s)
    context.fleet.start([context.fleet.gateway(colour, version, port)])


def gate(context: Context) -> None:
    """Wait until that gateway says that it is ready, several times in a row."""
    name = gateway_program(served(context.operation.after)[0])
    check = context.fleet.readiness(context.operation.after)[name]
    context.fleet.wait_ready({name: check}, context.settings.health_timeout_s, READY_IN_A_ROW)


def start_workers(context: Context) -> None:
    """Run the workers that shall run, and wait until each is ready."""
    workers = context.fleet.workers(context.operation.after)
    context.fleet.start(workers)
    checks = context.fleet.readiness(context.operation.after)
    context.fleet.wait_ready({name: checks[name] for name in workers}, context.settings.health_timeout_s)


def switch(context: Context) -> None:
    """Let nginx send new requests to the colour that shall serve."""
    colour, version, port = served(context.operation.after)
    gateway.switch(context.run, port, f"{colour}/{version}")


def record(context: Context) -> None:
    """Write down what serves now, and have Prometheus scrape what runs now: the old and the new."""
    before, after = context.operation.before, context.operation.after
    colours = dict(after.colours)
    if before.active and before.active != after.active:
        colours[before.active] = replace(colours[before.active], state="draining")
    replace(after, colours=colours).save(context.run)
    context.fleet.scrape(after, before.programs())
    if context.operation.kind == "deploy":
        keep_settings(context.run, after.environment, served(after)[0])
    elif context.operation.kind == "rollback":
        recall_settings(context.run, after.environment, served(after)[0])


def start_monitor(context: Context) -> None:
    """Run the monitor on the release that serves."""
    context.fleet.start([context.fleet.monitor(context.operation.after)])


def drain(context: Context) -> None:
    """Let what shall no longer run finish what it has in flight, all at the same time, then stop it."""
    fleet, after = context.fleet, context.operation.after
    leaving = fleet.strangers(after)
    deadline = time.monotonic() + context.drain_s
    gateways = [name for name in map(gateway_program, COLOURS) if name in leaving]
    fleet.ask_to_stop(name for name in leaving if name not in gateways)
    for name in gateways:
        _await_requests(context, after.ports[name], deadline - time.monotonic())
    for name in fleet.stop(leaving, max(deadline - time.monotonic(), LEAST_STOP_S)):
        context.say(f"  {name} was killed after {context.drain_s:g} s; its jobs are delivered to other workers")


def _await_requests(context: Context, port: int, seconds: float) -> None:
    probes.wait_until(lambda: gateway.requests_in_flight(context.run, port) == 0, seconds)


def finish(context: Context) -> None:
    """Write down the outcome, scrape only what is left, lift the silences, and remove releases nobody needs."""
    after = context.operation.after
    after.save(context.run)
    context.fleet.scrape(after)
    _lift(context)
    used = {colour.version for colour in after.colours.values()}
    for version in prune_releases(context.run, context.settings.keep_releases, used):
        context.say(f"  removed release {version}")


def _lift(context: Context) -> None:
    try:
        context.silences.expire()
    except httpx.HTTPError as error:
        context.say(f"  silences stay until they end: Alertmanager does not answer ({error})")


STEPS: dict[str, Step] = {
    "silence": Step(lambda o: f"silence the alerts of {len(_passing(o))} processes that come and go", silence),
    "migrate": Step(lambda o: f"migrate the database to {o.after.version}", migrate),
    "gateway": Step(lambda o: f"start the gateway of {_name(o)}", start_gateway),
    "gate": Step(lambda o: f"wait until the gateway of {_name(o)} is ready", gate),
    "workers": Step(lambda o: f"start workers 1 to {o.after.workers} of {_name(o)} and wait for them", start_workers),
    "switch": Step(lambda o: f"switch nginx to {_name(o)}", switch),
    "record": Step(lambda o: f"record that {_name(o)} serves with {o.after.workers} workers", record),
    "monitor": Step(lambda o: f"run the monitor of {o.after.version}", start_monitor),
    "drain": Step(lambda o: f"drain and stop {_leaving(o)}", drain),
    "finish": Step(lambda _: "lift the silences and remove old releases", finish),
}
"""Step name to step."""


def _leaving(operation: Operation) -> str:
    return ", ".join(sorted(set(operation.before.programs()) - set(operation.after.programs()))) or "nothing"


def undo(context: Context) -> None:
    """Bring everything back to what was deployed before the operation; may be run again.

    A warm colour that does not come back is recorded as stopped: what serves matters more than what waits.
    """
    fleet, before = context.fleet, context.operation.before
    for name, waiting in before.gateways().items():
        port = before.ports[gateway_program(name)]
        fleet.start([fleet.gateway(name, waiting.version, port)])
        try:
            check = partial(_answers, port, f"{name}/{waiting.version}")
            fleet.wait_ready({gateway_program(name): check}, context.settings.health_timeout_s)
        except DeploymentError as error:
            if name == before.active:
                raise
            context.say(f"  {name} ({waiting.version}) does not come back and is stopped: {error}")
            before = replace(before, colours={**before.colours, name: replace(waiting, state="stopped")})
    if before.active:
        colour, version, port = served(before)
        if gateway.upstream_port(context.run) != port:
            gateway.switch(context.run, port, f"{colour}/{version}")
        fleet.start([*fleet.workers(before), fleet.monitor(before)])
        before.save(context.run)
        recall_settings(context.run, before.environment, colour)
    for name in fleet.stop(fleet.strangers(before), fleet.worker.shutdown_timeout_s + STOP_MARGIN_S):
        context.say(f"  {name} was killed; its jobs are delivered to other workers")
    fleet.scrape(before)
    _lift(context)


def _answers(port: int, expected: str) -> bool:
    return probes.served_by(f"http://127.0.0.1:{port}/healthz") == expected
