"""Faults of the canary: its key is none."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import update

from audio_enhancement.deployment.state import MONITOR
from audio_enhancement.faults import traffic
from audio_enhancement.faults.settings import changed
from audio_enhancement.settings import DatabaseSettings
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import keys
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.models import ApiKey

NAME = "canary"
UNKNOWN = keys.PREFIX + "of-a-database-that-was-replaced"


@contextmanager
def unknown_key(stack: Stack) -> Iterator[None]:
    """The canary has a key that the database does not know, as after the restore of an older backup."""
    database = Database(DatabaseSettings())
    before = _ends(database)
    try:
        with changed(stack, {"AE_CANARY_API_KEY": UNKNOWN}, restart=[MONITOR]):
            try:
                yield
            finally:
                _revive(database, before)  # before the monitor uses it again
    finally:
        for key_id in _ends(database).keys() - before.keys():
            traffic.forget(database, key_id)
        database.close()


def _ends(database: Database) -> dict[uuid.UUID, datetime | None]:
    """The canary's keys, and when each ends."""
    return {key.id: key.expires_at for key in keys.list_keys(database) if key.name == NAME}


def _revive(database: Database, ends: Mapping[uuid.UUID, datetime | None]) -> None:
    with database.begin() as session:
        for key_id, end in ends.items():
            session.execute(update(ApiKey).where(ApiKey.id == key_id).values(expires_at=end))
