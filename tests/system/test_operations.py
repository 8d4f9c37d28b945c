"""The operator's scripts on the real stack: each does what it says, says what it does, and may be run twice."""

import hashlib
import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest
from tests.system.conftest import QUICK, temporary_stack, until
from tests.system.deployments import SYSTEM, improvement_db, script
from tests.system.load import Load

from audio_enhancement.deployment import journal
from audio_enhancement.operations import (
    backup,
    block_sender,
    build_release,
    free_storage,
    post_deploy_validate,
    pre_deploy_check,
    purge_cache,
    rebuild_indexes,
    redis_memory,
    requeue,
    restore,
    rotate_api_key,
)
from audio_enhancement.settings import CacheSettings
from audio_enhancement.stack.render import read_env
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import cache

MODULES = (
    backup,
    block_sender,
    build_release,
    free_storage,
    post_deploy_validate,
    pre_deploy_check,
    purge_cache,
    rebuild_indexes,
    redis_memory,
    requeue,
    restore,
    rotate_api_key,
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this module's own: these tests replace its data."""
    with temporary_stack() as stack:
        stack.up(overrides={**QUICK, "AE_API_RATE_LIMIT_PER_MINUTE": "0", "AE_DEPLOY_WORKERS": "1"})
        yield stack


def connect(stack: Stack) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(stack.environment["AE_DATABASE_DSN"].replace("+psycopg", ""), autocommit=True)


def some_jobs(stack: Stack, count: int = 5) -> list[str]:
    """Upload recordings and wait for their results."""
    with Load(stack) as load:
        until(lambda: load.sent >= count, 20, "uploads")
    assert not load.lost
    load.assert_all_done()
    return load.accepted


def kept_jobs(stack: Stack) -> set[tuple[object, ...]]:
    """Rows of all jobs but the canary's, which come and go."""
    with connect(stack) as connection:
        return set(
            connection.execute(
                "SELECT jobs.id, status, content_sha256, jobs.created_at, attempts FROM jobs"
                " JOIN api_keys ON api_keys.id = api_key_id WHERE name = 'client'"
            ).fetchall()
        )


def kept_audio(stack: Stack) -> dict[str, str]:
    root = Path(stack.environment["AE_STORAGE_DATA_DIR"])
    jobs = {uuid.UUID(str(row[0])).hex for row in kept_jobs(stack)}
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for kept in ("uploads", "results")
        for file in (root / kept).rglob("*")
        if file.name in jobs
    }


def ok(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


# --- backup and restore ---


def test_what_was_backed_up_comes_back(own: Stack) -> None:
    some_jobs(own)
    before_jobs, before_audio = kept_jobs(own), kept_audio(own)
    assert len(before_audio) == 2 * len(before_jobs)
    [made] = json.loads(ok(script(own.run, "backup", "--json")))

    removed = next(iter(before_jobs))[0]
    with httpx.Client(base_url=own.url, trust_env=False, headers={"Authorization": f"Bearer {own.api_key}"}) as client:
        assert client.delete(f"/v1/enhancements/{removed}").status_code == 204
    some_jobs(own)
    with connect(own) as connection:
        connection.execute("CREATE TABLE of_a_later_release (id int)")
    assert kept_jobs(own) != before_jobs

    refused = script(own.run, "restore", made["name"])
    assert refused.returncode == 1
    assert "the system serves" in refused.stderr and "--force" in refused.stderr
    for _ in range(2):  # safe to run twice
        text = ok(script(own.run, "restore", made["name"], "--force"))
        assert kept_jobs(own) == before_jobs
        assert kept_audio(own) == before_audio
    with connect(own) as connection:
        assert connection.execute("SELECT to_regclass('of_a_later_release')").fetchone() == (None,)
    assert improvement_db(own) > 2, "it serves again"

    undo = text.partition("restore.sh ")[2].partition("`")[0]
    ok(script(own.run, "backup", "--verify", undo))


def test_jobs_that_had_not_ended_are_queued_again_by_a_restore(own: Stack) -> None:
    [job] = [str(row[0]) for row in kept_jobs(own)][:1] or some_jobs(own, 1)[:1]
    own.supervisor.stop("monitor")  # or its relay would queue the job before the backup
    with connect(own) as connection:
        connection.execute("UPDATE jobs SET status = 'running', finished_at = NULL WHERE id = %s", (job,))
    [made] = json.loads(ok(script(own.run, "backup", "--json")))
    ok(script(own.run, "restore", made["name"], "--force"))

    def done() -> bool:
        with connect(own) as connection:
            return connection.execute("SELECT status FROM jobs WHERE id = %s", (job,)).fetchone() == ("done",)

    until(done, 30, "the job was run again")


def test_a_damaged_backup_is_found_and_not_restored(own: Stack) -> None:
    some_jobs(own, 1)
    [made] = json.loads(ok(script(own.run, "backup", "--copy", "--json")))
    folder = Path(made["folder"])
    audio = next(path for path in (folder / "audio").rglob("*") if path.is_file())
    audio.write_bytes(audio.read_bytes()[:-1] + b"x")
    for result in (
        script(own.run, "backup", "--verify", made["name"]),
        script(own.run, "restore", made["name"], "--force"),
    ):
        assert result.returncode == 1
        assert str(audio.relative_to(folder)) in result.stderr
    assert improvement_db(own) > 2, "nothing was stopped"
    shutil.rmtree(folder)
    assert f"no backup `{made['name']}`" in script(own.run, "restore", made["name"]).stderr


def test_a_result_that_is_being_written_is_in_no_backup(own: Stack) -> None:
    half = Path(own.environment["AE_STORAGE_DATA_DIR"]) / "results" / "ab" / f".ab{30 * '0'}.half.tmp"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"RIFF")
    try:
        [made] = json.loads(ok(script(own.run, "backup", "--json")))
    finally:
        half.unlink()
    assert not list(Path(made["folder"]).rglob(half.name))


