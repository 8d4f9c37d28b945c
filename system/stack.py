#!/usr/bin/env python3
"""Run the whole system on this machine: ``./stack.py up``, ``down``, ``status`` and so on."""

import os
import sys
from pathlib import Path

PYTHON = Path(__file__).resolve().parent / "bin" / "python"


def main() -> int:
    """Run the command, with the project's interpreter: started with another one, change to it first."""
    try:
        from audio_enhancement.stack.cli import main as command
    except ModuleNotFoundError as error:
        if os.environ.get("AE_STACK_INTERPRETER"):
            sys.exit(f"stack.py: {sys.executable} has no {error.name}: run `make setup`, or name a Python in AE_PYTHON")
        os.environ["AE_STACK_INTERPRETER"] = "chosen"
        os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])  # noqa: S606  (a path of ours)
    return command()


if __name__ == "__main__":
    sys.exit(main())
