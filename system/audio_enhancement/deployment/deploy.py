"""Deploy, roll back, scale: each is planned as an operation, then run step by step under the lock and the journal.

Blue/green: the new version starts in the colour that does not serve, proves itself there, and takes over by one
switch of nginx. The colour it replaces stays warm, so `rollback` with ``immediate`` is another switch. Rolling back
swaps the two colours, so a second rollback goes forward again.
"""

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace

import psutil

from audio_enhancement.deployment import probes
from audio_enhancement.deployment.configuration import changed_settings
from audio_enhancement.deployment.fleet import load_settings, with_ports
from audio_enhancement.deployment.journal import DeploymentError, Journal, Operation, UsageError, interrupted, lock, now
from audio_enhancement.deployment.release import ReleaseError, built_versions, verify_release
from audio_enhancement.deployment.state import (
    MONITOR,
    Colour,
    Deployment,
    gateway_program,
    load_state,
    worker_program,
)
from audio_enhancement.deployment.steps import STEPS, Context, undo
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import DeploySettings
from audio_enhancement.stack.supervise import Supervisor, SupervisorError

FAILURES = (DeploymentError, ReleaseError, SupervisorError, OSError, subprocess.SubprocessError, psutil.Error)
"""How a step can fail; anything else is a fault of this program and leaves the journal for the next run."""
Say = Callable[[str], None]
MOST_WORKERS = 64

DEPLOY = ("silence", "migrate", "gateway", "gate", "workers", "switch", "record", "monitor", "drain", "finish")
ROLLBACK_IMMEDIATE = ("switch", "record", "silence", "workers", "monitor", "drain", "finish")
ROLLBACK_DRAIN = ("silence", "gateway", "gate", "workers", "switch", "record", "monitor", "drain", "finish")
SCALE = ("silence", "workers", "record", "drain", "finish")


def deploy(run: RunDir, environment: str, version: str, *, say: Say = print, dry_run: bool = False) -> bool:
    """Make ``version`` serve; returns False when it already does, and nothing was done.

    Raises:
        UsageError: there is no such environment or no such built version.
        Busy: another run is changing this deployment.
        DeploymentError: it failed. Before the switch the old version goes on serving; the message says what holds.
    """
    return _change(run, f"deploy {version}", lambda: plan_deploy(run, environment, version), say, dry_run)


def rollback(
    run: RunDir, drain_s: float | None = None, *, immediate: bool = False, say: Say = print, dry_run: bool = False
) -> bool:
    """Go back to the version that served before. Raises as `deploy`.

    Args:
        run: the run folder.
        drain_s: time that requests and jobs in flight get, in s; None takes it from ``deploy.drain_s``.
        immediate: switch to the warm colour first and keep the one rolled back from warm; ``drain_s`` is not used.
        say: takes each line of the report.
        dry_run: say what would be done, and change nothing.
    """
    return _change(run, "rollback", lambda: plan_rollback(run, drain_s, immediate), say, dry_run)


def scale(run: RunDir, workers: int, *, say: Say = print, dry_run: bool = False) -> bool:
    """Run ``workers`` worker processes; returns False when those run already. Raises as `deploy`."""
    return _change(run, f"scale to {workers} workers", lambda: plan_scale(run, workers), say, dry_run)


def plan_deploy(run: RunDir, environment: str, version: str) -> Operation | None:
    """Plan a deployment; None when that version serves already."""
    existing = sorted(path.stem for path in run.etc.glob("*.env") if path != run.client_file)
    if environment not in existing:
        raise UsageError(f"there is no environment `{environment}` in {run.etc}; there is: {_list(existing)}")
    _usable(run, version)
    before = load_state(run) or Deployment(environment)
    if before.environment != environment:
        raise UsageError(f"{run.root} serves {before.environment}: another environment needs a run folder of its own")
    if before.version == version:
        return None
    colours = {before.idle: Colour(version, "active")}
    if before.active:
        colours[before.active] = replace(before.colours[before.active], state="warm")
    workers = before.workers or load_settings(DeploySettings, run, environment).workers
    replaced_at = now() if before.active else None
    after = _complete(replace(before.with_colours(before.idle, **colours), workers=workers, replaced_at=replaced_at))
    return Operation("deploy", f"deploy {version} to {environment}", before, after, DEPLOY, "switch")


def plan_rollback(run: RunDir, drain_s: float | None, immediate: bool) -> Operation:
    """Plan a rollback to the colour that does not serve now."""
    before = _deployed(run)
    target = before.colours.get(before.idle)
    if before.active is None or target is None:
        raise DeploymentError(f"there is nothing to roll back to: {before.version} is the first version deployed here")
    _usable(run, target.version)
    leaving = replace(before.colours[before.active], state="warm" if immediate else "stopped")
    colours = {before.idle: replace(target, state="active"), before.active: leaving}
    after = _complete(replace(before.with_colours(before.idle, **colours), replaced_at=None))
    title = f"roll back from {before.version} to {target.version}"
    if not immediate:
        if drain_s is None:
            drain_s = load_settings(DeploySettings, run, before.environment).drain_s
        return Operation("rollback", title, before, after, ROLLBACK_DRAIN, "switch", drain_s)
    port = before.ports[gateway_program(before.idle)]
    if target.state != "warm" or not probes.gateway_ready(port, before.idle, target.version):
        raise DeploymentError(
            f"{before.idle} ({target.version}) is {target.state} and not ready, so it cannot serve at once. "
            "`./deploy.py --rollback --drain-time 30` starts it first"
        )
    return Operation("rollback", title, before, after, ROLLBACK_IMMEDIATE, "switch")


