"""A client of the gateway, for tests: it sends, waits for the end, and knows what a problem document must be."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx
from tests.system.conftest import until
from tests.system.processes import Process, System

from audio_enhancement.errors import BY_CODE
from audio_enhancement.stack.stack import Stack

ENDED = ("done", "failed", "dead")


class Client:
    """One API key at one gateway."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def upload(self, data: Any, **headers: str) -> httpx.Response:
        """Send bytes, or parts of a body whose size is not announced."""
        return self.http.post("/v1/enhancements", content=data, headers=headers)

    def accepted(self, data: Any, **headers: str) -> str:
        """Send a recording that must be accepted; returns the path of its job."""
        answer = self.upload(data, **headers)
        assert answer.status_code == 202, answer.text
        return answer.headers["Location"]

    def job(self, location: str) -> dict[str, Any]:
        """The job as it stands now."""
        answer = self.http.get(location)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ended(self, location: str, within_s: float = 30) -> dict[str, Any]:
        """Wait for the end of a job."""
        until(lambda: self.job(location)["status"] in ENDED, within_s, f"{location} ended")
        return self.job(location)


def job_id(location: str) -> uuid.UUID:
    return uuid.UUID(location.rpartition("/")[2])


def assert_problem(answer: httpx.Response, code: str) -> dict[str, Any]:
    """The answer is this error, as RFC 9457 wants it; returns its members."""
    error = BY_CODE[code]
    assert (answer.status_code, answer.headers["Content-Type"]) == (error.status, "application/problem+json"), (
        answer.text
    )
    problem: dict[str, Any] = answer.json()
    request_id = answer.headers["X-Request-Id"]
    expected = {"type": f"urn:ae:error:{code}", "title": error.title, "status": error.status, "code": code}
    assert {name: problem.get(name) for name in expected} == expected
    assert problem["instance"] == f"urn:uuid:{request_id}"
    assert problem["detail"]
    assert set(problem) <= {*expected, "detail", "instance", "errors"}
    assert answer.headers["X-Served-By"] == "blue/v9.9.9"
    return problem


class Running(NamedTuple):
    """A gateway and a worker, and a client of theirs."""

    system: System
    gateway: Process
    worker: Process
    client: Client


@contextmanager
def running_system(servers: Stack, folder: Path, settings: Mapping[str, str]) -> Iterator[Running]:
    """Both processes with these settings, ready, for as long as it is open."""
    system = System(servers, folder, settings)
    try:
        with (
            system.worker(wait=False) as worker,
            system.gateway() as gateway,
            Client(gateway.url, system.key) as client,
        ):
            until(lambda: worker.answers("/metrics"), 30, "the worker is ready")
            yield Running(system, gateway, worker, client)
    finally:
        system.close()
