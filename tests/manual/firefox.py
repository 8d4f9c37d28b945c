"""Debian's Firefox over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/): as much of it as a smoke test needs."""

import itertools
import json
import re
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from websockets.sync.client import connect

BINARY = Path("/usr/bin/firefox-esr")
START_S, ANSWER_S = 90, 30
PREFERENCES = """\
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
"""


class Firefox:
    """A browser without a window and without a network: whatever it would fetch goes to a port that nobody has."""

    def __init__(self, profile: Path) -> None:
        if not BINARY.exists():
            pytest.fail(f"{BINARY} is missing. Type: tools/need.sh firefox-esr", pytrace=False)
        profile.mkdir()
        (profile / "user.js").write_text(PREFERENCES)
        self.profile, self.log = profile, profile.with_suffix(".log")
        self.numbers, self.open_ = itertools.count(1), ExitStack()

    def __enter__(self) -> Self:
        command = [BINARY, "--headless", "--no-remote", "--profile", self.profile, "--remote-debugging-port", "0"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env={"HOME": str(self.profile), "MOZ_HEADLESS": "1"}
            )
        try:
            made = connect(f"{self._address()}/session", max_size=None, open_timeout=ANSWER_S, proxy=None)
            self.socket = self.open_.enter_context(made)
            self.ask("session.new", {"capabilities": {}})
            self.context = self.ask("browsingContext.getTree", {})["contexts"][0]["context"]
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open_.close()
        self.process.kill()
        self.process.wait()

    def _address(self) -> str:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", self.log.read_text(errors="replace")):
                return found[1]
            time.sleep(0.1)
        raise AssertionError(self.log.read_text(errors="replace"))

    def ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Send a command; answers its result. Events that come between are of no interest."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=ANSWER_S))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, address: str) -> None:
        """Open a page, and wait until it is there."""
        self.ask("browsingContext.navigate", {"context": self.context, "url": address, "wait": "complete"})

    def until(self, expression: str) -> Any:
        """The value of *expression* in the page, once it is true."""
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            where = {"target": {"context": self.context}, "awaitPromise": False}
            result = self.ask("script.evaluate", {"expression": expression, **where})["result"]
            if result.get("value"):
                return result["value"]
            time.sleep(0.1)
        raise AssertionError(f"{expression}: {result}")
