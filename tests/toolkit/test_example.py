"""A stranger installs the toolkit and builds a manual of a system that has nothing to do with ours."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest

import drillbook

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "lighthouse"
NEEDED = ("furo", "myst-parser", "prometheus-client")  # the theme, the markup, and what the example itself imports


def run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A folder with a copy of the example, and a virtual environment that has only what pip put there."""
    scripts = Path(sys.executable).parent
    for part in ("ext", "README.md", "LICENSE", "pyproject.toml"):
        copy = shutil.copytree if (REPOSITORY / part).is_dir() else shutil.copy2
        copy(REPOSITORY / part, tmp_path / part)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", cwd=tmp_path)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", "venv", cwd=tmp_path)
    locked = ["--constraint", REPOSITORY / "requirements.txt", "--no-verify-hashes"]
    python = tmp_path / "venv" / "bin" / "python"
    run(
        scripts / "uv",
        "pip",
        "install",
        "--python",
        python,
        *locked,
        f"{wheel}[settings,diagrams,tables]",
        *NEEDED,
        cwd=tmp_path,
    )
    shutil.copytree(EXAMPLE, tmp_path / "lighthouse", ignore=shutil.ignore_patterns("_build", "__pycache__"))
    return tmp_path


def test_a_stranger_builds_the_example_without_a_warning(stranger: Path) -> None:
    project = stranger / "lighthouse"
    python = stranger / "venv" / "bin" / "python"
    where = run(python, "-c", "import drillbook; print(drillbook.__file__)", cwd=project)
    assert where.startswith(str(stranger / "venv")), "the installed toolkit, not that of the repository"
    for builder in ("html", "text"):
        run(
            python,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-n",
            "-q",
            "-b",
            builder,
            ".",
            f"_build/{builder}",
            cwd=project,
        )
    page = (project / "_build" / "html" / "index.html").read_text()
    assert "20 %" in page and "15 min" in page
    assert "go to step 3" in (project / "_build" / "text" / "index.txt").read_text()


def test_its_configuration_is_ten_lines() -> None:
    lines = [line for line in (EXAMPLE / "conf.py").read_text().splitlines() if line.strip()]
    assert len([line for line in lines if not line.startswith('"""')]) <= 10


def test_it_uses_every_directive_and_role_of_the_domain() -> None:
    page = (EXAMPLE / "index.md").read_text()
    used = set(re.findall(r"\{ops:([a-z-]+)\}", page))
    registered = MagicMock()
    drillbook.setup(registered)
    calls = (*registered.add_directive_to_domain.call_args_list, *registered.add_role_to_domain.call_args_list)
    offered = {call.args[1] for call in calls}
    assert {"tree", "settings", "fact"} <= offered
    offered.remove("settings-class")  # what autodoc writes for a settings class
    assert offered <= used, offered - used


def test_the_example_does_what_its_page_says() -> None:
    says = run(sys.executable, EXAMPLE / "lighthouse.py", "status", cwd=EXAMPLE)
    assert says == "oil  90 %\n"
