"""The page of the review: the worst rated first, then what readers wrote. For who is on the machine, or has the token."""

import base64
import hashlib
import hmac
import math
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from jinja2 import Environment, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from drillbook.portal.feedback.answer import TIME, visible
from drillbook.portal.feedback.limits import Limits
from drillbook.portal.feedback.rating import worst
from drillbook.portal.feedback.store import Store, StoreError
from drillbook.portal.feedback.threads import Threads

LATEST: Final = 100
WORST: Final = 50
STYLE: Final = Path(__file__).with_name("review.css").read_text(encoding="utf-8")
TEMPLATE: Final = Environment(autoescape=True, undefined=StrictUndefined).from_string(
    Path(__file__).with_name("review.html").read_text(encoding="utf-8")
)
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Review:
    """Shows what readers say."""

    def __init__(self, store: Store, pages: str, token: str, limits: Limits, threads: Threads) -> None:
        self._store, self._pages, self._token, self._limits, self._threads = store, pages, token, limits, threads

    async def show(self, request: Request) -> Response:
        """The page; 401 without the token, 403 where there is none and the request comes from elsewhere."""
        if not self._token and not _is_local(request):
            return PlainTextResponse(
                "Only on the machine itself, or with DRILLBOOK_REVIEW_TOKEN.", HTTPStatus.FORBIDDEN
            )
        if self._token and not _has(request, self._token):
            if seconds := self._limits.wait(request.client.host if request.client else ""):
                return PlainTextResponse("Too many tries.", 429, {"Retry-After": str(math.ceil(seconds))})
            asked = {"WWW-Authenticate": 'Basic realm="review", charset="UTF-8"'}
            return PlainTextResponse("The token is needed, as password or bearer token.", 401, asked)
        try:
            return HTMLResponse(await self._threads.run(self._html), headers=HEADERS)
        except StoreError:
            return PlainTextResponse("The feedback cannot be read now.", HTTPStatus.SERVICE_UNAVAILABLE)

    def _html(self) -> str:
        return review_html(self._store, self._pages)


def review_html(store: Store, pages: str) -> str:
    """The page, with links to the manual's pages below the address *pages*."""
    return TEMPLATE.render(
        style=STYLE,
        worst=worst(store.counts())[:WORST],
        latest=store.answers(written=True, limit=LATEST),
        address=lambda page: f"{pages.rstrip('/')}/{quote(page.lstrip('/'))}.html",
        visible=visible,
        time=TIME,
    )


def _is_local(request: Request) -> bool:
    """Whether a request comes from this machine: through no proxy, and from no page that gave a name this address."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:  # no host at all, such as "["
        return False
    return _is_loopback(request.client.host if request.client else "") and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _has(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except ValueError:  # no base64, or no UTF-8 in it
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), token.encode())
