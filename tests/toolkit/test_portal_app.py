"""The published folder as readers get it from our own application."""

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import brotli
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.toolkit.conftest import EXT
from tests.toolkit.feedback import answer, sent
from tests.toolkit.publishing import commit, publish, published, write
from tests.toolkit.webserver import get, nginx, reader, serving

from drillbook.cli import main
from drillbook.portal.app import accepted_encodings, create
from drillbook.portal.feedback.answer import now
from drillbook.portal.feedback.store import open_store

PAGE = "/stable/en/a.html"
HASHED = "public, max-age=31536000, immutable"
HOSTILE = (
    "/../../conf.py",
    "/..%2f..%2fconf.py",
    "/%2e%2e/%2e%2e/lock",
    "/stable/en/..%5c..%5cversions.json",
    "//etc/passwd",
    "/stable/en/a.html%00.css",
    "/stable/en/a.html/",
    "/stable/en/a.html/../../../../../../etc/passwd",
    "/releases/",
    "/.new-1/index.html",
    "/stable/en/a.html.br",
    "/-br/stable/en/a.html.br",
    "/manifest.json.gz",
    "/manifest.json",
    "/headers.json",
    "/nginx.conf",
    "/nginx-headers.conf",
    "/%6eginx.conf",
    "//nginx.conf",
    "/%ff%fe",
    "/" + "a/" * 2000,
)


@pytest.fixture(scope="module")
def pumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("served") / "pumps")


@pytest.fixture(scope="module")
def client(pumps: Path) -> TestClient:
    return reader(pumps / "site")


