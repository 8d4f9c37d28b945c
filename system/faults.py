#!/usr/bin/env python3
"""Break a system on purpose, for drills: ``./faults.py list``, ``./faults.py hold NAME``."""

import os
import sys
from pathlib import Path

PYTHON = Path(__file__).resolve().parent / "bin" / "python"


def main() -> int:
    """Run the command, with the project's interpreter: started with another one, change to it first."""
    try:
        from audio_enhancement.faults.cli import main as command
    except ModuleNotFoundError as error:
        if os.environ.get("AE_FAULTS_INTERPRETER"):
            sys.exit(
                f"faults.py: {sys.executable} has no {error.name}: run `make setup`, or name a Python in AE_PYTHON"
            )
        os.environ["AE_FAULTS_INTERPRETER"] = "chosen"
        os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])  # noqa: S606  (a path of ours)
    return command()


if __name__ == "__main__":
    sys.exit(main())
