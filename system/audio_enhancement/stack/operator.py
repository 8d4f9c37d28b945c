"""What an operator's shell needs: after ``. $RUN_DIR/etc/operator.env``, plain `psql`, `redis-cli` and `supervisorctl`
reach the servers of this run folder.

Passwords stand in the environment and in no command line.
"""

import shlex
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from audio_enhancement.rundir import RunDir, write_atomically
from audio_enhancement.stack.packages import Program
from audio_enhancement.stack.render import wrapper


def write(run: RunDir, programs: Mapping[str, Program], ports: Mapping[str, int], settings: Mapping[str, str]) -> None:
    """Write ``etc/operator.env`` (mode 0600) and the tools that cannot be told their address by the environment.

    Args:
        run: the run folder.
        programs: the servers' programs.
        ports: ports of the servers, by the server's name.
        settings: those of the environment that this run folder serves.
    """
    database = urlsplit(settings["AE_DATABASE_DSN"])
    values = {
        "RUN_DIR": str(run.root),
        "PGHOST": str(database.hostname),
        "PGPORT": str(database.port),
        "PGUSER": database.username or "",
        "PGPASSWORD": database.password or "",
        "PGDATABASE": database.path.removeprefix("/"),
        "REDISCLI_AUTH": urlsplit(settings["AE_QUEUE_URL"]).password or "",
        "PROMETHEUS_URL": f"http://127.0.0.1:{ports['prometheus']}",
        "ALERTMANAGER_URL": f"http://127.0.0.1:{ports['alertmanager']}",
        "AE_URL": f"http://127.0.0.1:{ports['nginx']}",
    }
    client = shlex.quote(str(run.client_file))
    lines = [
        "# For the shell of an operator. Holds secrets: only its owner reads it.",
        *(f"export {name}={shlex.quote(value)}" for name, value in values.items()),
        f'export PATH={shlex.quote(str(run.root / "bin"))}:"$PATH"',
        # The key of people; it is made when the database first runs, and it may be rotated.
        f"if [ -r {client} ]; then . {client}; export AE_API_KEY; fi",
    ]
    write_atomically(run.operator_file, "\n".join(lines) + "\n", mode=0o600)
    wrapper(run, "redis-cli", programs["redis-cli"], "-p", str(ports["redis"]))
    supervisorctl = ("-m", "supervisor.supervisorctl", "-c", str(run.supervisor_conf))
    wrapper(run, "supervisorctl", sys.executable, *supervisorctl)
