"""`drillbook publish`: all versions and languages as one folder, checked, and switched in one step."""

import contextlib
import errno
import fcntl
import json
import os
import posixpath
import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import sphinx.locale
from lxml import html
from tests.toolkit.publishing import built, commit, configure, git, publish, published, write

from drillbook.portal.release import damages
from drillbook.portal.translations import without_eval

PORTAL = "conf.py:3: "


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that is published."""
    return published(tmp_path_factory.mktemp("pumps") / "pumps")


@pytest.fixture
def pumps(template: Path, tmp_path: Path) -> Path:
    """A repository that is published, to change at will."""
    return Path(shutil.copytree(template, tmp_path / "pumps", symlinks=True))


def bar(release: Path, page: str) -> dict[str, str]:
    """Where each link of the page's bar leads, from the top; by what it says."""
    nav = html.fromstring((release / page).read_bytes()).find_class("ops-portal")[0]
    return {
        " ".join(item.text_content().split()): resolved(page, item.xpath(".//a/@href")[0])
        for item in nav.iter("li", "p")
    }


def resolved(page: str, address: str) -> str:
    parts = urlsplit(address)
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path) or Path(page).name))


def current(folder: Path) -> Path:
    return (folder / "site" / "current").resolve()


def head(release: Path, page: str) -> list[tuple[str, str, str]]:
    links = html.fromstring((release / page).read_bytes()).xpath("//head/link")
    return [(one.get("rel"), one.get("hreflang", ""), one.get("href")) for one in links]


def test_each_version_is_there_in_each_language_that_it_has(template: Path) -> None:
    release = current(template)
    assert release.parent == template / "site" / "releases"
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{12}", release.name)
    data = json.loads((release / "versions.json").read_text())
    assert (data["latest"], data["stable"], data["deployed"]) == ("main", "v1.1.0", None)
    assert [(one["name"], one["kind"], one["languages"]) for one in data["versions"]] == [
        ("main", "branch", ["en", "de"]),
        ("v1.1.0", "release", ["en", "de"]),
        ("v1.0.0", "release", ["en"]),
    ]
    assert data["versions"][2]["commit"] == git(template, "rev-parse", "v1.0.0").strip()
    assert "a of v1.0.0" in (release / "v1.0.0" / "en" / "a.html").read_text()
    assert "a of v1.1.0" in (release / "stable" / "de" / "a.html").read_text()
    assert "added of main" in (release / "latest" / "en" / "added.html").read_text()
    assert "a of v1.1.0" in (release / "deployed" / "en" / "a.html").read_text()  # nobody said what is deployed
    assert not (release / "v1.0.0" / "de").exists()


def test_a_page_at_an_address_that_stays_is_the_same_file(template: Path) -> None:
    release = current(template)
    assert (release / "stable" / "en" / "a.html").samefile(release / "v1.1.0" / "en" / "a.html")


def test_who_comes_to_a_folder_is_led_on_without_a_script(template: Path) -> None:
    release = current(template)
    for folder, leads in (("", "stable/en/index.html"), ("v1.0.0/", "en/index.html"), ("latest/", "en/index.html")):
        page = html.fromstring((release / folder / "index.html").read_bytes())
        assert page.xpath("//meta[@http-equiv='refresh']/@content") == [f"0; url={leads}"]
        assert page.xpath("//body//a/@href") == [leads]
        assert not page.xpath("//script")


def test_the_menus_lead_to_the_same_page_or_say_that_there_is_none(template: Path) -> None:
    release = current(template)
    assert bar(release, "v1.1.0/en/a.html") == {
        "main latest": "main/en/a.html",
        "v1.1.0 stable": "v1.1.0/en/a.html",
        "v1.0.0": "v1.0.0/en/a.html",
        "English": "v1.1.0/en/a.html",
        "Deutsch": "v1.1.0/de/a.html",
    }
    added = bar(release, "main/en/added.html")
    assert added["v1.0.0 does not have this page: its first page"] == "v1.0.0/en/index.html"
    assert added["Deutsch does not have this page: its first page"] == "main/de/index.html"
    german = bar(release, "v1.1.0/de/a.html")
    assert german["v1.0.0 English"] == "v1.0.0/en/a.html"
    assert german["main neueste"] == "main/de/a.html"


