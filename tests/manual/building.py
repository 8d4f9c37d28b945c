"""Builds of the manual in a process of their own, so that each sees the code as it is on disk then."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Built(NamedTuple):
    status: int
    output: Path
    messages: str


def build(project: Path, builder: str, folder: Path, *options: str) -> Built:
    """Build the manual of a checkout as `make html` does, with more *options*; a second call with the same folder is incremental."""
    output = folder / builder
    run = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-b", builder),
            *("-c", project, "-d", folder / "doctrees", *options, project / "source", output),
        ],
        capture_output=True,
        text=True,
        cwd=project,
    )
    return Built(run.returncode, output, run.stdout + run.stderr)