def plan_scale(run: RunDir, workers: int) -> Operation | None:
    """Plan another number of workers, or the start of those that are stopped; None when that many run."""
    if not 1 <= workers <= MOST_WORKERS:
        raise UsageError(f"workers={workers}: choose 1 to {MOST_WORKERS} worker processes")
    before = _deployed(run)
    title = f"scale from {before.workers} to {workers} workers"
    if before.workers == workers:
        processes = Supervisor(run).status()
        stopped = [name for name in before.worker_programs() if name not in processes or not processes[name].pid]
        if not stopped:
            return None
        title = f"start {', '.join(stopped)}"
    return Operation("scale", title, before, _complete(replace(before, workers=workers)), SCALE, "record")


def recover(run: RunDir, say: Say = print) -> None:
    """Finish or undo an operation whose run died; the caller holds the lock."""
    journal = interrupted(run)
    if journal is None:
        return
    say(describe_interrupted(journal))
    if journal.committed:
        _advance(run, journal, say)
    else:
        _undo(run, journal, say)


def describe_interrupted(journal: Journal) -> str:
    """Where a run died and what the next one does about it, as a sentence."""
    fate = "finishes" if journal.committed else "undoes"
    return (
        f"interrupted: `{journal.operation.title}` (process {journal.pid}) ended at step `{journal.step}` "
        f"({journal.phase} at {journal.at}); the next run {fate} it"
    )


def _change(run: RunDir, title: str, plan: Callable[[], Operation | None], say: Say, dry_run: bool) -> bool:
    run.stack()  # ends with a message when there is no stack
    if dry_run:
        journal = interrupted(run)
        if journal:
            say(describe_interrupted(journal) + " first; then it plans anew")
        _show(run, plan(), say)
        return False
    with lock(run, title):
        recover(run, say)
        operation = plan()
        if operation is None:
            say(f"nothing to do: {title} is what holds already")
            return False
        say(operation.title)
        _say_settings(run, operation, say)
        journal = Journal(operation, operation.steps[0], "begun")
        journal.save(run)
        _advance(run, journal, say)
    return True


def _show(run: RunDir, operation: Operation | None, say: Say) -> None:
    if operation is None:
        say("nothing to do")
        return
    say(f"plan: {operation.title}")
    for number, name in enumerate(operation.steps, 1):
        say(f"  {number:2}. {name:8} {STEPS[name].describe(operation)}")
    _say_settings(run, operation, say)
    say(f"Until `{operation.commit}` begins it can be undone. Nothing was changed.")


def _say_settings(run: RunDir, operation: Operation, say: Say) -> None:
    """Name the settings that were changed by hand, which a deployment takes over and a rollback leaves as they are."""
    before, after = operation.before, operation.after
    if operation.kind == "scale" or before.active is None or after.active is None:
        return
    if operation.kind == "deploy":
        changed, what = changed_settings(run, before.environment, before.active), "go live with it, changed by hand"
    else:
        changed = changed_settings(run, before.environment, after.active)
        what = f"stay as they are, changed since {after.version} was deployed"
    if changed:
        say(f"settings that {what}: {', '.join(changed)}")


def _advance(run: RunDir, journal: Journal, say: Say) -> None:
    """Run what remains of an operation."""
    operation = journal.operation
    context = Context(run, operation, say)
    for name in journal.remaining:
        journal = journal.mark(run, step=name, phase="begun")
        began = time.monotonic()
        try:
            STEPS[name].run(context)
        except FAILURES as error:
            steps = operation.steps
            if steps.index(name) > steps.index(operation.commit):
                raise DeploymentError(
                    f"step `{name}` failed: {error}\n{operation.after.version} serves. "
                    "When the cause is gone, run ./deploy.py again with any arguments that change something: "
                    "it finishes this operation first"
                ) from error
            say(f"  step `{name}` failed; undoing")
            _undo(run, journal, say)
            holds = f"{operation.before.version} goes on serving" if operation.before.active else "nothing serves yet"
            raise DeploymentError(f"{operation.title}: step `{name}` failed: {error}\n{holds}, as before.") from error
        journal = journal.mark(run, phase="done")
        say(f"  {now()} {name:8} {STEPS[name].describe(operation)} ({time.monotonic() - began:.1f} s)")
    journal.mark(run, result="finished")


def _undo(run: RunDir, journal: Journal, say: Say) -> None:
    journal = journal.mark(run, result="undoing")
    undo(Context(run, journal.operation, say))
    journal.mark(run, result="undone")
    say(f"  {now()} undone: {journal.operation.title}")


def _complete(after: Deployment) -> Deployment:
    """Give every process of a planned deployment its port."""
    if after.active is None:
        return after
    workers = [worker_program(after.active, number) for number in range(1, after.workers + 1)]
    return replace(after, ports=with_ports(after, [gateway_program(after.active), *workers, MONITOR]))


def _deployed(run: RunDir) -> Deployment:
    state = load_state(run)
    if state is None or state.active is None:
        raise DeploymentError("nothing has been deployed yet: `./deploy.py --env production --version VERSION`")
    return state


def _usable(run: RunDir, version: str) -> None:
    built = built_versions(run)
    if version not in built:
        raise UsageError(
            f"{version} has not been built; built: {_list(built)}. "
            f"`./scripts/build_release.sh --version {version}` builds it"
        )
    try:
        verify_release(run.releases / version)
    except ReleaseError as error:
        raise DeploymentError(str(error)) from error


def _list(names: list[str]) -> str:
    return ", ".join(names) or "none"
