"""The local stack: programs found, processes supervised, everything up and down again, and nothing left behind."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tests.system.conftest import remove, temporary_stack, until

from audio_enhancement.rundir import RunDir
from audio_enhancement.stack import packages, render, servers
from audio_enhancement.stack.packages import PackageError
from audio_enhancement.stack.stack import SOURCE, Stack, StackError
from audio_enhancement.stack.supervise import Supervisor, SupervisorError

SLEEP = ["/bin/sleep", "1000"]


def cli(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SOURCE / "stack.py", *arguments],
        env={**os.environ, "RUN_DIR": str(stack.run.root)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def processes_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and folder in [
                Path(process.cwd()),
                *Path(process.cwd()).parents,
            ]:
                found.append(process)
        except psutil.Error:
            continue
    return found


# Programs


def test_every_program_is_found_and_starts() -> None:
    programs = packages.find_all(print)
    wanted = {program for server in packages.SERVERS.values() for program in server.programs}
    assert programs.keys() == wanted
    for server in packages.SERVERS.values():
        program = programs[server.probe[0]]
        environment = {"LD_LIBRARY_PATH": program.library_path}
        subprocess.run([program.path, *server.probe[1:]], env=environment, check=True, capture_output=True)


def test_in_the_shell_of_an_operator_the_same_programs_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, ``PATH`` begins with the wrappers of a run folder, made by an earlier `up`."""
    programs = packages.find_all(print)
    run = RunDir(tmp_path)
    for name in programs:
        render.wrapper(run, name, programs[name])
    run.etc.mkdir()
    run.operator_file.touch()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert packages.find_all(print) == programs


def test_what_is_unpacked_is_world_readable() -> None:
    packages.find_all(print)
    for path in packages.cache_folder().glob("*-*-*/*/usr"):
        assert path.parent.stat().st_mode & 0o005 == 0o005


def test_without_apt_the_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_on_the_system", lambda _: None)
    monkeypatch.setattr(packages, "_unpacked", lambda *_: None)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PackageError, match="no apt: install redis-server, redis-cli, postgres"):
        packages.find_all(print)


def test_an_ordinary_user_is_told_the_line_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: list[str] = []

    def fail(*_: object) -> None:
        raise subprocess.CalledProcessError(100, "apt-get", stderr="E: Unable to locate package redis-server")

    monkeypatch.setattr(packages, "_on_the_system", lambda _: None)
    monkeypatch.setattr(packages, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(packages, "_unpack", fail)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PackageError, match="Type: sudo apt-get install --no-install-recommends redis-server"):
        packages.find_all(said.append)
    assert "Unable to locate package" in said[-1]


# Files


def test_an_environment_file_reads_back_and_is_private(tmp_path: Path) -> None:
    file = tmp_path / "production.env"
    values = {"AE_A": "redis://:p@127.0.0.1/0", "AE_B": "two words # not a comment", "AE_C": "", "AE_D": '$HOME "x"'}
    render.write_env(file, values)
    assert render.read_env(file) == values
    assert file.stat().st_mode & 0o777 == 0o600
    shell = subprocess.run(["/bin/sh", "-c", f'. {file}; echo "$AE_D"'], capture_output=True, text=True, check=True)
    assert shell.stdout == '$HOME "x"\n'


@pytest.mark.parametrize("value", ["it's", "two\nlines", "back\\slash"])
def test_an_environment_file_refuses_what_shells_read_differently(tmp_path: Path, value: str) -> None:
    with pytest.raises(ValueError, match="AE_A"):
        render.write_env(tmp_path / "production.env", {"AE_A": value})


# Supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(RunDir(tmp_path))
    try:
        yield supervisor
    finally:
        supervisor.shut_down(5)
        assert processes_in(tmp_path) == []
        assert not supervisor.socket.exists()


def add(supervisor: Supervisor, name: str, *command: str, **options: int) -> None:
    supervisor.write_program(name, command or SLEEP, directory=supervisor.run.root, **options)


def started(supervisor: Supervisor, name: str, other_than: int = 0) -> int:
    """Wait for the program itself: a signal that comes before its exec is lost in supervisord's child."""

    def runs() -> bool:
        pid = supervisor.status()[name].pid
        return pid not in (0, other_than) and psutil.Process(pid).name() == "sleep"

    until(runs, 10, f"{name} to run")
    return supervisor.status()[name].pid


