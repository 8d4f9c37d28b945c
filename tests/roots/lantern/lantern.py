"""A tiny system to drill: a lantern that burns oil, watched by a real Prometheus and a real Alertmanager."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Fault(NamedTuple):
    name: str
    title: str
    description: str
    alert: str
    core: bool = True
    alone: bool = False


FAULTS = [
    Fault("blown-out", "The wind blew it out", "The flame is out, and there is oil.", "LanternDark"),
    Fault("oil-gone", "The oil is gone", "Somebody took the oil, so the flame went out.", "OilLow", core=False),
]


def run() -> Path:
    return Path(os.environ["RUN_DIR"])


def read(thing: str) -> str:
    return (run() / thing).read_text().strip()


def write(thing: str, value: str) -> None:
    (run() / f"{thing}.new").write_text(value + "\n")
    (run() / f"{thing}.new").rename(run() / thing)


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        lit = read("flame") == "lit"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"lantern_lit {int(lit)}\nlantern_oil_ratio {read('oil')}\n".encode())

    def log_message(self, *arguments: object) -> None:
        pass


def up() -> None:
    run().mkdir()
    for thing, value in {"flame": "lit", "oil": "1.0", "secret": "whale-oil-and-wick"}.items():
        write(thing, value)
    ports = {name: free_port() for name in ("lantern", "prometheus", "alertmanager")}
    write("ports", json.dumps(ports))
    write("operator", "export KEEPER=$(cat $RUN_DIR/secret)")
    rules = os.environ["RULES"] or str(HERE)
    scrape = {"job_name": "lantern", "static_configs": [{"targets": [f"127.0.0.1:{ports['lantern']}"]}]}
    quick = {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"}
    alertmanagers = [{"static_configs": [{"targets": [f"127.0.0.1:{ports['alertmanager']}"]}]}]
    prometheus = {
        "global": quick | {"external_labels": {"site": os.environ["SITE"]}},
        "rule_files": [f"{rules}/*.yml"],
        "scrape_configs": [scrape],
        "alerting": {"alertmanagers": alertmanagers},
    }
    write("prometheus.yml", json.dumps(prometheus))  # JSON is YAML
    write("alertmanager.yml", json.dumps({"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}))
    # an Alertmanager that was unpacked and not installed looks for its templates in the folder that it runs in
    (run() / "templates").symlink_to(Path(os.environ["ALERTMANAGER"]).parents[1] / "share/prometheus/alertmanager")
    start(sys.executable, __file__, "serve")
    start(
        os.environ["PROMETHEUS"],
        f"--config.file={run()}/prometheus.yml",
        f"--storage.tsdb.path={run()}/data",
        f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
        "--rules.alert.resend-delay=1s",
    )
    start(
        os.environ["ALERTMANAGER"],
        f"--config.file={run()}/alertmanager.yml",
        f"--storage.path={run()}/silences",
        f"--web.listen-address=127.0.0.1:{ports['alertmanager']}",
        "--cluster.listen-address=",
    )
    for name in ("prometheus", "alertmanager"):
        wait(f"http://127.0.0.1:{ports[name]}/-/ready")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(*command: str) -> None:
    with (run() / "log").open("a") as log, (run() / "pids").open("a") as pids:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=run(), start_new_session=True)
        pids.write(f"{process.pid}\n")


def wait(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url} does not answer:\n{(run() / 'log').read_text()}")


def serve() -> None:
    HTTPServer(("127.0.0.1", json.loads(read("ports"))["lantern"]), Server).serve_forever()


def hold(fault: str) -> None:
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    write("flame", "out")
    if fault == "oil-gone":
        write("oil", "0.0")
    print(f"held {fault}", flush=True)
    while not ended:
        time.sleep(0.05)


def main(command: str, *arguments: str) -> None:
    match command:
        case "up":
            up()
        case "serve":
            serve()
        case "down":
            for pid in map(int, read("pids").split()):
                os.kill(pid, signal.SIGKILL)
        case "urls":
            ports = json.loads(read("ports"))
            print(json.dumps({"urls": {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}}))
        case "status":
            print(f"flame  {read('flame')}\nkeeper {os.environ['KEEPER']}")
        case "snapshot":
            for thing in ("flame", "oil"):
                print(f"{thing}  {read(thing)}")
        case "hold":
            hold(*arguments)
        case "light":
            if read("oil") == "0.0":
                sys.exit("there is no oil")
            write("flame", "lit")
            print("lit")
        case "fill":
            write("oil", arguments[0])
            print(f"filled to {arguments[0]}")
        case _:
            sys.exit(f"lantern: unknown command {command}")


if __name__ == "__main__":
    main(*sys.argv[1:])
