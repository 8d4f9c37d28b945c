"""An application, served at an address of this machine until a signal ends it."""

import contextlib
import signal
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.applications import Starlette

GRACE_S: Final = 5  # for requests that are under way when it is ended


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any that is free. Raises :exc:`OSError` that names the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise OSError(f"{host}:{port}: {error.strerror or error}") from error


def serve(app: Starlette, listening: socket.socket, host: str, say: Callable[[str], None]) -> None:
    """Serve at a socket of :func:`listen` until a signal ends it; *say* is told the address, without a slash at its end."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # it would have the addresses of readers
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    say(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
    # uvicorn ends what is under way, and then lets the signal do what it would have done: end us as the keyboard does
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
