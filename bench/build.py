"""How long `make html` takes, with everything already installed."""

import os
import shutil
import subprocess
import time
from pathlib import Path


def cpus() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def seconds(*, fresh: bool) -> float:
    """Build the manual and return the wall-clock time in seconds; `fresh` removes all earlier output and caches."""
    if fresh:
        shutil.rmtree(Path("build"), ignore_errors=True)
    start = time.perf_counter()
    subprocess.run(["make", "--no-print-directory", "html"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
