"""The pump of the ten-minute start: what its page shows, and what it cannot run in its own box, is so."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.toolkit.conftest import EXT

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "source" / "writing" / "start.md").read_text()


@pytest.fixture
def pump(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REPOSITORY / "examples" / "pump", tmp_path / "pump"))


def build(pump: Path, builder: str) -> str:
    command = f"python -m sphinx -q -W -b {builder} . build/{builder}"
    assert f"$ {command}\n" in PAGE, "it is what the page says"
    done = subprocess.run(
        [sys.executable, *command.split()[1:]],
        cwd=pump,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(EXT)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_proven_and_drilled_as_the_page_says(pump: Path) -> None:
    build(pump, "doctest")
    said = build(pump, "drill")
    [confirmed] = re.findall(r"the drill says `(.+?)`", PAGE)
    assert confirmed in said
    found = {file.relative_to(pump / "evidence").as_posix() for file in (pump / "evidence").rglob("*.json")}
    assert found == {"procedure/start-pump.json", "checks/PumpStands.json", "drill/pump-off.json"}
    drilled = json.loads((pump / "build" / "drill" / "report.json").read_text())["drills"]
    assert [one["end"] for one in drilled] == ["fix PumpStands/start: start-pump"]
