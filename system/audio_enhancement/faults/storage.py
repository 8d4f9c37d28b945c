"""Faults of the audio storage."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from audio_enhancement.faults.fault import FaultError
from audio_enhancement.settings import StorageSettings
from audio_enhancement.stack.stack import Stack

FREE = 0.12
"""Share that is left: low enough for the alert, and not so low that uploads are refused."""
NAME = "jobs-before-migration.dump"


@contextmanager
def full(stack: Stack) -> Iterator[None]:
    """A dump of the database lies where the audio should, forgotten, and fills the quota."""
    settings = StorageSettings()
    if not settings.quota_mb:
        raise FaultError("without a quota this would fill the volume: bring it up with --set AE_STORAGE_QUOTA_MB=200")
    dump = settings.data_dir / NAME
    try:
        with dump.open("xb") as file:
            os.posix_fallocate(file.fileno(), 0, int(settings.quota_mb * 1_000_000 * (1 - FREE)))
        yield
    finally:
        dump.unlink(missing_ok=True)
