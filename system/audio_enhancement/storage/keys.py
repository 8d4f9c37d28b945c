"""API keys: made, looked up, rotated, revoked. A key is shown once, when it is made."""

import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select

from audio_enhancement.storage.database import Database
from audio_enhancement.storage.models import ApiKey

PREFIX = "ae_"
"""Starts each key, so that secret scanners find one that leaked."""


def digest(key: str) -> str:
    """Hash of a key as stored: SHA-256, hexadecimal. Keys are random, so no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def create(database: Database, name: str) -> tuple[uuid.UUID, str]:
    """Make a key for a client; returns its id and, this once, the key."""
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(id=uuid.uuid4(), name=name, sha256=digest(key))
    with database.begin() as session:
        session.add(row)
    return row.id, key


def find(database: Database, key: str) -> ApiKey | None:
    """Look up a key that is valid now. Lookup by hash leaks no timing about the key itself."""
    with database.begin() as session:
        row = session.scalar(select(ApiKey).where(ApiKey.sha256 == digest(key)))
    return row if row is not None and is_valid(row) else None


def is_valid(key: ApiKey) -> bool:
    """Whether a key works now: neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > datetime.now(UTC))


def rotate(database: Database, name: str, overlap_s: float) -> str:
    """Make a new key under ``name``; the older ones stop working ``overlap_s`` seconds from now.

    Raises:
        LookupError: no key of that name is valid.
    """
    now = datetime.now(UTC)
    end = now + timedelta(seconds=overlap_s)
    key = PREFIX + secrets.token_urlsafe(32)
    with database.begin() as session:
        valid = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
        old = session.scalars(select(ApiKey).where(ApiKey.name == name, ApiKey.revoked_at.is_(None), valid)).all()
        if not old:
            raise LookupError(f"no valid key is named {name!r}")
        for row in old:
            row.expires_at = min(row.expires_at or end, end)
        session.add(ApiKey(id=uuid.uuid4(), name=name, sha256=digest(key)))
    return key


def revoke(database: Database, key_id: uuid.UUID) -> bool:
    """End a key at once; returns whether there was such a key."""
    with database.begin() as session:
        row = session.get(ApiKey, key_id)
        if row is None:
            return False
        row.revoked_at = row.revoked_at or datetime.now(UTC)
    return True


def list_keys(database: Database) -> list[ApiKey]:
    """All keys, newest first. The keys themselves are not known."""
    with database.begin() as session:
        return list(session.scalars(select(ApiKey).order_by(ApiKey.created_at.desc())))
