"""What a published manual has: a sitemap, previews of links, a page for what is not there, dates from git, a way to edit."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sphinx.errors import ConfigError
from tests.toolkit.building import Build
from tests.toolkit.handbook import handbook

from drillbook.config import read_conf

REPOSITORY = Path(__file__).parents[2]
BuildIt = Callable[..., Build]
SITE = "https://manual.example/en/2.1.0/"
PAGE = "# Stations\n\nWhat to do when a station is silent.\n\n```{toctree}\nsecond\n```\n"


def site(folder: Path, *extensions: str) -> Path:
    made = handbook(folder, PAGE, second="# Second\n\nText.\n")
    conf = (made / "conf.py").read_text().replace('"drillbook"]', f'"drillbook", *{list(extensions)}]')
    (made / "conf.py").write_text(f'{conf}\nhtml_baseurl = "{SITE}"\nsitemap_url_scheme = "{{link}}"\n')
    return made


def listed(build: Build) -> list[str]:
    return [
        element.text or "" for element in ElementTree.parse(build.output / "sitemap.xml").iter() if "loc" in element.tag
    ]


def test_the_sitemap_has_all_pages_also_after_a_small_change(tmp_path: Path, build: BuildIt) -> None:
    folder = site(tmp_path / "book", "sphinx_sitemap")
    assert listed(build(folder)) == [f"{SITE}index.html", f"{SITE}second.html"], "no index, no page of the search"
    (folder / "second.md").write_text("# Second\n\nOther text.\n")
    assert listed(build(folder)) == [f"{SITE}index.html", f"{SITE}second.html"]
    assert listed(build(folder, "dirhtml")) == [SITE, f"{SITE}second/"]


def test_a_preview_says_what_the_page_says_and_not_its_stamp(tmp_path: Path, build: BuildIt) -> None:
    folder = site(tmp_path / "book", "sphinxext.opengraph")
    hostile = 'He said "<script>alert(1)</script>" & left.'
    (folder / "second.md").write_text(f"---\nowner: me\n---\n# Second\n\n`{hostile}`\n\n```console\n$ true\n```\n")
    options = {"ogp_site_url": SITE, "ogp_social_cards": {"enable": False}}
    done = build(folder, confoverrides=options)
    said = 'content="What to do when a station is silent."'
    assert f'<meta property="og:description" {said} />' in done.text("index.html")
    assert done.text("index.html").count(f'<meta name="description" {said} />') == 1
    assert f'<meta property="og:url" content="{SITE}index.html" />' in done.text("index.html")
    second = done.text("second.html")
    assert "og:image" not in second and "Not proven yet" in second
    [description] = re.findall(r'<meta property="og:description" content="([^"]*)"', second)
    assert description.startswith("He said ")


def test_the_page_for_what_is_not_there_works_at_any_depth(tmp_path: Path, build: BuildIt) -> None:
    folder = site(tmp_path / "book", "notfound.extension")
    page = build(folder, confoverrides={"notfound_urls_prefix": "/en/2.1.0/", "html_theme": "furo"}).text("404.html")
    assert '<div data-ops-search="path">' in page and 'data-content_root="/en/2.1.0/"' in page
    local = re.findall(r'(?:href|src|action)="([^"#]+)"', page)
    assert local and not [link for link in local if not link.startswith(("/en/2.1.0/", "https://"))]
    known = build(folder, confoverrides={"html_theme": "furo"}, freshenv=True).text("404.html")
    assert 'data-content_root="/en/2.1.0/"' in known, "conf.py need not say what the address says"
    own = {"notfound_context": {"title": "Gone", "body": "<h1>Gone</h1>"}, "html_theme": "furo"}
    assert "<h1>Gone</h1>" in build(folder, confoverrides=own, freshenv=True).text("404.html")


# How conf.py of the manual decides. It is run as it stands, in a folder with a manual of one page.


def git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{who}_{what}": "x@manual.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    dates = {"GIT_AUTHOR_DATE": "2026-11-20T23:30:00-0200", "GIT_COMMITTER_DATE": "2026-11-21T12:00:00Z"}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, env={**os.environ, **identity, **dates}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    """A checkout of the manual with one page, and its repository with two commits."""
    folder = tmp_path / "manual"
    (folder / "source").mkdir(parents=True)
    (folder / "system").mkdir()
    shutil.copy(REPOSITORY / "conf.py", folder)
    shutil.copy(REPOSITORY / "system" / "VERSION", folder / "system")
    for name in ("ext", "system/audio_enhancement", "system/monitoring"):
        (folder / name).symlink_to(REPOSITORY / name)
    (folder / "source" / "index.md").write_text("# Manual\n\nText.\n")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    (folder / "README").write_text("x")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "two")
    return folder


def as_html(folder: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, object]:
    """What conf.py says when HTML is built."""
    monkeypatch.setattr(sys, "argv", ["sphinx-build", "-b", "html"])
    for name in ("MANUAL_URL", "MANUAL_SOURCE", "MANUAL_BRANCH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return dict(read_conf(folder)._raw_config)


GIT, MAP = "sphinx_last_updated_by_git", "sphinx_sitemap"


def test_dates_need_the_history_of_this_manual(manual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GIT in as_html(manual, monkeypatch)["extensions"]
    exported = tmp_path / "exported"
    shutil.copytree(manual, exported, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    assert GIT not in as_html(exported, monkeypatch)["extensions"]
    git(exported, "init", "-q")
    assert GIT not in as_html(exported, monkeypatch)["extensions"], "there is no commit yet"
    inside = shutil.copytree(
        exported, manual / "build" / "inside", symlinks=True, ignore=shutil.ignore_patterns(".git")
    )
    assert GIT not in as_html(Path(inside), monkeypatch)["extensions"], "the commit is of another folder"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert GIT not in as_html(manual, monkeypatch)["extensions"], "there is no git"


def test_addresses_are_used_as_they_are_given(manual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = as_html(manual, monkeypatch)
    assert nowhere["html_baseurl"] == "" and MAP not in nowhere["extensions"] and "html_theme_options" not in nowhere
    for written in (SITE, SITE.rstrip("/"), f" {SITE}\n"):
        there = as_html(manual, monkeypatch, MANUAL_URL=written, MANUAL_SOURCE="https://github.com/o/n")
        assert there["html_baseurl"] == SITE
        assert MAP in there["extensions"] and there["html_theme_options"]["source_branch"] == "main"
    with pytest.raises(ConfigError, match=r"MANUAL_URL must begin with https:// or http://, not 'manual\.example/'"):
        as_html(manual, monkeypatch, MANUAL_URL="manual.example")


def test_a_page_has_its_date_and_a_way_to_edit_it_and_a_shallow_clone_says_nothing(
    manual: Path, tmp_path: Path
) -> None:
    pages = []
    for name, depth in (("whole", ()), ("shallow", ("--depth", "1"))):
        git(tmp_path, "clone", "-q", *depth, f"file://{manual}", name)
        command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "-c", ".", "source", "html"]
        environment = {**os.environ, "MANUAL_SOURCE": "https://github.com/o/n/", "MANUAL_BRANCH": "stable"}
        done = subprocess.run(
            command, cwd=tmp_path / name, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 and not done.stderr, done.stderr
        pages.append((tmp_path / name / "html" / "index.html").read_text())
    assert "Last updated on 2026-11-21" in pages[0], "in UTC"
    dated = r"\s*<(div class=.last-updated.>[^<]*</div|meta property=.article:modified_time.[^>]*)>\s*"
    assert len(re.findall(dated, pages[0])) == 2
    assert "".join(re.sub(dated, "", pages[0]).split()) == "".join(pages[1].split()), "else two builds are the same"
    assert 'href="https://github.com/o/n/edit/stable/source/index.md"' in pages[1]
