"""Pages from templates: they build as they are, and nothing that exists is lost."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build
from tests.toolkit.conftest import EXT
from tests.toolkit.handbook import handbook

from drillbook.new import KINDS


def new(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drillbook", "new", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(EXT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_page_builds_without_a_warning(kind: str, tmp_path: Path, build: Callable[..., Build]) -> None:
    folder = handbook(tmp_path / "book", "# Start\n")
    done = new(folder, kind, "SlowReports", "--folder", ".")
    assert done.returncode == 0 and "SlowReports.md: written" in done.stdout
    assert build(folder).text("SlowReports.html")


def test_a_page_that_exists_is_kept(tmp_path: Path) -> None:
    page = tmp_path / "restart.md"
    page.write_text("mine")
    done = new(tmp_path, "procedure", "restart", "--folder", ".")
    assert done.returncode == 2 and "restart.md exists" in done.stderr and page.read_text() == "mine"
    assert new(tmp_path, "procedure", "restart", "--folder", ".", "--force").returncode == 0
    assert "ops:procedure" in page.read_text()


@pytest.mark.parametrize("name", ["../evil", "a b", "", "1st", "a/b", "ü"])
def test_a_name_that_none_can_have_is_refused(name: str, tmp_path: Path) -> None:
    done = new(tmp_path, "tree", name, "--folder", ".")
    assert done.returncode == 2 and "a name is letters" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    assert "there is no folder nowhere" in new(tmp_path, "tree", "x", "--folder", "nowhere").stderr


@pytest.mark.parametrize("arguments", [["--help"], ["walk", "--help"], ["new", "--help"], ["--version"]])
def test_the_command_explains_itself(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drillbook", *arguments],
        env={**os.environ, "PYTHONPATH": str(EXT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and "drillbook" in done.stdout
