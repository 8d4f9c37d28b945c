"""Refusals, as problem JSON (RFC 9457) that names the field."""

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse


class Refusal(Exception):
    """An answer that is not taken: the status, why, the field that it is about, and after how many seconds to come again."""

    def __init__(self, status: HTTPStatus, detail: str, field: str = "", retry_s: int = 0) -> None:
        super().__init__(detail)
        self.status, self.detail, self.field, self.retry_s = status, detail, field, retry_s

    def response(self) -> JSONResponse:
        """What the client gets."""
        body: dict[str, Any] = {"type": "about:blank", "title": self.status.phrase, "status": self.status}
        body |= {"detail": self.detail} | ({"field": self.field} if self.field else {})
        headers = {"Retry-After": str(self.retry_s)} if self.retry_s else {}
        if self.status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            headers["Connection"] = "close"  # the rest of it is not wanted
        return JSONResponse(body, self.status, headers, "application/problem+json")
