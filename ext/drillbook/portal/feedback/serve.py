"""Feedback served alone, for a manual whose pages another server has."""

import contextlib
import signal
import socket
from typing import Final

import uvicorn
from starlette.applications import Starlette

from drillbook.portal.feedback.routes import ADDRESS, Settings, routes
from drillbook.portal.feedback.store import Store

GRACE_S: Final = 5  # for requests that are under way when it is stopped


def serve(store: Store, settings: Settings, host: str, port: int) -> int:
    """Serve until a signal stops it; 0 then. Raises :exc:`OSError` when it cannot listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listening:
        config = uvicorn.Config(
            Starlette(routes=routes(store, settings)),
            log_level="warning",
            access_log=False,  # it would have the addresses of readers
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        at = f"[{host}]" if ":" in host else host
        print(f"Feedback is taken at http://{at}:{listening.getsockname()[1]}{ADDRESS}", flush=True)
        # uvicorn stops in peace, and then lets the signal do what it would have done: end this as the keyboard does
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
    return 0
