"""Load and kill loops: one round of each by itself, as many as fit into ``STRESS_S`` seconds with `make stress`."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest
from tests.system.conftest import QUICK, temporary_stack, until
from tests.system.deployments import NEW, OLD, SYSTEM, assert_consistent, build_versions, deploy_py, environment
from tests.system.load import Load

from audio_enhancement.deployment.journal import Journal
from audio_enhancement.deployment.state import load_state
from audio_enhancement.stack.stack import Stack

SECONDS = float(os.environ.get("STRESS_S", "0"))
SEED = int(os.environ.get("STRESS_SEED", str(time.time_ns())))
LONGEST_DEPLOYMENT_S = 12.0

pytestmark = pytest.mark.timeout(SECONDS + 300)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with temporary_stack() as stack:
        stack.up(overrides={**QUICK, "AE_API_RATE_LIMIT_PER_MINUTE": "0"})
        build_versions(stack.run, tmp_path_factory.mktemp("releases"))
        yield stack


def rounds() -> Iterator[int]:
    """One round, and further ones until time is up."""
    end, number = time.monotonic() + SECONDS, 0
    while number == 0 or time.monotonic() < end:
        yield number
        number += 1


def serving(stack: Stack) -> str:
    state = load_state(stack.run)
    assert state is not None and state.version is not None
    return state.version


def assert_nothing_lost(load: Load) -> None:
    assert load.lost == []
    load.assert_all_done(patience_s=60)


def test_deployments_killed_at_random_moments_lose_nothing(own: Stack) -> None:
    chance = random.Random(SEED)
    print(f"STRESS_SEED={SEED}")
    died: list[str] = []
    with Load(own) as load:
        for _ in rounds():
            target = NEW if serving(own) == OLD else OLD
            command = [str(SYSTEM / "deploy.py"), "--env", "production", "--version", target]
            run = subprocess.Popen(
                command, env=environment(own.run), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                run.wait(chance.uniform(0.5, LONGEST_DEPLOYMENT_S))
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                run.wait()
            journal = Journal.load(own.run)
            died.append(f"{journal.step} {journal.phase} {journal.result}" if journal else "before the journal")
            settled = deploy_py(own.run, "--scale", "workers=2")
            assert settled.returncode == 0, f"{died[-1]}\n{settled.stdout}{settled.stderr}"
            assert_consistent(own, serving(own))
    print(f"{len(died)} rounds, {load.sent} uploads; died at: {', '.join(died)}")
    assert_nothing_lost(load)


def test_deploying_and_rolling_back_again_and_again_loses_nothing(own: Stack) -> None:
    changes = 0
    with Load(own) as load:
        for _ in rounds():
            target = NEW if serving(own) == OLD else OLD
            for arguments in (("--env", "production", "--version", target), ("--rollback", "--immediate")):
                result = deploy_py(own.run, *arguments)
                assert result.returncode == 0, result.stdout + result.stderr
                assert_consistent(own, serving(own))
                changes += 1
                print(result.stdout)
    print(f"{changes} changes, {load.sent} uploads")
    assert_nothing_lost(load)


def test_workers_killed_again_and_again_lose_no_job(own: Stack) -> None:
    chance = random.Random(SEED)
    kills = 0
    with Load(own) as load:
        for _ in rounds():
            state = load_state(own.run)
            assert state is not None
            name = chance.choice(state.worker_programs())
            process = psutil.Process(own.supervisor.status()[name].pid)
            process.kill()
            kills += 1

            def back(name: str = name, dead: int = process.pid) -> bool:
                status = own.supervisor.status()[name]
                return status.state == "RUNNING" and status.pid != dead

            until(back, 15, f"{name} is back")
            before = load.sent
            until(lambda before=before: load.sent > before + 60, 20, "more uploads")
    print(f"{kills} workers killed, {load.sent} uploads")
    assert_nothing_lost(load)
