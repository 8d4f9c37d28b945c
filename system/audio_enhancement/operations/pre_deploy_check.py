"""``scripts/pre_deploy_check.sh``: is it a good moment to deploy?"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import psutil

from audio_enhancement.deployment import gateway
from audio_enhancement.deployment.fleet import port_is_free
from audio_enhancement.deployment.journal import interrupted, lock_holder
from audio_enhancement.deployment.release import built_versions, verify_release
from audio_enhancement.deployment.state import load_state
from audio_enhancement.deployment.status import report
from audio_enhancement.operations.checks import Answer, firing_alerts, run_checks, show
from audio_enhancement.operations.command import OperationError, environment_of, execute, make_parser
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import (
    SETTINGS,
    CacheSettings,
    DatabaseSettings,
    MonitoringSettings,
    QueueSettings,
    StorageSettings,
)
from audio_enhancement.storage import cache, jobs
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.models import Status

LEAST_MEMORY_RATIO = 0.15
MANY_JOBS = 1000
BLOCKING_SEVERITIES = ("SEV1", "SEV2")


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "pre_deploy_check",
        "Check whether a version can be deployed now: room, servers, database, release, alerts, nginx. "
        "Reads only; changes nothing.",
        """0  no check failed; warnings are for you to judge
        1  at least one check failed: do not deploy
        2  wrong usage""",
    )
    made.add_argument(
        "--version", metavar="VERSION", help="version that is going to be deployed (default: the one built last)"
    )
    made.add_argument("--json", action="store_true", help="print the checks as JSON")
    return made


def settings(run: RunDir) -> Answer:
    """Every component accepts its settings, and nobody else can read them."""
    file = run.environment_file(environment_of(run))
    for cls in SETTINGS.values():
        cls()
    mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        return "FAIL", f"{file} holds secrets and has mode {mode:o}: `chmod 600 {file}`"
    return "PASS", f"{len(SETTINGS)} components accept {file.name}"


def disk(folder: Path, least: float) -> Answer:
    """Enough of the volume is free."""
    usage = shutil.disk_usage(folder)
    ratio = usage.free / usage.total
    found = f"{usage.free / 1e9:.1f} GB ({ratio:.0%}) free at {folder}, at least {least:.0%} needed"
    return ("PASS" if ratio >= least else "FAIL"), found


def memory() -> Answer:
    """Two colours run side by side for a while: there must be room for the second."""
    found = psutil.virtual_memory()
    ratio = found.available / found.total
    verdict: Answer = (
        ("PASS" if ratio >= LEAST_MEMORY_RATIO else "FAIL"),
        (f"{found.available / 1e9:.1f} GB ({ratio:.0%}) available, at least {LEAST_MEMORY_RATIO:.0%} needed"),
    )
    return verdict


def redis_answers() -> Answer:
    """Redis takes commands for the queue and for the cache."""
    for address in (QueueSettings().url, CacheSettings().url):
        cache.connect(CacheSettings(url=address)).ping()
    return "PASS", "answers for queue and cache"


def postgres_answers(database: Database) -> Answer:
    """PostgreSQL answers a query."""
    database.ping()
    return "PASS", "answers"


def http_answers(url: str) -> Answer:
    """A server of the monitoring says that it is ready."""
    httpx.get(f"{url}/-/ready", timeout=3, trust_env=False).raise_for_status()
    return "PASS", f"ready at {url}"


def release(run: RunDir, version: str) -> Answer:
    """The release is there and nobody has touched it."""
    manifest = verify_release(run.releases / version)
    return "PASS", f"{version}: {len(manifest.files)} files as built at {manifest.built_at}"


def migrations(run: RunDir, version: str) -> Answer:
    """The release knows the database's schema, or can bring it to its own."""
    result = subprocess.run(  # noqa: S603
        [run.stack()["python"], "-m", "audio_enhancement.storage.migrate", "--check"],
        env={**os.environ, "PYTHONPATH": str(run.releases / version), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if result.returncode == 0:
        return "PASS", result.stdout.strip()
    if result.stdout.startswith("database at"):
        return "WARN", f"{result.stdout.strip()}: the deployment migrates it; take a backup first"
    return "FAIL", (result.stderr or result.stdout).strip()[-300:]


def alerts(run: RunDir) -> Answer:
    """Nothing fires. A severe alert comes before a deployment, unless the deployment is what clears it."""
    firing = firing_alerts(f"http://127.0.0.1:{run.stack()['ports']['prometheus']}")
    if not firing:
        return "PASS", "none fires"
    names = ", ".join(sorted({f"{alert['name']} ({alert['severity']})" for alert in firing}))
    severe = any(alert["severity"] in BLOCKING_SEVERITIES for alert in firing)
    return ("FAIL" if severe else "WARN"), f"firing: {names}"


def ports(run: RunDir) -> Answer:
    """Ports that the other colour has are its own or free."""
    state = load_state(run)
    if state is None:
        return "PASS", "chosen at the first deployment"
    running = {process["name"] for process in report(run)["processes"] if process["pid"]}
    taken = [f"{port} ({name})" for name, port in state.ports.items() if name not in running and not port_is_free(port)]
    if taken:
        return "FAIL", f"used by other programs: {', '.join(taken)}"
    return "PASS", f"{len(state.ports)} ports are free or our own"


def nginx(run: RunDir) -> Answer:
    """nginx accepts its configuration."""
    port = gateway.upstream_port(run)
    gateway.test_configuration(run, gateway.render_upstream(port or 9))
    return "PASS", "accepts its configuration"


def deployment(run: RunDir) -> Answer:
    """What was deployed runs, and no other run is changing or has left it half-way."""
    if holder := lock_holder(run):
        return "FAIL", f"{holder} is changing it"
    if journal := interrupted(run):
        return "WARN", f"`{journal.operation.title}` was interrupted; the next run of ./deploy.py settles that first"
    found = report(run)
    if found["version"] is None:
        return "PASS", "nothing has been deployed yet"
    return ("PASS" if found["healthy"] else "FAIL"), f"{found['version']} serves, {found['workers']} workers"


def queue(database: Database) -> Answer:
    """Few jobs wait: the workers keep up even while some of them drain."""
    waiting = jobs.count(database, Status.QUEUED)
    return ("PASS" if waiting < MANY_JOBS else "WARN"), f"{waiting} jobs wait, {MANY_JOBS} are many"


def _run(options: argparse.Namespace, run: RunDir) -> int:
    built = built_versions(run)
    if not built:
        raise OperationError("no version has been built: `./scripts/build_release.sh --version VERSION`")
    version = options.version or built[0]
    monitoring = MonitoringSettings()
    storage = StorageSettings()
    database = Database(DatabaseSettings(pool_size=1))
    prometheus = f"http://127.0.0.1:{run.stack()['ports']['prometheus']}"
    questions: dict[str, Callable[[], Answer]] = {
        "settings": partial(settings, run),
        "disk": partial(disk, run.root, storage.min_free_ratio),
        "audio storage": partial(disk, storage.data_dir, storage.min_free_ratio),
        "memory": memory,
        "redis": redis_answers,
        "postgres": partial(postgres_answers, database),
        "prometheus": partial(http_answers, prometheus),
        "alertmanager": partial(http_answers, monitoring.alertmanager_url),
        "nginx": partial(nginx, run),
        "deployment": partial(deployment, run),
        "ports": partial(ports, run),
        "release": partial(release, run, version),
        "migrations": partial(migrations, run, version),
        "alerts": partial(alerts, run),
        "queue": partial(queue, database),
    }
    return show(run_checks(questions), options.json)


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
