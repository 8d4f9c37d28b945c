#!/usr/bin/env python3
"""A pump: the smallest system that can be drilled. It plays Prometheus and Alertmanager, too, so nothing else is needed."""

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

RUN = Path(os.environ.get("RUN_DIR", "run"))
ALERT = "PumpStands"


class Fault(NamedTuple):
    """What can go wrong, and be made to."""

    name: str
    title: str
    description: str
    alert: str
    component: str = ""
    core: bool = True


FAULTS = (Fault("pump-off", "the pump is off", "Somebody switched the pump off.", ALERT),)


def read(thing: str) -> str:
    """What a file of the pump says."""
    return (RUN / thing).read_text().strip()


def write(thing: str, text: str) -> None:
    """Change it, at once."""
    (RUN / f"{thing}.new").write_text(f"{text}\n")
    (RUN / f"{thing}.new").rename(RUN / thing)


class Server(BaseHTTPRequestHandler):
    """Answers who asks for alerts, as Alertmanager (v2) or as Prometheus (v1)."""

    def do_GET(self) -> None:
        """There is one alert, as long as the pump stands."""
        page = {"runbook_url": f"{os.environ.get('SITE', '')}/{ALERT}.html"}
        alert = {"labels": {"alertname": ALERT, "severity": "SEV2"}, "annotations": page}
        alerts = [alert] if read("pump") == "stands" else []
        sent = [one | {"status": {"state": "active"}} for one in alerts]
        rules = {"data": {"alerts": [one | {"state": "firing"} for one in alerts]}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(sent if "/v2/" in self.path else rules).encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def up() -> None:
    """Start it in RUN_DIR."""
    RUN.mkdir()
    write("pump", "runs")
    server = subprocess.Popen([sys.executable, __file__, "serve"], start_new_session=True)  # noqa: S603 - itself
    write("pid", str(server.pid))
    while not (RUN / "url").exists():
        time.sleep(0.05)


def serve() -> None:
    """Be the server."""
    server = HTTPServer(("127.0.0.1", 0), Server)
    write("url", f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


def hold(fault: str) -> None:
    """Put the fault in, say so, wait for the end, and take out what is left of it."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    write("pump", "stands")
    print(f"held {fault}", flush=True)
    while not ended:
        time.sleep(0.05)
    write("pump", "runs")


def main(command: str, *arguments: str) -> None:
    """Do what is asked."""
    match command:
        case "up":
            up()
        case "serve":
            serve()
        case "hold":
            hold(*arguments)
        case "down":
            os.kill(int(read("pid")), signal.SIGTERM)
        case "urls":
            print(json.dumps({"urls": dict.fromkeys(("prometheus", "alertmanager"), read("url"))}))
        case "status" | "snapshot":
            print(f"pump  {read('pump')}")
        case "start":
            write("pump", "runs")
            print("started")
        case _:
            sys.exit(f"pump.py: unknown command {command}")


if __name__ == "__main__":
    main(*sys.argv[1:])
