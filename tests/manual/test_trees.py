"""The trees of the manual, walked on a real stack: whole, and with faults in it."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
import pytest
from tests.manual.walking import query, trees_of, walk
from tests.system.conftest import QUICK, temporary_stack, until
from tests.system.deployments import SYSTEM
from tests.system.load import Load

from audio_enhancement.deployment.deploy import deploy, rollback
from audio_enhancement.deployment.release import build_release
from audio_enhancement.deployment.state import load_state
from audio_enhancement.stack.stack import Stack
from audio_enhancement.stack.supervise import Supervisor
from drillbook.model.tree import Tree

pytestmark = pytest.mark.timeout(900)  # what is waited for takes some scrapes, and longer on a busy machine
TREES = ("HighLatency", "QualityDegradation", "QueueDepthHigh")


class Walker(NamedTuple):
    """A stack, and the trees of the manual."""

    stack: Stack
    trees: dict[str, Tree]

    def end(self, name: str) -> str:
        """Where the tree leads now: the name of a fix, or of an escalation."""
        prometheus = f"http://127.0.0.1:{self.stack.ports['prometheus']}"
        node, said = walk(self.trees, name, self.stack.run.root, prometheus)
        assert not isinstance(node, str), f"no answer fits at {node} after {said}"
        return node.name

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
    ends = {name: healthy.end(name) for name in TREES}
    assert ends == {"HighLatency": "call", "QueueDepthHigh": "call-passed", "QualityDegradation": "call-passed"}


def test_stopped_workers_are_started(healthy: Walker) -> None:
    Supervisor(healthy.stack.run).stop(healthy.workers[0])
    assert healthy.end("QueueDepthHigh") == "start"
    assert healthy.end("QualityDegradation") not in ("restore", "take-back")


def test_a_frozen_worker_is_replaced(healthy: Walker) -> None:
    frozen = psutil.Process(Supervisor(healthy.stack.run).status()[healthy.workers[0]].pid)
    frozen.suspend()
    try:
        missed = 'count(max_over_time(up{job="workers"}[1m]) == 0)'
        until(lambda: healthy.value(missed) == (1.0,), 150, "Prometheus has missed the worker for a minute")
        assert healthy.end("QueueDepthHigh") == "replace"
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
        assert healthy.end("QualityDegradation") == "restore"
        assert healthy.end("QueueDepthHigh") == "call-passed", "workers that have just started are not hanging"
    finally:
        settings.write_text(before)
        restart(healthy)


def test_a_locked_table_is_the_databases_on_call_and_not_ours(healthy: Walker) -> None:
    with psycopg.connect(healthy.stack.environment["AE_DATABASE_DSN"].replace("+psycopg", "")) as blocker:
        blocker.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        until(lambda: healthy.value("max(ae_postgres_lock_wait_seconds) > 2") != (), 150, "a statement waits")
        assert healthy.end("HighLatency") == "call-database"
        assert healthy.end("QueueDepthHigh") == "call-database"


def test_without_redis_no_fix_is_tried(healthy: Walker) -> None:
    Supervisor(healthy.stack.run).stop("redis")
    try:
        until(lambda: healthy.value("min(ae_redis_up)") == (0.0,), 150, "the monitor misses Redis")
        assert healthy.end("HighLatency") == "call-servers"
        assert healthy.end("QueueDepthHigh") == "call-servers"
    finally:
        Supervisor(healthy.stack.run).start("redis")


def test_workers_that_get_too_little_are_more_or_the_machine_is_full(healthy: Walker) -> None:
    with starved(healthy), Load(healthy.stack):
        until(lambda: healthy.value("max(ae_queue_depth_jobs) > 5") != (), 150, "jobs wait")
        busy = healthy.value("max(ae_host_cpu_used_ratio)")
        assert healthy.end("QueueDepthHigh") in ("scale", "call-capacity"), busy


def test_a_bad_version_is_taken_back_and_an_old_one_is_not(healthy: Walker, tmp_path: Path) -> None:
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
        assert healthy.end("QualityDegradation") == "take-back"
    finally:
        rollback(healthy.stack.run, immediate=True, say=print)
    as_it_should_be(healthy)
    assert healthy.end("HighLatency") == "call", "what was rolled back to is not new"


@contextmanager
def starved(walker: Walker) -> Iterator[None]:
    """The workers run for a twentieth of the time."""
    processes = [psutil.Process(Supervisor(walker.stack.run).status()[name].pid) for name in walker.workers]
    ended = threading.Event()

    def hold() -> None:
        while not ended.is_set():
            for process in processes:
                process.suspend()
            ended.wait(0.38)
            for process in processes:
                process.resume()
            ended.wait(0.02)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        ended.set()
        holder.join()


def restart(walker: Walker) -> None:
    """As the procedure does it."""
    script = "./deploy.py --status | awk '/^enhancement-workers/ {print $3}' | xargs kill -TERM"
    environment = {"RUN_DIR": str(walker.stack.run.root), "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-c", script], cwd=SYSTEM, env=environment, check=True, timeout=60)