def test_the_menus_know_what_a_page_has_become_and_what_it_was(template: Path) -> None:
    release = current(template)
    assert bar(release, "v1.0.0/en/old.html")["main latest"] == "main/en/moved/new.html"
    assert bar(release, "main/en/moved/new.html")["v1.0.0"] == "v1.0.0/en/old.html"


def test_a_page_says_when_its_version_is_not_the_stable_one(template: Path) -> None:
    release = current(template)
    old = "This is v1.0.0. The stable version is v1.1.0: read this page there."
    assert bar(release, "v1.0.0/en/old.html")[old] == "v1.1.0/en/moved/new.html"
    ahead = "This is main, which is not released. The stable version is v1.1.0: it does not have this page, begin at its first page."
    assert bar(release, "main/en/added.html")[ahead] == "v1.1.0/en/index.html"
    assert not any(text.startswith("This is") for text in bar(release, "stable/en/a.html"))


def test_search_engines_find_the_stable_page_in_all_its_languages(template: Path) -> None:
    url = "https://docs.example.org/pumps"
    links = head(current(template), "v1.0.0/en/a.html")
    assert [one for one in links if one[0] == "canonical"] == [("canonical", "", f"{url}/stable/en/a.html")]
    assert [one[1:] for one in links if one[0] == "alternate"] == [
        ("en", f"{url}/stable/en/a.html"),
        ("de", f"{url}/stable/de/a.html"),
        ("x-default", f"{url}/stable/en/a.html"),
    ]
    assert ("canonical", "", f"{url}/main/en/added.html") in head(current(template), "main/en/added.html")
    sitemap = (current(template) / "sitemap-en.xml").read_text()
    assert re.findall("<loc>(.*)</loc>", sitemap) == [
        f"{url}/stable/en/{page}.html" for page in ("a", "index", "moved/new")
    ]
    assert f"Sitemap: {url}/sitemap.xml" in (current(template) / "robots.txt").read_text()


def test_every_link_of_every_page_leads_somewhere(template: Path) -> None:
    release = current(template)
    seen = 0
    for file in release.rglob("*.html"):
        page = file.relative_to(release).as_posix()
        document = html.fromstring(file.read_bytes())
        for address in document.xpath("//@href | //@src"):
            parts = urlsplit(address)
            if parts.scheme or parts.path.startswith("/"):
                continue
            target = release / resolved(page, address)
            assert target.is_file(), f"{page}: {address}"
            if parts.fragment:
                assert parts.fragment in html.fromstring(target.read_bytes()).xpath("//@id"), f"{page}: {address}"
            seen += 1
    assert seen > 100


def test_the_bar_stands_in_the_body_behind_the_link_that_skips_it(template: Path) -> None:
    page = html.fromstring((current(template) / "v1.0.0" / "en" / "a.html").read_bytes())
    assert [one.tag for one in page.find("body")][:4] == ["script", "a", "nav", "h1"]
    assert "<&>" not in (current(template) / "404.html").read_text()


def test_the_page_for_what_is_not_there_searches_the_stable_version(template: Path) -> None:
    page = html.fromstring((current(template) / "404.html").read_bytes())
    assert page.xpath("//form/@action") == ["/pumps/stable/en/search.html"]
    assert page.xpath("//form//input/@name") == ["q"]


