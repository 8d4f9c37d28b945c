"""axe finds nothing on any kind of page, in any theme, in any language, in light and in dark: the whole page, with the bar.

No rule is switched off. What is left out is a theme's own, and stands below with what is wrong with it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, expect
from tests.browser import conftest
from tests.browser.conftest import EXT, ROOT, portal
from tests.browser.test_browser_readers import complaints
from tests.browser.works import translate, water_works
from tests.toolkit.feedback import answer
from tests.toolkit.publishing import commit, publish

from drillbook.portal.feedback.answer import now
from drillbook.portal.feedback.routes import Settings, routes
from drillbook.portal.feedback.store import open_store

CONF = """
import sys
sys.path.insert(0, {ext!r})
html_theme = {theme!r}
release = {release!r}
html_static_path = []
drillbook_feedback = "/-/feedback"
drillbook_portal = {{
    "url": "https://manual.example",
    "languages": ["en", "de", "zh_CN"],
    "versions": {{"branches": []}},
    "python": {python!r},
    "redirects": {{"old": "pumps"}},
}}
"""
PAGES = {
    "lists": "# All alerts\n\n```{ops:alert-list}\n```\n\n```{ops:alerts}\n:no-index:\n```\n",
    "proof": "# What is proven\n\n```{ops:proof}\n```\n",
    "changes": "# What has changed\n\n```{ops:changes}\n```\n",
    "find": "# Find\n\n```{ops:search}\n```\n",
}
KINDS = (
    *("index", "pumps", "pressure", "hostile", "pressure.html#tree-LowPressure/1", "lists", "proof", "changes"),
    *("find", "search.html?q=pump", "genindex", "ops-alerts"),
)
TITLES = {"de": "Wasserwerk", "zh_CN": "自来水厂"}
LANGUAGES = ("en", *TITLES)
THEMES = {"basic": "v1.0.0", "alabaster": "v1.1.0", "furo": "v1.2.0"}
LOOKS = [("basic", "light"), ("alabaster", "light"), ("furo", "light"), ("furo", "dark")]
REFRESH = 'http-equiv="refresh"'
THEIRS: dict[str, list[list[str]]] = {
    # headings of another level than the page's; two navigations of one name, above and below
    "basic": [[".sphinxsidebar"], ["div.related"]],
    # the same headings; a footer outside of all landmarks and too faint, as are two colours of code
    "alabaster": [[".sphinxsidebar"], [".footer"], [".highlight .go"], [".highlight .s2"]],
    "furo": [],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual of the water works, published: each release has another theme."""
    folder = tmp_path_factory.mktemp("axe") / "works"
    source = water_works(folder)
    for name, text in PAGES.items():
        (source / f"{name}.md").write_text(f"---\norphan: true\n---\n\n{text}")
    for language, title in TITLES.items():
        translate(source, language, title)
    conf, pumps = (ROOT / "conf.py").read_text(), (source / "pumps.md").read_text()
    for theme, release in THEMES.items():
        said = CONF.format(ext=str(EXT), theme=theme, release=release, python=sys.executable)
        (folder / "conf.py").write_text(conf + said)
        (source / "pumps.md").write_text(pumps.replace("$ ./pump start ", f"$ ./pump start --{theme} "))
        commit(folder, release)
    assert publish(folder) == 0
    return folder / "site"


@pytest.fixture(scope="module")
def address(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = f"sqlite:///{tmp_path_factory.mktemp('answers') / 'answers.db'}"
    with closing(open_store(database)) as store:
        store.add(answer(text="It was the other pump."), now())
        with portal(site, *routes(store, Settings())) as found:
            yield found


@pytest.fixture(autouse=True)
def only_pages_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is asked for that is not there; whatever else a page complains of fails its test."""

    def is_error(message: ConsoleMessage) -> bool:
        return message.type == "error" and "status of 404" not in message.text

    monkeypatch.setattr(conftest, "_is_error", is_error)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("theme", "scheme"), LOOKS)
def test_axe_finds_nothing_on_any_kind_of_page(
    context: Callable[..., BrowserContext], address: str, theme: str, scheme: str, language: str
) -> None:
    page = context(color_scheme=scheme).new_page()
    found = {}
    for kind in KINDS:
        name, _, rest = kind.partition(".html")
        page.goto("about:blank")  # or only its place on the page would change
        page.goto(f"{address}/{THEMES[theme]}/{language}/{name}.html{rest}")
        expect(page.locator("html")).to_have_attribute("lang", language.replace("_", "-"))
        if "?q=" in kind:
            expect(page.locator("[data-ops-search] a").first).to_be_visible()
        page.locator(".ops-portal summary").first.click()
        found[kind] = complaints(page, None, THEIRS[theme])
    assert not {kind: said for kind, said in found.items() if said}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_on_the_pages_of_the_portals_own(
    context: Callable[..., BrowserContext], address: str, scheme: str, width: int
) -> None:
    page = context(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
    found = {}
    for name in ("no/such/page", "-/feedback/review", "", "v1.0.0/", "stable/en/old.html"):
        page.goto("about:blank")
        text = page.request.get(f"{address}/{name}").text()
        if REFRESH in text:  # it leads on before anybody can look at it
            page.set_content(text.replace(REFRESH, "name"))
        else:
            page.goto(f"{address}/{name}")
        found[name] = complaints(page, None)
    assert not {name: said for name, said in found.items() if said}
