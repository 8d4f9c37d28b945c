"""What readers said, and what they were told, cannot be built again: `make clean` leaves it, and git does not see it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from drillbook.cli import parser

REPOSITORY = Path(__file__).resolve().parents[2]


def typed(target: str) -> str:
    """What `make` would type."""
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", target],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


def kept() -> dict[str, Path]:
    database = re.search(r"--database sqlite:///(\S+)", typed("serve"))
    assert database
    return {"feedback": Path(database[1]), "outbox": parser().parse_args(["notify"]).outbox}


def test_make_clean_leaves_it() -> None:
    removed = [Path(word) for line in typed("clean").splitlines() for word in line.split() if line.startswith("rm ")]
    assert Path("build") in removed
    for name, file in kept().items():
        assert not {file, *file.parents} & set(removed), f"make clean would remove the {name}: {file}"


def test_git_ignores_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=20)
    shutil.copy(REPOSITORY / ".gitignore", tmp_path)
    for name, file in kept().items():
        done = subprocess.run(["git", "check-ignore", "--quiet", file], cwd=tmp_path, timeout=20)
        assert done.returncode == 0, f"git would keep the {name}: {file}"


def test_make_serve_makes_its_folder() -> None:
    """SQLite does not."""
    file = kept()["feedback"]
    assert re.search(rf"^mkdir -p {file.parent}\b", typed("serve"), re.MULTILINE)
