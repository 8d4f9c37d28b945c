"""The gateway as a client meets it: what it takes, what it refuses, and in which words."""

import io
import json
import re
import signal
import socket
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from tests.system.client import Client, Running, assert_problem, job_id, running_system
from tests.system.conftest import until
from tests.system.odd_worker import HOLD_HZ
from tests.system.processes import System, recording, wait_s

from audio_enhancement.api.app import openapi
from audio_enhancement.dsp.quality import si_sdr
from audio_enhancement.dsp.speech import noisy, speech_like
from audio_enhancement.errors import ERRORS
from audio_enhancement.stack.stack import Stack
from audio_enhancement.storage import keys
from audio_enhancement.storage.models import ApiKey

SETTINGS = {
    "AE_API_MAX_UPLOAD_MB": "1",
    "AE_API_RATE_LIMIT_PER_MINUTE": "0",
    "AE_API_REQUEST_TIMEOUT_S": "2",
    "AE_WORKER_CONCURRENCY": "2",
}
MEDIA = {"WAV": "audio/wav", "FLAC": "audio/flac", "OGG": "audio/ogg"}


@pytest.fixture(scope="module")
def running(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_system(servers, tmp_path_factory.mktemp("api"), SETTINGS) as running:
        yield running


def encoded(samples: NDArray[np.float32], form: str, subtype: str | None = None, rate_hz: int = 16_000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=form, subtype=subtype)
    return file.getvalue()


def stored_files(system: System) -> set[Path]:
    return {path for path in system.files.root.rglob("*") if path.is_file()}


def rows(system: System) -> int:
    with system.sql() as connection:
        found = connection.execute("SELECT count(*) FROM jobs").fetchone()
    assert found is not None
    return int(found[0])


# What is taken


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("form", MEDIA)
def test_a_recording_comes_back_with_less_noise_in_its_own_format(running: Running, form: str, channels: int) -> None:
    clean = speech_like(3.0, seed=channels)
    mixture = noisy(clean, 5.0, seed=channels)
    answer = running.client.upload(
        encoded(np.column_stack([mixture] * channels), form), **{"Content-Type": MEDIA[form]}
    )
    assert answer.status_code == 202
    assert answer.headers["X-Served-By"] == "blue/v9.9.9"
    accepted = answer.json()
    location = f"/v1/enhancements/{accepted['id']}"
    assert answer.headers["Location"] == location
    assert (accepted["status"], accepted["format"], accepted["audio"]) == ("queued", form, None)

    job = running.client.ended(location)
    assert (job["status"], job["attempts"], job["cached"], job["error"]) == ("done", 1, False, None)
    assert accepted["created_at"] == job["created_at"] < job["finished_at"]
    result = running.client.http.get(job["audio"])
    assert (result.status_code, result.headers["Content-Type"]) == (200, MEDIA[form])
    assert result.headers["Content-Disposition"] == f'attachment; filename="{job["id"]}.{form.lower()}"'
    with soundfile.SoundFile(io.BytesIO(result.content)) as file:
        assert (file.format, file.samplerate, file.channels, file.frames) == (form, 16_000, channels, len(clean))
        enhanced = file.read(dtype="float32", always_2d=True)
    assert si_sdr(clean, enhanced[:, 0]) - si_sdr(clean, mixture) > 2


def test_a_job_is_its_owners_alone(running: Running) -> None:
    location = running.client.accepted(recording(1))
    running.client.ended(location)
    _, key = keys.create(running.system.database, "stranger")
    with Client(running.gateway.url, key) as stranger:
        for method, path in (("GET", location), ("GET", f"{location}/audio"), ("DELETE", location)):
            assert_problem(stranger.http.request(method, path), "job_not_found")
    assert running.client.http.get(f"{location}/audio").status_code == 200


def test_a_removed_job_leaves_nothing(running: Running) -> None:
    before = stored_files(running.system)
    location = running.client.accepted(recording(2))
    running.client.ended(location)
    assert len(stored_files(running.system) - before) == 2
    assert running.client.http.delete(location).status_code == 204
    assert stored_files(running.system) == before
    for answer in (running.client.http.get(location), running.client.http.delete(location)):
        assert_problem(answer, "job_not_found")


def test_a_result_whose_file_is_gone_is_not_found(running: Running) -> None:
    location = running.client.accepted(recording(3))
    running.client.ended(location)
    running.system.files.remove(job_id(location))
    assert_problem(running.client.http.get(f"{location}/audio"), "job_not_found")


def test_a_result_that_is_not_there_yet_says_when_to_ask_again(running: Running) -> None:
    running.system.hold.touch()
    try:
        location = running.client.accepted(recording(4, rate_hz=HOLD_HZ))
        answer = running.client.http.get(f"{location}/audio")
        assert_problem(answer, "result_not_ready")
        assert int(answer.headers["Retry-After"]) > 0
    finally:
        running.system.hold.unlink()
    assert running.client.ended(location)["status"] == "done"


# The cache


def test_the_same_recording_is_answered_at_once_and_each_job_has_its_own_result(running: Running) -> None:
    data = recording(10)
    first = running.client.accepted(data)
    running.client.ended(first)
    hits = running.gateway.metric('ae_cache_requests_total{outcome="hit"}')
    twin = running.client.upload(data).json()
    assert (twin["status"], twin["cached"], twin["attempts"]) == ("done", True, 0)
    assert running.gateway.metric('ae_cache_requests_total{outcome="hit"}') == hits + 1
    result = running.client.http.get(f"{first}/audio").content
    assert running.client.http.delete(first).status_code == 204
    assert running.client.http.get(twin["audio"]).content == result
    # What the cache remembers is gone with the job it came from: enhanced anew.
    assert running.client.upload(data).json()["status"] == "queued"


@pytest.mark.parametrize("directive", ["no-cache", "No-Cache, no-store"])
def test_a_client_may_bypass_the_cache(running: Running, directive: str) -> None:
    data = recording(11)
    running.client.ended(running.client.accepted(data, **{"Cache-Control": "no-cache"}))
    bypassed = running.gateway.metric('ae_cache_requests_total{outcome="bypass"}')
    location = running.client.accepted(data, **{"Cache-Control": directive})
    assert not running.client.ended(location)["cached"]
    assert running.gateway.metric('ae_cache_requests_total{outcome="bypass"}') == bypassed + 1
    assert running.client.upload(data).json()["cached"]


def test_another_enhancement_setting_misses_the_cache(running: Running) -> None:
    data = recording(12)
    running.client.ended(running.client.accepted(data))
    with (
        running.system.gateway(AE_DSP_GAIN_FLOOR_DB="-13") as other,
        Client(other.url, running.system.key) as client,
    ):
        assert not client.upload(data).json()["cached"]
    assert running.client.upload(data).json()["cached"]


# What is refused


def test_without_a_valid_key_there_is_nothing(running: Running) -> None:
    database = running.system.database
    revoked_id, revoked = keys.create(database, "revoked")
    keys.revoke(database, revoked_id)
    expired_id, expired = keys.create(database, "expired")
    with database.begin() as session:
        key = session.get(ApiKey, expired_id)
        assert key is not None
        key.expires_at = datetime.now(UTC) - timedelta(seconds=1)
    job = f"/v1/enhancements/{uuid.uuid4()}"
    routes = [("POST", "/v1/enhancements"), ("GET", job), ("GET", f"{job}/audio"), ("DELETE", job)]
    cases = [("", "missing_api_key"), ("Basic eDp5", "missing_api_key"), ("Bearer", "missing_api_key")]
    cases += [(f"Bearer {key}", "invalid_api_key") for key in ("ae_unknown", revoked, expired)]
    for method, path in routes:
        for authorization, code in cases:
            headers = {"Authorization": authorization} if authorization else {}
            answer = httpx.request(method, running.gateway.url + path, headers=headers, trust_env=False)
            assert_problem(answer, code)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", "route_not_found"),
        ("GET", "/v1/enhancement", "route_not_found"),
        ("GET", "/v1/enhancements/../../etc/passwd", "route_not_found"),
        ("GET", "/openapi.json", "route_not_found"),
        ("GET", "/v1/enhancements", "method_not_allowed"),
        ("PUT", f"/v1/enhancements/{uuid.UUID(int=0)}", "method_not_allowed"),
        ("POST", "/healthz", "method_not_allowed"),
        ("GET", f"/v1/enhancements/{uuid.UUID(int=0)}", "job_not_found"),
        ("GET", "/v1/enhancements/17", "invalid_request"),
        ("DELETE", "/v1/enhancements/17", "invalid_request"),
        ("GET", "/v1/enhancements/17/audio", "invalid_request"),
    ],
)
def test_what_does_not_exist_is_a_problem_document(running: Running, method: str, path: str, code: str) -> None:
    answer = running.client.http.request(method, path)
    problem = assert_problem(answer, code)
    if code == "method_not_allowed":
        assert answer.headers["Allow"]
    if code == "invalid_request":
        (field,) = problem["errors"]
        assert field["field"] == "path.job_id" and "UUID" in field["message"]


