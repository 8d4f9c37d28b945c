"""A system to measure: brought up in a folder of its own, with settings that are changed between two measurements."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from audio_enhancement.deployment.deploy import scale
from audio_enhancement.rundir import RunDir
from audio_enhancement.stack.stack import Stack

SETTINGS: Final = {
    "AE_API_RATE_LIMIT_PER_MINUTE": "0",  # the load is ours, and is to be taken
    "AE_CANARY_INTERVAL_S": "3600",
    "AE_DEPLOY_WORKERS": "1",
}
NONE: Final[Mapping[str, str]] = MappingProxyType({})


def say(line: str) -> None:
    """Progress; what was measured goes to standard output."""
    print(line, file=sys.stderr, flush=True)


class Bench:
    """One system."""

    def __init__(self, folder: Path) -> None:
        self.stack = Stack(RunDir(folder))

    def up(self, settings: Mapping[str, str] = NONE, *, workers: int = 0, servers_only: bool = False) -> None:
        """Start it, or start it again, with these settings, and this many workers (0: as many as there are)."""
        said = " ".join(f"{name.removeprefix('AE_')}={value}" for name, value in settings.items())
        say(f"start {said}{f' workers={workers}' if workers else ''}".rstrip())
        self.stack.down(timeout_s=30)
        self.stack.up(deploy=not servers_only, overrides={**SETTINGS, **settings})
        if workers:
            scale(self.stack.run, workers, say=lambda _: None)

    @contextmanager
    def settings(self) -> Iterator[None]:
        """Let settings classes in this process read those of the system."""
        kept = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith("AE_")}
        os.environ["AE_ENV_FILE"] = str(self.stack.run.environment_file())
        try:
            yield
        finally:
            del os.environ["AE_ENV_FILE"]
            os.environ.update(kept)


@contextmanager
def bench() -> Iterator[Bench]:
    """A system that is gone at the end, with its folder."""
    folder = Path(tempfile.mkdtemp(prefix="ae-tuning-")).resolve()
    made = Bench(folder)
    try:
        yield made
    finally:
        made.stack.down(timeout_s=30)
        for path in (folder, *folder.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)  # releases are read-only
        shutil.rmtree(folder)
