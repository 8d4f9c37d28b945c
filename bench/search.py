"""The search against Sphinx's own, on the same pages: what the index costs, and how soon results are there.

For ours that is from a key press to the results on the page, with the index in memory; the first search, which loads the
index, is measured too. Sphinx's answers on a page of its own, over HTTP, as it can do no other: from the address to
"Search finished".
"""

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
TIMEOUT_MS: Final = 120_000
# The time from the key to the results, in the page itself; the results are those of what was typed.
TYPED: Final = """async query => {
  const input = document.querySelector(".ops-search-input"), results = document.querySelector(".ops-search-results");
  const begin = performance.now();
  input.value = query;
  input.dispatchEvent(new Event("input"));
  while (results.dataset.query !== query) await new Promise(resolve => setTimeout(resolve, 0));
  results.getBoundingClientRect();
  return performance.now() - begin;
}"""


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
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-b", "html", folder, folder / "html"], check=True)
    index = folder / "html" / ("search-index.js" if search else "searchindex.js")
    return folder / "html", {
        "build_s": round(time.monotonic() - begin, 1),
        "index_mb": round(index.stat().st_size / 1e6, 2),
    }


def _ours(browser: Browser, site: Path) -> dict[str, Any]:
    page = browser.new_page()
    page.goto(f"{site.as_uri()}/search.html")
    begin = time.monotonic()
    _typed(page, "page0001")
    first = (time.monotonic() - begin) * 1000
    times = [_typed(page, query) for query in QUERIES for _ in range(5)]
    page.close()
    return {
        "first_ms": round(first),
        "median_ms": round(statistics.median(times), 1),
        "slowest_ms": round(max(times), 1),
    }


def _typed(page: Page, query: str) -> float:
    page.evaluate("() => document.querySelector('.ops-search-input').value = ''")
    taken: float = page.evaluate(TYPED, query)
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
            f"index {one['index_mb']} MB, build {one['build_s']} s",
            flush=True,
        )
