"""The servers of a stack: how each is described to the supervisor and asked whether it is ready.

Every server runs in the foreground, on 127.0.0.1, on a port and in a data folder of its own.
"""

import http.client
import random
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from audio_enhancement.rundir import RunDir
from audio_enhancement.stack import postgres
from audio_enhancement.stack.packages import TEMPLATES, Program
from audio_enhancement.stack.supervise import Supervisor

SERVERS = ("redis", "postgres", "alertmanager", "prometheus", "nginx")
"""Programs of the stack that a deployment leaves alone, in the order in which they start."""
# Below the ports that deployments give to processes, and those that the kernel hands out to clients.
_PORTS = range(10_000, 20_000)


def choose_ports() -> dict[str, int]:
    """A free port for each server. They are random, so that stacks that start at the same time do not meet."""
    chosen: dict[str, int] = {}
    with ExitStack() as held:
        for port in random.sample(_PORTS, len(_PORTS)):
            probe = held.enter_context(socket.socket())
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                chosen[SERVERS[len(chosen)]] = port
                if len(chosen) == len(SERVERS):
                    return chosen
    raise RuntimeError(f"there are no {len(SERVERS)} free ports between {_PORTS.start} and {_PORTS.stop}")


def write_programs(
    run: RunDir, supervisor: Supervisor, programs: Mapping[str, Program], ports: Mapping[str, int]
) -> None:
    """Describe all servers to the supervisor."""
    tools = run.root / "bin"
    commands: dict[str, list[str | Path]] = {
        "redis": [tools / "redis-server", run.etc / "redis" / "redis.conf"],
        "alertmanager": [
            tools / "alertmanager",
            f"--config.file={run.etc / 'alertmanager' / 'alertmanager.yml'}",
            f"--storage.path={run.data / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{ports['alertmanager']}",
            "--cluster.listen-address=",
        ],
        "prometheus": [
            tools / "prometheus",
            f"--config.file={run.prometheus / 'prometheus.yml'}",
            f"--storage.tsdb.path={run.data / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
            "--storage.tsdb.retention.time=15d",
            "--web.enable-lifecycle",
        ],
        "nginx": [tools / "nginx", "-c", run.nginx_conf],
    }
    # PostgreSQL: disconnect clients and stop cleanly. nginx: finish the requests in flight.
    stop_signals = {"postgres": "INT", "nginx": "QUIT"}
    for priority, name in enumerate(SERVERS):
        folder = run.tmp / name if name == "nginx" else run.data / name
        folder.mkdir(parents=True, exist_ok=True)
        if name == "alertmanager":
            link = folder / TEMPLATES
            link.unlink(missing_ok=True)
            link.symlink_to(programs[name].path.parents[1] / "share" / "prometheus" / "alertmanager")
        if name == "postgres":
            command, environment = postgres.command(programs[name], "-p", str(ports[name]))
        else:
            command, environment = [str(part) for part in commands[name]], {}
        supervisor.write_program(
            name,
            command,
            directory=folder,
            environment=environment,
            stop_signal=stop_signals.get(name, "TERM"),
            priority=priority,
        )


def checks(ports: Mapping[str, int], passwords: Mapping[str, str]) -> dict[str, Callable[[], bool]]:
    """For each server the question whether it is ready."""
    return {
        "redis": lambda: redis_answers(ports["redis"], passwords["redis"]),
        "postgres": lambda: postgres.answers(ports["postgres"], passwords["postgres"]),
        "alertmanager": lambda: http_status(ports["alertmanager"], "/-/ready") == 200,
        "prometheus": lambda: http_status(ports["prometheus"], "/-/ready") == 200,
        # Any answer will do: before the first deployment there is nobody behind nginx.
        "nginx": lambda: http_status(ports["nginx"], "/healthz") is not None,
    }


def redis_answers(port: int, password: str) -> bool:
    """Whether Redis has loaded its data and takes commands."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            return b"+PONG" in connection.makefile("rb").read()
    except OSError:
        return False


def is_taken(port: int) -> bool:
    """Whether another program listens on the port."""
    with socket.socket() as probe:
        # As servers do it: the remains of closed connections do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def http_status(port: int, path: str) -> int | None:
    """The status of the answer to a GET; None when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