def parts(*sizes: int) -> Iterator[bytes]:
    """A WAV file, as its head shows, in parts: its size is not announced."""
    yield b"RIFF\xff\xff\xff\xffWAVE"
    for size in sizes:
        yield bytes(size)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"", "upload_empty"),
        (lambda: iter([b""]), "upload_empty"),
        (lambda: b"RIFF", "unsupported_media"),
        (lambda: b"%PDF-1.7 " + bytes(5000), "unsupported_media"),
        (lambda: iter([b"ID3", b"\x04", bytes(5000)]), "unsupported_media"),
        (lambda: b"RIFF\xff\xff\xff\xffWAVE" + bytes(1_000_000), "upload_too_large"),
        (lambda: parts(500_000, 400_000, 100_000), "upload_too_large"),
    ],
    ids=["empty", "empty parts", "too short", "PDF", "MP3 in small parts", "too large", "too large in parts"],
)
def test_uploads_over_a_limit_are_refused_and_leave_nothing(
    running: Running, make: Callable[[], Any], code: str
) -> None:
    before, count = stored_files(running.system), rows(running.system)
    assert_problem(running.client.upload(make()), code)
    assert (stored_files(running.system), rows(running.system)) == (before, count)


def test_an_upload_of_exactly_the_limit_is_taken(running: Running) -> None:
    location = running.client.accepted(parts(999_988))
    assert running.client.ended(location)["error"]["code"] == "corrupt_audio"


