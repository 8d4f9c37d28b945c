"""A shell that a reader could have typed into: what a command sets, the next one finds.

Each command is a bash of its own, so that one that hangs is ended with everything that it started, and takes nothing
with it. Variables, functions, options and the working folder go from one to the next in a file.
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from drillbook import process

# The state is written whatever ends the command, ``exit`` too, and before its status is given back; it may hold secrets,
# so only its owner reads it. What bash does not let one set (``UID``, ``BASHOPTS``) complains when it is read, to nobody.
_SCRIPT = """\
exec 2>&1
if [ -e {state} ]; then . {state} 2> /dev/null; fi
trap '__status=$?; (umask 077; {{ declare -p; declare -f; set +o; shopt -p; printf "cd -- %q\\n" "$PWD"; }} > {state}.new); \
mv {state}.new {state}; exit $__status' EXIT
{command}
"""


class Ran(NamedTuple):
    """What a command did. ``output`` has both its outputs, as a terminal shows them, without secrets.

    ``arrivals`` says when it came: seconds since the start, and how many lines had ended by then.
    """

    status: int
    output: str
    timed_out: bool = False
    truncated: bool = False
    arrivals: tuple[tuple[float, int], ...] = ()


class Shell:
    """Runs commands one after the other. ``state`` is a file that must not be there yet; ``folder`` is the first one."""

    def __init__(
        self, state: Path, folder: Path, environment: Mapping[str, str], *, secrets: Sequence[str] = ()
    ) -> None:
        self._state, self._folder, self._environment = state, folder, environment
        self._secrets = secrets

    def run(self, command: str, time_limit_s: float, stdin: bytes = b"") -> Ran:
        """Run one command, as typed, with *stdin* to read; after *time_limit_s* seconds it is killed with all that it started.

        Raises :exc:`OSError` when there is no bash, or no such folder.
        """
        script = _SCRIPT.format(state=shlex.quote(str(self._state)), command=command)
        done = process.run(
            ["bash", "--noprofile", "--norc", "-c", script],
            timeout_s=time_limit_s,
            stdin=stdin,
            cwd=self._folder,
            env=self._environment,
            secrets=self._secrets,
        )
        output = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
        return Ran(done.status, output, done.timed_out, done.truncated, done.arrivals)
