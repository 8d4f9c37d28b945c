"""The quick start is typed as it stands, in a copy of the repository, and must print what the page shows."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from drillbook.model.console import Command, How, commands
from drillbook.proof.session import Verdict, run_session
from drillbook.proof.shell import Shell

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "source" / "start" / "quick-start.md"


def typed(page: Path) -> list[Command]:
    """The commands of the page's console blocks, each with its line in the page."""
    text = page.read_text()
    found: list[Command] = []
    for block in re.finditer(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        first = text.count("\n", 0, block.start(1)) + 1
        found += [command._replace(line=first + command.line) for command in commands(block[1], How(time_limit_s=180))]
    return found


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A copy of the working tree, with the Python packages that are here already."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    folder = tmp_path / "clone"
    for name in filter(None, listed.split("\0")):
        source, target = REPOSITORY / name, folder / name
        if source.is_file():  # git lists a file that was removed until that is committed
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    yield folder
    subprocess.run(["make", "down"], cwd=folder, env=environment(folder), check=True, capture_output=True)


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AE_", "MAKE", "MFLAGS"))}
    return {**kept, "RUN_DIR": str(folder / "run")}


def test_every_command_of_the_quick_start_prints_what_the_page_shows(clone: Path, tmp_path: Path) -> None:
    steps = typed(PAGE)
    assert len(steps) >= 15
    without = {name: value for name, value in environment(clone).items() if name != "RUN_DIR"}
    # One shell for all, as a reader has: what a command sets, the next one uses.
    outcomes = list(run_session(Shell(tmp_path / "state", clone, without), steps))
    wrong = [
        f"{PAGE.name}:{outcome.command.line}: {outcome.command.text}\n{outcome.why}"
        for outcome in outcomes
        if outcome.verdict in (Verdict.FAILED, Verdict.SKIPPED)
    ]
    assert not wrong, "\n".join(wrong)
