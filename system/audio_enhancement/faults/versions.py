"""Faults of versions: one that has just gone live and does harm. The version before is warm."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from audio_enhancement.deployment.deploy import deploy
from audio_enhancement.deployment.journal import Operation, lock
from audio_enhancement.deployment.release import build_release, built_versions, remove_release
from audio_enhancement.deployment.state import load_state
from audio_enhancement.deployment.steps import Context, undo
from audio_enhancement.faults import traffic
from audio_enhancement.faults.fault import FaultError, Hold
from audio_enhancement.stack.stack import ENVIRONMENT, Stack


class Change(NamedTuple):
    """The one place in which a version differs from the one that serves: a file, what stands there, and what comes."""

    file: str
    sound: str
    broken: str


WORKER = "audio_enhancement/worker.py"

ERRORS = Change(
    "audio_enhancement/api/routes.py", "serving.cache.find(job.content_sha256)", "serving.cache.look_up(job)"
)
"""Uploads that may come from the cache are answered with 500: it has no such method. The canary does not use it."""
SLOW_REQUESTS = Change(
    "audio_enhancement/storage/jobs.py",
    "session.get(Job, job_id)",
    "session.scalar(select(Job, func.pg_sleep(0.7)).where(Job.id == job_id))",
)
"""The database takes its time each time somebody asks how a job stands."""
HARM = Change("audio_enhancement/settings.py", "        -12.0,\n", "        -1.0,\n")
"""Another default of the gain floor: noise stays."""
NO_RESULTS = Change(WORKER, "recording.sample_rate, recording.format)", "recording.sample_rate, recording.codec)")
"""No attempt comes to a result: a recording has no such attribute."""
SLOW_JOBS = Change(WORKER, "        samples = enhance(", "        time.sleep(3)\n        samples = enhance(")
"""Each job waits for something that does not come."""
REFUSALS = Change("audio_enhancement/audio/decode.py", "if not len(samples):", "if len(samples) < header.sample_rate:")
"""A recording under a second counts as empty. The canary's is longer."""


def live(change: Change, clients: Hold | None = traffic.usual) -> Hold:
    """The fault that a version with this change has just gone live, while these clients send."""

    @contextmanager
    def hold(stack: Stack) -> Iterator[None]:
        with clients(stack) if clients else nullcontext(), _live(stack, change):
            yield

    return hold


@contextmanager
def _live(stack: Stack, change: Change) -> Iterator[None]:
    """Deploy a version that differs from the one that serves in one place; at the end nothing is left of it."""
    run, before = stack.run, load_state(stack.run)
    if before is None or before.version is None:
        raise FaultError("nothing has been deployed here: there is no version to replace")
    version = _next(before.version, built_versions(run))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "system"
        shutil.copytree(run.releases / before.version, source)
        for path in (source, *source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else path.stat().st_mode | 0o200)
        file = source / change.file
        text = file.read_text()
        if text.count(change.sound) != 1:
            raise FaultError(
                f"{change.file} of {before.version} has changed: this fault no longer knows where to break it"
            )
        file.write_text(text.replace(change.sound, change.broken))
        (source / "MANIFEST.json").unlink()
        build_release(source, run, version)
    try:
        deploy(run, ENVIRONMENT, version, say=_silent)
        yield
    finally:
        after = load_state(run)
        assert after is not None  # it was there before
        if after != before:
            with lock(run, f"taking {version} out"):
                undo(Context(run, Operation("rollback", f"take {version} out", before, after, (), ""), _silent))
        remove_release(run, version)


def _next(version: str, built: list[str]) -> str:
    """The next version of that name which has not been built."""
    found = re.fullmatch(r"(v\d+\.\d+\.)(\d+).*", version)
    assert found is not None  # `build_release` takes no other names
    number = int(found[2]) + 1
    while f"{found[1]}{number}" in built:
        number += 1
    return f"{found[1]}{number}"


def _silent(_: str) -> None:
    pass
