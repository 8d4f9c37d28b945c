"""One stack for all system tests: the servers, and on demand everything. Taken down at the end, whatever happened."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest

from audio_enhancement.rundir import RunDir
from audio_enhancement.stack.stack import Stack

QUICK = {
    "AE_CANARY_INTERVAL_S": "2",
    "AE_DEPLOY_HEALTH_TIMEOUT_S": "45",
    "AE_MONITORING_PROBE_INTERVAL_S": "0.5",
    "AE_MONITORING_SCRAPE_INTERVAL_S": "1",
    "AE_QUEUE_MEMORY_MB": "32",
    "AE_QUEUE_RELAY_AFTER_S": "2",
    "AE_QUEUE_RELAY_INTERVAL_S": "0.5",
    "AE_WORKER_HEARTBEAT_TIMEOUT_S": "5",
    "AE_WORKER_SHUTDOWN_TIMEOUT_S": "10",
}
"""Settings of the tests' stacks: what production does in minutes happens in seconds."""


def remove(folder: Path) -> None:
    """Delete a run folder, whose releases are read-only."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def temporary_stack() -> Iterator[Stack]:
    """A stack in a new, short run folder; down and gone at the end."""
    stack = Stack(RunDir(Path(tempfile.mkdtemp(prefix="ae-")).resolve()), print)
    try:
        yield stack
    finally:
        stack.down(timeout_s=20)
        remove(stack.run.root)


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until ``condition`` holds; fail with ``what`` was awaited when time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


@contextmanager
def settings_of(stack: Stack, overrides: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """Let settings classes in this process read the settings of a stack."""
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("AE_")]:
        patch.delenv(name)
    patch.setenv("AE_ENV_FILE", str(stack.run.environment_file()))
    patch.setenv("AE_RUN_DIR", str(stack.run.root))
    for name, value in overrides.items():
        patch.setenv(name, value)
    try:
        yield
    finally:
        patch.undo()


@pytest.fixture(scope="session")
def servers() -> Iterator[Stack]:
    """Redis, PostgreSQL with the schema, Prometheus, Alertmanager and nginx; none of our own processes."""
    with temporary_stack() as stack:
        stack.up(deploy=False, overrides=QUICK)
        yield stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole system, deployed from this checkout."""
    with temporary_stack() as stack:
        stack.up(overrides=QUICK)
        yield stack
