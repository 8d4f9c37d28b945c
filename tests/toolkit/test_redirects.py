"""`drillbook publish --redirects`: a page that was there and is gone has a redirect; by git alone, without a build."""

import re
from pathlib import Path

import pytest
from tests.toolkit.publishing import commit, git

from drillbook.cli import main

CONF = """\
project = "Pumps"
extensions = ["myst_parser"]
exclude_patterns = ["notes"]
drillbook_portal = {{
    "python": "false",  # nothing is built
    "redirects": {{
{redirects}
    }},
}}
"""
PLACE = re.compile(r"conf\.py:(\d+): ")


def configure(folder: Path, **redirects: str | None) -> None:
    lines = "\n".join(f"        {old!r}: {new!r}," for old, new in redirects.items())
    (folder / "conf.py").write_text(CONF.format(redirects=lines))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A repository with the pages ``index``, ``start/fill`` and ``old``, released as v1.0.0, and one that is no page."""
    folder = tmp_path / "book"
    for name in ("index.md", "start/fill.md", "old.rst", "notes/draft.md", "readme.txt"):
        file = folder / "source" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {name}\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    configure(folder)
    commit(folder, "v1.0.0")
    return folder


def checked(folder: Path) -> int:
    return main(["publish", "--redirects", "--conf", str(folder)])


def lines(text: str) -> list[str]:
    """Each complaint as what stands in the line of conf.py that it names, and what it says."""
    return [line.partition("conf.py:")[2] for line in text.splitlines() if PLACE.search(line)]


def test_pages_that_are_all_there_need_no_redirect(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (book / "source" / "added.md").write_text("# Added\n")
    (book / "source" / "notes" / "draft.md").unlink()
    (book / "source" / "readme.txt").unlink()
    assert checked(book) == 0
    assert capsys.readouterr().out == "4 pages. Each page of v1.0.0, main is one of them, or has a redirect.\n"
    assert not (book / "build").exists(), "nothing is built"


def test_a_page_that_is_renamed_needs_one(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (book / "source" / "old.rst").rename(book / "source" / "new.md")
    assert checked(book) == 1
    said = capsys.readouterr().err
    assert lines(said) == ["4: old is in v1.0.0 and not in the working tree"]
    assert "Say in 'redirects' of drillbook_portal where each of these pages is now" in said
    commit(book)
    assert checked(book) == 1 and capsys.readouterr().err == said, "whether it is committed or not"
    configure(book, old="new")
    assert checked(book) == 0
    configure(book, old=None)
    assert checked(book) == 0


def test_a_redirect_leads_to_a_page_that_is_there(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (book / "source" / "old.rst").unlink()
    configure(book, fill="start/fill", old="nowhere#cause")
    assert checked(book) == 1
    assert lines(capsys.readouterr().err) == ["8: old is said to be nowhere, which no version has"]
    configure(book, old="a", a="old")
    assert checked(book) == 1
    assert "7: 'redirects' go in a circle: old -> a -> old" in capsys.readouterr().err


def test_a_page_that_no_release_had_is_looked_for_on_the_branch(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (book / "source" / "draft.md").write_text("# Draft\n")
    commit(book)
    git(book, "checkout", "--quiet", "-b", "work")
    (book / "source" / "draft.md").unlink()
    commit(book)
    assert checked(book) == 1
    assert lines(capsys.readouterr().err) == ["4: draft is in main and not in the working tree"]
    git(book, "revert", "--no-edit", "HEAD")
    git(book, "checkout", "--quiet", "main")
    (book / "source" / "since.md").write_text("# Since then\n")
    commit(book)
    git(book, "checkout", "--quiet", "work")
    assert checked(book) == 0, "what the branch got since then is not gone"


def test_the_newest_release_counts(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (book / "source" / "old.rst").unlink()
    commit(book, "v1.10.0")
    (book / "source" / "newer.md").write_text("# Newer\n")
    commit(book, "v1.9.0")
    git(book, "reset", "--quiet", "--hard", "v1.10.0")
    assert checked(book) == 0
    assert "Each page of v1.10.0, main" in capsys.readouterr().out


def test_without_a_release_it_says_so_and_passes(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(book, "tag", "--delete", "v1.0.0")
    assert checked(book) == 0
    out = capsys.readouterr().out
    assert "There is no release (v*) to compare with.\n" in out and "Each page of main is one of them" in out
    git(book, "branch", "--move", "main", "other")
    assert checked(book) == 0
    out = capsys.readouterr().out
    assert "There is no release (v*) to compare with.\nThere is no branch main to compare with.\n" in out
    assert "one of them" not in out


def test_outside_of_a_repository_it_cannot_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "source").mkdir()
    configure(tmp_path)
    assert checked(tmp_path) == 2
    assert "git rev-parse failed" in capsys.readouterr().err
