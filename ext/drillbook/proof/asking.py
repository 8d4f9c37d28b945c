"""Asks the private stack what an example asks: a query, a statement, a request, a rule; and says whether it is as shown."""

import json
import re
import shlex
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from drillbook.model.console import Command
from drillbook.model.http_sample import HttpAnswer, HttpSampleError, answer_difference, answer_weakness, read_sample
from drillbook.proof.session import Outcome, Verdict
from drillbook.proof.shell import Shell
from drillbook.proof.stack import PrivateStack

_ASK_S: Final = 30
_SETTLE_S: Final = 20  # a metric is there after some scrapes
_PAUSE_S: Final = 1
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask_query(stack: PrivateStack, text: str, line: int, *, needs_data: bool) -> Outcome:
    """A query of Prometheus must be valid; *needs_data*: and give something, once there is something to give."""
    began = time.monotonic()
    while True:
        trouble, result = _query(stack.urls.get("prometheus", ""), text)
        if trouble or result or not needs_data or time.monotonic() - began > _SETTLE_S:
            break
        time.sleep(_PAUSE_S)
    if not trouble and needs_data and not result:
        trouble = f"it is valid, and in {_SETTLE_S} s gave no data"
    return _outcome(text, line, trouble, json.dumps(result) if result else "", began)


def _query(url: str, text: str) -> tuple[str, Any]:
    if not url:
        return "the status of the stack names no prometheus", None
    address = f"{url}/api/v1/query?{urllib.parse.urlencode({'query': text})}"
    try:
        with _OPENER.open(address, timeout=_ASK_S) as answer:
            return "", json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        return f"Prometheus refuses it: {_error_of(error.read())}", None
    except (OSError, ValueError, KeyError, HTTPException) as error:
        return f"Prometheus does not answer: {error}", None


def _error_of(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")


def ask_sql(stack: PrivateStack, described: dict[str, Any], text: str, line: int) -> Outcome:
    """SQL must run and give rows: the command of conf.py prints a line for each."""
    began = time.monotonic()
    command = described.get("sql", "")
    if not command:
        return _outcome(text, line, "drillbook_stack in conf.py does not say how SQL is run ('sql')", "", began)
    ran = stack.type(command, text.encode(), _ASK_S)
    trouble = ""
    if ran.status != 0:
        trouble = f"`{command}` ended with exit status {ran.status}:\n{ran.output}"
    elif not ran.output.strip():
        trouble = "it ran, and gave no rows"
    return _outcome(text, line, trouble, ran.output, began)


def ask_http(url: str, shell: Shell, file: Path, text: str, line: int) -> Outcome:
    """A request must be answered as the page shows; ``$NAME`` is a variable of the shell. *file* is for our notes."""
    began = time.monotonic()
    try:
        sample = read_sample(text)
    except HttpSampleError as error:
        return _outcome(text, line, str(error), "", began)
    if not url:
        return _outcome(text, line, "the status of the stack names no url for HTTP ('http' in conf.py)", "", began)
    try:
        texts = (sample.path, *(value for _, value in sample.headers))
        filled = [_filled(shell, part, file).decode() for part in texts]
        body = _body(shell, sample.body, file)
        names = [name for name, _ in sample.headers]
        request = urllib.request.Request(  # noqa: S310 - the stack's own address
            url + filled[0],
            data=body or None,
            headers=dict(zip(names, filled[1:], strict=True)),
            method=sample.method,
        )
        came = _answer(request)
    except (OSError, HTTPException, ValueError) as error:
        return _outcome(text, line, f"the request cannot be made: {error}", "", began)
    different = answer_difference(sample, came)
    trouble = f"its answer is another (- expected, + came):\n{different}" if different else ""
    outcome = _outcome(text, line, trouble, came.body, began)
    doubt = answer_weakness(sample)
    return outcome._replace(verdict=Verdict.UNPROVEN, why=doubt) if doubt and not trouble else outcome


def _answer(request: urllib.request.Request) -> HttpAnswer:
    try:
        came = _NO_REDIRECTS.open(request, timeout=_ASK_S)
    except urllib.error.HTTPError as error:
        came = error
    with came:
        headers = {name.lower(): value for name, value in came.headers.items()}
        return HttpAnswer(came.status, came.reason, headers, came.read().decode("utf-8", "replace"))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """The page shows the redirection itself."""


_NO_REDIRECTS = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


def _filled(shell: Shell, text: str, file: Path) -> bytes:
    """*text* with its variables; nothing else of a shell is looked at."""
    if "$" not in text:
        return text.encode()
    quoted = re.sub(r'([\\"`]|\$\()', r"\\\1", text)
    return _written(shell, f'set -u; printf %s "{quoted}"', file)


def _body(shell: Shell, text: str, file: Path) -> bytes:
    """The body; ``@file`` alone is what is in the file."""
    if text.startswith("@") and "\n" not in text:
        return _written(shell, f'cat "{_filled(shell, text[1:], file).decode()}"', file)
    return _filled(shell, text, file)


def _written(shell: Shell, command: str, file: Path) -> bytes:
    """What *command* writes, with the secrets in it: it goes through *file*, for outputs come back without them."""
    ran = shell.run(f"({command}) > {shlex.quote(str(file))}", _ASK_S)
    if ran.status != 0:
        raise ValueError(ran.output.strip())
    return file.read_bytes()


def check_rules(shell: Shell, file: str, text: str, line: int) -> Outcome:
    """A sample of alert rules must be accepted by promtool; it is written to *file* in the box."""
    began = time.monotonic()
    quoted = shlex.quote(file)
    ran = shell.run(f"cat > {quoted} && promtool check rules {quoted}", _ASK_S, text.encode())
    trouble = "" if ran.status == 0 else f"promtool refuses it:\n{ran.output}"
    return _outcome(text, line, trouble, ran.output, began)


def _outcome(text: str, line: int, trouble: str, output: str, began: float) -> Outcome:
    verdict = Verdict.FAILED if trouble else Verdict.PROVEN
    return Outcome(Command(text, "", line), verdict, trouble, output, None, time.monotonic() - began, 1)
