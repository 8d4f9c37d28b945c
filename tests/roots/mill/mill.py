"""A tiny system to prove pages against: a mill with a wheel and a sluice, its server, its metrics and its books."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

RUN = Path(os.environ["RUN_DIR"])
THINGS = ("wheel", "sluice", "stones")


def read(thing: str) -> str:
    return (RUN / thing).read_text().strip()


def write(thing: str, value: str) -> None:
    (RUN / thing).write_text(value + "\n")


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        address = urllib.parse.urlsplit(self.path)
        if address.path == "/api/v1/query":
            self.query(urllib.parse.parse_qs(address.query)["query"][0])
        else:
            self.answer(200, {"wheel": read("wheel")})

    def do_POST(self) -> None:
        if self.headers["Authorization"] != f"Bearer {read('key')}":
            self.answer(401, {"error": "no key"})
            return
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(202, {"id": os.urandom(4).hex(), "sacks": order["sacks"]})

    def query(self, expression: str) -> None:
        if expression.count("(") != expression.count(")"):
            self.answer(400, {"status": "error", "error": "parse error: unclosed left parenthesis"})
            return
        known = "mill_water_metres" in expression
        result = [{"metric": {}, "value": [time.time(), "1.5"]}] if known else []
        self.answer(200, {"status": "success", "data": {"resultType": "vector", "result": result}})

    def answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


def up() -> None:
    RUN.mkdir()
    for thing, value in {"wheel": "turns", "sluice": "open", "stones": "2", "key": "grist-to-the-mill"}.items():
        write(thing, value)
    books = sqlite3.connect(RUN / "books.db")
    books.execute("CREATE TABLE orders (sacks INTEGER)")
    books.execute("INSERT INTO orders VALUES (3)")
    books.commit()
    server = subprocess.Popen([sys.executable, __file__, "serve"], start_new_session=True, stdout=subprocess.DEVNULL)
    write("pid", str(server.pid))
    while not (RUN / "port").exists():
        time.sleep(0.02)


def serve() -> None:
    server = HTTPServer(("127.0.0.1", 0), Server)
    write("port.new", str(server.server_port))
    (RUN / "port.new").rename(RUN / "port")
    server.serve_forever()


def hold(fault: str) -> None:
    before = read("wheel")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    write("wheel", {"ice": "frozen"}[fault])
    print(f"held {fault}", flush=True)
    try:
        signal.pause()
    finally:
        write("wheel", before)


def main(command: str, *arguments: str) -> None:
    match command:
        case "up":
            up()
        case "serve":
            serve()
        case "down":
            os.kill(int(read("pid")), signal.SIGKILL)
        case "status" if arguments == ("--json",):
            address = f"http://127.0.0.1:{read('port')}"
            print(json.dumps({"urls": {"gateway": address, "prometheus": address, "alertmanager": address}}))
        case "status":
            print("\n".join(f"{thing:<8}{read(thing)}" for thing in THINGS))
        case "snapshot":
            print("\n".join(f"{thing}  {read(thing)}" for thing in THINGS))
            for path in sorted(RUN.glob("left-*")):
                print(f"file.{path.name}  there")
        case "hold":
            hold(*arguments)
        case "secrets":
            print(read("key"))
        case "sql":
            for row in sqlite3.connect(RUN / "books.db").execute(sys.stdin.read()):
                print(*row, sep="|")
        case "set":
            write(*arguments)
            print(f"{arguments[0]} is {arguments[1]}")
        case _:
            sys.exit(f"mill: unknown command {command}")


main(*sys.argv[1:])
