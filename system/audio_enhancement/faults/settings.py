"""Settings that somebody has changed by hand: the file is edited, and those who read it are started again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from audio_enhancement.deployment.state import load_state
from audio_enhancement.faults.fault import FaultError
from audio_enhancement.rundir import write_atomically
from audio_enhancement.stack.render import read_env, write_env
from audio_enhancement.stack.stack import ENVIRONMENT, Stack


@contextmanager
def bad_enhancement(stack: Stack) -> Iterator[None]:
    """The enhancement has been told to do next to nothing, and the workers have read it."""
    state = load_state(stack.run)
    if state is None:
        raise FaultError("nothing has been deployed here: there are no workers")
    with changed(stack, {"AE_DSP_GAIN_FLOOR_DB": "-1"}, restart=state.worker_programs()):
        yield


@contextmanager
def changed(stack: Stack, values: Mapping[str, str], restart: Sequence[str]) -> Iterator[None]:
    """Settings are changed in ``production.env`` and read by the programs that are started again.

    What was there comes back at the end, unless somebody has put it right before.
    """
    file = stack.run.environment_file(ENVIRONMENT)
    before = file.read_text()
    known = read_env(file)
    write_env(file, {**known, **values})
    try:
        _restart(stack, restart)
        yield
    finally:
        if any(stack.environment.get(name) != known.get(name) for name in values):
            write_atomically(file, before, mode=0o600)
            _restart(stack, restart)


def _restart(stack: Stack, programs: Sequence[str]) -> None:
    stack.supervisor.stop_all(programs)
    for name in programs:
        stack.supervisor.start(name)
