"""HTTP as it is written on a page: a request, with a body behind an empty line, then the answer that it must give.

::

    POST /v1/enhancements
    Authorization: Bearer $API_KEY
    Content-Type: application/json

    {"sacks": 3}

    HTTP/1.1 202 Accepted
    location: /v1/enhancements/...

    {"id": "..."}
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from drillbook.model.compare import Mode, difference, weakness

LANGUAGE: Final = "http"
_REQUEST = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/\S*)(?: HTTP/[\d.]+)?")
_ANSWER = re.compile(r"HTTP/[\d.]+ (\d{3})(?: (.*))?")
_HEADER = re.compile(r"([\w-]+):\s*(.*)")


class HttpSample(NamedTuple):
    """A request and its answer. ``answer_body`` is empty when the page does not show it."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str
    status: int
    reason: str
    answer_headers: tuple[tuple[str, str], ...]
    answer_body: str


class HttpAnswer(NamedTuple):
    """What came back; the names of headers are in small letters."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: str


class HttpSampleError(ValueError):
    """A block that is no request with its answer; the text says why."""


def read_sample(text: str) -> HttpSample:
    """What a block of ``http`` says. Raises :exc:`HttpSampleError`."""
    lines = text.strip("\n").splitlines()
    request = _REQUEST.fullmatch(lines[0].strip()) if lines else None
    if request is None:
        raise HttpSampleError("it must begin with a request, such as GET /healthz")
    begins = next((number for number, line in enumerate(lines) if _ANSWER.fullmatch(line.strip())), None)
    if begins is None:
        raise HttpSampleError("it must show the answer, from its line HTTP/1.1 200 OK on")
    answer = _ANSWER.fullmatch(lines[begins].strip())
    assert answer is not None
    headers, body = _message(lines[1:begins])
    answer_headers, answer_body = _message(lines[begins + 1 :])
    return HttpSample(
        request[1], request[2], headers, body, int(answer[1]), answer[2] or "", answer_headers, answer_body
    )


def _message(lines: list[str]) -> tuple[tuple[tuple[str, str], ...], str]:
    """Headers up to the first empty line, and the body behind it."""
    headers: list[tuple[str, str]] = []
    for number, line in enumerate(lines):
        if not line.strip():
            return tuple(headers), "\n".join(lines[number + 1 :]).strip("\n")
        header = _HEADER.fullmatch(line.strip())
        if header is None:
            raise HttpSampleError(f"this is no header, and a body stands behind an empty line: {line.strip()}")
        headers.append((header[1], header[2]))
    return tuple(headers), ""


def answer_difference(sample: HttpSample, came: HttpAnswer) -> str:
    """How the answer differs from what the page shows, as a diff; headers that are not shown do not count."""
    shown = {name.lower() for name, _ in sample.answer_headers}
    wanted = [f"HTTP {sample.status} {sample.reason}".rstrip()]
    wanted += sorted(f"{name.lower()}: {value}" for name, value in sample.answer_headers)
    got = [f"HTTP {came.status} {came.reason if sample.reason else ''}".rstrip()]
    got += sorted(f"{name}: {value}" for name, value in came.headers.items() if name in shown)
    if sample.answer_body or came.status != sample.status:
        wanted, got = [*wanted, "", sample.answer_body], [*got, "", came.body]
    return difference("\n".join(wanted), "\n".join(got), Mode.SAME)


def answer_weakness(sample: HttpSample) -> str:
    """Why nothing is proven though all is as shown: a body of which nothing is shown."""
    return weakness(sample.answer_body) if sample.answer_body else ""
