"""Retention: what ended long ago goes, with its audio; and so do files that belong to no job."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from audio_enhancement.storage import jobs
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.files import AudioFiles
from audio_enhancement.storage.models import Job

ABANDONED_S = 3600.0
"""Age from which a file without a job is left over. A file precedes its job, or outlives it, by minutes at most."""
FOLDERS = 256
"""Folders that uploads and results are spread over (`files.AudioFiles`)."""


def clean_up(database: Database, files: AudioFiles, age_s: float, abandoned_s: float = ABANDONED_S) -> int:
    """Remove what nobody needs; safe to call at any time, from several processes. The monitor does once a minute.

    Jobs that ended more than ``age_s`` seconds ago go with their audio; dead letters stay. Uploads that broke off, and
    audio whose job is gone (a process was killed between the two), go after ``abandoned_s`` seconds. Such orphans are
    looked for in one folder at a time, chosen by the clock, so that no call takes long and all get their turn.

    Returns:
        The number of jobs removed.

    Raises:
        DatabaseUnavailable: the next call does the rest.
        OSError: a file cannot be removed; its job is gone, and a later call tries again.
    """
    removed = 0
    while ended := jobs.remove_older_than(database, age_s):
        removed += len(ended)
        for job_id in ended:
            files.remove(job_id)
    for path in _left_over(files.root / "incoming", abandoned_s):
        path.unlink(missing_ok=True)
    remove_orphans(database, files, int(time.time() // 60) % FOLDERS, abandoned_s)
    return removed


def remove_orphans(database: Database, files: AudioFiles, folder: int, abandoned_s: float) -> int:
    """Remove files without a job, and unfinished ones, from one of the `FOLDERS`; returns how many."""
    suspects = [
        path for part in ("uploads", "results") for path in _left_over(files.root / part / f"{folder:02x}", abandoned_s)
    ]
    if not suspects:
        return 0
    first, last = (uuid.UUID(f"{folder:02x}" + digit * 30) for digit in "0f")
    with database.begin() as session:
        known = {job_id.hex for job_id in session.scalars(select(Job.id).where(Job.id.between(first, last)))}
    orphans = [path for path in suspects if path.name not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def _left_over(folder: Path, abandoned_s: float) -> Iterator[Path]:
    """Files that nobody has written, renamed or linked for that long. A link for a new job has an old time of writing."""
    before = time.time() - abandoned_s
    for path in folder.glob("*"):
        try:
            if path.stat().st_ctime < before:
                yield path
        except FileNotFoundError:
            continue  # gone meanwhile