def begin_upload(running: Running, *headers: str) -> socket.socket:
    """Send the head of an upload over a connection of its own."""
    connection = socket.create_connection(("127.0.0.1", running.gateway.port), timeout=10)
    lines = ["POST /v1/enhancements HTTP/1.1", "Host: x", f"Authorization: Bearer {running.system.key}", *headers]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def test_an_announced_size_over_the_limit_is_refused_before_it_is_sent(running: Running) -> None:
    with begin_upload(running, "Content-Length: 1000001") as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_goes_away_or_falls_asleep_leaves_nothing(running: Running) -> None:
    before, count = stored_files(running.system), rows(running.system)
    route = 'method="POST",route="/v1/enhancements"'
    gone = running.gateway.metric(f'ae_http_requests_total{{code="499",{route}}}')
    with begin_upload(running, "Content-Length: 1000") as away:
        away.sendall(recording(20)[:500])
        until(lambda: len(stored_files(running.system)) > len(before), 5, "the upload has begun")
    until(
        lambda: running.gateway.metric(f'ae_http_requests_total{{code="499",{route}}}') == gone + 1,
        5,
        "the gateway noticed that the client is gone",
    )
    with begin_upload(running, "Content-Length: 1000") as asleep:
        asleep.sendall(recording(20)[:500])
        answer = b""
        while b"request_timeout" not in answer and (part := asleep.recv(2000)):
            answer += part
        assert answer.startswith(b"HTTP/1.1 504 ") and b"request_timeout" in answer
        assert b"retry-after: 5" in answer
    assert (stored_files(running.system), rows(running.system)) == (before, count)


