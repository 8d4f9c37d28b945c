"""A real Chromium, and the manual of the water works (tests/roots/trees), from files and served under a strict policy.

What a page reports as an error fails its test.
"""

import base64
import functools
import hashlib
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from starlette.routing import BaseRoute
from tests.browser.hostile import WATCH

from drillbook.portal.app import create
from drillbook.portal.headers import headers
from drillbook.portal.look import look

ROOT = Path(__file__).parents[1] / "roots" / "trees"
EXT = Path(__file__).parents[2] / "ext"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built manual."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("water") / "trees"))
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", source, source / "_build"],
        check=True,
        env={**os.environ, "PYTHONPATH": str(EXT), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
    )
    return source / "_build"


def policy(html: str, wasm: bool = False, media: bool = False) -> str:
    """The strictest Content-Security-Policy under which the theme's own parts of the page *html* work.

    With *wasm* WebAssembly may run, too, and with *media* videos may play, whose captions are in the page.
    """

    def hashes(parts: list[str]) -> str:
        digests = (base64.b64encode(hashlib.sha256(unescape(part).encode()).digest()).decode() for part in parts)
        return " ".join(f"'sha256-{digest}'" for digest in dict.fromkeys(digests))

    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    attributes = re.findall(r'\sstyle="(.*?)"', html)
    modules = "'wasm-unsafe-eval'" if wasm else ""
    videos = "media-src 'self' data:; " if media else ""
    return (
        f"{videos}default-src 'none'; script-src 'self' {hashes(scripts)} {modules}; style-src 'self' {hashes(styles)}; "
        f"style-src-attr 'unsafe-hashes' {hashes(attributes)}; "
        "img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def published_policy(site: Path) -> str:
    """The policy that a built manual is published with."""
    return headers([look(site)], "")["Content-Security-Policy"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, without a word."""

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":  # browsers ask for it unasked
            self.send_response(http.HTTPStatus.NO_CONTENT)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line each."""


class Strict(Quiet):
    """Serves files under a policy."""

    policy = ""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()


@contextmanager
def serving(site: Path, *, wasm: bool = False, media: bool = False) -> Iterator[str]:
    """The address of a manual over HTTP; the policy knows a page that has nothing of ours."""
    html = (site / "index.html").read_text(encoding="utf-8")
    with serving_as(Strict, site, policy(html, wasm, media)) as address:
        yield address


@contextmanager
def serving_as(kind: type[Strict], site: Path, policy: str) -> Iterator[str]:
    """The address of a folder that is served under a policy."""
    handler = functools.partial(type("Handler", (kind,), {"policy": policy}), directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The address of the manual."""
    with serving(site) as address:
        yield address


@contextmanager
def portal(published: Path, *routes: BaseRoute, listening: socket.socket | None = None) -> Iterator[str]:
    """The address of a published folder, which our application serves."""
    with listening or socket.create_server(("127.0.0.1", 0)) as taken:
        app = create(published, routes)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        server.should_exit = True
        thread.join()


THEMES_ICONS = "Loading the image 'data:image/svg+xml"  # Furo's, which the policy blocks; nothing of ours is so loaded


def _is_error(message: ConsoleMessage) -> bool:
    return message.type == "error" and not message.text.startswith(THEMES_ICONS)


@pytest.fixture
def only_an_icon_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers ask for one unasked; anything else that a page complains of fails its test, also icons of the theme."""
    monkeypatch.setattr(
        sys.modules[__name__],
        "_is_error",
        lambda one: one.type == "error" and not one.location["url"].endswith("/favicon.ico"),
    )


@pytest.fixture
def context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """New readers, who remember nothing; a page of theirs that reports an error fails the test."""
    opened: list[BrowserContext] = []
    errors: list[str] = []

    def new(**options: Any) -> BrowserContext:
        made = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options}
        )
        made.set_default_timeout(5000)
        made.on("weberror", lambda error: errors.append(str(error.error)))
        made.on("console", lambda message: errors.append(message.text) if _is_error(message) else None)
        opened.append(made)
        return made

    yield new
    for made in opened:
        made.close()
    assert not errors, errors


@pytest.fixture
def page(context: Callable[..., BrowserContext]) -> Page:
    """One page of one reader, who may use the clipboard."""
    reader = context()
    reader.grant_permissions(["clipboard-read", "clipboard-write"])
    return reader.new_page()


@pytest.fixture(params=[True, False], ids=["without a policy", "with the published policy"])
def watched(request: pytest.FixtureRequest, context: Callable[..., BrowserContext]) -> Page:
    """A page that notes each script that runs, and each element and address that could run one.

    Its server sends the policy of a published manual. Once that counts, and once the browser does not heed it.
    """
    found = context(bypass_csp=request.param).new_page()
    found.add_init_script(WATCH)
    found.set_default_timeout(20_000)
    return found
