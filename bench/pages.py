"""How long the manual's pages take to load in Chromium, served over HTTP on this machine."""

import functools
import http.server
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import sync_playwright

CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Load(NamedTuple):
    """One page: the median and the slowest time in seconds from the request to the `load` event."""

    page: str
    median_s: float
    slowest_s: float


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line each."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free local port; yields its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def load_seconds(folder: Path, loads: int) -> list[Load]:
    """Load each page `loads` times, each time with an empty cache."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.html"))
    results = []
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM_OPTIONS))
        for name in names:
            times = []
            for _ in range(loads):
                context = browser.new_context()
                page = context.new_page()
                page.goto(f"{address}/{name}", wait_until="load")
                timing = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
                times.append(timing / 1000)
                context.close()
            results.append(Load(name, round(statistics.median(times), 4), round(max(times), 4)))
        browser.close()
    return results
