"""Deploying and rolling back, on the real stack: under load, interrupted anywhere, and refused where it must be."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tests.system.conftest import QUICK, temporary_stack, until
from tests.system.deployments import (
    BROKEN,
    NEW,
    OLD,
    SYSTEM,
    assert_consistent,
    build_versions,
    deploy_killed_at,
    deploy_py,
    environment,
    improvement_db,
    silences,
)
from tests.system.load import Load

from audio_enhancement.deployment import journal
from audio_enhancement.deployment.cli import parser
from audio_enhancement.deployment.configuration import deployed_settings
from audio_enhancement.deployment.deploy import DEPLOY
from audio_enhancement.deployment.release import (
    ReleaseError,
    build_release,
    built_versions,
    prune_releases,
    read_manifest,
    verify_release,
)
from audio_enhancement.deployment.state import MONITOR, Deployment, load_state
from audio_enhancement.rundir import RunDir
from audio_enhancement.stack.stack import Stack
from audio_enhancement.stack.supervise import Supervisor


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this module's own, with two versions that work and one that does not."""
    with temporary_stack() as stack:
        stack.up(overrides={**QUICK, "AE_API_RATE_LIMIT_PER_MINUTE": "0", "AE_DEPLOY_WORKERS": "1"})
        build_versions(stack.run, tmp_path_factory.mktemp("releases"))
        yield stack


def deployed(stack: Stack) -> Deployment:
    state = load_state(stack.run)
    assert state is not None
    return state


def serving(stack: Stack) -> str:
    version = deployed(stack).version
    assert version is not None
    return version


def other(version: str) -> str:
    return NEW if version == OLD else OLD


@pytest.fixture
def on_new(own: Stack) -> Stack:
    """The stack with the new version serving and the old colour warm."""
    for version in (OLD, NEW) if serving(own) != NEW else (NEW,):
        result = deploy_py(own.run, "--env", "production", "--version", version)
        assert result.returncode == 0, result.stderr
    return own


# --- under load ---


@pytest.mark.timeout(600)
def test_deploying_and_rolling_back_under_load_loses_nothing(own: Stack) -> None:
    first = serving(own)
    second = other(first)
    operations = (
        (("--env", "production", "--version", second), second),
        (("--rollback", "--immediate"), first),
        (("--rollback", "--immediate"), second),  # a second rollback goes forward again
        (("--rollback", "--drain-time", "20"), first),
    )
    with Load(own) as load:
        for arguments, version in operations:
            result = deploy_py(own.run, *arguments)
            assert result.returncode == 0, result.stdout + result.stderr
            before = load.sent
            until(lambda before=before: load.sent > before + 20, 10, "more uploads")
            assert_consistent(own, version)
    assert load.lost == []
    assert {answer.partition("/")[2] for answer in load.served_by} == {first, second}
    load.assert_all_done()
    assert improvement_db(own) > 2

    refused = deploy_py(own.run, "--rollback", "--immediate")
    assert refused.returncode == 1, "the draining rollback has stopped the other colour"
    assert "stopped and not ready" in refused.stderr and "--drain-time" in refused.stderr
    assert_consistent(own, first)


# --- killed ---


@pytest.mark.parametrize("step", DEPLOY)
def test_a_deployment_killed_at_any_step_is_undone_or_finished_by_the_next_run(own: Stack, step: str) -> None:
    before, number = serving(own), DEPLOY.index(step)
    # Some die before a step's work and others after it, so that both kinds are met on either side of the switch.
    deploy_killed_at(own.run, step, "done" if number % 2 else "begun", other(before))
    status = deploy_py(own.run, "--status")
    assert status.returncode == 1
    assert f"ended at step `{step}`" in status.stdout
    if DEPLOY.index("silence") < number < DEPLOY.index("finish"):
        assert silences(own) == [f"deploy {other(before)} to production"]
    # Any change settles what was interrupted first; this one has nothing to do itself.
    recovered = deploy_py(own.run, "--scale", "workers=1")
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    assert f"ended at step `{step}`" in recovered.stdout
    assert_consistent(own, other(before) if number >= DEPLOY.index("switch") else before)


# --- refused ---


