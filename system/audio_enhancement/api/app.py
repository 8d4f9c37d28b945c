"""The application: routes, errors, and what is measured and logged of each request."""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_enhancement.api import problems
from audio_enhancement.api.routes import router
from audio_enhancement.api.state import Gateway, version

log = structlog.get_logger(component="api")
QUIET = ("/healthz", "/readyz", "/metrics")
"""Routes that machines ask every few seconds; a log line each would bury the others."""
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
CLIENT_GONE = 499
"""Counted as the status of a request whose client went away before there was an answer; never sent."""


class Observe:
    """Counts, times, names and logs each request, and answers where nothing else did: no exception passes it.

    Plain ASGI, so that it sees the last byte of an answer.
    """

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self.app = app
        self.gateway = gateway
        self.served_by = f"{gateway.colour}/{gateway.version}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        start = time.perf_counter()
        status = CLIENT_GONE

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-served-by", self.served_by),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, observed)
        except ClientDisconnect:
            pass  # in the middle of its upload; nobody is there to be answered
        except Exception as error:
            # What no handler knows is a fault of ours. The client gets a document, the log gets the rest.
            log.error("internal error", request_id=request_id, exc_info=error)
            if status == CLIENT_GONE:
                await problems.respond(Request(scope), "internal_error")(scope, receive, observed)
        finally:
            seconds = time.perf_counter() - start
            # The route's template and a known method: both are the client's choice, and each would make a series.
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.gateway.metrics.requests.labels(method, route, str(status)).inc()
            self.gateway.metrics.duration.labels(method, route).observe(seconds)
            if route not in QUIET:
                log.info(
                    "request",
                    request_id=request_id,
                    method=method,
                    route=route,
                    status=status,
                    seconds=round(seconds, 4),
                )


def create_app() -> FastAPI:
    """Make the application of one gateway process. PostgreSQL and Redis are first needed by a request."""
    gateway = Gateway()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        gateway.files.prepare()
        yield
        gateway.close()

    app = _described(FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, **_TEXTS))
    app.state.gateway = gateway
    app.add_middleware(Observe, gateway=gateway)
    return app


_TEXTS: dict[str, Any] = {
    "title": "Audio enhancement",
    "version": version(),
    "description": "Removes noise from recordings and brings them to a common loudness.",
    "openapi_tags": [
        {"name": "enhancements", "description": "Recordings and their results."},
        {"name": "operation", "description": "For those who run the system; no key needed."},
    ],
}


def _described(app: FastAPI) -> FastAPI:
    app.include_router(router)
    problems.install(app)
    return app


def _as_answered(document: dict[str, Any]) -> dict[str, Any]:
    """Correct what FastAPI says of errors.

    It names a model only under ``application/json``, and promises a format of its own for parameters that are not
    valid, even where none can be.
    """
    for schema in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(schema, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            if problems.MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {}):
                operation["responses"].pop("422", None)
            for response in operation["responses"].values():
                content = response.get("content", {})
                if problems.MEDIA_TYPE in content:
                    content[problems.MEDIA_TYPE].update(content.pop("application/json", {}))
    return document


def openapi() -> dict[str, Any]:
    """The OpenAPI document. Needs no server and no settings."""
    return _as_answered(_described(FastAPI(**_TEXTS)).openapi())