def test_the_page_that_a_build_made_for_what_is_not_there_is_taken_if_it_can_stand_anywhere(pumps: Path) -> None:
    made = "<html><head></head><body><h1>Weg</h1><a href='{}index.html'>Anfang</a></body></html>"
    for language, base in (("de", "/pumps/main/de/"), ("en", "/elsewhere/")):
        (pumps / "source" / "locales" / language / "404.html").write_text(made.format(base))
    commit(pumps)
    assert publish(pumps) == 0
    german, english = (
        html.fromstring((current(pumps) / "main" / language / "404.html").read_bytes()) for language in ("de", "en")
    )
    assert german.findtext(".//h1") == "Weg" and english.findtext(".//h1") == "This page is not here"
    bar = german.xpath("//nav[@class='ops-portal']//a/@href") + german.xpath("//link/@href")
    assert bar and all(link.startswith("/pumps/") for link in bar), bar
    assert "/pumps/v1.0.0/en/index.html" in bar and not [link for link in bar if link.endswith("404.html")]


def test_what_leads_on_speaks_the_language_of_its_folder(pumps: Path) -> None:
    write(pumps, "main", {"en": ["a", "moved/new", "added"], "de": ["a", "moved/new"]})
    commit(pumps)
    assert publish(pumps) == 0
    stub = html.fromstring((current(pumps) / "main" / "de" / "old.html").read_bytes())
    assert stub.get("lang") == "de" and stub.findtext(".//title") == "Verschoben"
    assert stub.text_content().count("Diese Seite ist jetzt hier: moved/new.html#cause.") == 1
    assert html.fromstring((current(pumps) / "index.html").read_bytes()).get("lang") == "en"


def test_an_old_page_leads_to_where_it_is_now(template: Path) -> None:
    release = current(template)
    page = html.fromstring((release / "v1.1.0" / "en" / "old.html").read_bytes())
    assert page.xpath("//meta[@http-equiv='refresh']/@content") == ["0; url=moved/new.html#cause"]
    assert page.xpath("//link/@href") == ["https://docs.example.org/pumps/stable/en/moved/new.html"]
    assert "old of v1.0.0" in (release / "v1.0.0" / "en" / "old.html").read_text()


def test_the_policy_lets_run_what_pages_carry_and_nothing_else(template: Path) -> None:
    policy = json.loads((current(template) / "headers.json").read_text())["headers"]["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert len(re.findall(r"script-src 'self' 'sha256-[^']+';", policy)) == 1
    assert len(re.findall(r"style-src-attr 'unsafe-hashes' 'sha256-[^']+';", policy)) == 1


@pytest.mark.parametrize("language", ["de", "zh_CN", "ru", "ar", "pl"])
def test_sphinxs_own_words_need_no_eval(language: str) -> None:
    text = (Path(sphinx.locale.__file__).parent / language / "LC_MESSAGES" / "sphinx.js").read_text()
    made = without_eval(text)
    assert "addTranslations" not in made and "Documentation.PLURAL_EXPR = (n) => Number(" in made
    messages = json.loads(made.partition("TRANSLATIONS, ")[2].partition(");\nDocumentation.PLURAL")[0])
    assert messages == json.loads(text.partition("(")[2].rstrip().removesuffix(";").removesuffix(")"))["messages"]
    assert without_eval(text.replace('plural_expr": "', 'plural_expr": "alert(1)+')).startswith("Documentation.addT")


