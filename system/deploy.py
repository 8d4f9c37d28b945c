#!/usr/bin/env python3
"""Deploy, roll back, scale: the operator's entry. `./deploy.py --help` tells the rest."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run the command, with the project's interpreter: started with another one, change to it first."""
    sys.path.insert(0, str(HERE))
    try:
        from audio_enhancement.deployment.cli import main as command
    except ModuleNotFoundError as error:
        if os.environ.get("AE_DEPLOY_INTERPRETER"):
            sys.exit(
                f"deploy.py: {sys.executable} has no {error.name}: run `make setup`, or name a Python in AE_PYTHON"
            )
        os.environ["AE_DEPLOY_INTERPRETER"] = "chosen"
        os.execv(HERE / "bin" / "python", [str(HERE / "bin" / "python"), __file__, *sys.argv[1:]])  # noqa: S606
    return command()


if __name__ == "__main__":
    sys.dont_write_bytecode = HERE.parent.name == "releases"  # a release is never written to
    sys.exit(main())
