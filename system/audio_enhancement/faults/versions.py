"""Faults of versions: one that has just gone live and does harm. The version before is warm."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audio_enhancement.deployment.deploy import deploy
from audio_enhancement.deployment.journal import Operation, lock
from audio_enhancement.deployment.release import build_release, built_versions, remove_release
from audio_enhancement.deployment.state import load_state
from audio_enhancement.deployment.steps import Context, undo
from audio_enhancement.faults import traffic
from audio_enhancement.faults.fault import FaultError
from audio_enhancement.stack.stack import ENVIRONMENT, Stack

ERRORS = ("audio_enhancement/api/routes.py", "serving.cache.find(job.content_sha256)", "serving.cache.look_up(job)")
"""Uploads that may come from the cache are answered with 500: it has no such method. The canary does not use it."""
HARM = ("audio_enhancement/settings.py", "        -12.0,\n", "        -1.0,\n")
"""Another default of the gain floor: noise stays."""


@contextmanager
def answers_errors(stack: Stack) -> Iterator[None]:
    """A version whose gateway answers some requests with 500 has just gone live."""
    with traffic.usual(stack), _live(stack, *ERRORS):
        yield


@contextmanager
def enhances_badly(stack: Stack) -> Iterator[None]:
    """A version that enhances badly has just gone live."""
    with _live(stack, *HARM):
        yield


@contextmanager
def _live(stack: Stack, file: str, sound: str, broken: str) -> Iterator[None]:
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
        text = (source / file).read_text()
        if text.count(sound) != 1:
            raise FaultError(f"{file} of {before.version} has changed: this fault no longer knows where to break it")
        (source / file).write_text(text.replace(sound, broken))
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
