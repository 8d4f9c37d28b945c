"""What tests of deployments share: releases to deploy, `./deploy.py` as an operator runs it, and what must hold after."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from audio_enhancement.canary import Canary
from audio_enhancement.deployment import gateway
from audio_enhancement.deployment.journal import Journal, lock_holder
from audio_enhancement.deployment.release import build_release
from audio_enhancement.deployment.state import gateway_program, load_state
from audio_enhancement.deployment.status import report
from audio_enhancement.metrics import MonitorMetrics
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import CanarySettings
from audio_enhancement.stack.servers import SERVERS
from audio_enhancement.stack.stack import Stack
from audio_enhancement.stack.supervise import Supervisor

SYSTEM = Path(__file__).resolve().parents[2] / "system"
OLD, NEW, BROKEN = "v2.1.0", "v2.2.0", "v2.9.0"

KILLED_AT = """
import os, signal, sys
from pathlib import Path
from audio_enhancement.deployment import deploy, steps
from audio_enhancement.rundir import RunDir

run, step, moment, version = RunDir(Path(sys.argv[1])), *sys.argv[2:]
original = steps.STEPS[step]

def die(context):
    if moment == "done":
        original.run(context)
    os.kill(os.getpid(), signal.SIGKILL)

steps.STEPS[step] = original._replace(run=die)
deploy.deploy(run, "production", version)
"""
"""A deployment that is killed when a step begins, or when it has done its work and not yet said so."""


def build_versions(run: RunDir, scratch: Path) -> None:
    """Build a second version, and one whose gateway ends at once."""
    build_release(SYSTEM, run, NEW)
    broken = scratch / "broken"
    shutil.copytree(SYSTEM, broken, ignore=shutil.ignore_patterns("__pycache__"))
    (broken / "audio_enhancement" / "api" / "__main__.py").write_text('raise SystemExit("no such codec: fault sown")\n')
    build_release(broken, run, BROKEN)


def environment(run: RunDir) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AE_")}
    return {**inherited, "RUN_DIR": str(run.root), "PYTHONPATH": str(SYSTEM)}


def deploy_py(run: RunDir, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run ``./deploy.py`` as an operator does: with whatever ``python3`` is on the PATH."""
    return execute(run, [str(SYSTEM / "deploy.py"), *arguments], timeout)


def script(run: RunDir, name: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one of ``./scripts``."""
    return execute(run, [str(SYSTEM / "scripts" / f"{name}.sh"), *arguments], timeout)


def execute(run: RunDir, command: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment(run), capture_output=True, text=True, timeout=timeout, check=False, cwd="/"
    )


def deploy_killed_at(run: RunDir, step: str, moment: str, version: str) -> None:
    result = execute(run, [sys.executable, "-c", KILLED_AT, str(run.root), step, moment, version], 120)
    assert result.returncode == -signal.SIGKILL, result.stdout + result.stderr


def assert_consistent(stack: Stack, version: str) -> None:
    """Everything agrees that ``version`` serves, and nothing is left of any operation."""
    run, state = stack.run, load_state(stack.run)
    assert state is not None and state.active is not None
    assert state.version == version
    found = report(run)
    assert found["healthy"], json.dumps(found, indent=1)
    journal = Journal.load(run)
    assert journal is not None and journal.result in ("finished", "undone")
    assert lock_holder(run) is None
    assert gateway.upstream_port(run) == state.ports[gateway_program(state.active)]
    assert not list(run.upstream_conf.parent.glob("*candidate*"))
    assert sorted(Supervisor(run).programs()) == sorted([*state.programs(), *SERVERS])
    scraped = {
        group["labels"]["program"] for file in run.targets.glob("*.json") for group in json.loads(file.read_text())
    }
    assert scraped == set(state.programs())
    assert silences(stack) == []


def silences(stack: Stack) -> list[str]:
    """Silences of deployments that hold now."""
    import httpx

    answer = httpx.get(f"http://127.0.0.1:{stack.ports['alertmanager']}/api/v2/silences", trust_env=False).json()
    return [one["comment"] for one in answer if one["status"]["state"] != "expired" and "deploy.py" in one["createdBy"]]


def improvement_db(stack: Stack) -> float:
    """Send a real recording through the gateway; returns its gain in SI-SDR in dB."""
    settings = CanarySettings(url=stack.url, api_key=stack.api_key, timeout_s=30)
    return Canary(settings, MonitorMetrics(CollectorRegistry())).improvement_db()
