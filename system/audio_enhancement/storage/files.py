"""Audio on disk. A file is either whole or not there: it is written beside its place, synced, and renamed."""

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from audio_enhancement.settings import StorageSettings

MEASURE_INTERVAL_S = 1.0
"""Age in seconds up to which the sum of all files' sizes is used again, since summing walks the whole tree."""
# An encoder writes its result beside its place, under a hidden name.
_OWN = re.compile(r"incoming/[0-9a-f]{32}|(uploads|results)/(?P<folder>[0-9a-f]{2})/\.?(?P=folder)[0-9a-f]{30}(\..*)?")


class AudioFiles:
    """Uploads and results under ``data_dir``, spread over 256 folders each so that none grows too long to list."""

    def __init__(self, settings: StorageSettings) -> None:
        self.settings = settings
        self.root = settings.data_dir
        self._measured = (-MEASURE_INTERVAL_S, 0)

    def prepare(self) -> None:
        """Make the folders.

        Raises:
            OSError: ``data_dir`` cannot be written.
        """
        for part in ("uploads", "results", "incoming"):
            (self.root / part).mkdir(parents=True, exist_ok=True)

    def incoming(self) -> Path:
        """A new name for an upload that is still being received."""
        return self.root / "incoming" / uuid.uuid4().hex

    def upload(self, job_id: uuid.UUID) -> Path:
        """Where a job's upload is."""
        return self.root / "uploads" / job_id.hex[:2] / job_id.hex

    def result(self, job_id: uuid.UUID) -> Path:
        """Where a job's result is."""
        return self.root / "results" / job_id.hex[:2] / job_id.hex

    def keep(self, received: Path, job_id: uuid.UUID) -> None:
        """Move a received upload to its place, so that it survives a power cut from here on."""
        sync(received)
        target = self.upload(job_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        received.replace(target)
        sync(target.parent)
        sync(target.parent.parent)

    def share_result(self, source: uuid.UUID, target: uuid.UUID) -> bool:
        """Give ``target`` the result of ``source`` as a link of its own; returns whether there was one.

        Each job can then be removed without a look at the others. A link that the file system refuses (it allows a
        file some ten thousand) counts as none: the recording is then enhanced anew.
        """
        link = self.result(target)
        try:
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(self.result(source), link)
        except OSError:
            return False
        return True

    def remove(self, job_id: uuid.UUID) -> None:
        """Remove a job's audio, as far as there is any."""
        self.upload(job_id).unlink(missing_ok=True)
        self.result(job_id).unlink(missing_ok=True)

    def foreign(self) -> Iterator[tuple[Path, int]]:
        """Files here that no upload and no result can be, with their sizes in bytes: somebody else has put them here."""
        for folder, _, names in os.walk(self.root):
            place = Path(folder).relative_to(self.root)
            for name in names:
                if not _OWN.fullmatch(str(place / name)):
                    with suppress(FileNotFoundError):  # removed since the folder was read
                        yield Path(folder) / name, (Path(folder) / name).lstat().st_size

    def free_ratio(self) -> float:
        """Share of the storage that is free, 0 to 1: of the quota where there is one, else of the volume."""
        if self.settings.quota_mb:
            return max(0.0, 1 - self._used_bytes() / (self.settings.quota_mb * 1_000_000))
        usage = shutil.disk_usage(self.root)
        return usage.free / usage.total

    def is_full(self) -> bool:
        """Whether less is free than must stay free."""
        return self.free_ratio() < self.settings.min_free_ratio

    def _used_bytes(self) -> int:
        """Bytes of all files, each counted once however many jobs share it. Measured at most once a second."""
        at, used = self._measured
        if time.monotonic() - at < MEASURE_INTERVAL_S:
            return used
        sizes: dict[int, int] = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                with suppress(FileNotFoundError):  # moved or removed since the folder was read
                    status = os.lstat(os.path.join(folder, name))  # noqa: PTH118  a third of the time of Path
                    sizes[status.st_ino] = status.st_size
        self._measured = (time.monotonic(), sum(sizes.values()))
        return self._measured[1]


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