def test_a_version_that_does_not_become_ready_leaves_the_old_one_serving(on_new: Stack) -> None:
    result = deploy_py(on_new.run, "--env", "production", "--version", BROKEN)
    assert result.returncode == 1
    assert "fault sown" in result.stderr, "the log's last lines say why"
    assert f"{NEW} goes on serving" in result.stderr
    assert_consistent(on_new, NEW)
    assert deploy_py(on_new.run, "--rollback", "--immediate").returncode == 0, "the warm colour is warm again"
    assert_consistent(on_new, OLD)


def test_a_second_run_is_refused_and_names_the_first(own: Stack) -> None:
    with journal.lock(own.run, "a test"):
        refused = deploy_py(own.run, "--rollback", "--immediate")
        assert refused.returncode == 3
        assert f"process {os.getpid()} (a test" in refused.stderr
        assert f"busy: process {os.getpid()}" in deploy_py(own.run, "--status").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--env", "staging", "--version", OLD), ("no environment `staging`", "production")),
        (("--env", "production", "--version", "v9.9.9"), ("v9.9.9 has not been built", OLD, NEW, "build_release.sh")),
        (("--version", OLD), ("--env",)),
        (("--scale", "workers=65"), ("1 to 64",)),
        (("--scale", "4"), ("workers=4",)),
        (("--rollback", "--drain-time", "3601"), ("3600",)),
        (("--status", "--immediate"), ("--rollback",)),
        (("--rollback", "--env", "staging"), ("staging", "production")),
        ((), ("--version",)),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(
    own: Stack, arguments: tuple[str, ...], words: tuple[str]
) -> None:
    result = deploy_py(own.run, *arguments)
    assert result.returncode == 2
    for word in words:
        assert word in result.stderr


def test_deploying_what_serves_changes_nothing(own: Stack) -> None:
    before = _everything(own.run)
    result = deploy_py(own.run, "--env", "production", "--version", serving(own))
    assert result.returncode == 0
    assert "nothing to do" in result.stdout
    assert _everything(own.run) == before


def test_dry_run_prints_every_step_and_changes_nothing(own: Stack) -> None:
    before = _everything(own.run)
    result = deploy_py(own.run, "--env", "production", "--version", other(serving(own)), "--dry-run")
    assert result.returncode == 0
    for step in DEPLOY:
        assert f" {step} " in result.stdout
    assert _everything(own.run) == before