def test_update_touches_only_what_changed(supervisor: Supervisor) -> None:
    for name in ("kept", "changed", "removed"):
        add(supervisor, name)
    supervisor.start_daemon()
    for name in ("kept", "changed", "removed"):
        started(supervisor, name)
    before = supervisor.status()
    add(supervisor, "kept")
    add(supervisor, "changed", "/bin/sleep", "2000")
    add(supervisor, "added")
    supervisor.remove_program("removed")
    supervisor.update()
    after = supervisor.status()
    assert sorted(after) == supervisor.programs() == ["added", "changed", "kept"]
    assert after["kept"].pid == before["kept"].pid
    assert after["changed"].pid != before["changed"].pid
    for name in after:
        started(supervisor, name)


def test_a_program_is_stopped_started_and_started_again_when_it_dies(supervisor: Supervisor) -> None:
    add(supervisor, "one")
    supervisor.start_daemon()
    started(supervisor, "one")
    supervisor.stop("one")
    supervisor.stop("one")
    assert supervisor.status()["one"].state == "STOPPED"
    supervisor.start("one")
    supervisor.start("one")
    pid = started(supervisor, "one")
    os.kill(pid, signal.SIGKILL)
    started(supervisor, "one", other_than=pid)
    since = supervisor.status()["one"].since
    assert since is not None
    assert since.tzinfo is not None


def test_programs_stop_at_the_same_time(supervisor: Supervisor) -> None:
    # Each takes three seconds to end: three one after the other would take nine.
    for name in "abc":
        add(supervisor, name, "/bin/sh", "-c", "trap 'sleep 3; exit' TERM; echo ready; while :; do sleep 0.05; done")
    supervisor.start_daemon()
    logs = [supervisor.run.log / f"{name}.log" for name in "abc"]
    until(lambda: all(log.exists() and "ready" in log.read_text() for log in logs), 10, "three programs")
    start = time.monotonic()
    supervisor.stop_all("abc")
    assert 2.9 < time.monotonic() - start < 8.9


def test_requests_that_cannot_be_met_say_why(supervisor: Supervisor) -> None:
    with pytest.raises(SupervisorError, match="make up"):
        supervisor.status()
    supervisor.start_daemon()
    with pytest.raises(SupervisorError, match="no program 'nobody'"):
        supervisor.start("nobody")
    with pytest.raises(ValueError, match="comment"):
        add(supervisor, "odd", "/bin/echo", "a ;b")
    with pytest.raises(ValueError, match="quote"):
        supervisor.write_program("odd", SLEEP, directory=supervisor.run.root, environment={"A": 'say "x"'})


def test_values_reach_the_program_as_they_are(supervisor: Supervisor) -> None:
    values = {"A": "50% of a, b", "B": "http://x/?y=1&z"}
    supervisor.write_program("shown", ["/usr/bin/env"], directory=supervisor.run.root, environment=values)
    supervisor.start_daemon()
    log = supervisor.run.log / "shown.log"
    until(lambda: log.exists() and "B=http://x/?y=1&z\n" in log.read_text(), 5, "its output")
    assert "A=50% of a, b\n" in log.read_text()


def test_orphans_are_ended_and_bystanders_are_not(supervisor: Supervisor) -> None:
    add(supervisor, "one")
    add(supervisor, "frozen")
    supervisor.start_daemon()
    frozen = psutil.Process(supervisor.status()["frozen"].pid)
    until(lambda: frozen.name() == "sleep", 5, "it is no longer a copy of the supervisor")
    frozen.suspend()
    os.kill(int(supervisor.pid_file.read_text()), signal.SIGKILL)
    until(lambda: not supervisor.running(), 5, "the supervisor's end")
    assert {process.name() for process in supervisor.orphans()} == {"sleep"}
    with subprocess.Popen(SLEEP, cwd=supervisor.run.root, start_new_session=True) as bystander:
        supervisor.shut_down(5)
        assert supervisor.orphans() == []
        assert bystander.poll() is None
        bystander.kill()


