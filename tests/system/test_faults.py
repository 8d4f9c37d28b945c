"""Faults: each breaks what it says, and leaves nothing behind. That its alert fires and its fix clears it is drilled."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest
import yaml
from tests.system.conftest import settings_of, until

from audio_enhancement.faults import FAULTS, versions, workers
from audio_enhancement.faults.fault import Fault, FaultError
from audio_enhancement.monitor import Monitor
from audio_enhancement.stack.render import RULES
from audio_enhancement.stack.snapshot import snapshot
from audio_enhancement.stack.stack import SOURCE, Stack
from audio_enhancement.storage import jobs
from audio_enhancement.storage.models import Status

BY_NAME = {fault.name: fault for fault in FAULTS}


def test_every_fault_has_a_name_of_its_own_and_an_alert_that_exists() -> None:
    alerts = {
        rule["alert"]
        for group in yaml.safe_load((RULES / "alerts.yml").read_text())["groups"]
        for rule in group["rules"]
    }
    assert len(BY_NAME) == len(FAULTS)
    assert {fault.alert for fault in FAULTS} <= alerts
    assert sum(fault.core for fault in FAULTS) == 11


@pytest.mark.parametrize("change", [one for one in vars(versions).values() if isinstance(one, versions.Change)])
def test_a_version_is_still_broken_where_the_fault_breaks_it(change: versions.Change) -> None:
    file, sound, broken = change
    text = (SOURCE / file).read_text()
    assert text.count(sound) == 1
    compile(text.replace(sound, broken), file, "exec")


def _program(stack: Stack, name: str) -> str:
    return stack.supervisor.status()[name].state


def _frozen(program: str) -> Callable[[Stack], bool]:
    def seen(stack: Stack) -> bool:
        pids = [one.pid for one in stack.supervisor.status().values() if one.name.startswith(program)]
        return any(psutil.Process(pid).status() == psutil.STATUS_STOPPED for pid in pids)

    return seen


def _looked(look: str, gauge: str, holds: Callable[[float], bool]) -> Callable[[Stack], bool]:
    """What the monitor would show: one look of its own, in this process."""

    def seen(_: Stack) -> bool:
        from prometheus_client import CollectorRegistry

        monitor = Monitor(CollectorRegistry())
        getattr(monitor, look)()
        value: float = getattr(monitor.metrics, gauge)._value.get()
        monitor.database.close()
        return holds(value)

    return seen


def _rows(status: Status) -> Callable[[Stack], bool]:
    def seen(_: Stack) -> bool:
        from audio_enhancement.settings import DatabaseSettings
        from audio_enhancement.storage.database import Database

        database = Database(DatabaseSettings())
        try:
            return jobs.count(database, status) > 5
        finally:
            database.close()

    return seen


def _dead_while_jobs_are_done(stack: Stack) -> bool:
    """Dead letters lie there, and what is sent now comes back."""
    dead = _looked("look_at_jobs", "dead_letters", lambda count: count >= workers.DEAD)
    return dead(stack) and _rows(Status.DONE)(stack)


def _turned_away(stack: Stack) -> bool:
    log = (stack.run.log / "monitor.log").read_text().splitlines()
    met = [line for line in log if "canary did not come back" in line]
    return bool(met) and "answered with 401" in met[-1]


SEEN: dict[str, Callable[[Stack], bool]] = {
    "workers-frozen": _frozen("enhancement-workers"),
    "workers-stopped": _rows(Status.QUEUED),
    "redis-full": _looked("look_at_redis", "redis_memory", lambda ratio: 0.9 < ratio < 1),
    "redis-limit-low": _looked("look_at_redis", "redis_memory", lambda ratio: ratio > 0.9),
    "postgres-down": lambda stack: _program(stack, "postgres") == "STOPPED",
    "nginx-down": lambda stack: _program(stack, "nginx") == "STOPPED",
    "gateway-frozen": _frozen("audio-enhancement-api-blue"),
    "gateway-down": lambda stack: _program(stack, "audio-enhancement-api-blue") == "STOPPED",
    "table-locked": _looked("look_at_postgres", "postgres_lock_wait", lambda seconds: seconds > 0.5),
    "dead-letters": _dead_while_jobs_are_done,
    "canary-key": _turned_away,
    "storage-full": _looked("look_at_storage", "storage_free", lambda ratio: ratio < 0.15),
    "corrupt-uploads": _rows(Status.FAILED),
    "stale-cache": lambda stack: stack.environment.get("AE_STORAGE_RETENTION_S") == "2",
}
"""Faults that are quick, and how one sees that they are there. The others are drilled."""


@pytest.mark.parametrize("fault", [BY_NAME[name] for name in SEEN], ids=list(SEEN))
def test_a_fault_breaks_what_it_says_and_leaves_nothing(
    stack: Stack, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "OVER_S", 0.0)  # nobody looks a minute back here
    with settings_of(stack, {"AE_STORAGE_QUOTA_MB": "50"}):
        before = snapshot(stack.run)
        with fault.hold(stack):
            until(lambda: SEEN[fault.name](stack), 30, fault.title)
        until(lambda: snapshot(stack.run) == before, 20, "all as it was")


def test_a_volume_is_never_filled(stack: Stack) -> None:
    with settings_of(stack), pytest.raises(FaultError, match="QUOTA"), BY_NAME["storage-full"].hold(stack):
        pass


def hold(stack: Stack, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "RUN_DIR": str(stack.run.root)}
    command = [sys.executable, str(SOURCE / "faults.py"), "hold", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_fault_is_held_until_it_is_told_to_go(stack: Stack) -> None:
    with hold(stack, "redis-down", "--really") as held:
        assert held.stdout is not None
        assert held.stdout.readline().startswith("held redis-down")
        assert _program(stack, "redis") == "STOPPED"
        held.send_signal(signal.SIGTERM)
        assert held.communicate(timeout=30) == ("released redis-down\n", "")
    assert held.returncode == 0
    until(lambda: _program(stack, "redis") == "RUNNING", 10, "Redis runs")


def test_a_system_that_people_need_is_not_broken(stack: Stack) -> None:
    with hold(stack, "redis-down") as refused:
        _, said = refused.communicate(timeout=30)
    assert refused.returncode == 2
    assert "not a system for drills" in said and "--really" in said
    assert _program(stack, "redis") == "RUNNING"
