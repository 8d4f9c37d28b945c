"""The published folder as readers get it from a real nginx with the configuration that was made, and the application."""

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.toolkit.feedback import sent, until
from tests.toolkit.publishing import commit, publish, published, write
from tests.toolkit.webserver import Answer, Nginx, ask, get, nginx, reader, serving

from drillbook.portal.feedback.store import open_store

PAGE = "/stable/en/a.html"
FEEDBACK = "/-/feedback"
TOKEN = "the-token-of-the-tests"


@pytest.fixture(scope="module")
def pumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("served") / "pumps")


@pytest.fixture(scope="module")
def application(pumps: Path) -> Iterator[int]:
    """The port of `drillbook serve`."""
    database = f"sqlite:///{pumps}/feedback.db"
    with serving(pumps / "site", "--database", database, DRILLBOOK_REVIEW_TOKEN=TOKEN) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture(scope="module")
def server(pumps: Path, application: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(pumps / "site", tmp_path_factory.mktemp("nginx"), f"http://127.0.0.1:{application}") as running:
        yield running


@pytest.fixture(scope="module")
def client(pumps: Path) -> TestClient:
    return reader(pumps / "site")


def post(port: int, one: dict[str, str], client: str, host: str = "", **headers: str) -> Answer:
    """Send an answer as a page of this site does."""
    host = host or f"127.0.0.1:{port}"
    own = {"Host": host, "Origin": f"http://{host}", "Content-Type": "application/json"}
    return ask(port, "POST", FEEDBACK, json.dumps(one).encode(), own | headers, client)


@pytest.mark.parametrize("accepts", ["", "gzip", "gzip, deflate, br", "br;q=0, gzip"])
@pytest.mark.parametrize(
    "path",
    [
        PAGE,
        "/",
        "/stable/en/",
        "/v1.0.0/en/old.html",
        "/stable/en/_static/pumps.css?v=1234",
        "/stable/en/_static/pumps.css",
        "/versions.json",
        "/gone.html",
        "/stable/en/gone.css?v=1",
        "/stable/de/gone.html",
        "/stable/en/a.html.br",
        "/-br/stable/en/a.html.br",
        "/nginx.conf",
        "/nginx-headers.conf",
        "/%6eginx.conf",
        "/headers.json",
        "/manifest.json",
        "/manifest.json?v=1",
    ],
)
def test_nginx_answers_as_the_application_does(server: Nginx, client: TestClient, path: str, accepts: str) -> None:
    with client.stream("GET", path, headers={"accept-encoding": accepts}) as ours:
        raw = b"".join(ours.iter_raw())
    status, headers, body = get(server.port, path, accept_encoding=accepts)
    assert (status, body) == (ours.status_code, raw)
    kept = ("content-security-policy", "x-content-type-options", "cache-control", "content-encoding", "vary")
    assert {name: headers.get(name) for name in kept} == {name: ours.headers.get(name) for name in kept}
    assert headers["content-type"].partition(";")[0] == ours.headers["content-type"].partition(";")[0]


def test_nginx_has_tags_redirects_and_no_way_out(server: Nginx) -> None:
    tag = get(server.port, PAGE).headers["etag"]
    assert get(server.port, PAGE, if_none_match=tag).status == 304
    moved = get(server.port, "/stable/en")
    assert (moved.status, moved.headers["location"]) == (301, "/stable/en/")
    for path in ("/../lock", "/..%2f..%2flock", "/%2e%2e/lock", "/stable/en/..%2f..%2f..%2f..%2flock"):
        status, _, body = get(server.port, path)
        assert status in (400, 404) and b"process" not in body, path


def test_without_an_application_pages_are_served_all_the_same(pumps: Path, tmp_path: Path) -> None:
    with nginx(pumps / "site", tmp_path) as alone:
        assert post(alone.port, sent(), "127.0.0.1").status == 502
        assert get(alone.port, PAGE).status == 200


def test_an_answer_is_stored_once_through_nginx(server: Nginx, pumps: Path) -> None:
    one = sent(text="Step 2 is missing.")
    assert [post(server.port, one, "127.0.0.2").status for _ in range(2)] == [201, 200]
    with closing(open_store(f"sqlite:///{pumps}/feedback.db")) as store:
        assert [found.answer.text for found in store.answers() if found.answer.key == one["key"]] == [one["text"]]
    assert get(server.port, f"{FEEDBACK}/health").status == 200


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("manual.example", "http://manual.example", 201),
        ("manual.example", "https://manual.example", 201),  # TLS ends before nginx
        ("manual.example:8443", "https://manual.example:8443", 201),
        ("manual.example:8443", "https://manual.example", 403),
        ("manual.example", "https://evil.example", 403),
        ("manual.example", "null", 403),
    ],
)
def test_pages_of_this_site_alone_may_send_through_nginx(server: Nginx, host: str, origin: str, status: int) -> None:
    answered = post(server.port, sent(), "127.0.0.3", host, Origin=origin, **{"X-Forwarded-Host": "evil.example"})
    assert answered.status == status, answered.body


