"""Errors as problem documents (RFC 9457), each with a stable code from `errors.py`."""

import uuid
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from audio_enhancement.api.schemas import EXAMPLE_ID, FieldError, Problem
from audio_enhancement.errors import BY_CODE
from audio_enhancement.storage.database import DatabaseUnavailable

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "urn:ae:error:"
RETRY_AFTER_S = "5"
"""What a client is told to wait when a part of ours is down."""
WAITS = (503, 504)

log = structlog.get_logger(component="api")


class ProblemError(Exception):
    """A request that ends with a problem document."""

    def __init__(self, code: str, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.error = BY_CODE[code]
        self.detail = detail or self.error.description
        self.headers = dict(headers or {})


def document(code: str, detail: str, request_id: str, errors: list[FieldError] | None = None) -> dict[str, Any]:
    """The body of a problem document."""
    error = BY_CODE[code]
    assert error.status is not None  # job errors never reach a response of their own
    problem = Problem(
        type=TYPE_BASE + code,
        title=error.title,
        status=error.status,
        detail=detail,
        code=code,
        instance=f"urn:uuid:{request_id}",
        errors=errors,
    )
    return problem.model_dump(exclude_none=True)


def respond(
    request: Request, code: str, detail: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Answer with a problem document."""
    error = BY_CODE[code]
    request_id = getattr(request.state, "request_id", "") or str(uuid.uuid4())
    body = document(code, detail or error.description, request_id, **more)
    waits = {"Retry-After": RETRY_AFTER_S} if error.status in WAITS else {}
    return JSONResponse(body, body["status"], {**waits, **dict(headers or {})}, MEDIA_TYPE)


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe errors in a route's OpenAPI document, each with an example."""
    described: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        error = BY_CODE[code]
        assert error.status is not None
        entry = described.setdefault(
            error.status, {"model": Problem, "description": "", "content": {MEDIA_TYPE: {"examples": {}}}}
        )
        entry["description"] = " ".join(filter(None, (entry["description"], f"{error.title}.")))
        entry["content"][MEDIA_TYPE]["examples"][code] = {
            "summary": error.title,
            "value": document(code, error.description, EXAMPLE_ID),
        }
        if error.status in WAITS or code in ("rate_limited", "result_not_ready"):
            entry["headers"] = {
                "Retry-After": {
                    "description": "Seconds after which another request may go well.",
                    "schema": {"type": "integer"},
                    "example": int(RETRY_AFTER_S),
                }
            }
    return described


def install(app: FastAPI) -> None:
    """Make every error that is known here a problem document; `app.Observe` answers for the others."""

    @app.exception_handler(ProblemError)
    async def _problem(request: Request, error: ProblemError) -> JSONResponse:
        return respond(request, error.error.code, error.detail, error.headers)

    @app.exception_handler(DatabaseUnavailable)
    async def _database(request: Request, error: DatabaseUnavailable) -> JSONResponse:
        log.error("database unavailable", reason=str(error))
        return respond(request, "database_unavailable")

    @app.exception_handler(TimeoutError)
    async def _timeout(request: Request, error: TimeoutError) -> JSONResponse:
        return respond(request, "request_timeout")

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [
            FieldError(field=".".join(map(str, item["loc"])), message=str(item["msg"])) for item in error.errors()
        ]
        return respond(request, "invalid_request", errors=fields)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "route_not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
        return respond(request, code, headers=error.headers)