def test_a_deep_run_folder_gets_a_short_socket_that_goes_with_it(tmp_path: Path) -> None:
    supervisor = Supervisor(RunDir(tmp_path / ("deep-" * 20)))
    add(supervisor, "one")
    supervisor.start_daemon()
    try:
        assert len(os.fsencode(supervisor.socket)) < 98
        assert supervisor.status()["one"].state == "RUNNING"
    finally:
        supervisor.shut_down(5)
    assert not supervisor.socket.parent.exists()


# Servers


def test_servers_survive_a_killed_supervisor_a_killed_database_and_leave_nothing() -> None:
    with temporary_stack() as stack:
        stack.up(deploy=False, overrides={"AE_CANARY_INTERVAL_S": "7"})
        key, ports = stack.api_key, stack.ports
        environment = stack.environment
        postgres = stack.supervisor.status()["postgres"].pid
        os.kill(int(stack.supervisor.pid_file.read_text()), signal.SIGKILL)
        os.kill(postgres, signal.SIGKILL)
        # What a reboot leaves: the number in postmaster.pid belongs to somebody else now.
        (stack.run.data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
        stack.up(deploy=False)
        assert (stack.api_key, stack.ports, stack.environment) == (key, ports, environment)
        assert environment["AE_CANARY_INTERVAL_S"] == "7"
        assert stack.status().running
        assert stack.down()
        assert not stack.down()
        assert processes_in(stack.run.root) == []
        assert list(stack.run.root.rglob("*.sock")) + list(stack.run.root.rglob("*.pid")) == []
        assert not any(servers.is_taken(port) for port in ports.values())


def test_a_port_that_is_taken_is_named() -> None:
    with temporary_stack() as stack:
        stack.up(deploy=False)
        stack.down()
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.bind(("127.0.0.1", stack.ports["redis"]))
            thief.listen()
            with pytest.raises(StackError, match=rf"port {stack.ports['redis']} \(redis\) is used"):
                stack.up(deploy=False)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("AE_NO_SUCH", "1", "AE_NO_SUCH is not a setting"),
        ("AE_WORKER_CONCURRENCY", "100", "AE_WORKER_CONCURRENCY: .* less than or equal to 32"),
        ("AE_API_PORT", "many", "AE_API_PORT: .* valid integer"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_starts(tmp_path: Path, name: str, value: str, message: str) -> None:
    stack = Stack(RunDir(tmp_path / "run"))
    with pytest.raises(StackError, match=message):
        stack.up(overrides={name: value})
    assert not stack.run.stack_file.exists()


def test_a_path_that_servers_cannot_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="RUN_DIR"):
        Stack(RunDir(tmp_path / "50%")).up()


def test_a_server_that_does_not_start_is_shown_with_its_log() -> None:
    with temporary_stack() as stack:
        stack.up(deploy=False)
        stack.down()
        (stack.run.data / "postgres" / "PG_VERSION").write_text("9.6\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("audio_enhancement.stack.stack.SERVERS_READY_S", 2.0)
            with pytest.raises(StackError, match=r"(?s)postgres does not answer.*incompatible"):
                stack.up(deploy=False)


# Everything


def test_up_again_changes_nothing(stack: Stack) -> None:
    before = {name: status.pid for name, status in stack.supervisor.status().items()}
    threads = [threading.Thread(target=Stack(stack.run).up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: status.pid for name, status in stack.supervisor.status().items()} == before
    with pytest.raises(StackError, match="down first"):
        stack.up(overrides={"AE_CANARY_INTERVAL_S": "3"})


def test_up_starts_what_was_stopped(stack: Stack) -> None:
    stack.supervisor.stop("alertmanager")
    stack.up()
    assert stack.supervisor.status()["alertmanager"].state == "RUNNING"


def test_up_says_when_the_code_is_no_longer_what_runs(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "system"
    shutil.copytree(stack.run.releases / (SOURCE / "VERSION").read_text().strip(), changed)
    (changed / "MANIFEST.json").unlink()
    (changed / "VERSION").chmod(0o644)
    said: list[str] = []
    monkeypatch.setattr("audio_enhancement.stack.stack.SOURCE", changed)
    again = Stack(stack.run, said.append)
    again.up()
    assert not [line for line in said if line.startswith("note:")]
    changed.chmod(0o755)
    (changed / "NEW").write_text("new")
    again.up()
    assert [line for line in said if line.startswith("note: what runs is not")]
    remove(changed)


def test_status_for_machines_and_people(stack: Stack) -> None:
    shown = cli(stack, "status", "--json")
    assert shown.returncode == 0, shown.stderr
    status = json.loads(shown.stdout)
    assert status["ready"]
    assert status["version"] == (SOURCE / "VERSION").read_text().strip()
    assert {"redis", "postgres", "nginx", "prometheus", "alertmanager", "monitor"} <= {
        program["name"] for program in status["programs"]
    }
    assert all(program["since"].endswith("+00:00") for program in status["programs"])
    table = cli(stack, "status").stdout
    assert stack.url in table
    assert "\033" not in table


def test_prometheus_reaches_every_process(stack: Stack) -> None:
    def healthy() -> bool:
        answer = httpx.get(f"http://127.0.0.1:{stack.ports['prometheus']}/api/v1/targets", timeout=5).json()
        targets = answer["data"]["activeTargets"]
        jobs = {target["labels"]["job"] for target in targets}
        wanted = {"api", "workers", "monitor", "prometheus", "alertmanager"}
        return jobs == wanted and all(target["health"] == "up" for target in targets)

    until(healthy, 20, "all targets up")


def test_alertmanager_is_connected_and_nginx_names_who_answered(stack: Stack) -> None:
    url = f"http://127.0.0.1:{stack.ports['prometheus']}/api/v1/alertmanagers"
    until(lambda: bool(httpx.get(url, timeout=5).json()["data"]["activeAlertmanagers"]), 10, "Alertmanager is known")
    answer = httpx.get(f"{stack.url}/healthz", timeout=5)
    assert answer.headers["X-Served-By"].endswith("/" + (SOURCE / "VERSION").read_text().strip())


def test_secrets_are_private_and_in_no_log_and_no_command_line(stack: Stack) -> None:
    environment = stack.environment
    secret = [environment["AE_QUEUE_URL"].split("@")[0].split(":")[-1], environment["AE_CANARY_API_KEY"], stack.api_key]
    secret.append(environment["AE_DATABASE_DSN"].split("@")[0].split(":")[-1])
    for file in (stack.run.environment_file(), stack.run.client_file, stack.run.etc / "redis" / "redis.conf"):
        assert file.stat().st_mode & 0o777 == 0o600
    seen = "".join(path.read_text(errors="replace") for path in stack.run.log.glob("*.log"))
    for process in psutil.process_iter(["cmdline"]):
        seen += " ".join(process.info["cmdline"] or [])
    assert [word for word in secret if len(word) > 20 and word in seen] == []
    assert all(len(word) > 20 for word in secret)


def test_the_tools_of_the_run_folder_work(stack: Stack) -> None:
    password = stack.environment["AE_DATABASE_DSN"].split("@")[0].split(":")[-1]
    command = ["psql", "-h", "127.0.0.1", "-p", str(stack.ports["postgres"]), "-U", "audio", "-Atc"]
    command[0] = stack.run.stack()["binaries"]["psql"]
    result = subprocess.run(
        [*command, "SELECT count(*) FROM api_keys"],
        env={"PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(result.stdout) >= 2


def shell(stack: Stack, script: str) -> str:
    """What an operator's shell prints: a POSIX shell that has read ``operator.env``, with nothing else of the stack."""
    command = ["/bin/sh", "-c", f". {stack.run.operator_file}\n{script}"]
    result = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, cwd="/", check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_after_one_line_an_operator_types_plain_commands(stack: Stack) -> None:
    assert stack.run.operator_file.stat().st_mode & 0o777 == 0o600
    assert shell(stack, "psql -Atc 'SELECT current_user'") == "audio\n"
    assert shell(stack, "redis-cli ping") == "PONG\n"
    assert "monitor" in shell(stack, "supervisorctl status")
    for name in ("AE_URL/healthz", "PROMETHEUS_URL/-/ready", "ALERTMANAGER_URL/-/ready"):
        assert httpx.get(shell(stack, f"echo ${name}").strip(), timeout=5, trust_env=False).status_code == 200
    assert shell(stack, "echo $RUN_DIR $AE_API_KEY").split() == [str(stack.run.root), stack.api_key]


def test_a_snapshot_shows_what_was_left_changed_and_nothing_else(stack: Stack) -> None:
    def taken() -> dict[str, str]:
        shown = cli(stack, "snapshot")
        assert shown.returncode == 0, shown.stderr
        lines = shown.stdout.splitlines()
        assert lines == sorted(lines)
        for secret in ("AE_QUEUE_URL", "AE_DATABASE_DSN", "AE_CANARY_API_KEY"):
            assert stack.environment[secret] not in shown.stdout
        return dict(line.split("  ", 1) for line in lines)

    before = taken()
    assert before["serves"].endswith("(blue)") and before["program.redis"] == "RUNNING"
    stranger = stack.run.data / "audio" / "dump"
    try:
        stranger.write_bytes(b"12345")
        (stack.run.etc / "production.env.before").write_text("AE_DSP_ALPHA='0.9'\n")
        shell(
            stack,
            "supervisorctl stop alertmanager; redis-cli config set maxmemory 20mb; psql -c 'DROP INDEX jobs_dead'",
        )
        after = taken()
    finally:
        stranger.unlink()
        (stack.run.etc / "production.env.before").unlink()
        shell(stack, "supervisorctl start alertmanager; redis-cli config set maxmemory 32mb")
        shell(stack, "psql -c \"CREATE INDEX jobs_dead ON jobs (finished_at) WHERE status = 'dead'\"")
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {
        "audio.dump",
        "file.etc/production.env.before",
        "index.jobs_dead",
        "program.alertmanager",
        "redis.maxmemory",
        "silences",
    }
    assert taken() == before


def test_rules_of_a_drill_are_taken_and_kept(tmp_path: Path) -> None:
    (tmp_path / "quick.yml").write_text("groups: []\n")
    with temporary_stack() as stack:
        with pytest.raises(StackError, match="holds no alert rules"):
            stack.up(deploy=False, rules=stack.run.root)
        for rules in (tmp_path, None):
            stack.up(deploy=False, rules=rules)
            assert [path.name for path in (stack.run.prometheus / "rules").glob("*")] == ["quick.yml"]
            assert stack.run.stack()["rules"] == str(tmp_path)
            stack.down()


def test_fetching_starts_nothing(tmp_path: Path) -> None:
    result = cli(Stack(RunDir(tmp_path / "none")), "fetch")
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "none").exists()


# Command line


@pytest.mark.parametrize(
    "arguments", [["--help"], *([name, "--help"] for name in ("up", "down", "status", "fetch", "snapshot"))]
)
def test_every_command_has_help(tmp_path: Path, arguments: list[str]) -> None:
    result = cli(Stack(RunDir(tmp_path)), *arguments)
    assert result.returncode == 0
    assert "usage: stack.py" in result.stdout


def test_exit_statuses_say_what_went_wrong(tmp_path: Path) -> None:
    nothing = Stack(RunDir(tmp_path / "none"))
    assert cli(nothing, "status").returncode == 1
    assert "make up" in cli(nothing, "status").stderr
    assert cli(nothing, "up", "--set", "novalue").returncode == 2
    assert cli(nothing, "up", "--set", "AE_NO_SUCH=1").returncode == 1
    assert cli(nothing, "up", "--rules", str(tmp_path / "absent")).returncode == 2
    assert cli(nothing, "snapshot").returncode == 1
    assert cli(nothing, "down").returncode == 0


def test_the_interpreter_is_found_or_asked_for(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    python = run.releases / "v1.0.0" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_bytes((SOURCE / "bin" / "python").read_bytes())
    python.chmod(0o755)
    command = [python, "-c", "import sys; print(sys.executable, sys.path[1])"]
    lost = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert lost.returncode == 1
    assert "AE_PYTHON" in lost.stderr
    run.stack_file.write_text(json.dumps({"ports": {}, "python": sys.executable, "binaries": {}}, indent=1))
    found = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [sys.executable, str(run.releases / "v1.0.0")]
    remove(run.releases)
