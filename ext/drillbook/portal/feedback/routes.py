"""The routes of feedback, for any Starlette application: ``POST /-/feedback``, its health, and the review.

``201`` means stored: it is sent when the transaction is committed. No address of a client is stored or logged.
"""

import asyncio
import json
import logging
import math
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from drillbook.portal.feedback.answer import MAX_BYTES, Answer, AnswerError, now, read_answer
from drillbook.portal.feedback.limits import Limits, Rate
from drillbook.portal.feedback.problem import Refusal
from drillbook.portal.feedback.reviewing import Review
from drillbook.portal.feedback.store import ConflictError, Store, StoreError
from drillbook.portal.feedback.threads import Threads

ADDRESS: Final = "/-/feedback"
BODY_S: Final = 10.0  # for a client to send that much
JSON: Final = "application/json"
LOGGER: Final = logging.getLogger(__name__)


class Settings(NamedTuple):
    """How feedback is taken.

    ``origins`` are the sites besides its own whose pages may send (``null``: pages opened as files); ``pages`` is the
    address below which the manual's pages are; ``token`` opens the review.
    """

    origins: tuple[str, ...] = ()
    pages: str = "/"
    client: Rate = Rate(20, 0.2)
    total: Rate = Rate(400, 200)
    token: str = ""


def routes(store: Store, settings: Settings) -> list[Route]:
    """All routes of feedback, below :data:`ADDRESS`. What is too old, :func:`.retention.retention` removes."""
    limits = Limits(settings.client, settings.total)
    threads = Threads()
    intake = Intake(store, settings, limits, threads)
    methods = ["POST", "OPTIONS"]
    others = Middleware(
        CORSMiddleware, allow_origins=settings.origins, allow_methods=["POST"], allow_headers=["content-type"]
    )
    return [
        Route(ADDRESS, intake.take, methods=methods, middleware=[others]),
        Route(f"{ADDRESS}/health", intake.health),
        Route(f"{ADDRESS}/review", Review(store, settings.pages, settings.token, limits, threads).show),
    ]


class Intake:
    """Takes answers, one request each."""

    def __init__(self, store: Store, settings: Settings, limits: Limits, threads: Threads) -> None:
        self._store, self._settings, self._limits, self._threads = store, settings, limits, threads

    async def take(self, request: Request) -> Response:
        """Store the answer of a request: 201, or 200 when it was stored before; else a problem."""
        try:
            self._admit(request)
            answer = _answer(await _body(request))
            added = await self._threads.run(self._stored, answer)
        except Refusal as refusal:
            return refusal.response()
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody reads it
        except ConflictError as error:
            return Refusal(HTTPStatus.CONFLICT, str(error), "key").response()
        except StoreError as error:
            LOGGER.error("feedback is not stored: %s", error)
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "it cannot be stored now", retry_s=30).response()
        status = HTTPStatus.CREATED if added else HTTPStatus.OK
        return JSONResponse({"key": answer.key, "stored": True}, status)

    async def health(self, request: Request) -> Response:
        """Whether answers can be stored: 200 or 503."""
        try:
            await self._threads.run(self._store.check)
        except StoreError as error:
            LOGGER.error("feedback cannot be stored: %s", error)
            return JSONResponse({"status": "unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"status": "ok"})

    def _admit(self, request: Request) -> None:
        origin = request.headers.get("origin", "")
        if not _is_own(origin, request.headers.get("host", "")) and origin not in self._settings.origins:
            raise Refusal(HTTPStatus.FORBIDDEN, "pages of this origin may not send feedback here", "Origin")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"an answer is {JSON}", "Content-Type")
        if seconds := self._limits.wait(request.client.host if request.client else ""):
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many answers; send it later", retry_s=math.ceil(seconds))

    def _stored(self, answer: Answer) -> bool:
        return self._store.add(answer, now())


def _is_own(origin: str, host: str) -> bool:
    """Whether a page of this server sends; by https or not, as a proxy in front may have ended TLS."""
    return bool(host) and origin in (f"http://{host}", f"https://{host}")


async def _body(request: Request) -> bytes:
    """The body of a request; never more of it in memory than is taken."""
    body = bytearray()
    too_large = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"an answer has at most {MAX_BYTES} bytes")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BYTES:
        raise too_large
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise too_large
    except TimeoutError as error:
        raise Refusal(HTTPStatus.REQUEST_TIMEOUT, f"the answer did not come within {BODY_S:g} s") from error
    return bytes(body)


def _answer(body: bytes) -> Answer:
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is no JSON") from error
    try:
        return read_answer(data)
    except AnswerError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(error), error.field) from error
