"""Everything about a run folder that an operator could leave changed, as lines that can be compared.

Two snapshots of a healthy system without clients are the same: the canary's own job, key use and cached result do not
show, nor do process ids, times, or the ports that deployments give to processes.
"""

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator

import httpx
import redis
from sqlalchemy import text

from audio_enhancement.deployment.fleet import load_settings
from audio_enhancement.deployment.release import built_versions, read_manifest
from audio_enhancement.deployment.state import COLOURS, Deployment, load_state
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import (
    SECRETS,
    CacheSettings,
    DatabaseSettings,
    MonitoringSettings,
    QueueSettings,
    StorageSettings,
)
from audio_enhancement.stack.render import read_env
from audio_enhancement.stack.supervise import Supervisor, SupervisorError
from audio_enhancement.storage import cache
from audio_enhancement.storage.database import Database, DatabaseUnavailable
from audio_enhancement.storage.files import AudioFiles

Lines = Iterator[tuple[str, object]]
UNKNOWN = "unknown"
SETTLE_S = 5.0
"""Time that programs get which are starting or stopping."""
BLOCKED_S = 1.0
"""Wait for a lock from which a session counts as blocked; shorter ones are everyday life."""
_LISTED_ELSEWHERE = ("log", "data", "tmp", "releases", "backups")
"""Folders whose content is scratch, the servers' own, or told in other lines."""

_CANARY = "(SELECT id FROM api_keys WHERE name = 'canary')"
_KEYS = """
    SELECT name, count(*) FILTER (WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())), count(*)
    FROM api_keys GROUP BY name"""
_JOBS = f"SELECT status, count(*) FROM jobs WHERE api_key_id NOT IN {_CANARY} GROUP BY status"  # noqa: S608
_CACHED = f"SELECT count(*) FROM jobs WHERE id = ANY(CAST(:ids AS uuid[])) AND api_key_id NOT IN {_CANARY}"  # noqa: S608
_INDEXES = """
    SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace"""
_BLOCKED = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    AND clock_timestamp() - query_start > make_interval(secs => :least)"""


def snapshot(run: RunDir) -> dict[str, str]:
    """The value of each thing, by its name. What cannot be seen now has the value ``unknown``."""
    run.stack()  # ends with a message when there is no stack
    state = load_state(run) or Deployment("production")
    parts: tuple[Callable[[RunDir, Deployment], Lines], ...] = (
        _deployment,
        _programs,
        _settings,
        _redis,
        _database,
        _alertmanager,
        _files,
        _audio,
    )
    return {thing: str(value) for part in parts for thing, value in part(run, state)}


def _deployment(run: RunDir, state: Deployment) -> Lines:
    yield "serves", f"{state.version} ({state.active})" if state.active else "nothing"
    yield "workers", state.workers
    for name, colour in state.colours.items():
        yield f"colour.{name}", f"{colour.version} {colour.state}"
    for version in built_versions(run):
        yield f"release.{version}", read_manifest(run.releases / version).digest[:12]
    for folder in run.backups.glob("*"):
        yield f"backup.{folder.name}", "kept"


def _programs(run: RunDir, state: Deployment) -> Lines:
    supervisor, deadline = Supervisor(run), time.monotonic() + SETTLE_S
    try:
        programs = supervisor.status()
        while any(one.state in ("STARTING", "STOPPING") for one in programs.values()) and time.monotonic() < deadline:
            time.sleep(0.2)
            programs = supervisor.status()
    except SupervisorError:
        programs = {}
    for name in {*supervisor.programs(), *programs}:
        yield f"program.{name}", programs[name].state if name in programs else UNKNOWN


def _settings(run: RunDir, state: Deployment) -> Lines:
    for name, value in read_env(run.environment_file(state.environment)).items():
        yield f"setting.{name}", f"secret {_digest(value)}" if name in SECRETS else value


def _redis(run: RunDir, state: Deployment) -> Lines:
    client = cache.connect(load_settings(CacheSettings, run, state.environment))
    queue = cache.connect(CacheSettings(url=load_settings(QueueSettings, run, state.environment).url))
    try:
        yield "redis.maxmemory", queue.config_get("maxmemory")["maxmemory"]
        names = list(client.scan_iter(cache.PREFIX + "*", count=1000))
        values = client.mget(names) if names else []
    except redis.RedisError:
        yield "redis.maxmemory", UNKNOWN
        yield "cache.results", UNKNOWN
        return
    # An entry counts while it leads to a job. The canary removes its jobs, and for a moment there is one.
    ids = [value.hex() for value in values if isinstance(value, bytes)]
    try:
        with Database(load_settings(DatabaseSettings, run, state.environment)).begin() as session:
            yield "cache.results", session.scalar(text(_CACHED), {"ids": ids})
    except DatabaseUnavailable:
        yield "cache.results", UNKNOWN


def _database(run: RunDir, state: Deployment) -> Lines:
    database = Database(load_settings(DatabaseSettings, run, state.environment))
    try:
        with database.begin() as session:
            for name, valid, total in session.execute(text(_KEYS)):
                yield f"key.{name}", f"{valid} valid, {total - valid} ended"
            for name, valid in session.execute(text(_INDEXES)):
                yield f"index.{name}", "valid" if valid else "invalid"
            yield "sessions.blocked", session.scalar(text(_BLOCKED), {"least": BLOCKED_S})
            for status, count in session.execute(text(_JOBS)):
                yield f"jobs.{status}", count
    except DatabaseUnavailable:
        yield "database", UNKNOWN
    finally:
        database.close()


def _alertmanager(run: RunDir, state: Deployment) -> Lines:
    url = load_settings(MonitoringSettings, run, state.environment).alertmanager_url
    try:
        silences = httpx.get(f"{url}/api/v2/silences", timeout=3, trust_env=False).raise_for_status().json()
    except httpx.HTTPError:
        yield "silences", UNKNOWN
        return
    found = Counter(one["comment"] or "no comment" for one in silences if one["status"]["state"] != "expired")
    for comment, count in found.items():
        yield f"silence.{comment}", count


def _files(run: RunDir, state: Deployment) -> Lines:
    """Files by their path; those of ``etc`` with their mode and content, without ports that deployments choose."""
    ports = re.compile(r"\b(?:" + "|".join(map(str, [*state.ports.values(), 0])) + r")\b")
    for path in run.root.rglob("*"):
        place = path.relative_to(run.root)
        if place.parts[0] in _LISTED_ELSEWHERE or not path.is_file():
            continue
        if place.parts[0] == "state" and path.stem in COLOURS:
            continue  # told with the colour
        value = "there"
        if place.parts[0] == "etc":
            content = path.read_text(errors="replace")
            if path.suffix == ".env":  # the order of its lines says nothing
                content = json.dumps(read_env(path), sort_keys=True)
            value = f"{path.stat().st_mode & 0o777:04o} {_digest(ports.sub('PORT', content))}"
        yield f"file.{place}", value


def _audio(run: RunDir, state: Deployment) -> Lines:
    files = AudioFiles(load_settings(StorageSettings, run, state.environment))
    for path, size in files.foreign():
        yield f"audio.{path.relative_to(files.root)}", f"{size} bytes"


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:12]
