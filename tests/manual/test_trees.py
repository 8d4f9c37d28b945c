"""The trees of the manual, walked on a real stack: whole, and with faults in it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
import pytest
from tests.manual.walking import query, trees_of, walk
from tests.system.conftest import QUICK, temporary_stack, until
from tests.system.deployments import SYSTEM

from audio_enhancement.deployment.deploy import deploy, rollback
from audio_enhancement.deployment.release import build_release
from audio_enhancement.deployment.state import load_state
from audio_enhancement.stack.stack import Stack
from audio_enhancement.stack.supervise import Supervisor
from drillbook.model.tree import Fix, Tree

pytestmark = pytest.mark.timeout(900)  # what is waited for takes some scrapes, and longer on a busy machine
TREES = (
    "ApiDown",
    "CacheHitRatioLow",
    "CanaryFailing",
    "DeadLetters",
    "HighErrorRate",
    "HighLatency",
    "JobFailures",
    "MonitorDown",
    "PostgresDown",
    "PostgresLockWait",
    "QualityDegradation",
    "QueueDepthHigh",
    "RedisDown",
    "RedisMemoryHigh",
    "WorkerDown",
)
"""All but those about the host, whose processors, memory and volume others use, too."""


class Walker(NamedTuple):
    """A stack, and the trees of the manual."""

    stack: Stack
    trees: dict[str, Tree]

    def end(self, name: str) -> str:
        """Where the tree leads now: the procedure of a fix, or the name of an escalation."""
        prometheus = f"http://127.0.0.1:{self.stack.ports['prometheus']}"
        node, said = walk(self.trees, name, self.stack.run.root, prometheus)
        assert not isinstance(node, str), f"no answer fits at {node} after {said}"
        return node.procedure if isinstance(node, Fix) else node.name

    def value(self, expression: str) -> tuple[float, ...]:
        return query(f"http://127.0.0.1:{self.stack.ports['prometheus']}", expression)

    @property
    def workers(self) -> list[str]:
        state = load_state(self.stack.run)
        assert state is not None
        return state.worker_programs()


@pytest.fixture(scope="module")
def walker(manual: Path) -> Iterator[Walker]:
    with temporary_stack() as stack:
        stack.up(
            overrides={
                **QUICK,
                "AE_DEPLOY_WORKERS": "2",
                "AE_CANARY_INTERVAL_S": "5",
                "AE_API_RATE_LIMIT_PER_MINUTE": "0",
            }
        )
        yield Walker(stack, trees_of(manual.parent / "doctrees"))


@pytest.fixture
def healthy(walker: Walker) -> Iterator[Walker]:
    """All targets are reached, and the canary has run; so it is again after each test."""
    as_it_should_be(walker)
    yield walker
    for name in walker.workers:
        Supervisor(walker.stack.run).start(name)
    as_it_should_be(walker)


def as_it_should_be(walker: Walker) -> None:
    until(lambda: walker.value('sum(up{job="workers"})') == (2.0,), 150, "Prometheus reaches both workers")
    until(lambda: walker.value("min(ae_canary_si_sdr_improvement_db) > 2") != (), 150, "the canary is well")
    until(lambda: walker.value("max(ae_queue_depth_jobs)") == (0.0,), 150, "no job waits")


def test_no_tree_fixes_a_healthy_system(healthy: Walker) -> None:
    assert {name: healthy.end(name) for name in TREES} == dict.fromkeys(TREES, "call-passed")


def test_stopped_workers_are_started(healthy: Walker) -> None:
    Supervisor(healthy.stack.run).stop(healthy.workers[0])
    assert healthy.end("QueueDepthHigh") == healthy.end("WorkerDown") == "start-workers"
    assert healthy.end("QualityDegradation") not in ("restore-enhancement", "rollback-immediate")


def test_a_frozen_worker_is_replaced(healthy: Walker) -> None:
    frozen = psutil.Process(Supervisor(healthy.stack.run).status()[healthy.workers[0]].pid)
    frozen.suspend()
    try:
        assert healthy.end("QueueDepthHigh") == healthy.end("WorkerDown") == "replace-worker"
        frozen.kill()  # what the fix does
        until(lambda: healthy.value('sum(up{job="workers"})') == (2.0,), 150, "supervisor has started another")
        assert healthy.end("QueueDepthHigh") == "call-passed"
    finally:
        if frozen.is_running():
            frozen.kill()


def test_a_bad_setting_of_the_enhancement_is_taken_back(healthy: Walker) -> None:
    settings = healthy.stack.run.environment_file()
    before = settings.read_text()
    settings.write_text(f"{before}\nAE_DSP_GAIN_FLOOR_DB='0'\n")
    try:
        restart(healthy)
        until(lambda: healthy.value("min(ae_canary_si_sdr_improvement_db) < 2") != (), 150, "the canary sees it")
        assert healthy.end("QualityDegradation") == "restore-enhancement"
        assert healthy.end("QueueDepthHigh") == "call-passed", "workers that have just started are not hanging"
    finally:
        settings.write_text(before)
        restart(healthy)


def test_a_locked_table_leads_to_the_session_that_locks_it(healthy: Walker) -> None:
    with psycopg.connect(healthy.stack.environment["AE_DATABASE_DSN"].replace("+psycopg", "")) as blocker:
        blocker.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        until(lambda: healthy.value("max(ae_postgres_lock_wait_seconds) > 2") != (), 150, "a statement waits")
        assert healthy.end("HighLatency") == healthy.end("QueueDepthHigh") == "end-blocker"


def test_without_redis_nothing_else_is_tried(healthy: Walker) -> None:
    Supervisor(healthy.stack.run).stop("redis")
    try:
        until(lambda: healthy.value("min(ae_redis_up)") == (0.0,), 150, "the monitor misses Redis")
        assert healthy.end("HighLatency") == healthy.end("QueueDepthHigh") == "start-server"
    finally:
        Supervisor(healthy.stack.run).start("redis")


def test_a_bad_version_is_taken_back(healthy: Walker, tmp_path: Path) -> None:
    source = tmp_path / "system"
    shutil.copytree(SYSTEM, source, ignore=shutil.ignore_patterns("__pycache__"))
    settings = source / "audio_enhancement" / "settings.py"
    text, found = re.subn(r"(gain_floor_db: float = setting\(\s*)-12\.0", r"\g<1>0.0", settings.read_text())
    assert found == 1
    settings.write_text(text)
    build_release(source, healthy.stack.run, "v2.3.0")
    deploy(healthy.stack.run, "production", "v2.3.0", say=print)
    try:
        until(lambda: healthy.value("min(ae_canary_si_sdr_improvement_db) < 2") != (), 150, "the canary sees it")
        assert healthy.end("QualityDegradation") == "rollback-immediate"
    finally:
        rollback(healthy.stack.run, immediate=True, say=print)


def restart(walker: Walker) -> None:
    """As the procedure does it."""
    script = "./deploy.py --status | awk '/^enhancement-workers/ {print $3}' | xargs kill -TERM"
    environment = {"RUN_DIR": str(walker.stack.run.root), "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-c", script], cwd=SYSTEM, env=environment, check=True, timeout=60)
