"""The search against Sphinx's own, on the same pages: what the index costs, and how soon results are there.

For ours that is from a real key press to the frame that shows the results, with the index in memory: of whole words, of
beginnings and of misspelt ones. The first search, which loads the index, is measured too. Sphinx's answers on a page of its
own, over HTTP, as it can do no other: from the address to "Search finished". The memory is the most that one process of the
build held; a build in several processes has that about as often.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from bench import synthetic
from bench.pages import served

SIZES: Final = (50, 500, 2000)
CHROMIUM: Final = "/usr/bin/chromium"
QUERIES: Final = ("page0007", "bacodi", "letino", "pura sezu", "kagufo vomi", "zubaco", "tileno", "page0031")
BEGUN: Final = ("baco", "leti", "zuba", "tilen")
MISSPELT: Final = ("bacdoi", "letinno", "zubbaco", "tleno")
TIMEOUT_MS: Final = 120_000
# From the next key to the frame after the one in which the results of what then stands there are written.
ARMED: Final = """() => {
  const input = document.querySelector(".ops-search-input"), results = document.querySelector(".ops-search-results");
  const seen = (begin, resolve) => results.dataset.query === input.value
    ? requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin)))
    : setTimeout(() => seen(begin, resolve));
  window.taken = new Promise((resolve) => input.addEventListener(
    "keydown", (event) => setTimeout(() => seen(event.timeStamp, resolve)), { once: true }));
}"""
SHOWN: Final = """typed => document.querySelector(".ops-search-results").dataset.query === typed"""


def measure(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Of manuals of *sizes* pages."""
    report: dict[str, Any] = {}
    if not sizes:
        return report
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless=new"])
        for size in sizes:
            ours, theirs = (_built(Path(folder) / f"{size}-{search}", size, search=search) for search in (True, False))
            report[str(size)] = {
                "ours": ours[1] | _ours(browser, ours[0]),
                "sphinx": theirs[1] | _theirs(browser, theirs[0]),
            }
            _say(size, report[str(size)])
        browser.close()
    return report


def _built(folder: Path, size: int, *, search: bool) -> tuple[Path, dict[str, Any]]:
    synthetic.write(folder, size, search=search)
    begin = time.monotonic()
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", folder, folder / "html"]
    with subprocess.Popen(command) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    index = folder / "html" / ("search-index.js" if search else "searchindex.js")
    return folder / "html", {
        "build_s": round(time.monotonic() - begin, 1),
        "peak_mb": round(used.ru_maxrss / 1000),
        "index_mb": round(index.stat().st_size / 1e6, 2),
    }


def _ours(browser: Browser, site: Path) -> dict[str, Any]:
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{site.as_uri()}/search.html")
    begin = time.monotonic()
    page.locator(".ops-search-input").fill("page0001")
    page.wait_for_function(SHOWN, arg="page0001")
    found: dict[str, Any] = {"first_ms": round((time.monotonic() - begin) * 1000)}
    every = []
    for kind, queries in (("", QUERIES), ("begun_", BEGUN), ("misspelt_", MISSPELT)):
        times = [_typed(page, query) for query in queries for _ in range(5)]
        found[f"{kind}median_ms"] = round(statistics.median(times), 1)
        every += times
    page.close()
    return found | {"slowest_ms": round(max(every), 1)}


def _typed(page: Page, query: str) -> float:
    """Milliseconds from the last key of a query to what it finds."""
    before, last = query[:-1], query[-1]
    page.locator(".ops-search-input").fill(before)
    page.wait_for_function(SHOWN, arg=before)
    page.evaluate(ARMED)
    page.keyboard.press(last)
    taken: float = page.evaluate("() => window.taken")
    return taken


def _theirs(browser: Browser, site: Path) -> dict[str, Any]:
    with served(site) as address:
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        times = []
        for query in QUERIES:
            begin = time.monotonic()
            page.goto(f"{address}/search.html?q={query}")
            page.wait_for_function(
                "() => /finished|did not match/.test(document.querySelector('.search-summary')?.textContent || '')"
            )
            times.append((time.monotonic() - begin) * 1000)
        page.close()
    return {"median_ms": round(statistics.median(times)), "slowest_ms": round(max(times))}


def _say(size: int, found: dict[str, Any]) -> None:
    for name, one in found.items():
        first = f", the first {one['first_ms']} ms" if "first_ms" in one else ""
        print(
            f"search, {size:4} pages, {name:6}: median {one['median_ms']} ms, slowest {one['slowest_ms']} ms{first}; "
            f"index {one['index_mb']} MB, build {one['build_s']} s, {one['peak_mb']} MB",
            flush=True,
        )