def test_uploads_beyond_the_rate_or_the_room_are_refused(running: Running) -> None:
    """The rate is counted by key: another one is not held up."""
    system = running.system
    room = {"AE_STORAGE_DATA_DIR": str(system.folder / "small"), "AE_STORAGE_QUOTA_MB": "1"}
    limits = {"AE_STORAGE_MIN_FREE_RATIO": "0.5", "AE_API_RATE_LIMIT_PER_MINUTE": "3"}
    key_id, key = keys.create(system.database, "busy")
    with system.gateway(**room, **limits) as small, Client(small.url, key) as client:
        assert client.http.get("/readyz").status_code == 200
        system.files.root.joinpath("../small/incoming/large").write_bytes(bytes(600_000))
        until(lambda: client.http.get("/readyz").json()["storage"] == "full", 5, "the storage is full")
        assert client.http.get("/readyz").status_code == 503
        answers = [client.upload(recording(21)) for _ in range(7)]  # a new minute may begin in between
        assert_problem(answers[0], "storage_full")
        (limited, *_) = [answer for answer in answers if answer.status_code != 507]
        assert_problem(limited, "rate_limited")
        assert 0 < int(limited.headers["Retry-After"]) <= 60
        assert client.http.get("/v1/enhancements/" + str(uuid.uuid4())).status_code == 404
        with Client(small.url, system.key) as other:
            assert_problem(other.upload(recording(21)), "storage_full")
    assert keys.revoke(system.database, key_id)


def test_a_fault_of_ours_tells_the_client_nothing_and_the_log_everything(running: Running) -> None:
    system = running.system
    data_dir = system.folder / "odd"
    with system.gateway(AE_STORAGE_DATA_DIR=str(data_dir)) as odd, Client(odd.url, system.key) as client:
        (data_dir / "uploads").rmdir()
        (data_dir / "uploads").write_text("a file where a folder belongs")
        count = rows(system)
        answer = client.upload(recording(22))
        problem = assert_problem(answer, "internal_error")
        assert not re.search(r"uploads|Traceback|Error\b.*:|/", answer.text.replace("urn:", ""))
        until(lambda: "Traceback" in odd.log, 5, "the fault is in the log")
        request_id = problem["instance"].removeprefix("urn:uuid:")
        (logged,) = [line for line in odd.log.splitlines() if "Traceback" in line]
        assert (request_id in logged and "NotADirectoryError" in logged) or "FileExistsError" in logged
        assert odd.metric('ae_http_requests_total{code="500",method="POST",route="/v1/enhancements"}') == 1
        assert rows(system) == count
        assert list((data_dir / "incoming").iterdir()) == []
        assert client.http.get("/healthz").status_code == 200


# Hostile recordings