def test_what_has_not_changed_is_not_built_again(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish(pumps) == 0  # nginx.conf names the folder, which is another one in a copy
    before = current(pumps)
    built(pumps)
    assert publish(pumps) == 0
    assert built(pumps) == [] and current(pumps) == before
    assert "nothing has changed" in capsys.readouterr().out
    write(pumps, "main 2", {"en": ["a", "moved/new", "added"], "de": ["a"]})
    commit(pumps)
    assert publish(pumps) == 0
    assert built(pumps) == ["main en", "main de"]
    release = current(pumps)
    assert release != before and before.is_dir()
    assert "a of main 2" in (release / "latest" / "en" / "a.html").read_text()
    same = "v1.0.0/en/a.html.br"  # its bar is the same as before
    assert (release / same).samefile(before / same)
    assert not damages(release)
    assert [path.name for path in (pumps / "build" / "checkouts").iterdir()] == ["main"]  # releases stay as they are


def test_a_disk_without_hard_links_is_published_on(pumps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refused)
    write(pumps, "main 2", {"en": ["a", "moved/new", "added"], "de": ["a"]})
    commit(pumps)
    assert publish(pumps) == 0
    assert (current(pumps) / "v1.0.0/en/a.html.br").is_file() and not damages(current(pumps))


def test_a_version_that_cannot_be_built_stops_all_of_it(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = current(pumps)
    (pumps / "broken").write_text("the pump leaks")
    commit(pumps)
    assert publish(pumps) == 1
    said = capsys.readouterr().err
    assert "main en: it cannot be built (exit 1)" in said
    assert "source/a.rst:3: WARNING: the pump leaks" in said and "Nothing was published." in said
    assert current(pumps) == before
    assert publish(pumps, "--keep-going") == 1
    said = capsys.readouterr().err
    assert (
        "the pump leaks" in said
        and "main IS LEFT OUT" in said
        and "left out, because they cannot be built: main" in said
    )
    assert sorted(path.name for path in current(pumps).iterdir() if path.is_dir() and path.name[0] in "mv") == [
        "v1.0.0",
        "v1.1.0",
    ]
    assert "a of v1.1.0" in (current(pumps) / "latest" / "en" / "a.html").read_text()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('<a href="gone.html">x</a>', "a.html:13: the link to 'gone.html' leads nowhere"),
        ('<img src="_static/gone.png?v=1">', "a.html:13: the link to '_static/gone.png?v=1' leads nowhere"),
        ('<a href="../../../etc/passwd">x</a>', "a.html:13: the link to '../../../etc/passwd' leads nowhere"),
        (
            '<a href="index.html#not">x</a>',
            "a.html:13: the link to 'index.html#not' leads to a page that has no such place",
        ),
        ('<b onclick="x()">x</b>', "a.html:13: onclick= is an inline script, which no strict policy lets run"),
    ],
)
def test_a_page_that_would_fail_its_readers_stops_all_of_it(
    pumps: Path, capsys: pytest.CaptureFixture[str], more: str, says: str
) -> None:
    before = current(pumps)
    write(pumps, "main", {"en": ["a", "moved/new", "added"]}, more)
    commit(pumps)
    assert publish(pumps) == 1
    assert says in capsys.readouterr().err
    assert current(pumps) == before


@pytest.mark.parametrize(
    ("name", "index", "says"),
    [
        ("searchindex.js", 'Search.setIndex({"docnames":["a"],"titles":["A"]', "damaged: it does not end as it should"),
        ("searchindex.js", 'Search.setIndex({"docnames":["a"],"titles":[]})', "damaged: 1 pages, and 0 titles"),
        ("searchindex.js", 'Search.setIndex({"docnames":["x"],"titles":["X"]})', "leads to x.html, which is not there"),
        ("search-index.js", 'drillbookSearchIndex({"index":{"documentCount":2},"records":[]});', "0 records, and 2"),
        (
            "search-index.js",
            'drillbookSearchIndex({"index":{"documentCount":1},"records":[["a","b","","x.html#y","",""]]});',
            "leads to x.html, which is not there",
        ),
        (
            "search-index.js",
            r'drillbookSearchIndex("{\"index\":{\"documentCount\":1},\"records\":[[\"a\",\"b\",\"\",\"x.html\",\"\",\"\"]]}");',
            "leads to x.html, which is not there",
        ),
    ],
)
def test_a_search_index_that_is_not_whole_stops_all_of_it(
    pumps: Path, capsys: pytest.CaptureFixture[str], name: str, index: str, says: str
) -> None:
    (pumps / "source" / "locales" / "en" / name).write_text(index)
    commit(pumps)
    assert publish(pumps) == 1
    assert f"{name}: the " in (said := capsys.readouterr().err) and says in said


