"""``tools/need.sh`` installs what is missing, once, however many runs find it missing at the same time."""

import os
import subprocess
from pathlib import Path

import pytest

NEED = Path(__file__).parents[2] / "tools" / "need.sh"
PROGRAMS = {
    "dpkg-query": '[ -e "$HERE/$3" ] && printf installed',
    "apt-get": '[ "$1" != update ] || exit 0\nmkdir "$HERE/lock" || exit 100\nsleep 0.3\nfor name; do :; done\n'
    'touch "$HERE/$name"\necho "$name" >> "$HERE/installed"\nrmdir "$HERE/lock"',
    "id": 'echo "$USER_ID"',
}


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A machine whose packages are files."""
    for name, text in PROGRAMS.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HERE": str(tmp_path), "USER_ID": "0"}


def test_two_that_need_the_same_install_it_once(machine: dict[str, str]) -> None:
    runs = [subprocess.Popen([NEED, "grain"], env=machine, stderr=subprocess.DEVNULL) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert Path(machine["HERE"], "installed").read_text() == "grain\n"


def test_who_may_not_install_is_told_what_to_type(machine: dict[str, str]) -> None:
    done = subprocess.run(
        [NEED, "grain"], env=machine | {"USER_ID": "1000"}, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "sudo apt-get install --yes --no-install-recommends grain\n" in done.stderr
