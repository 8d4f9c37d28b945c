"""What is checked before a recording is accepted: key, rate, room, size, and its first bytes. No audio is parsed here."""

import asyncio
import errno
import hashlib
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, NamedTuple

import redis
import structlog
from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from audio_enhancement.api.problems import ProblemError
from audio_enhancement.api.state import Gateway, Serving
from audio_enhancement.audio.decode import MAGIC_BYTES, sniff
from audio_enhancement.storage import keys
from audio_enhancement.storage.models import ApiKey

WINDOW_S = 60
log = structlog.get_logger(component="api")
bearer = HTTPBearer(auto_error=False, description="API key, as `Authorization: Bearer KEY`.")


async def api_key(
    serving: Serving, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> ApiKey:
    """The key that the request was sent with.

    Raises:
        ProblemError: there is none, or it is not valid.
    """
    challenge = {"WWW-Authenticate": "Bearer"}
    if credentials is None:
        raise ProblemError("missing_api_key", headers=challenge)
    found = await serving.within_time(keys.find, serving.database, credentials.credentials)
    if found is None:
        raise ProblemError("invalid_api_key", headers=challenge)
    return found


Client = Annotated[ApiKey, Security(api_key)]


def check_rate(serving: Gateway, key_id: uuid.UUID) -> None:
    """Count this upload against the key's minute. With Redis down nothing is counted: uploads matter more.

    Raises:
        ProblemError: the minute is full.
    """
    limit = serving.settings.rate_limit_per_minute
    if not limit:
        return
    window = int(time.time() // WINDOW_S)
    name = f"ae:rate:{key_id}:{window}"
    try:
        with serving.cache.redis.pipeline(transaction=True) as pipeline:
            pipeline.incr(name)
            pipeline.expire(name, 2 * WINDOW_S)
            used = pipeline.execute()[0]
    except redis.RedisError as error:
        log.warning("rate not limited", reason=str(error))
        return
    if used > limit:
        wait = int((window + 1) * WINDOW_S - time.time()) + 1
        raise ProblemError("rate_limited", headers={"Retry-After": str(wait)})


class Received(NamedTuple):
    """An upload on disk: where, its format, and the SHA-256 of its bytes."""

    path: Path
    format: str
    sha256: str


async def receive(serving: Gateway, body: AsyncIterator[bytes], announced: int) -> Received:
    """Write an upload to disk as it arrives; what the client announces is believed only when it is too much.

    Raises:
        ProblemError: the upload is empty, too large, or not audio; or there is no room. Nothing is left on disk.
    """
    most = serving.settings.max_upload_mb * 1_000_000
    too_large = f"At most {serving.settings.max_upload_mb} MB are taken. Split the recording, or send it as FLAC."
    if announced > most:
        raise ProblemError("upload_too_large", too_large)
    if await serving.within_time(serving.files.is_full):
        raise ProblemError("storage_full")
    path = serving.files.incoming()
    digest = hashlib.sha256()
    head, size = b"", 0
    try:
        # A write of what the network gives goes to memory, in far less than a millisecond: a thread would cost more.
        with path.open("xb") as file:
            while part := await next_part(serving, body):
                size += len(part)
                if size > most:
                    raise ProblemError("upload_too_large", too_large)
                if len(head) < MAGIC_BYTES:
                    head += part[: MAGIC_BYTES - len(head)]
                    if len(head) == MAGIC_BYTES and sniff(head) is None:
                        raise ProblemError("unsupported_media")
                digest.update(part)
                file.write(part)
        kind = sniff(head)
        if not size:
            raise ProblemError("upload_empty")
        if kind is None:
            raise ProblemError("unsupported_media")
    except BaseException as error:
        path.unlink(missing_ok=True)  # also when the client goes away in the middle
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ProblemError("storage_full") from error
        raise
    return Received(path, kind, digest.hexdigest())


async def next_part(serving: Gateway, body: AsyncIterator[bytes]) -> bytes:
    """The next bytes of an upload that is not empty; ``b""`` at its end.

    Raises:
        TimeoutError: the client sent nothing for `ApiSettings.request_timeout_s`.
    """
    async with asyncio.timeout(serving.settings.request_timeout_s):
        async for part in body:
            if part:
                return part
    return b""