def _everything(run: RunDir) -> dict[str, str]:
    return {
        str(path.relative_to(run.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in (run.etc, run.state)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "deploy.lock"
    }


def test_a_changed_release_is_not_deployed(own: Stack) -> None:
    version = serving(own)
    release = build_release(SYSTEM, own.run, "v2.4.0")
    file = release / "audio_enhancement" / "errors.py"
    file.chmod(0o644)
    file.write_text(file.read_text() + "# changed\n")
    result = deploy_py(own.run, "--env", "production", "--version", "v2.4.0")
    assert result.returncode == 1
    assert "audio_enhancement/errors.py" in result.stderr
    assert_consistent(own, version)


# --- scale, status, silences ---


def test_scaling_starts_and_drains_workers(own: Stack) -> None:
    version = serving(own)
    for workers in (2, 4, 2, 1):
        result = deploy_py(own.run, "--scale", f"workers={workers}")
        assert result.returncode == 0, result.stderr
        assert len(deployed(own).worker_programs()) == workers
        assert_consistent(own, version)
    assert "nothing to do" in deploy_py(own.run, "--scale", "workers=1").stdout


def test_scaling_to_the_same_number_starts_what_is_stopped(own: Stack) -> None:
    version = serving(own)
    [name] = deployed(own).worker_programs()
    Supervisor(own.run).stop(name)
    result = deploy_py(own.run, "--scale", "workers=1")
    assert result.returncode == 0, result.stderr
    assert f"start {name}" in result.stdout
    assert_consistent(own, version)


def test_status_says_what_serves(own: Stack) -> None:
    version = serving(own)
    found = json.loads(deploy_py(own.run, "--status", "--json").stdout)
    assert found["healthy"] and found["version"] == version and found["served_by"].endswith(version)
    text = deploy_py(own.run, "--status")
    assert text.returncode == 0
    assert version in text.stdout and "active" in text.stdout


def test_status_says_which_process_takes_no_request(own: Stack) -> None:
    serving(own)
    [name] = deployed(own).worker_programs()
    worker = psutil.Process(Supervisor(own.run).status()[name].pid)
    worker.suspend()
    try:
        frozen = deploy_py(own.run, "--status")
    finally:
        worker.resume()
    assert frozen.returncode == 1
    said = [line for line in frozen.stdout.splitlines() if line.endswith("(does not answer)")]
    assert len(said) == 1 and said[0].startswith(name) and "RUNNING" in said[0]
    assert "NOT HEALTHY" in frozen.stdout
    assert deploy_py(own.run, "--status").returncode == 0


def test_status_names_the_settings_that_are_not_those_of_the_deployment(own: Stack) -> None:
    settings = own.run.environment_file()
    before = settings.read_text()
    try:
        assert "settings     as at the deployment" in deploy_py(own.run, "--status").stdout
        settings.write_text(before.replace("AE_CANARY_INTERVAL_S='2'", "") + "\nAE_DSP_GAIN_FLOOR_DB='-9'\n")
        said = deploy_py(own.run, "--status").stdout
        assert "settings     changed since the deployment: AE_CANARY_INTERVAL_S, AE_DSP_GAIN_FLOOR_DB\n" in said
        assert "-9" not in said, "values may be secret"
    finally:
        settings.write_text(before)
    assert deployed_settings(own.run, "production").stat().st_mode & 0o777 == 0o600


def test_a_rollback_names_the_settings_that_the_version_taken_back_went_live_with(own: Stack) -> None:
    second, settings = other(serving(own)), own.run.environment_file()
    before = settings.read_text()
    secret = own.environment["AE_CANARY_API_KEY"]
    try:
        settings.write_text(before + "AE_DSP_GAIN_FLOOR_DB='-9'\n")
        plan = deploy_py(own.run, "--env", "production", "--version", second, "--dry-run").stdout
        assert "settings that go live with it, changed by hand: AE_DSP_GAIN_FLOOR_DB\n" in plan
        assert deploy_py(own.run, "--env", "production", "--version", second).returncode == 0
        assert "settings     as at the deployment" in deploy_py(own.run, "--status").stdout
        said = deploy_py(own.run, "--rollback", "--immediate").stdout
        assert "settings that stay as they are, changed since" in said and "AE_DSP_GAIN_FLOOR_DB" in said
        assert "changed since the deployment: AE_DSP_GAIN_FLOOR_DB\n" in deploy_py(own.run, "--status").stdout
        assert "GAIN_FLOOR" not in deployed_settings(own.run, "production").read_text(), "what can be put back"
        assert secret in deployed_settings(own.run, "production").read_text()
        for colour in ("blue", "green"):
            assert secret not in (own.run.state / f"{colour}.env").read_text(), "a rotated one would stay there"
    finally:
        settings.write_text(before)


def test_a_version_is_new_from_its_deployment_until_it_is_rolled_back(own: Stack) -> None:
    first, second = serving(own), other(serving(own))

    def monitor_says() -> str:
        """The monitor is replaced with the version, and the deployment does not wait until the new one answers."""
        try:
            return httpx.get(f"http://127.0.0.1:{deployed(own).ports[MONITOR]}/metrics", trust_env=False).text
        except httpx.TransportError:
            return ""

    def replaced_at() -> str | None:
        until(lambda: monitor_says() != "", 60, "the monitor answers")
        shown = monitor_says()
        [line] = [line for line in shown.splitlines() if line.startswith("ae_version_replaced_timestamp_seconds")]
        assert (line.split()[1] == "NaN") == (deployed(own).replaced_at is None)
        return deployed(own).replaced_at

    began = journal.now()
    assert deploy_py(own.run, "--env", "production", "--version", second).returncode == 0
    replaced = replaced_at()
    assert replaced is not None and replaced >= began
    assert f"deployed     {replaced}" in deploy_py(own.run, "--status").stdout
    assert deploy_py(own.run, "--rollback", "--immediate").returncode == 0
    assert replaced_at() is None
    assert serving(own) == first


def test_the_entry_works_from_a_release_and_writes_nothing_there(own: Stack) -> None:
    release = own.run.releases / NEW
    without_run_dir = {
        name: value for name, value in environment(own.run).items() if name not in ("RUN_DIR", "PYTHONPATH")
    }
    result = subprocess.run(
        [release / "deploy.py", "--status", "--json"], env=without_run_dir, capture_output=True, text=True, check=False
    )
    assert json.loads(result.stdout)["releases"], result.stderr
    assert not list(release.rglob("__pycache__"))


# --- releases ---


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunDir]:
    made = RunDir(tmp_path)
    yield made
    for path in tmp_path.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "system"
    (folder / "audio_enhancement" / "__pycache__").mkdir(parents=True)
    (folder / "audio_enhancement" / "__init__.py").write_text("")
    (folder / "audio_enhancement" / "__pycache__" / "x.pyc").write_text("")
    (folder / "deploy.py").write_text("#!/usr/bin/env python3\n")
    (folder / "deploy.py").chmod(0o755)
    (folder / "VERSION").write_text("v0.0.1\n")
    return folder


def test_a_release_is_a_read_only_copy_with_checksums(run: RunDir, source: Path) -> None:
    release = build_release(source, run, "v1.0.0")
    assert set(read_manifest(release).files) == {"VERSION", "audio_enhancement/__init__.py", "deploy.py"}
    assert (release / "VERSION").read_text() == "v1.0.0\n"
    assert (release / "deploy.py").stat().st_mode & 0o777 == 0o555
    assert (release / "VERSION").stat().st_mode & 0o777 == 0o444
    assert release.stat().st_mode & 0o777 == 0o555


def test_building_again_changes_nothing_and_other_content_is_refused(run: RunDir, source: Path) -> None:
    built = read_manifest(build_release(source, run, "v1.0.0"))
    assert read_manifest(build_release(source, run, "v1.0.0")) == built
    (source / "deploy.py").write_text("#!/usr/bin/env python3\nprint()\n")
    with pytest.raises(ReleaseError, match=r"deploy\.py.*choose a new version"):
        build_release(source, run, "v1.0.0")
    assert verify_release(run.releases / "v1.0.0") == built
    assert [path.name for path in run.releases.iterdir()] == ["v1.0.0"]


@pytest.mark.parametrize("harm", ["change", "add", "remove", "rename"])
def test_a_release_that_was_touched_is_found(run: RunDir, source: Path, harm: str) -> None:
    release = build_release(source, run, "v1.0.0")
    for path in [release, *release.rglob("*")]:
        path.chmod(0o755)
    match harm:
        case "change":
            (release / "deploy.py").write_text("")
        case "add":
            (release / "more.py").write_text("")
        case "remove":
            (release / "deploy.py").unlink()
        case "rename":
            release = release.rename(run.releases / "v1.0.1")
    with pytest.raises(ReleaseError, match="not what was built"):
        verify_release(release)


@pytest.mark.parametrize("version", ["2.1.0", "v2", "v2.1.0/..", "", "latest", "v1.2.3 "])
def test_a_version_is_named_like_a_version(run: RunDir, source: Path, version: str) -> None:
    with pytest.raises(ReleaseError, match=r"v2\.1\.0"):
        build_release(source, run, version)


def test_leftovers_of_killed_builds_are_swept(run: RunDir, source: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (run.releases / f".building-{ended.pid}").mkdir(parents=True)
    build_release(source, run, "v1.0.0")
    assert [path.name for path in run.releases.iterdir()] == ["v1.0.0"]


def test_pruning_keeps_the_newest_and_those_in_use(run: RunDir, source: Path) -> None:
    versions = [f"v1.0.{number}" for number in range(5)]
    for number, version in enumerate(versions):
        manifest = build_release(source, run, version) / "MANIFEST.json"
        content = json.loads(manifest.read_text())
        manifest.chmod(0o644)
        manifest.write_text(json.dumps({**content, "built_at": f"2026-01-0{number + 1}T00:00:00+00:00"}))
    assert prune_releases(run, 2, {"v1.0.0"}) == ["v1.0.2", "v1.0.1"]
    assert built_versions(run) == ["v1.0.4", "v1.0.3", "v1.0.0"]


# --- help ---


def test_every_option_explains_itself() -> None:
    made = parser()
    assert all(action.help for action in made._actions)
    assert made.epilog is not None and "exit status" in made.epilog
