"""``scripts/post_deploy_validate.sh``: does what was deployed do its work?"""

import argparse
import sys
import time
from datetime import UTC, datetime
from functools import partial

import httpx
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from audio_enhancement.canary import Canary, CanaryFailed
from audio_enhancement.deployment import gateway
from audio_enhancement.deployment.journal import Journal
from audio_enhancement.deployment.probes import metrics_version, served_by, wait_until
from audio_enhancement.deployment.state import MONITOR, Deployment, load_state
from audio_enhancement.deployment.status import report
from audio_enhancement.metrics import MonitorMetrics
from audio_enhancement.operations.checks import Answer, firing_alerts, run_checks, show
from audio_enhancement.operations.command import OperationError, execute, make_parser
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import CanarySettings, DatabaseSettings
from audio_enhancement.stack.render import read_env
from audio_enhancement.storage import jobs
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.models import Status

ANSWERS = 20
SCRAPE_WAIT_S = 30
DRAIN_WAIT_S = 10
OLD_JOB_S = 120
METRICS = ("ae_http_requests_total", "ae_jobs_in_progress", "ae_queue_depth_jobs", "ae_build_info")


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "post_deploy_validate",
        "Check that what was deployed works: every process runs the version, a recording is enhanced through the "
        "gateway and measured, metrics arrive, no new alert fires, the queue is worked off.",
        """0  every check passed; warnings are for you to judge
        1  at least one check failed: consider `./deploy.py --rollback --immediate`
        2  wrong usage""",
    )
    made.add_argument("--version", metavar="VERSION", help="version that should serve (default: the one recorded)")
    made.add_argument("--json", action="store_true", help="print the checks as JSON")
    return made


def answers(url: str, expected: str) -> Answer:
    """Clients reach the expected version, whichever process of nginx takes the request."""
    found = {served_by(f"{url}/readyz") or "nobody" for _ in range(ANSWERS)}
    return ("PASS" if found == {expected} else "FAIL"), f"{', '.join(sorted(found))} answered {ANSWERS} requests"


def processes(run: RunDir) -> Answer:
    """All that should run runs, and nothing else of ours."""
    found = report(run)["processes"]
    wrong = [f"{one['name']} {one['state']}" for one in found if one["state"] != "RUNNING" or not one["expected"]]
    return ("FAIL" if wrong else "PASS"), ", ".join(wrong) or f"{len(found)} run"


def versions(state: Deployment, version: str) -> Answer:
    """Workers and monitor run the version, too."""
    programs = [*state.worker_programs(), MONITOR]
    wrong = [f"{name}: {found}" for name in programs if (found := metrics_version(state.ports[name])) != version]
    return ("FAIL" if wrong else "PASS"), ", ".join(wrong) or f"{len(programs)} processes run {version}"


def enhancement(url: str, api_key: str) -> Answer:
    """The canary's noisy recording comes back better."""
    settings = CanarySettings(url=url, api_key=SecretStr(api_key))
    canary = Canary(settings, MonitorMetrics(CollectorRegistry()))
    began = time.monotonic()
    try:
        gain = canary.improvement_db()
    except CanaryFailed as error:
        return "FAIL", str(error)
    least = settings.min_improvement_db
    found = f"{gain:+.1f} dB SI-SDR in {time.monotonic() - began:.1f} s, at least {least:+.1f} dB needed"
    return ("PASS" if gain >= least else "FAIL"), found


def metrics(prometheus: str) -> Answer:
    """Prometheus has the metrics of each kind of process, and reaches all its targets."""

    def missing() -> list[str]:
        return [name for name in METRICS if not _query(prometheus, f"count({name})")]

    if not wait_until(lambda: not missing() and not _query(prometheus, "up == 0"), SCRAPE_WAIT_S, pause_s=0.5):
        down = [series["metric"].get("program", series["metric"]["job"]) for series in _query(prometheus, "up == 0")]
        return "FAIL", f"missing: {', '.join(missing()) or 'none'}; not reached: {', '.join(down) or 'none'}"
    return "PASS", f"{len(METRICS)} metrics arrive, all targets are reached"


def _query(prometheus: str, expression: str) -> list[dict[str, dict[str, str]]]:
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": expression}, timeout=5, trust_env=False)
    answer.raise_for_status()
    found: list[dict[str, dict[str, str]]] = answer.json()["data"]["result"]
    return found


def alerts(run: RunDir, prometheus: str) -> Answer:
    """No alert has begun since the deployment did."""
    firing = firing_alerts(prometheus)
    if not firing:
        return "PASS", "none fires"
    journal = Journal.load(run)
    began = datetime.fromisoformat(journal.operation.began) if journal else datetime.now(UTC)
    new = {alert["name"] for alert in firing if datetime.fromisoformat(alert["since"]) >= began}
    if new:
        return "FAIL", f"new since {began:%Y-%m-%dT%H:%M:%SZ}: {', '.join(sorted(new))}"
    return "WARN", f"firing since before: {', '.join(sorted({alert['name'] for alert in firing}))}"


def queue(database: Database) -> Answer:
    """Jobs that wait become fewer, or none waits for long."""
    waiting = jobs.count(database, Status.QUEUED)
    age = jobs.oldest_unfinished_age_s(database)
    if age < OLD_JOB_S or wait_until(lambda: jobs.count(database, Status.QUEUED) < waiting, DRAIN_WAIT_S):
        return "PASS", f"{waiting} jobs wait, the oldest has waited {age:.0f} s"
    return "FAIL", f"{waiting} jobs wait and do not become fewer in {DRAIN_WAIT_S} s; the oldest has waited {age:.0f} s"


def _run(options: argparse.Namespace, run: RunDir) -> int:
    state = load_state(run)
    if state is None or state.active is None or state.version is None:
        raise OperationError("nothing has been deployed yet: `./deploy.py --env production --version VERSION`")
    version = options.version or state.version
    url = gateway.gateway_url(run)
    prometheus = f"http://127.0.0.1:{run.stack()['ports']['prometheus']}"
    api_key = read_env(run.client_file)["AE_API_KEY"]
    questions = {
        "gateway": partial(answers, url, f"{state.active}/{version}"),
        "processes": partial(processes, run),
        "versions": partial(versions, state, version),
        "enhancement": partial(enhancement, url, api_key),
        "metrics": partial(metrics, prometheus),
        "alerts": partial(alerts, run, prometheus),
        "queue": partial(queue, Database(DatabaseSettings(pool_size=1))),
    }
    return show(run_checks(questions), options.json)


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