def test_a_page_is_not_lost_from_one_release_to_the_next(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(pumps, redirects={})
    commit(pumps)
    assert publish(pumps) == 1
    said = capsys.readouterr().err
    assert f"{PORTAL}old is in v1.0.0 and not in v1.1.0" in said and "Say in 'redirects'" in said
    configure(pumps, redirects={"old": None})
    commit(pumps)
    assert publish(pumps) == 0
    assert not (current(pumps) / "v1.1.0" / "en" / "old.html").exists()


def test_a_page_is_not_lost_from_what_readers_have(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(pumps, "main", {"en": ["a", "moved/new"], "de": ["a"]})
    commit(pumps)
    assert publish(pumps) == 1
    assert f"{PORTAL}added is in main as it is published and not in main" in capsys.readouterr().err
    assert publish(pumps, "--worktree") == 0  # who writes may rename


@pytest.mark.parametrize(
    ("redirects", "says"),
    [
        ({"old": "nowhere"}, "old is said to be nowhere, which no version has"),
        ({"old": "x", "x": "old"}, "'redirects' go in a circle: old -> x -> old"),
    ],
)
def test_redirects_that_lead_nowhere_are_refused(
    pumps: Path, capsys: pytest.CaptureFixture[str], redirects: dict[str, str], says: str
) -> None:
    configure(pumps, redirects=redirects)
    commit(pumps)
    assert publish(pumps) == 1
    assert f"{PORTAL}{says}" in capsys.readouterr().err


def test_redirects_may_stand_in_a_file(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(pumps, redirects="moved.yml")
    (pumps / "moved.yml").write_text("# pages that have moved\nnew: a\nold: nowhere\n")
    commit(pumps)
    assert publish(pumps) == 1
    assert "moved.yml:3: old is said to be nowhere" in capsys.readouterr().err
    (pumps / "moved.yml").write_text("old: moved/new\n")
    commit(pumps)
    assert publish(pumps) == 0
    (pumps / "moved.yml").write_text("old: [a\n")
    assert publish(pumps) == 2
    assert "moved.yml: this is no YAML" in capsys.readouterr().err


def test_what_is_deployed_has_its_address_and_says_so(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(pumps, deployed="echo 1.0.0", versions={"tags": "v*", "branches": ["main"], "keep": 1})
    commit(pumps)
    assert publish(pumps) == 0
    release = current(pumps)
    assert (release / "deployed" / "en" / "old.html").samefile(release / "v1.0.0" / "en" / "old.html")
    assert json.loads((release / "versions.json").read_text())["deployed"] == "v1.0.0"
    assert "v1.0.0 deployed" in bar(release, "main/en/a.html")
    note = "This is v1.0.0, the version that is deployed. The stable version is v1.1.0: read this page there."
    assert bar(release, "deployed/en/a.html")[note] == "v1.1.0/en/a.html"
    note = "This is v1.1.0. The version that is deployed is v1.0.0: read this page there."
    assert bar(release, "v1.1.0/en/a.html")[note] == "v1.0.0/en/a.html"
    configure(pumps, deployed="echo no idea >&2; false")
    assert publish(pumps) == 1
    assert (
        f"{PORTAL}'deployed' is to be a version, or a command" in (said := capsys.readouterr().err)
        and "no idea" in said
    )
    configure(pumps, deployed="v7")
    assert publish(pumps) == 1
    assert f"{PORTAL}v7 is deployed, and is not among what is published" in capsys.readouterr().err


def test_releases_are_ordered_by_their_numbers_and_a_pre_release_is_not_stable(pumps: Path) -> None:
    for tag in ("v1.10.0", "v1.9.0", "v2.0.0-rc.1"):
        git(pumps, "tag", tag)
    assert publish(pumps) == 0
    data = json.loads((current(pumps) / "versions.json").read_text())
    assert [one["name"] for one in data["versions"]] == ["main", "v2.0.0-rc.1", "v1.10.0", "v1.9.0", "v1.1.0", "v1.0.0"]
    assert data["stable"] == "v1.10.0"
    menu = bar(current(pumps), "v2.0.0-rc.1/en/a.html")
    assert "v2.0.0-rc.1 pre-release" in menu
    assert any(text.startswith("This is v2.0.0-rc.1, which is not released.") for text in menu)


def test_the_working_tree_takes_the_place_of_the_first_branch(pumps: Path) -> None:
    write(pumps, "nobody's yet", {"en": ["a", "moved/new", "draft"]})
    assert publish(pumps, "--worktree", "--only", "latest") == 0
    release = current(pumps)
    assert "draft of nobody's yet" in (release / "latest" / "en" / "draft.html").read_text()
    assert not (release / "v1.1.0").exists()
    commit_said = json.loads((release / "versions.json").read_text())["versions"][0]["commit"]
    assert commit_said.startswith(f"{git(pumps, 'rev-parse', 'HEAD').strip()}+")
    built(pumps)
    assert publish(pumps, "--worktree", "--only", "latest") == 0
    assert built(pumps) == []


def test_a_check_switches_nothing(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = current(pumps)
    write(pumps, "main 2", {"en": ["a", "moved/new", "added"], "de": ["a"]})
    commit(pumps)
    assert publish(pumps, "--check") == 0
    assert current(pumps) == before and [path.name for path in before.parent.iterdir()] == [before.name]
    assert "could be published: 14 pages. Nothing was switched." in capsys.readouterr().out


def test_a_version_is_set_up_by_its_own_command_and_without_our_environment(
    pumps: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(pumps / "build")
    configure(pumps, setup='echo "$PWD" "$PYTHONPATH$GIT_DIR" >> ../../setup.log')
    commit(pumps)
    for name in ("PYTHONPATH", "GIT_DIR"):
        monkeypatch.setenv(name, "/nowhere")
    assert publish(pumps) == 0
    lines = (pumps / "build" / "setup.log").read_text().splitlines()
    assert [line.rpartition("/")[2] for line in lines] == ["v1.0.0 ", "v1.1.0 ", "main "], (
        "the oldest first: each is compared with the one before"
    )
    configure(pumps, setup="echo no network >&2; exit 3")
    assert publish(pumps) == 1
    assert "v1.0.0: its setup failed" in (said := capsys.readouterr().err) and "no network" in said


def test_who_publishes_at_the_same_time_is_told_who_does(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (pumps / "site" / "lock").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert publish(pumps) == 1
    assert re.search(rf"lock: held by process {os.getpid()} on \S+, which publishes since 2", capsys.readouterr().err)
    assert publish(pumps) == 0


def test_what_was_killed_in_the_cache_is_mended(pumps: Path) -> None:
    write(pumps, "main 2", {"en": ["a", "moved/new", "added"], "de": ["a"]})
    commit(pumps, "v1.2.0")
    half = pumps / "build" / "checkouts" / "v1.2.0" / ".git"  # a clone that did not come far
    half.mkdir(parents=True)
    (pumps / "build" / "checkouts" / "main" / ".git" / "index.lock").touch()
    assert publish(pumps) == 0
    assert "a of main 2" in (current(pumps) / "v1.2.0" / "en" / "a.html").read_text()


def test_a_build_holds_the_lock_when_its_publisher_is_killed(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    going, gate = pumps / "going", pumps / "gate"
    configure(pumps, setup=f"touch {going}; while [ ! -e {gate} ]; do sleep 0.05; done")
    commit(pumps)
    pid = publishing(pumps)
    until(going.exists)
    assert kill(pid)
    assert publish(pumps) == 1
    assert re.search(rf"build/lock: held by process {pid} on \S+, which builds since 2", capsys.readouterr().err)
    gate.touch()
    until(lambda: publish(pumps) == 0)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_old_releases_are_removed_when_nobody_reads_them_any_more(pumps: Path) -> None:
    configure(pumps, keep=1)
    kept = [current(pumps)]
    for at in range(3):
        (pumps / "source" / "locales" / "en" / "_static" / "more.txt").write_text(f"{at}")
        commit(pumps)
        assert publish(pumps) == 0
        kept.append(current(pumps))
    assert all(release.is_dir() for release in kept)  # each was read a moment ago
    for release in kept:
        os.utime(release, (time.time() - 61,) * 2)
    assert publish(pumps) == 0
    assert set(kept[0].parent.iterdir()) == {kept[3], max(kept[:3])}


def test_another_folder_is_left_alone(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(pumps / "site")
    (pumps / "site").mkdir()
    (pumps / "site" / "letter.txt").write_text("mine")
    assert publish(pumps) == 1
    assert "holds other files and no published manual" in capsys.readouterr().err
    assert [path.name for path in (pumps / "site").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--only", "v9"], 1, "there is no version v9; there are: main, v1.1.0, v1.0.0"),
        (["--conf", "/nonexistent"], 2, "conf.py"),
    ],
)
def test_what_cannot_be_is_said(
    pumps: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, says: str
) -> None:
    assert publish(pumps, *arguments) == status
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("portal", "says"),
    [
        ({"urls": "x"}, "must have keys of url, versions"),
        ({"url": "docs"}, "must have an address such as"),
        ({"languages": ["en", "../de"]}, "must have a list of languages"),
        ({"keep": -1}, "must have a number of old releases"),
        ({"versions": {"tags": 3}}, "has for 'tags' what must be a list"),
        ({"versions": {"keep": 0}}, "must keep a number of releases above 0"),
        ({"redirects": {"/a": "b"}}, "must name a page as a toctree does"),
        ({"redirects": "none.yml"}, "'redirects' names"),
        ({"setup": 3}, "must have a text as 'setup'"),
    ],
)
def test_options_that_cannot_be_are_refused_at_their_line(
    pumps: Path, capsys: pytest.CaptureFixture[str], portal: dict[str, Any], says: str
) -> None:
    configure(pumps, **portal)
    assert publish(pumps) == 2
    assert PORTAL in (said := capsys.readouterr().err) and says in said


def test_a_tag_that_is_no_version_is_refused(pumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(pumps, "tag", "very-old")
    assert publish(pumps) == 1
    assert "the tag very-old matches v* and holds no version number" in capsys.readouterr().err


def test_whoever_is_killed_leaves_the_old_release_or_the_new_one(pumps: Path) -> None:
    """Killed over and over, when a random part of the new release is there, with a reader at it all the time."""
    chance = random.Random(20261128)
    page = pumps / "site" / "current" / "latest" / "en" / "a.html"
    whole = sum(len(files) for _, _, files in os.walk(current(pumps)))
    killed, seen = 0, set()
    for at in range(12):
        write(pumps, f"state {at}", {"en": ["a", "moved/new", "added"], "de": ["a"]})
        commit(pumps)
        pid = publishing(pumps)
        enough = chance.randint(0, whole)  # all of it: then it is killed while it is checked and switched
        while not ended(pid) and written(pumps) < enough:
            seen.add(page.read_bytes())
        time.sleep(chance.uniform(0, 0.02))
        killed += kill(pid)
        seen.add(page.read_bytes())
        assert damages(current(pumps)) == []
    assert killed > 6, "most were not killed"
    until(lambda: wait_for(publishing(pumps)) == 0)  # a build whose publisher was killed holds the lock until it ends
    assert "a of state 11" in page.read_text()
    assert all(text.rstrip().endswith(b"</html>") for text in seen)
    left = [path.name for path in (pumps / "site" / "releases").iterdir() if path.name.startswith(".")]
    assert left == [] and sorted(path.name for path in (pumps / "site").iterdir()) == ["current", "lock", "releases"]


def written(folder: Path) -> int:
    """How many files of a new release are there."""
    return sum(len(files) for new in (folder / "site" / "releases").glob(".new-*") for _, _, files in os.walk(new))


def publishing(folder: Path) -> int:
    """A process that publishes."""
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            with (
                Path(os.devnull).open("w") as quiet,
                contextlib.redirect_stdout(quiet),
                contextlib.redirect_stderr(quiet),
            ):
                status = publish(folder)
        finally:
            os._exit(status)
    return pid


def ended(pid: int) -> bool:
    """Whether a process has ended; it can still be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait_for(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill(pid: int) -> bool:
    """Whether it was still there to be killed."""
    os.kill(pid, signal.SIGKILL)
    return wait_for(pid) == -signal.SIGKILL
