"""The search in a page: on a start page, and on the page for what is not there. And who has only a keyboard."""

import functools
import http
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import ROOT, Quiet
from tests.browser.test_browser_readers import complaints
from tests.browser.test_browser_stamps import built

START = """\
---
orphan: true
---

# Start

```{ops:search}
```

```{ops:alert-list}
```

```{ops:proof}
:summary:
```

```text
%s
```
""" % ("wide " * 80)


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works with a start page, and a page for what is not there, below a path."""
    source = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("start") / "trees"))
    (source / "start.md").write_text(START)
    conf = (source / "conf.py").read_text().replace('"drillbook"]', '"drillbook", "notfound.extension"]')
    (source / "conf.py").write_text(f'{conf}\nnotfound_urls_prefix = "/en/2/"\n')
    built(source, "html", lambda _: None)
    (source / "site" / "en").mkdir(parents=True)
    return Path((source / "_build" / "html").rename(source / "site" / "en" / "2"))


class _Site(Quiet):
    """What is not there is answered with the page for it; as found, for browsers report 404 as an error of a page."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        body = (Path(self.directory) / "en" / "2" / "404.html").read_bytes()
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def address(manual: Path) -> Iterator[str]:
    handler = functools.partial(_Site, directory=str(manual.parents[1]))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/en/2"
        server.shutdown()
        thread.join()


@pytest.fixture
def start(page: Page, manual: Path) -> Page:
    """The start page, read from a file."""
    page.goto((manual / "start.html").as_uri())
    return page


def test_what_is_typed_is_found_below_the_field(start: Page) -> None:
    expect(start.locator("dialog")).to_have_count(0)
    start.keyboard.press("/")
    expect(start.locator(".ops-search-input")).to_be_focused()
    start.keyboard.type("low pressure")
    expect(start.locator(".ops-search-result").first).to_contain_text("pressure")
    start.keyboard.press("Escape")
    expect(start.locator(".ops-search-result")).to_have_count(0)
    start.keyboard.type("low pressure")
    expect(start.locator(".ops-search-results")).to_have_attribute("data-query", "low pressure")
    start.keyboard.press("Enter")
    start.wait_for_url("**/pressure.html*")


def test_the_field_waits_until_somebody_wants_it(start: Page) -> None:
    expect(start.locator(".ops-search-input")).not_to_be_focused()
    assert start.evaluate("scrollY") == 0 and "q=" not in start.url


def test_the_tab_key_passes_the_theme_s_field_and_typing_there_searches(page: Page, manual: Path) -> None:
    page.goto((manual / "pumps.html").as_uri())
    page.locator(".sidebar-search").focus()
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.type("pumps")
    expect(page.locator("dialog .ops-search-input")).to_have_value("pumps")


def test_without_scripts_the_alerts_are_there_and_the_search_says_why_not(
    context: Callable[..., BrowserContext], manual: Path
) -> None:
    page = context(java_script_enabled=False).new_page()
    page.goto((manual / "start.html").as_uri())
    expect(page.locator("[data-ops-search]")).to_contain_text("The search needs JavaScript")
    expect(page.locator(".ops-alert-list li").first).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_reader_can_use_it(context: Callable[..., BrowserContext], address: str, width: int, scheme: str) -> None:
    page = context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto(f"{address}/start.html")
    page.keyboard.press("/")
    page.keyboard.type("pump")
    expect(page.locator(".ops-search-result").first).to_be_visible()
    assert not complaints(page, None)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["presure.html", "alerts/old/presure.html", "a/b/c/presure/"])
def test_what_is_not_there_is_looked_for_from_any_depth(page: Page, address: str, path: str) -> None:
    page.goto(f"{address}/{path}")
    expect(page.get_by_role("heading", name="This page is not here")).to_be_visible()
    expect(page.locator(".ops-search-result").first).to_contain_text("pressure")
    page.locator(".ops-search-result").first.click()
    page.wait_for_url(f"{address}/pressure.html*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
