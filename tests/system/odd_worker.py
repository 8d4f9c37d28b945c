"""The worker as a process, in which recordings of some sample rates meet a fate of their own."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from dramatiq.worker import WorkerThread
from numpy.typing import NDArray

from audio_enhancement import worker
from audio_enhancement.dsp.enhance import enhance
from audio_enhancement.settings import DspSettings

KILLS_HZ = 22_050
"""The worker is killed by it, as by the kernel when memory runs out."""
FAILS_HZ = 11_025
"""Each attempt raises an exception."""
HOLD_HZ = 12_000
"""An attempt lasts as long as the file named in ``HOLD`` exists."""


def with_fates(samples: NDArray[np.float32], sample_rate: int, settings: DspSettings) -> NDArray[np.float32]:
    if sample_rate == KILLS_HZ:
        os.kill(os.getpid(), signal.SIGKILL)
    if sample_rate == FAILS_HZ:
        raise RuntimeError("this recording never works")
    while sample_rate == HOLD_HZ and Path(os.environ["HOLD"]).exists():
        time.sleep(0.02)
    return enhance(samples, sample_rate, settings)


def late(run: Callable[[WorkerThread], None]) -> Callable[[WorkerThread], None]:
    """Threads that take their time to start, as on a busy machine."""

    def run_late(thread: WorkerThread) -> None:
        time.sleep(float(os.environ.get("THREADS_START_S", "0")))
        run(thread)

    return run_late


if __name__ == "__main__":
    vars(worker)["enhance"] = with_fates
    WorkerThread.run = late(WorkerThread.run)  # type: ignore[method-assign]
    sys.exit(worker.main())