def test_a_page_carries_the_headers_of_the_release(pumps: Path, client: TestClient) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 200 and "a of v1.1.0" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for name, value in json.loads((pumps / "site/current/headers.json").read_text())["headers"].items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0", ""),
        ("identity", ""),
        ("br;q=x", ""),
        ("deflate", ""),
    ],
)
def test_a_page_is_compressed_as_the_reader_can_read_it(client: TestClient, accepts: str, encoding: str) -> None:
    plain = client.get(PAGE)
    with client.stream("GET", PAGE, headers={"accept-encoding": accepts}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding", "") == encoding
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[encoding]
    assert unpack(raw) == plain.content
    assert answer.headers["content-type"] == plain.headers["content-type"]
    assert (answer.headers["etag"] == plain.headers["etag"]) == (encoding == "")


def test_encodings_are_read_whatever_is_sent() -> None:
    assert accepted_encodings(",;q=,\x00, br ;q=1.0 , gzip;q=0.000") == {"br"}


def test_a_page_that_a_reader_has_is_not_sent_again(client: TestClient) -> None:
    tag = client.get(PAGE).headers["etag"]
    for said in (tag, f'"other", W/{tag}', "*"):
        answer = client.get(PAGE, headers={"if-none-match": said})
        assert answer.status_code == 304 and answer.content == b"" and answer.headers["etag"] == tag
    assert client.get(PAGE, headers={"if-none-match": '"other"'}).status_code == 200


def test_head_and_parts_and_other_methods(client: TestClient) -> None:
    head = client.head(PAGE)
    assert head.status_code == 200 and head.content == b"" and int(head.headers["content-length"]) > 1000
    part = client.get(PAGE, headers={"range": "bytes=0-14"})
    assert part.status_code == 206 and part.text == "<!DOCTYPE html>"
    for method in ("POST", "PUT", "DELETE"):
        assert client.request(method, PAGE).status_code == 405


def test_what_has_its_hash_in_its_address_is_kept_for_a_year(pumps: Path, client: TestClient) -> None:
    style = next((pumps / "site/current/_portal").glob("*.css")).name
    for address in (f"/_portal/{style}", "/stable/en/_static/pumps.css?v=1234"):
        assert client.get(address).headers["cache-control"] == HASHED, address
    for address in ("/stable/en/_static/pumps.css", "/gone.css?v=1234", "/_portal/gone.css", "/versions.json"):
        assert client.get(address).headers["cache-control"] == "no-cache", address


def test_a_folder_has_its_first_page(client: TestClient) -> None:
    assert "url=stable/en/index.html" in client.get("/").text
    assert "index of v1.1.0" in client.get("/stable/en/").text
    moved = client.get("/stable/en?highlight=x")
    assert moved.status_code == 301 and moved.headers["location"] == "en/?highlight=x"


def test_what_is_not_there_is_said_on_a_page_with_a_search(client: TestClient) -> None:
    answer = client.get("/stable/en/alerts/Gone.html", headers={"accept-encoding": "br"})
    assert answer.status_code == 404 and answer.headers["content-encoding"] == "br"
    assert "search.html" in answer.text and "content-security-policy" in answer.headers


@pytest.fixture(scope="module")
def port(pumps: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """That of a real nginx for the same folder."""
    with nginx(pumps / "site", tmp_path_factory.mktemp("nginx")) as running:
        yield running.port


@pytest.mark.parametrize(
    ("address", "says", "searches"),
    [
        ("/stable/de/alerts/Gone.html", "Diese Seite gibt es hier nicht", "/pumps/v1.1.0/de/search.html"),
        ("/v1.1.0/de/gone.css", "Diese Seite gibt es hier nicht", "/pumps/v1.1.0/de/search.html"),
        ("/main/en/gone.html", "This page is not here", "/pumps/main/en/search.html"),
        ("/v1.0.0/de/gone.html", "Diese Seite gibt es hier nicht", "/pumps/stable/de/search.html"),
        ("/v0.1.0/de", "Diese Seite gibt es hier nicht", "/pumps/stable/de/search.html"),
        ("/v1.1.0/fr/a.html", "This page is not here", "/pumps/stable/en/search.html"),
        ("/de/a.html", "This page is not here", "/pumps/stable/en/search.html"),
    ],
)
def test_what_is_not_there_is_said_in_the_language_of_its_address(
    client: TestClient, port: int, address: str, says: str, searches: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == 404 and f"<h1>{says}</h1>" in answer.text
    assert f'action="{searches}"' in answer.text
    other = get(port, address)
    assert (other.status, other.body) == (404, answer.content)


@pytest.mark.parametrize("address", HOSTILE)
def test_no_address_leads_out_of_the_folder(client: TestClient, address: str) -> None:
    answer = client.get(f"http://testserver{address}")
    assert answer.status_code == 404 and "This page is not here" in answer.text


def test_a_switch_is_followed_without_a_restart(pumps: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(pumps, tmp_path / "pumps", symlinks=True))
    client = TestClient(create(folder / "site"))
    release = client.get("/-/health").json()
    assert release == {"status": "ok", "release": (folder / "site/current").resolve().name}
    write(folder, "main 2", {"en": ["a", "moved/new", "added"], "de": ["a"]})
    commit(folder)
    assert publish(folder) == 0
    assert "a of main 2" in client.get("/latest/en/a.html").text
    assert client.get("/-/health").json() != release


def test_nothing_published_is_said(tmp_path: Path) -> None:
    client = TestClient(create(tmp_path))
    assert (client.get("/").status_code, client.get("/-/health").status_code) == (503, 503)


def test_others_parts_of_the_portal_have_their_routes(pumps: Path) -> None:
    def feedback(request: Request) -> PlainTextResponse:
        return PlainTextResponse("thank you", 201)

    client = TestClient(create(pumps / "site", [Route("/-/feedback", feedback, methods=["POST"])]))
    assert client.post("/-/feedback").status_code == 201
    assert client.get("/-/other").status_code == 404


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_ended(pumps: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "drillbook", "serve", str(pumps / "site"), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(EXT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout and process.stderr
        try:
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            status, _, body = get(int(address.rstrip("/").rpartition(":")[2]), PAGE)
            assert status == 200 and b"a of v1.1.0" in body
        finally:
            process.send_signal(end)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


def test_what_readers_answer_is_taken_as_the_command_was_told(pumps: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/answers.db"
    store = open_store(database)
    for page, days in (("old", 11), ("young", 9)):
        store.add(answer(page=page), now() - timedelta(days=days))
    told = ("--database", database, "--keep-days", "10", "--rate", "0.001", "--origin", "https://pages.example")
    with serving(pumps / "site", *told) as address, httpx.Client(base_url=address) as client:
        assert [one.answer.page for one in store.answers()] == ["young"], "before anybody answers"

        def post(origin: str) -> int:
            return client.post("/-/feedback", json=sent(), headers={"Origin": origin}).status_code

        assert [post("https://evil.example"), post("null")] == [403, 403]
        answered = [post("https://pages.example" if at % 2 else address) for at in range(21)]
        assert answered == [201] * 20 + [429], "20 at once, and then hardly any"
        assert client.get(PAGE).status_code == 200, "pages have no such limit"
    store.close()


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--keep-days", "0", "a number of days above 0, not '0'"),
        ("--rate", "many", "a number of answers in a minute above 0, not 'many'"),
        ("--origin", "https://pages.example/manual", "with a port if it has one and no path"),
        ("--origin", "*", "or null; not '*'"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    option: str, value: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["serve"], ["feedback", "serve"]):
        with pytest.raises(SystemExit, match="2"):
            main([*command, option, value])
        assert says in capsys.readouterr().err


def test_the_command_says_why_it_cannot_serve(pumps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path)]) == 2
    assert f"nothing is published in {tmp_path}" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", str(pumps / "site"), "--port", str(port)]) == 2
    assert f"127.0.0.1:{port}: " in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["serve", "--port", "70000"])
