"""The monitoring configuration: its rules are tested, the tests notice changes, and the servers accept the files."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from audio_enhancement.components import COMPONENTS
from audio_enhancement.metrics import REGISTRY
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import CanarySettings, MonitoringSettings
from audio_enhancement.stack import packages, render
from audio_enhancement.stack.packages import Program

MONITORING = render.MONITORING
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((MONITORING / "rules" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
RECORDS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((MONITORING / "rules" / "recording.yml").read_text())["groups"]
    for rule in group["rules"]
]
PORTS = {"alertmanager": 9093, "prometheus": 9090}


@pytest.fixture(scope="module")
def programs() -> dict[str, Program]:
    return packages.find_all(print)


def run(program: Program, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LD_LIBRARY_PATH": program.library_path}
    command = [str(program.path), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def rule_tests(folder: Path) -> list[Path]:
    return sorted((folder / "tests").glob("*.yml"))


def test_every_rule_test_passes(programs: dict[str, Program]) -> None:
    result = run(programs["promtool"], "test", "rules", *rule_tests(MONITORING))
    assert result.returncode == 0, result.stdout + result.stderr


def expectations() -> Iterator[tuple[str, bool, Path]]:
    """Alert, whether it is expected to fire, and the file that expects it."""
    for file in rule_tests(MONITORING):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for expected in test.get("alert_rule_test", ()):
                yield expected["alertname"], bool(expected["exp_alerts"]), file


@pytest.mark.parametrize("alert", [rule["alert"] for rule in ALERTS])
def test_every_alert_is_seen_silent_and_firing(alert: str) -> None:
    assert {fires for name, fires, _ in expectations() if name == alert} == {False, True}


def mutants() -> Iterator[tuple[str, str, str]]:
    """Alert, what was changed, and the changed rule file: each threshold up and down, each duration doubled."""
    text = (MONITORING / "rules" / "alerts.yml").read_text()
    for rule in ALERTS:
        begin = text.index(f"alert: {rule['alert']}\n")
        end = text.find("- alert: ", begin)
        block = text[begin:end]
        for found in re.finditer(r"(==|[<>]) ([0-9.]+)", block):
            value = float(found[2])
            for changed in (value * 0.9, value * 1.1) if value else (1.0,):
                mutant = f"{block[: found.start(2)]}{changed:g}{block[found.end(2) :]}"
                yield rule["alert"], f"{found[0]} -> {changed:g}", text[:begin] + mutant + text[end:]
        doubled = re.sub(r"for: (\d+)", lambda found: f"for: {2 * int(found[1])}", block)
        yield rule["alert"], "for: doubled", text[:begin] + doubled + text[end:]


def test_a_changed_threshold_or_duration_fails_its_test(programs: dict[str, Program], tmp_path: Path) -> None:
    contents = {file: yaml.safe_load(file.read_text()) for file in rule_tests(MONITORING)}
    file_of = {alert: file for alert, _, file in expectations()}

    def survives(number: int, alert: str, rules: str) -> bool:
        """Run only what this alert's tests need: all of them would take a minute."""
        copy = tmp_path / str(number)
        shutil.copytree(MONITORING / "rules", copy / "rules")
        groups = yaml.safe_load(rules)["groups"]
        for group in groups:
            group["rules"] = [rule for rule in group["rules"] if rule["alert"] == alert]
        (copy / "rules" / "alerts.yml").write_text(yaml.safe_dump({"groups": groups}))
        content = contents[file_of[alert]]
        tests = [test for test in content["tests"] if test.get("alert_rule_test", [{}])[0].get("alertname") == alert]
        (copy / "tests").mkdir()
        (copy / "tests" / "tests.yml").write_text(yaml.safe_dump({**content, "tests": tests}))
        return run(programs["promtool"], "test", "rules", copy / "tests" / "tests.yml").returncode == 0

    original = (MONITORING / "rules" / "alerts.yml").read_text()
    assert all(survives(-number, rule["alert"], original) for number, rule in enumerate(ALERTS, 1))
    sown = list(mutants())
    assert len(sown) > 2 * len(ALERTS)
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = pool.map(survives, range(len(sown)), [alert for alert, _, _ in sown], [text for _, _, text in sown])
    assert [f"{alert}: {change}" for (alert, change, _), alive in zip(sown, results, strict=True) if alive] == []


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_people_need(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"SEV1", "SEV2", "SEV3", "SEV4"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    path = f"/alerts/{rule['alert']}.html"
    assert rule["annotations"]["runbook_url"] == "{{ $externalLabels.runbook_base_url }}" + path


def test_rules_name_only_metrics_that_exist() -> None:
    known = {sample.name for family in REGISTRY.collect() for sample in family.samples}
    known |= {family.name for family in REGISTRY.collect()} | {f"{family.name}_total" for family in REGISTRY.collect()}
    known |= {f"{family.name}_bucket" for family in REGISTRY.collect() if family.type == "histogram"}
    known |= {rule["record"] for rule in RECORDS}
    for rule in [*ALERTS, *RECORDS]:
        named = set(re.findall(r"\bae[_:][a-z0-9_:]+", rule["expr"]))
        assert named <= known, rule


def test_rules_name_only_programs_that_are_scraped() -> None:
    jobs = {
        config["job_name"] for config in yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
    }
    named = set(re.findall(r'job="([^"]+)"', " ".join(rule["expr"] for rule in ALERTS)))
    assert named <= jobs
    assert jobs - {"api", "workers"} <= {component.name for component in COMPONENTS}


def test_the_quality_alert_has_the_threshold_of_its_setting() -> None:
    rule = next(rule for rule in ALERTS if rule["alert"] == "QualityDegradation")
    default = CanarySettings.model_fields["min_improvement_db"].default
    assert rule["expr"] == f"ae_canary_si_sdr_improvement_db < {default:g}"


def test_production_thresholds_are_those_that_were_asked_for() -> None:
    expressions = {rule["alert"]: rule["expr"] for rule in ALERTS}
    assert "ae:http_request_duration_seconds:p95 > 0.5" in expressions["HighLatency"]
    assert "ae_oldest_unfinished_job_age_seconds" in expressions["HighLatency"]
    assert expressions["HighErrorRate"].endswith("> 0.001")
    assert expressions["QueueDepthHigh"].endswith("> 1000")
    assert expressions["CpuHigh"].endswith("> 0.8")
    assert expressions["MemoryHigh"].endswith("> 0.85")
    quantiles = {rule["record"].rpartition(":")[2] for rule in RECORDS if "http_request_duration" in rule["record"]}
    assert quantiles == {"p50", "p95", "p99"}


@pytest.mark.parametrize("webhook", ["", "http://127.0.0.1:9/hook"])
def test_servers_accept_the_rendered_configuration(programs: dict[str, Program], tmp_path: Path, webhook: str) -> None:
    folder = RunDir(tmp_path)
    settings = MonitoringSettings(
        webhook_url=webhook, scrape_interval_s=1, runbook_base_url="https://manual.example/x/"
    )
    render.monitoring(folder, PORTS, settings)
    for checked in (
        run(programs["promtool"], "check", "config", folder.prometheus / "prometheus.yml"),
        run(programs["amtool"], "check-config", folder.etc / "alertmanager" / "alertmanager.yml"),
    ):
        assert checked.returncode == 0, checked.stdout + checked.stderr
    for rules in (MONITORING / "rules").glob("*.yml"):
        assert (folder.prometheus / "rules" / rules.name).read_bytes() == rules.read_bytes()
    configuration = yaml.safe_load((folder.prometheus / "prometheus.yml").read_text())
    assert configuration["global"]["external_labels"] == {"runbook_base_url": "https://manual.example/x"}
    routes = yaml.safe_load((folder.etc / "alertmanager" / "alertmanager.yml").read_text())["route"]
    assert routes["receiver"] == ("webhook" if webhook else "shown")


def test_a_rule_file_that_is_gone_is_removed_from_the_run_folder(tmp_path: Path) -> None:
    folder = RunDir(tmp_path)
    stale = folder.prometheus / "rules" / "old.yml"
    stale.parent.mkdir(parents=True)
    stale.write_text("groups: []")
    render.monitoring(folder, PORTS, MonitoringSettings())
    assert not stale.exists()


def test_every_severity_is_routed() -> None:
    text = (MONITORING / "alertmanager.yml").read_text()
    assert set(re.findall(r'severity="(SEV\d)"', text)) == {rule["labels"]["severity"] for rule in ALERTS}
    inhibited = set(re.findall(r"\w+", " ".join(re.findall(r"alertname=~?\"([^\"]+)\"", text))))
    assert inhibited <= {rule["alert"] for rule in ALERTS}, json.dumps(sorted(inhibited))
