"""Which colour nginx sends requests to: read, switched, and verified from outside.

``upstream.conf`` is the only file that differs between the colours. A switch tests the new configuration beside the
one in use, replaces the file in one step, and tells nginx to reload: new requests go to the new colour, requests in
flight are finished by the nginx workers that took them.
"""

import re
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from audio_enhancement.deployment.journal import DeploymentError
from audio_enhancement.deployment.probes import served_by, wait_until
from audio_enhancement.rundir import RunDir, write_atomically

ANSWERS_IN_A_ROW = 5
VERIFY_S = 10
_SERVER = re.compile(r"server 127\.0\.0\.1:(\d+)")


def render_upstream(port: int) -> str:
    """The content of ``upstream.conf``: the gateway that takes all requests."""
    return (
        "# Written by deploy.py: the colour that serves. Use ./deploy.py to change it.\n"
        f"upstream audio_enhancement_api {{\n    server 127.0.0.1:{port};\n}}\n"
    )


def upstream_port(run: RunDir) -> int | None:
    """The port that ``upstream.conf`` names; None when there is no such file or it names none."""
    try:
        found = _SERVER.search(run.upstream_conf.read_text())
    except FileNotFoundError:
        return None
    return int(found.group(1)) if found else None


def gateway_url(run: RunDir) -> str:
    """Where clients reach the system."""
    return f"http://127.0.0.1:{run.stack()['ports']['nginx']}"


def switch(run: RunDir, port: int, expected: str) -> None:
    """Send all new requests to the gateway on ``port``, and see through nginx that ``expected`` answers.

    Raises:
        DeploymentError: nginx refuses the configuration (then nothing was changed), or another colour answers.
    """
    test_configuration(run, render_upstream(port))
    write_atomically(run.upstream_conf, render_upstream(port))
    _nginx(run, "-s", "reload")
    url = f"{gateway_url(run)}/healthz"

    def settled() -> bool:
        return all(served_by(url) == expected for _ in range(ANSWERS_IN_A_ROW))

    if not wait_until(settled, VERIFY_S, pause_s=0.05):
        raise DeploymentError(f"nginx was reloaded, but {served_by(url) or 'nobody'} answers at {url}, not {expected}")


def test_configuration(run: RunDir, upstream: str) -> None:
    """Let nginx judge its configuration with another ``upstream.conf``, without touching the one in use.

    Raises:
        DeploymentError: nginx refuses it; the message is nginx' own.
    """
    with tempfile.TemporaryDirectory(prefix="nginx-") as scratch:
        candidate, configuration = Path(scratch) / "upstream.conf", Path(scratch) / "nginx.conf"
        candidate.write_text(upstream)
        configuration.write_text(run.nginx_conf.read_text().replace(str(run.upstream_conf), str(candidate)))
        _nginx(run, "-t", configuration=str(configuration))


def requests_in_flight(run: RunDir, port: int) -> int:
    """How many requests nginx waits for at the gateway on ``port``: it keeps no connection without one."""
    try:
        workers = psutil.Process(int((run.tmp / "nginx.pid").read_text())).children()
    except (FileNotFoundError, psutil.NoSuchProcess):
        return 0  # nginx does not run: nobody waits
    count = 0
    for worker in workers:
        with suppress(psutil.NoSuchProcess):  # it has finished its requests and ended
            count += sum(
                connection.status == psutil.CONN_ESTABLISHED
                and bool(connection.raddr)
                and connection.raddr.port == port
                for connection in worker.net_connections(kind="tcp")
            )
    return count


def _nginx(run: RunDir, *arguments: str, configuration: str | None = None) -> None:
    command = [str(run.root / "bin" / "nginx"), "-c", configuration or str(run.nginx_conf), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    if result.returncode:
        raise DeploymentError(f"nginx {' '.join(arguments)} failed:\n{result.stderr.strip()}")