def hostile() -> Iterator[tuple[str, bytes]]:
    """A job error, and a recording that must end with it."""
    speech = speech_like(1.0)
    wav, flac = encoded(speech, "WAV"), encoded(speech, "FLAC")
    yield "corrupt_audio", wav[: len(wav) // 2]
    yield "corrupt_audio", flac[: len(flac) // 2]
    yield "corrupt_audio", wav[:40] + (1_000_000_000).to_bytes(4, "little") + wav[44:]  # promises a gigabyte
    yield "corrupt_audio", b"OggS" + b"garbage" * 1000
    yield "empty_audio", encoded(speech[:0], "WAV")
    yield "too_many_channels", encoded(np.column_stack([speech] * 3), "WAV")
    yield "corrupt_audio", wav[:22] + b"\xff\xff" + wav[24:]  # claims 65535 channels
    yield "sample_rate_out_of_range", encoded(speech[:100], "WAV", rate_hz=4000)
    yield "non_finite_audio", encoded(np.where(np.arange(16_000) == 9000, np.nan, speech), "WAV", "FLOAT")
    yield "unsupported_format", encoded(speech, "WAV", "IMA_ADPCM")
    yield "too_long", encoded(np.zeros(3600 * 8000, np.int16), "FLAC", rate_hz=8000)  # an hour of silence: 90 kB


def test_hostile_recordings_fail_with_a_reason_and_the_worker_lives(running: Running) -> None:
    cases = list(hostile())
    bypass = {"Cache-Control": "no-cache"}
    locations = [running.client.accepted(data, **bypass) for _, data in cases]
    good = running.client.accepted(recording(30))
    for (code, data), location in zip(cases, locations, strict=True):
        job = running.client.ended(location)
        assert (job["status"], job["error"]["code"], job["attempts"]) == ("failed", code, 1), (job, data[:60])
        problem = assert_problem(running.client.http.get(f"{location}/audio"), "job_failed")
        assert code in problem["detail"]
        assert not running.system.files.result(job_id(location)).exists()
    assert running.client.ended(good)["status"] == "done"
    assert running.worker.popen.poll() is None
    assert running.worker.metric('ae_jobs_finished_total{reason="too_long",status="failed"}') >= 1


# What is said of all this


def test_metrics_name_routes_and_methods_never_what_a_client_wrote(running: Running) -> None:
    secret = uuid.uuid4()
    running.client.http.get(f"/v1/enhancements/{secret}")
    running.client.http.get(f"/{secret}?key={secret}")
    with socket.create_connection(("127.0.0.1", running.gateway.port), timeout=5) as connection:
        connection.sendall(b"PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b" 404 " in connection.makefile("rb").readline()
    text = running.client.http.get("/metrics").text
    assert str(secret) not in text
    assert set(re.findall(r'route="([^"]*)"', text)) <= {
        "/v1/enhancements",
        "/v1/enhancements/{job_id}",
        "/v1/enhancements/{job_id}/audio",
        "/healthz",
        "/readyz",
        "/metrics",
        "none",
    }
    assert "other" in set(re.findall(r'method="([^"]*)"', text)) <= {"GET", "PUT", "POST", "DELETE", "other"}
    assert 'ae_build_info{colour="blue",component="api",version="v9.9.9"} 1.0' in text
    assert "process_resident_memory_bytes" in text


def test_probes_need_no_key(running: Running) -> None:
    with Client(running.gateway.url, "") as anyone:
        assert anyone.http.get("/healthz").json() == {"status": "ok", "version": "v9.9.9", "colour": "blue"}
        ready = {"ready": True, "database": "ok", "storage": "ok", "queue": "ok"}
        assert anyone.http.get("/readyz").json() == ready


def test_no_secret_is_logged(running: Running) -> None:
    running.client.ended(running.client.accepted(recording(40)))
    httpx.get(running.gateway.url + "/v1/enhancements/x", headers={"Authorization": "Bearer ae_guess"}, trust_env=False)
    logged = running.gateway.log + running.worker.log
    for url in (running.system.environment["AE_QUEUE_URL"], running.system.environment["AE_DATABASE_DSN"]):
        password = urlsplit(url).password
        assert password and password not in logged
    assert running.system.key not in logged
    assert "ae_guess" not in logged
    assert all(json.loads(line) for line in logged.splitlines())  # and each line is an object


def test_a_gateway_that_is_told_to_stop_finishes_what_it_has(running: Running) -> None:
    with running.system.gateway() as leaving:
        moved = running._replace(gateway=leaving)
        data = recording(41)
        with begin_upload(moved, f"Content-Length: {len(data)}", "Connection: close") as connection:
            connection.sendall(data[:1000])
            until(lambda: bool(list((running.system.files.root / "incoming").iterdir())), 5, "the upload has begun")
            leaving.signal(signal.SIGTERM)
            wait_s(0.3)
            connection.sendall(data[1000:])
            assert connection.makefile("rb").readline().startswith(b"HTTP/1.1 202 ")
        assert leaving.ended(10) in (0, -signal.SIGTERM)


# The OpenAPI document


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_document_describes_every_field_and_parameter_with_an_example() -> None:
    schemas = openapi()["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema["description"], name
        for field, about in schema.get("properties", {}).items():
            assert about.get("description"), f"{name}.{field}"
            # A list or an object shows its example field by field.
            nested = "$ref" in str(about)
            assert nested or about.get("examples"), f"{name}.{field}"
    for name, operation in operations():
        assert operation["summary"] and operation["description"] and operation["operationId"], name
        for parameter in operation.get("parameters", []):
            assert parameter["description"] and parameter["schema"]["examples"], f"{name} {parameter['name']}"
        if "requestBody" in operation:
            assert operation["requestBody"]["description"]
            assert set(operation["requestBody"]["content"]) == set(MEDIA.values())


def test_the_document_shows_every_error_where_it_can_happen() -> None:
    documented: dict[str, set[str]] = {}
    for name, operation in operations():
        for status, response in operation["responses"].items():
            assert response["description"], f"{name} {status}"
            assert "HTTPValidationError" not in str(response)
            if int(status) < 400 or name == "GET /readyz":
                continue
            content = response["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            for code, example in content["examples"].items():
                assert example["value"]["code"] == code and example["value"]["status"] == int(status)
                documented.setdefault(code, set()).add(name)
    no_route = {"route_not_found", "method_not_allowed"}
    assert set(documented) == {error.code for error in ERRORS if error.scope == "request"} - no_route
    every_job = {
        "GET /v1/enhancements/{job_id}",
        "GET /v1/enhancements/{job_id}/audio",
        "DELETE /v1/enhancements/{job_id}",
    }
    assert documented["job_not_found"] == documented["invalid_request"] == every_job
    assert documented["internal_error"] == {*every_job, "POST /v1/enhancements"}


COVERED = {
    "missing_api_key": "test_without_a_valid_key_there_is_nothing",
    "invalid_api_key": "test_without_a_valid_key_there_is_nothing",
    "job_not_found": "test_what_does_not_exist_is_a_problem_document",
    "route_not_found": "test_what_does_not_exist_is_a_problem_document",
    "method_not_allowed": "test_what_does_not_exist_is_a_problem_document",
    "invalid_request": "test_what_does_not_exist_is_a_problem_document",
    "result_not_ready": "test_a_result_that_is_not_there_yet_says_when_to_ask_again",
    "job_failed": "test_hostile_recordings_fail_with_a_reason_and_the_worker_lives",
    "upload_empty": "test_uploads_over_a_limit_are_refused_and_leave_nothing",
    "upload_too_large": "test_uploads_over_a_limit_are_refused_and_leave_nothing",
    "unsupported_media": "test_uploads_over_a_limit_are_refused_and_leave_nothing",
    "rate_limited": "test_uploads_beyond_the_rate_or_the_room_are_refused",
    "storage_full": "test_uploads_beyond_the_rate_or_the_room_are_refused",
    "internal_error": "test_a_fault_of_ours_tells_the_client_nothing_and_the_log_everything",
    "request_timeout": "test_a_client_that_goes_away_or_falls_asleep_leaves_nothing",
    "database_unavailable": "test_api_faults.py",
    "upload_lost": "test_worker.py",
    "enhancement_failed": "test_worker.py",
    "decode_limit_exceeded": "test_audio.py",
    "sender_blocked": "test_operations.py",
}
"""Where each error is met by a test; those of recordings that are not here are `hostile`."""


def test_every_error_is_met_by_a_test() -> None:
    met = {code for code, _ in hostile()}
    for code, place in COVERED.items():
        source = Path(__file__).with_name(place) if place.endswith(".py") else Path(__file__)
        text = source.read_text()
        assert f'"{code}"' in text, f"{code} is not in {source.name}"
        assert place.endswith(".py") or f"def {place}(" in text
    assert {error.code for error in ERRORS} == met | set(COVERED)
