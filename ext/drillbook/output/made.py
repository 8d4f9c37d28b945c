"""From which state of its source a copy of the manual is made: the same state gives the same bytes."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from drillbook import process
from drillbook.model.stamp import Phrase, Translate, told

GIT_S: Final = 10
NO_COMMIT: Final = Phrase("no commit")


class Made(NamedTuple):
    """From which state of its source the PDF is made: the commit, and its time in seconds since 1970."""

    commit: str
    seconds: int

    @property
    def iso(self) -> str:
        """The time, as data have it."""
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def day(self) -> str:
        """The time, to the minute."""
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")

    def commit_says(self, _: Translate) -> str:
        """The commit, with words in the language of *_*."""
        return told(self.commit, _)


def made_from(folder: Path) -> Made:
    """The commit, and its time or ``SOURCE_DATE_EPOCH``, as the `standard for it
    <https://reproducible-builds.org/specs/source-date-epoch/>`_ says; outside of git it is now."""
    commit: str = NO_COMMIT
    seconds = int(datetime.now(UTC).timestamp())
    try:
        done = process.run(["git", "log", "-1", "--format=%h %ct"], timeout_s=GIT_S, cwd=folder)
        changed = process.run(["git", "status", "--porcelain", "--untracked-files=no"], timeout_s=GIT_S, cwd=folder)
    except OSError:
        done = changed = process.Completed(1, b"", b"")
    if done.status == 0:
        name, _, time = done.stdout.decode().strip().partition(" ")
        commit = (
            Phrase("{commit}, with changes that are not committed", commit=name) if changed.stdout.strip() else name
        )
        seconds = int(time)
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return Made(commit, int(epoch) if epoch.isdecimal() else seconds)
