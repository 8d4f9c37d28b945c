"""The application that serves a published folder.

Only what the manifest of the current release names is there, so no address leads anywhere else. Each request looks which
release is current: a switch needs no restart, and no answer mixes two of them.
"""

import json
import mimetypes
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from drillbook.portal import headers, nginx, packed
from drillbook.portal.look import INDEX
from drillbook.portal.missing import answered
from drillbook.portal.release import Manifest, current

HEALTH: Final = "/-/health"
_QUALITY: Final = re.compile(r"^\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?$")


class Release(NamedTuple):
    """What is served: a release, and what its answers carry."""

    folder: Path
    manifest: Manifest
    headers: Mapping[str, str]


@lru_cache(maxsize=4)
def read_release(folder: Path) -> Release:
    """A release. It never changes, so it is read once. Raises :exc:`OSError`, :exc:`ValueError`."""
    given = json.loads((folder / headers.FILE).read_text(encoding="utf-8"))
    return Release(folder, Manifest.read(folder), given["headers"])


def create(site: Path, extra_routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The application for the published folder *site*.

    Args:
        extra_routes: what else is answered, below ``/-/``: others' parts of the portal, such as the feedback.
    """

    def health(request: Request) -> Response:
        release = _current(site)
        if release is None:
            return JSONResponse({"status": "nothing is published"}, 503)
        return JSONResponse({"status": "ok", "release": release.folder.name})

    def page(request: Request) -> Response:
        release = _current(site)
        if release is None:
            return PlainTextResponse("Nothing is published yet.\n", 503, {"Retry-After": "10"})
        return _answer(release, request)

    return Starlette(
        routes=[Route(HEALTH, health), *extra_routes, Route("/{path:path}", page)],
    )


def _current(site: Path) -> Release | None:
    folder = current(site)
    try:
        return read_release(folder) if folder else None
    except (OSError, ValueError):  # it went away between two looks: the next request finds the new one
        return None


def _answer(release: Release, request: Request) -> Response:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", "")).removeprefix("/")
    files = release.manifest.files
    name = f"{path}{INDEX}" if path == "" or path.endswith("/") else path
    if name not in files and f"{name}/{INDEX}" in files:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{quote(path.rpartition('/')[2])}/{query}", 301, release.headers)
    if name in files and name not in nginx.UNSERVED and not packed.is_packed(name):
        return _file(release, name, request, 200)
    if gone := answered(path, files):
        return _file(release, gone, request, 404)
    return PlainTextResponse("Not found.\n", 404, release.headers)


def _file(release: Release, name: str, request: Request, status: int) -> Response:
    files = release.manifest.files
    accepted = accepted_encodings(request.headers.get("accept-encoding", ""))
    ending = next((end for code, end in packed.ENCODINGS.items() if code in accepted and f"{name}{end}" in files), "")
    hashed = name.startswith(headers.HASHED_FOLDER) or request.url.query.startswith(headers.HASHED_QUERY)
    given = {
        **release.headers,
        "ETag": f'"{files[name].sha256[:32]}{ending}"',
        "Cache-Control": headers.HASHED if hashed and status == 200 else headers.CHECKED,
        "Vary": "Accept-Encoding",
    }
    if status == 200 and _has(request.headers.get("if-none-match", ""), given["ETag"]):
        return Response(status_code=304, headers=given)
    if ending:
        given["Content-Encoding"] = next(code for code, end in packed.ENCODINGS.items() if end == ending)
    kind = packed.TYPES.get(name.rpartition(".")[2])  # else what the system says
    return FileResponse(release.folder / f"{name}{ending}", status, given, media_type=kind or _kind(name))


def _kind(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _has(condition: str, etag: str) -> bool:
    return any(one.strip().removeprefix("W/") in (etag, "*") for one in condition.split(","))


def accepted_encodings(header: str) -> set[str]:
    """The encodings that a reader takes, of those that we have."""
    said: dict[str, float] = {}
    for one in header.lower().split(","):
        if found := _QUALITY.match(one):
            try:
                said[found[1]] = float(found[2] or 1)
            except ValueError:
                continue
    return {code for code in packed.ENCODINGS if said.get(code, said.get("*", 0)) > 0}