def test_nobody_escapes_the_limit_by_naming_another_address(server: Nginx, application: int) -> None:
    for port, client in ((server.port, "127.0.0.4"), (application, "127.0.0.5")):  # who comes directly is no proxy
        statuses = set()
        for number in range(30):
            lies = {
                "X-Forwarded-For": f"10.0.0.{number}",
                "X-Real-IP": f"10.0.0.{number}",
                "Forwarded": f"for={number}",
            }
            statuses.add(post(port, sent(), client, **lies).status)
        assert statuses == {201, 429}, client
    assert post(server.port, sent(), "127.0.0.6").status == 201, "and each client has a limit of its own"


@pytest.mark.parametrize("size", [8_193, 16_000, 20_000, 500_000, 5_000_000])
def test_what_is_too_large_is_refused_through_nginx(server: Nginx, size: int) -> None:
    refused = post(server.port, sent(text="x" * size), "127.0.0.7")
    assert refused.status == 413
    assert post(server.port, sent(), "127.0.0.7").status == 201, "and the next answer is taken"


def test_the_review_keeps_its_own_policy_through_nginx(server: Nginx) -> None:
    assert get(server.port, f"{FEEDBACK}/review").status == 401
    review = get(server.port, f"{FEEDBACK}/review", authorization=f"Bearer {TOKEN}")
    assert review.status == 200
    [policy] = review.headers.get_all("content-security-policy", [])
    assert "style-src 'sha256-" in policy
    assert review.headers.get_all("cache-control") == ["no-store"]


def test_nginx_writes_down_nobody_who_answers(server: Nginx) -> None:
    assert post(server.port, sent(), "127.0.0.8").status == 201
    get(server.port, "/stable/en/a.html?after")
    log = server.folder / "access.log"
    until(lambda: "?after" in log.read_text())
    assert FEEDBACK not in log.read_text() and "127.0.0.8" not in log.read_text()


def test_a_policy_that_changes_is_said_and_comes_with_a_reload(
    pumps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(pumps, tmp_path / "pumps", symlinks=True))
    site, said = folder / "site", "nginx -s reload"
    assert publish(folder) == 0  # its folder is another one
    assert said in capsys.readouterr().out
    with nginx(site, tmp_path) as server:
        before = get(server.port, PAGE).headers["content-security-policy"]
        write(folder, "main 2", {"en": ["a", "moved/new", "added"], "de": ["a"]})
        commit(folder)
        assert publish(folder) == 0
        assert said not in capsys.readouterr().out
        write(
            folder, "main 3", {"en": ["a", "moved/new", "added"], "de": ["a"]}, more='<p style="opacity: 40%">faint</p>'
        )
        commit(folder)
        assert publish(folder) == 0
        assert said in capsys.readouterr().out
        page = get(server.port, "/latest/en/a.html")
        assert b"faint" in page.body and page.headers["content-security-policy"] == before
        server.process.send_signal(signal.SIGHUP)
        wanted = json.loads((site / "current/headers.json").read_text())["headers"]["Content-Security-Policy"]
        assert wanted != before
        until(lambda: get(server.port, PAGE).headers["content-security-policy"] == wanted)  # the old process ends soon
