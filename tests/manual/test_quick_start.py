"""The quick start is typed as it stands, in a copy of the repository, and must print what the page shows."""

import doctest
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "source" / "start" / "quick-start.md"
END = "--- end of output "


def sessions(page: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, command and expected output of each command in the page's console blocks."""
    begun, command, expected, inside = 0, "", list[str](), False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        starts = inside and line.startswith("$ ")
        if (starts or line == "```") and inside:
            if command:
                yield begun, command, "".join(f"{text}\n" for text in expected)
            command, expected = "", []
        if line.startswith("```"):
            inside = line == "```console"
        elif starts:
            begun, command = number, line[2:]
        elif inside and command.endswith("\\"):
            command += f"\n{line}"
        elif inside:
            expected.append(line)


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


def test_every_command_of_the_quick_start_prints_what_the_page_shows(clone: Path) -> None:
    steps = list(sessions(PAGE))
    assert len(steps) >= 15
    # One shell for all, as a reader has: what a command sets, the next one uses.
    script = "\n".join(f'{command}\nprintf "\\n%s%s\\n" "{END}" "$?"' for _, command, _ in steps)
    run = subprocess.run(
        ["bash"],
        input=script,
        cwd=clone,
        env={k: v for k, v in environment(clone).items() if k != "RUN_DIR"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    outputs = re.findall(rf"(.*?)\n{re.escape(END)}(\d+)\n", run.stdout, re.DOTALL)
    checker = doctest.OutputChecker()
    for (line, command, expected), (output, status) in zip(steps, outputs, strict=True):
        got = output.replace("\r\n", "\n")
        got = got if got.endswith("\n") or not got else f"{got}\n"
        where = f"{PAGE.name}:{line}: {command}\n"
        assert status == "0", f"{where}exit status {status}\n{got}"
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert checker.check_output(expected, got, flags), f"{where}expected\n{expected}\ngot\n{got}"
