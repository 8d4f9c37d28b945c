"""Receivers of messages on this machine: one that takes webhooks, and one that takes mail."""

import asyncio
import http.server
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class Webhook:
    """Takes JSON, counts by the key that a repeat has again, and answers with *status*: after at most *slow_s* seconds,
    and not while it is *held*.
    """

    def __init__(self, status: int = 200, slow_s: float = 0) -> None:
        self.status, self.slow_s = status, slow_s
        self.taken: Counter[str] = Counter()
        self.bodies: dict[str, dict[str, Any]] = {}
        self.changed: list[str] = []  # keys that came with two bodies
        self.free = threading.Event()
        self.free.set()
        self.address = ""


@contextmanager
def webhook(made: Webhook, port: int = 0) -> Iterator[Webhook]:
    """Run it; its address is ready to be put into conf.py."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if made.status == 200:
                key = self.headers["Idempotency-Key"]
                made.taken[key] += 1
                if made.bodies.setdefault(key, body) != body:
                    made.changed.append(key)
            made.free.wait(30)
            time.sleep(random.uniform(0, made.slow_s))
            self.send_response(made.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Not worth a line each."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A sender that was killed does not hear the answer."""

    with Server(("127.0.0.1", port), Handler) as server:
        made.address = f"json://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@contextmanager
def mailbox() -> Iterator[tuple[int, list[EmailMessage]]]:
    """A port that takes mail, and what came."""
    mails: list[EmailMessage] = []
    loop = asyncio.new_event_loop()
    # in its own thread from the start: a browser driven by the tests leaves its loop running in this one
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    started = asyncio.start_server(lambda *streams: _mail(mails, *streams), "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(started, loop).result()
    yield server.sockets[0].getsockname()[1], mails
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.close()


async def _mail(mails: list[EmailMessage], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def answer(text: str) -> None:
        writer.write(f"{text}\r\n".encode())
        await writer.drain()

    await answer("220 here")
    while line := await reader.readline():
        word = line.split()[0].upper() if line.split() else b""
        if word == b"DATA":
            await answer("354 go on")
            text = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
            mails.append(message_from_bytes(text.replace(b"\r\n..", b"\r\n."), policy=policy.default))  # type: ignore[arg-type]
            await answer("250 taken")
        else:
            await answer("221 bye" if word == b"QUIT" else "250 yes")
        if word == b"QUIT":
            break
    writer.close()