def test_a_failed_backup_leaves_nothing_behind(own: Stack) -> None:
    before = sorted(path.name for path in own.run.backups.glob("*"))
    own.supervisor.stop("postgres")
    try:
        failed = script(own.run, "backup")
    finally:
        own.supervisor.start("postgres")
    assert failed.returncode == 1
    assert sorted(path.name for path in own.run.backups.glob("*")) == before
    until(lambda: httpx.get(f"{own.url}/readyz", trust_env=False).status_code == 200, 20, "ready again")


def test_links_share_their_bytes_and_copies_do_not(own: Stack) -> None:
    some_jobs(own, 1)
    uploads = Path(own.environment["AE_STORAGE_DATA_DIR"]) / "uploads"
    for arguments, linked in (((), True), (("--copy",), False)):
        [made] = json.loads(ok(script(own.run, "backup", "--json", *arguments)))
        folder = Path(made["folder"]) / "audio" / "uploads"
        pairs = [(path, uploads / path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        kept = [(path, original) for path, original in pairs if original.exists()]  # the canary removes its own
        assert kept and all(path.samefile(original) is linked for path, original in kept)
    assert made["name"] in ok(script(own.run, "backup", "--list"))


# --- dead letters, cache, keys ---


def test_dead_letters_are_listed_shown_and_queued_again(own: Stack) -> None:
    job = some_jobs(own, 1)[0]
    with connect(own) as connection:
        connection.execute("UPDATE jobs SET status = 'dead', error = 'enhancement_failed' WHERE id = %s", (job,))
    assert [dead["id"] for dead in json.loads(ok(script(own.run, "requeue", "list", "--json")))] == [job]
    assert job in ok(script(own.run, "requeue", "list"))
    assert json.loads(ok(script(own.run, "requeue", "show", job)))["error"] == "enhancement_failed"
    assert ok(script(own.run, "requeue", "retry", job)).startswith("1 job")
    assert ok(script(own.run, "requeue", "retry", job)).startswith("0 jobs"), "safe to run twice"
    assert ok(script(own.run, "requeue", "retry", "--all")).startswith("0 jobs")
    until(lambda: '"status": "done"' in ok(script(own.run, "requeue", "show", job)), 20, "the job is done")
    unknown = script(own.run, "requeue", "retry", str(uuid.uuid4()))
    assert unknown.returncode == 1 and "no such job" in unknown.stdout


def test_the_cache_is_counted_and_purged(own: Stack) -> None:
    some_jobs(own, 3)
    counted = int(ok(script(own.run, "purge_cache", "--dry-run")).split()[0])
    assert counted >= 3
    assert int(ok(script(own.run, "purge_cache")).split()[1]) >= counted
    assert int(ok(script(own.run, "purge_cache")).split()[1]) <= 1, "empty, but for a canary in between"


def answer(stack: Stack, key: str) -> int:
    url = f"{stack.url}/v1/enhancements/{uuid.uuid4()}"
    return httpx.get(url, headers={"Authorization": f"Bearer {key}"}, trust_env=False).status_code


def test_a_rotated_key_works_and_the_old_one_ends_after_the_overlap(own: Stack, tmp_path: Path) -> None:
    old = own.api_key
    assert "written to" in ok(script(own.run, "rotate_api_key", "client", "--overlap-s", "60"))
    assert own.api_key != old
    assert answer(own, old) == answer(own, own.api_key) == 404, "both are valid"
    text = ok(script(own.run, "rotate_api_key", "client", "--overlap-s", "0"))
    assert own.api_key not in text
    until(lambda: answer(own, old) == 401, 10, "the old key has ended")
    assert answer(own, own.api_key) == 404
    assert (own.run.client_file.stat().st_mode & 0o777) == 0o600
    listed = ok(script(own.run, "rotate_api_key", "--list"))
    assert listed.count("client") == 3 and own.api_key not in listed

    file = tmp_path / "key"
    said = ok(script(own.run, "rotate_api_key", "client", "--output", str(file)))
    assert str(file) in said and str(own.run.client_file) in said, "both places are named"
    assert file.stat().st_mode & 0o777 == 0o600
    assert answer(own, file.read_text().strip()) == 404


def test_the_canary_goes_on_with_its_rotated_key(own: Stack) -> None:
    before = own.environment["AE_CANARY_API_KEY"]
    ok(script(own.run, "rotate_api_key", "canary", "--overlap-s", "0"))
    after = read_env(own.run.environment_file())["AE_CANARY_API_KEY"]
    assert after != before
    ports = json.loads((own.run.state / "deployment.json").read_text())["ports"]

    def canary_is_well() -> bool:
        try:
            text = httpx.get(f"http://127.0.0.1:{ports['monitor']}/metrics", trust_env=False).text
        except httpx.TransportError:
            return False
        return 'ae_canary_runs_total{outcome="ok"} 0.0' not in text and 'outcome="ok"' in text

    until(canary_is_well, 30, "a canary run with the new key")


def test_a_new_client_gets_its_first_key_once(own: Stack, tmp_path: Path) -> None:
    file = tmp_path / "key"
    said = ok(script(own.run, "rotate_api_key", "newcomer", "--first", "--output", str(file)))
    assert said == f"new key of newcomer: written to {file}\n"
    assert answer(own, file.read_text().strip()) == 404
    refused = script(own.run, "rotate_api_key", "newcomer", "--first", "--output", str(tmp_path / "second"))
    assert refused.returncode == 1 and "has a valid key already" in refused.stderr
    assert not (tmp_path / "second").exists()


def test_an_unknown_name_has_no_key_to_rotate(own: Stack) -> None:
    refused = script(own.run, "rotate_api_key", "nobody")
    assert refused.returncode == 1
    assert "canary, client" in refused.stderr and "--first" in refused.stderr


# --- senders, storage, indexes, memory ---


def test_a_sender_is_blocked_and_allowed_again_as_if_nothing_was(own: Stack) -> None:
    old = own.api_key
    ok(script(own.run, "rotate_api_key", "client", "--overlap-s", "0"))
    until(lambda: answer(own, old) == 401, 10, "an old key has ended")
    some_jobs(own, 3)
    own.supervisor.stop("enhancement-workers-blue-1")
    try:
        with Load(own) as load:
            until(lambda: load.sent >= 5, 20, "uploads")
        listed = {
            sender["name"]: sender for sender in json.loads(ok(script(own.run, "block_sender", "list", "--json")))
        }
        assert listed["client"]["waiting"] == len(load.accepted) and listed["client"]["uploads"] >= 8
        assert re.search(r"^most waiting: \d+% by client$", ok(script(own.run, "block_sender", "list")), re.MULTILINE)
        assert ok(script(own.run, "block_sender", "list", "--top", "waiting")) == "client\n"

        blocked = ok(script(own.run, "block_sender", "block", "client"))
        assert blocked == f"client is blocked: 1 keys and {len(load.accepted)} waiting jobs have ended\n"
        assert answer(own, own.api_key) == 401
        assert load.statuses() == {"failed": len(load.accepted)}
        with connect(own) as connection:
            (reasons,) = (
                connection.execute("SELECT array_agg(DISTINCT error) FROM jobs WHERE status = 'failed'").fetchone()
                or ()
            )
        assert reasons == ["sender_blocked"]
        assert "0 keys and 0 waiting jobs" in ok(script(own.run, "block_sender", "block", "client")), (
            "safe to run twice"
        )

        allowed = ok(script(own.run, "block_sender", "allow", "client"))
        assert allowed == f"client is allowed: 1 keys work again and {len(load.accepted)} jobs wait again\n"
        assert "0 keys" in ok(script(own.run, "block_sender", "allow", "client")), "safe to run twice"
        assert answer(own, old) == 401, "what had ended before stays ended"
        assert answer(own, own.api_key) == 404
    finally:
        own.supervisor.start("enhancement-workers-blue-1")
    load.assert_all_done()
    assert script(own.run, "block_sender", "block", "canary").returncode == 1
    assert "no sender is named" in script(own.run, "block_sender", "allow", "nobody").stderr


def test_only_what_does_not_belong_in_the_audio_storage_is_taken_out(own: Stack, tmp_path: Path) -> None:
    some_jobs(own, 1)
    root = Path(own.environment["AE_STORAGE_DATA_DIR"])
    audio = root / next(iter(kept_audio(own)))
    dump = root / "uploads" / "jobs.dump"
    dump.write_bytes(b"x" * 1000)
    assert ok(script(own.run, "free_storage", "list", "--names")).split() == [str(dump)]
    for refused in ([str(dump), str(audio)], [str(dump), str(root / "none")]):
        result = script(own.run, "free_storage", "remove", *refused)
        assert result.returncode == 1 and refused[1] in result.stderr
    assert dump.exists() and audio.exists()
    assert "in the audio storage" in script(own.run, "free_storage", "move", str(dump), "--to", str(root / "x")).stderr
    ok(script(own.run, "free_storage", "move", str(dump), "--to", str(tmp_path / "kept")))
    assert (tmp_path / "kept" / "jobs.dump").read_bytes() == b"x" * 1000
    dump.write_bytes(b"x")
    assert "exists" in script(own.run, "free_storage", "move", str(dump), "--to", str(tmp_path / "kept")).stderr
    ok(script(own.run, "free_storage", "remove", str(dump)))
    assert "0 files do not belong here" in ok(script(own.run, "free_storage", "list"))


def test_every_kind_of_index_is_found_missing_and_built(own: Stack) -> None:
    assert ok(script(own.run, "rebuild_indexes", "--check")) == "0 indexes are missing\n", "models and migrations agree"
    with connect(own) as connection:
        before = indexes(connection)
        connection.execute("ALTER TABLE jobs DROP CONSTRAINT jobs_pkey")
        connection.execute("ALTER TABLE api_keys DROP CONSTRAINT api_keys_sha256_key")
        connection.execute("DROP INDEX jobs_unfinished")
        connection.execute("CREATE UNIQUE INDEX api_keys_sha256_key ON api_keys (sha256)")  # broke off here
        checked = script(own.run, "rebuild_indexes", "--check")
        assert checked.returncode == 1
        assert [line.split()[0] for line in checked.stdout.splitlines()[1:-1]] == [
            "api_keys_sha256_key",
            "jobs_pkey",
            "jobs_unfinished",
        ]
        assert ok(script(own.run, "rebuild_indexes")).endswith("3 indexes were built; every index is there\n")
        assert indexes(connection) == before
        kinds = connection.execute("SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u')").fetchall()
        assert {"jobs_pkey", "api_keys_sha256_key"} <= {name for (name,) in kinds}
    assert ok(script(own.run, "rebuild_indexes")).startswith("0 indexes were built")


def indexes(connection: psycopg.Connection[tuple[str, ...]]) -> set[tuple[str, str]]:
    """Names and definitions; where casts stand in these depends on whether the database was ever restored."""
    found = connection.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'").fetchall()
    return {(name, re.sub(r"::character varying|::text(\[\])?|[()]", "", definition)) for name, definition in found}


def test_the_limit_of_redis_is_shown_and_kept(own: Stack) -> None:
    def limit() -> int:
        return int(json.loads(ok(script(own.run, "redis_memory", "--json")))["limit"]) >> 20

    assert "as the 32 MB of the setting" in ok(script(own.run, "redis_memory"))
    cache.connect(CacheSettings(url=own.environment["AE_CACHE_URL"])).config_set("maxmemory", 20 << 20)
    assert "lower than the 32 MB of the setting" in ok(script(own.run, "redis_memory"))
    assert script(own.run, "redis_memory", "--limit-mb", "1").returncode == 1
    ok(script(own.run, "redis_memory", "--limit-mb", "40"))
    assert limit() == 40
    own.down()
    own.up()
    assert limit() == 40, "it holds after a start"
    ok(script(own.run, "redis_memory", "--limit-mb", "32"))
    assert limit() == 32


# --- checks ---


def test_a_healthy_system_passes_both_checks_twice() -> None:
    # A stack that nothing else has used: a restore under the gateway gives errors that alert for minutes.
    with temporary_stack() as healthy:
        healthy.up(overrides={**QUICK, "AE_API_RATE_LIMIT_PER_MINUTE": "0", "AE_DEPLOY_WORKERS": "1"})
        for _ in range(2):
            for name in ("pre_deploy_check", "post_deploy_validate"):
                found = json.loads(ok(script(healthy.run, name, "--json")))
                assert found["passed"]
                # The machine of a test may be busy: host alerts are a warning.
                assert {check["verdict"] for check in found["checks"] if check["name"] != "alerts"} == {"PASS"}, found
        assert ok(script(healthy.run, "pre_deploy_check")).endswith(" 0 failed\n")


def test_checks_fail_for_what_is_wrong(own: Stack) -> None:
    def failed(name: str, *arguments: str) -> dict[str, str]:
        result = script(own.run, name, "--json", *arguments)
        found = {one["name"]: one["found"] for one in json.loads(result.stdout)["checks"] if one["verdict"] == "FAIL"}
        assert result.returncode == (1 if found else 0)
        return found

    file = own.run.environment_file()
    content = file.read_text()
    try:
        file.chmod(0o644)
        assert "chmod 600" in failed("pre_deploy_check")["settings"]
        file.chmod(0o600)
        file.write_text(content.replace("AE_DEPLOY_WORKERS='1'", "AE_DEPLOY_WORKERS='0'"))
        assert "workers" in failed("pre_deploy_check")["settings"]
    finally:
        file.write_text(content)
        file.chmod(0o600)
    with journal.lock(own.run, "a test"):
        assert "a test" in failed("pre_deploy_check")["deployment"]
    own.supervisor.stop("redis")
    try:
        assert "redis" in failed("pre_deploy_check")
    finally:
        own.supervisor.start("redis")
    assert failed("pre_deploy_check", "--version", "v9.9.9").keys() >= {"release", "migrations"}
    assert failed("post_deploy_validate", "--version", "v9.9.9").keys() >= {"gateway", "versions"}
    own.supervisor.stop("enhancement-workers-blue-1")
    try:
        assert failed("pre_deploy_check").keys() >= {"deployment"}
    finally:
        own.supervisor.start("enhancement-workers-blue-1")
    until(lambda: not failed("post_deploy_validate"), 180, "all well again")


def test_each_server_comes_back_and_the_others_find_it(own: Stack) -> None:
    """What restart-server and start-server say, for each server that they offer."""

    def passed(name: str) -> set[str]:
        found = json.loads(script(own.run, name, "--json").stdout)["checks"]
        return {check["name"] for check in found if check["verdict"] == "PASS"}

    def answers(server: str) -> bool:
        return server in passed("pre_deploy_check")

    for server in ("nginx", "prometheus", "alertmanager", "postgres", "redis"):
        own.supervisor.stop(server)
        assert own.supervisor.status()[server].state == "STOPPED"
        own.supervisor.start(server)
        until(partial(answers, server), 60, f"{server} answers")
    wanted = {"gateway", "processes", "versions", "enhancement", "metrics"}
    until(lambda: wanted <= passed("post_deploy_validate"), 180, "all well again")


# --- all scripts ---


def test_there_is_a_script_for_each_operation() -> None:
    names = {module.__name__.rpartition(".")[2] for module in MODULES}
    assert names <= {path.stem for path in (SYSTEM / "scripts").glob("*.sh")}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_each_script_explains_itself(own: Stack, module: object) -> None:
    name = module.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    text = ok(script(own.run, name, "--help"))
    assert f"./scripts/{name}.sh" in text and "exit status" in text
    made = module.parser()  # type: ignore[attr-defined]
    assert all(action.help for action in made._actions if action.dest != "command")
    assert script(own.run, name, "--no-such-option").returncode == 2


def test_without_a_stack_a_script_says_how_to_start_one(tmp_path: Path) -> None:
    from audio_enhancement.rundir import RunDir

    result = script(RunDir(tmp_path), "backup")
    assert result.returncode == 1
    assert "make up" in result.stderr
