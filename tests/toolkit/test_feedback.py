"""Feedback as a client, an operator and a reviewer meet it: HTTP, the command, files, and the list of the review."""

import base64
import csv
import io
import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.toolkit.building import Build
from tests.toolkit.feedback import answer, sent, served, until
from tests.toolkit.handbook import GOOD, handbook

from drillbook.cli import main
from drillbook.portal.feedback.answer import Received, now, read_answer
from drillbook.portal.feedback.limits import CLIENTS, Limits, Rate
from drillbook.portal.feedback.rating import Rated, wilson, worst
from drillbook.portal.feedback.retention import retention
from drillbook.portal.feedback.routes import Settings, routes
from drillbook.portal.feedback.store import Store, open_store

SITE = "https://manual.example"
OWN = {"Origin": SITE}
MANY = Rate(10_000, 1000)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/feedback.db")


@pytest.fixture
def client(store: Store) -> Callable[..., TestClient]:
    """A client of a server with these settings."""

    def made(address: str = "127.0.0.1", site: str = SITE, **settings: Any) -> TestClient:
        app = Starlette(routes=routes(store, Settings(**{"client": MANY, **settings})))
        return TestClient(app, base_url=site, client=(address, 50000))

    return made


def test_an_answer_is_created_once(client: Callable[..., TestClient], store: Store) -> None:
    one = sent(text="The second step\r\nis missing.  ", subject="fix SlowReports/restart")
    http = client()
    first, again = (http.post("/-/feedback", json=one, headers=OWN) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"key": one["key"], "stored": True}
    [found] = store.answers()
    assert found.answer == answer(**one) and found.answer.text == "The second step\nis missing."
    other = http.post("/-/feedback", json=one | {"text": "Something else"}, headers=OWN)
    assert other.status_code == 409 and other.json()["field"] == "key"


REFUSED = [
    ({"key": "1"}, 400, "key"),
    ({"key": None}, 400, "key"),
    ({"page": ""}, 400, "page"),
    ({"page": "../etc"}, 400, "page"),
    ({"page": "/evil.example"}, 400, "page"),
    ({"page": "a\\b"}, 400, "page"),
    ({"page": "a\u202eb"}, 400, "page"),
    ({"page": "a" * 301}, 400, "page"),
    ({"subject": "fix SlowReports"}, 400, "subject"),
    ({"subject": "tree x"}, 400, "subject"),
    ({"verdict": "maybe"}, 400, "verdict"),
    ({"verdict": True}, 400, "verdict"),
    ({"text": "x" * 2001}, 400, "text"),
    ({"text": 7}, 400, "text"),
    ({"version": "2\n1"}, 400, "version"),
    ({"language": "<en>"}, 400, "language"),
    ({"email": "jo@example.org"}, 400, "email"),
]


@pytest.mark.parametrize(("changes", "status", "field"), REFUSED)
def test_a_field_that_is_wrong_is_named(
    changes: dict[str, Any], status: int, field: str, client: Callable[..., TestClient], store: Store
) -> None:
    refused = client().post("/-/feedback", json=sent(**changes), headers=OWN)
    assert refused.status_code == status and refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["field"] == field and refused.json()["detail"].startswith(f"{field}: ")
    assert not store.answers()


@pytest.mark.parametrize(
    ("body", "headers", "status", "field"),
    [
        (b"", {}, 400, None),
        (b"[]", {}, 400, None),
        (b"[" * 8000, {}, 400, None),
        (b"1" * 8000, {}, 400, None),
        (b"\xff", {}, 400, None),
        (b"{}", {"Content-Type": "text/plain"}, 415, "Content-Type"),
        (b"{}", {"Content-Type": ""}, 415, "Content-Type"),
        (b" " * 8193, {}, 413, None),
        (b"{}", {"Content-Length": "-1"}, 413, None),
        (b"{}", {"Origin": "https://evil.example"}, 403, "Origin"),
        (b"{}", {"Origin": "null"}, 403, "Origin"),
        (b"{}", {"Origin": ""}, 403, "Origin"),
        (b"{}", {"Origin": "https://manual.example.evil"}, 403, "Origin"),
        (b"{}", {"Origin": "https://["}, 403, "Origin"),
        (b"{}", {"Origin": "https://", "Host": ""}, 403, "Origin"),
        (rb'{"\ud83d": ""}', {}, 400, "<U+D83D>"),
        (rb'{"\u001b[31m": ""}', {}, 400, "<U+001B>[31m"),
    ],
)
def test_a_request_that_is_wrong_is_refused(
    body: bytes, headers: dict[str, str], status: int, field: str | None, client: Callable[..., TestClient]
) -> None:
    refused = client().post("/-/feedback", content=body, headers=OWN | {"Content-Type": "application/json"} | headers)
    assert refused.status_code == status and refused.json().get("field") == field
    assert "access-control-allow-origin" not in refused.headers


def test_letters_that_no_database_stores_cost_no_answer(client: Callable[..., TestClient], store: Store) -> None:
    body = json.dumps(sent()).replace('"text": ""', r'"text": "half \ud83d, nul \u0000, whole \ud83d\ude00"')
    assert client().post("/-/feedback", content=body, headers=OWN | {"Content-Type": "application/json"}).is_success
    assert store.answers()[0].answer.text == "half \ufffd, nul , whole \U0001f600"


def test_other_sites_send_when_they_are_listed(client: Callable[..., TestClient]) -> None:
    http = client(origins=("https://pages.example", "null"))
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for origin in ("https://pages.example", "null"):
        asked = http.options("/-/feedback", headers={"Origin": origin, **ask})
        assert asked.status_code == 200 and asked.headers["access-control-allow-origin"] == origin
        answered = http.post("/-/feedback", json=sent(), headers={"Origin": origin})
        assert answered.status_code == 201 and answered.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in answered.headers
    refused = http.options("/-/feedback", headers={"Origin": "https://evil.example", **ask})
    assert refused.status_code == 400 and "access-control-allow-origin" not in refused.headers
    assert http.get("/-/feedback").status_code == 405


def test_a_body_without_an_end_is_cut_off(tmp_path: Path) -> None:
    with (
        served(Settings(), tmp_path / "f.db") as site,
        socket.create_connection(("127.0.0.1", port_of(site)), 10) as raw,
    ):
        head = "Host: x\r\nOrigin: http://x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        raw.sendall(f"POST /-/feedback HTTP/1.1\r\n{head}".encode())
        raw.sendall(b"1000\r\n" + b" " * 0x1000 + b"\r\n")
        raw.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413 ")


def port_of(site: str) -> int:
    return int(site.rpartition(":")[2])


def test_too_many_answers_are_asked_to_wait(client: Callable[..., TestClient], store: Store) -> None:
    http = client(client=Rate(2, 0.001))
    statuses = [http.post("/-/feedback", json=sent(), headers=OWN).status_code for _ in range(3)]
    assert statuses == [201, 201, 429] and len(store.answers()) == 2
    refused = http.post("/-/feedback", json=sent(), headers=OWN)
    assert 0 < int(refused.headers["retry-after"]) <= 1000


def test_limits_of_a_client_of_its_network_and_of_all() -> None:
    time = [0.0]
    limits = Limits(Rate(2, 0.5), Rate(5, 1), lambda: time[0])
    assert [limits.wait("10.0.0.1") for _ in range(3)] == [0, 0, 2.0]
    assert [limits.wait(f"2001:db8::{n}") for n in range(3)] == [0, 0, 2.0], "a network of IPv6 is one client"
    assert limits.wait("::ffff:10.0.0.1") > 0, "an address of IPv4 is the same in IPv6"
    assert Limits(Rate(1, 1), Rate(5, 1)).wait("::ffff:10.0.0.9") == 0
    assert [limits.wait("10.0.0.2"), limits.wait("10.0.0.3")] == [0, 1.0], "and then all are too many"
    time[0] = 2.0
    assert limits.wait("10.0.0.1") == 0
    for n in range(CLIENTS + 10):
        limits.wait(str(n))
    assert len(limits._buckets) == CLIENTS, "memory has an end"
    assert "10.0.0.1" not in repr(vars(limits))


def test_health_says_whether_answers_can_be_stored(
    client: Callable[..., TestClient], store: Store, tmp_path: Path
) -> None:
    http = client()
    assert http.get("/-/feedback/health").json() == {"status": "ok"}
    store.close()
    for file in tmp_path.glob("feedback.db*"):
        file.unlink()
    (tmp_path / "feedback.db").mkdir()
    assert http.get("/-/feedback/health").status_code == 503
    refused = http.post("/-/feedback", json=sent(), headers=OWN)
    assert refused.status_code == 503 and refused.headers["retry-after"] == "30"
    assert "feedback.db" not in refused.text


def test_old_answers_go_at_once_and_each_day_whether_anybody_answers_or_not(store: Store) -> None:
    store.add(answer(page="old"), now() - timedelta(days=11))
    store.add(answer(page="young"), now() - timedelta(days=9))
    with retention(store, 10, every_s=0.01):
        assert [one.answer.page for one in store.answers()] == ["young"]
        store.add(answer(page="another day"), now() - timedelta(days=12))
        until(lambda: [one.answer.page for one in store.answers()] == ["young"])
    assert "retention" not in [thread.name for thread in threading.enumerate()]


def test_old_answers_that_cannot_be_removed_stop_no_server(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.close()
    (tmp_path / "feedback.db").write_text("no database, but a text that is long enough to be looked at " * 20)
    for file in tmp_path.glob("feedback.db-*"):
        file.unlink()
    with retention(store, 10):
        assert "old feedback is not removed" in caplog.text and "file is not a database" in caplog.text


# the page of the review

LOCAL = "http://localhost:8001"


def test_the_review_is_for_the_machine_itself(client: Callable[..., TestClient]) -> None:
    assert client(site=LOCAL).get("/-/feedback/review").status_code == 200
    assert client(site="http://127.0.0.1:8001").get("/-/feedback/review").status_code == 200
    assert client("::1", "http://[::1]:8001").get("/-/feedback/review").status_code == 200
    assert client("10.0.0.1", LOCAL).get("/-/feedback/review").status_code == 403
    assert client(site="http://rebound.example").get("/-/feedback/review").status_code == 403
    assert client(site=LOCAL).get("/-/feedback/review", headers={"Host": "["}).status_code == 403
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert client(site=LOCAL).get("/-/feedback/review", headers={name: "127.0.0.1"}).status_code == 403


def test_the_review_is_for_who_has_the_token(client: Callable[..., TestClient]) -> None:
    http = client("10.0.0.1", token="hush ☃")
    asked = http.get("/-/feedback/review")
    assert asked.status_code == 401 and asked.headers["www-authenticate"].startswith("Basic ")
    basic = base64.b64encode("anybody:hush ☃".encode()).decode()
    given = [
        f"Basic {basic}",
        "Bearer hush ☃",
        "Bearer hush",
        "Bearer",
        "Basic !",
        "Basic /w==",
        "Basic é",
        "Digest hush",
        basic,
    ]
    statuses = [http.get("/-/feedback/review", headers={"Authorization": each.encode()}).status_code for each in given]
    assert statuses == [200, *[401] * 8], "a header has Latin letters: only Basic is in UTF-8"
    assert client(site=LOCAL, token="hush").get("/-/feedback/review").status_code == 401, "a proxy is local, too"
    plain = client(token="hush").get("/-/feedback/review", headers={"Authorization": "bearer hush"})
    assert plain.status_code == 200 and plain.headers["cache-control"] == "no-store"
    slow = client("10.0.0.1", token="hush", client=Rate(2, 0.001))
    assert [slow.get("/-/feedback/review").status_code for _ in range(3)] == [401, 401, 429]


def test_the_review_shows_the_worst_first_and_links(client: Callable[..., TestClient], store: Store) -> None:
    page = client(site=LOCAL, pages="/stable/en/").get("/-/feedback/review").text
    assert "Nobody said No." in page and "Nobody has written anything." in page
    rate(store, "alerts/Silent", 1, 1)
    rate(store, "alerts/SlowReports", 3, 4, "fix SlowReports/restart")
    store.add(answer(page="start", verdict="yes", text="Clear."), now())
    page = client(site=LOCAL, pages="/stable/en/").get("/-/feedback/review").text
    assert page.index("3 of 4 readers say No") < page.index("1 of 1 reader says No")
    assert page.count("<article>") == 1 and ">Clear.</p>" in page
    assert 'href="/stable/en/alerts/SlowReports.html"' in page and "<bdi>fix SlowReports/restart</bdi>" in page


def rate(store: Store, page: str, no: int, of: int, subject: str = "page", days_ago: int = 0) -> None:
    """Let *of* readers answer, *no* of them with No."""
    for number in range(of):
        verdict = "no" if number < no else "yes"
        store.add(answer(page=page, subject=subject, verdict=verdict), now() - timedelta(days=days_ago))


# rating


def test_the_bound_of_wilson() -> None:
    known = {(1, 1): 0.2065, (3, 4): 0.3006, (2, 3): 0.2077, (8, 10): 0.4902, (0, 5): 0.0, (100, 100): 0.9630}
    for (number, of), bound in known.items():
        assert wilson(number, of) == pytest.approx(bound, abs=2e-4)
    assert wilson(0, 0) == 0


@given(st.integers(0, 200), st.integers(1, 200))
def test_the_bound_is_a_share_below_what_was_said_and_grows_with_each_no(number: int, of: int) -> None:
    number = min(number, of)
    assert 0 <= wilson(number, of) <= number / of + 1e-12
    assert wilson(number, of) <= wilson(number + 1, of + 1)


def test_the_worst_come_first_and_few_answers_are_not_trusted() -> None:
    counts = [("a", "page", "no", 1), ("b", "page", "no", 8), ("b", "page", "yes", 2), ("c", "page", "yes", 9)]
    rated = worst([*counts, ("d", "fix T/x", "no", 2), ("e", "page", "no", 2), ("e", "page", "yes", 18)])
    assert rated == [
        Rated("b", "page", 8, 10),
        Rated("d", "fix T/x", 2, 2),
        Rated("a", "page", 1, 1),
        Rated("e", "page", 2, 20),
    ]
    assert [one.doubted for one in rated] == [True, True, False, False]
    assert rated[1].what == "fix T/x on d"


# the command


@pytest.fixture
def command(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["feedback", *arguments, "--database", f"sqlite:///{tmp_path}/feedback.db"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_list_shows_what_readers_wrote(command: Callable[..., tuple[int, str, str]], store: Store) -> None:
    first, second = (
        answer(page="alerts/A", text="first\n\x1b[31mred\u202e"),
        answer(page="start", verdict="yes", version=""),
    )
    store.add(first, datetime(2026, 11, 20, 12, tzinfo=UTC))
    store.add(second, datetime(2026, 11, 21, 12, tzinfo=UTC))
    status, out, _ = command("list")
    assert status == 0 and out.splitlines() == [
        f"2026-11-21T12:00:00Z  yes  start  page   en  {second.key}",
        f"2026-11-20T12:00:00Z  no   alerts/A  page  2.1.0 en  {first.key}",
        "    first",
        "    <U+001B>[31mred<U+202E>",
        "2 answers.",
    ]
    assert "1 answer." in command("list", "--wrong")[1]
    assert "start" not in command("list", "--page", "alerts")[1]
    assert "alerts" not in command("list", "--since", "2026-11-21")[1]


def test_one_answer_can_be_removed(command: Callable[..., tuple[int, str, str]], store: Store) -> None:
    named, other = answer(text="Ask Jo Roe."), answer()
    for one in (named, other):
        store.add(one, now())
    assert command("remove", named.key) == (0, "Removed.\n", "")
    assert [one.answer for one in store.answers()] == [other]
    status, _, err = command("remove", named.key)
    assert status == 1 and named.key in err


def test_worst_and_prune(command: Callable[..., tuple[int, str, str]], store: Store) -> None:
    assert command("worst")[1] == "Nobody said No.\n"
    rate(store, "alerts/A", 3, 4)
    rate(store, "alerts/B", 1, 1, "fix B/x", days_ago=30)
    assert command("worst")[1].splitlines() == [
        "doubted   30 %  page alerts/A: 3 of 4 readers say No.",
        "          21 %  fix B/x on alerts/B: 1 of 1 reader says No.",
    ]
    assert "alerts/B" not in command("worst", "--since", str(now().date()))[1]
    assert command("prune", "--days", "20")[1] == "1 removed.\n"
    assert "alerts/B" not in command("worst")[1]


FORMULAS = ("=1+1", "+1", "-1", "@x", "\t=1", "  =1", "＝1", "\n=1")
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
HARMLESS = ("a; b", "a\n\nb", 'a "quoted", word', "two\nlines", "it's 5 - 3", "☃")


@pytest.mark.parametrize("text", [*FORMULAS, *HARMLESS])
def test_csv_has_every_text_and_no_formula(
    text: str, command: Callable[..., tuple[int, str, str]], store: Store, tmp_path: Path
) -> None:
    one = answer()._replace(text=text)  # as an older version may have stored it
    store.add(one, datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert command("export", "--csv", str(tmp_path / "f.csv"))[0] == 0
    written = (tmp_path / "f.csv").read_bytes().decode()
    heading, row = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert heading == ["received", "key", "page", "subject", "verdict", "text", "version", "language"]
    if text in FORMULAS:
        assert row[5][0] == "'" and row[5].replace("'", "") == text
    else:
        assert row[5] == text
    assert written.endswith("en\r\n") and written.count("\r\n") == 2


STEERED = ("a;=1+1", 'a;"=1+1";b', "a\n=1+1", "a\t@x", "a;  -1", "a;\n+1", "- one\n- two", "x;＝1", '";=1', "a\r\n=1")


@pytest.mark.parametrize("text", STEERED)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_has_no_formula_whatever_a_spreadsheet_takes_for_a_separator(
    separator: str, text: str, command: Callable[..., tuple[int, str, str]], store: Store, tmp_path: Path
) -> None:
    store.add(answer()._replace(text=text, page=f"a;{text}"), datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert command("export", "--csv", str(tmp_path / "f.csv"))[0] == 0
    written = (tmp_path / "f.csv").read_bytes().decode()
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
        for cell in row:
            assert not cell.lstrip(' "').startswith(FORMULA), cell
    if separator == ",":
        assert list(csv.reader(io.StringIO(written, newline="")))[1][5].replace("'", "") == text


def test_json_is_read_back(command: Callable[..., tuple[int, str, str]], store: Store, tmp_path: Path) -> None:
    rate(store, "alerts/A", 3, 4)
    before = store.answers()
    file = tmp_path / "f.json"
    assert command("export", "--json", str(file))[:2] == (0, f"{file}: 4 answers\n")
    assert command("import", str(file))[1] == "0 of 4 stored; the others were there.\n"
    store.prune(now() + timedelta(days=1))
    assert command("import", str(file))[1].startswith("4 of 4 stored")
    assert sorted(store.answers()) == sorted(before)
    file.write_text(json.dumps([sent(text="kept by a browser")]))
    assert command("import", str(file))[1].startswith("1 of 1 stored")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no export of feedback"),
        ("{}", "is no export of feedback"),
        ('{"format": 2, "answers": []}', "has the format 2, and this reads 1"),
        ('{"format": 1, "answers": [1]}', "f.json: answer 1: "),
        (json.dumps({"format": 1, "answers": [sent(), sent(verdict="x")]}), "f.json: answer 2: verdict: must be"),
        (json.dumps([{**sent(), "received": "today"}]), "f.json: answer 1: time data"),
        (
            json.dumps([one := sent(), one | {"text": "other"}]),
            "answer 2: the key is that of another answer; the 1 before",
        ),
    ],
)
def test_a_file_that_is_no_export_is_refused(
    text: str, says: str, command: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "f.json").write_text(text)
    status, _, err = command("import", str(tmp_path / "f.json"))
    assert status == 2 and err.startswith("drillbook: ") and says in err and err.count("\n") == 1


def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRILLBOOK_FEEDBACK", raising=False)
    assert main(["feedback", "list"]) == 2
    assert "--database URL, or $DRILLBOOK_FEEDBACK" in capsys.readouterr().err
    monkeypatch.setenv("DRILLBOOK_FEEDBACK", f"sqlite:///{tmp_path}/none.db")
    assert main(["feedback", "list"]) == 2
    assert f"there is no database {tmp_path}/none.db" in capsys.readouterr().err
    assert main(["feedback", "import", str(tmp_path / "no.json")]) == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["feedback", "serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "in use" in capsys.readouterr().err
    for wrong in (["list", "--since", "soon"], ["prune", "--days", "0"], ["export"], []):
        with pytest.raises(SystemExit) as ended:
            main(["feedback", *wrong])
        assert ended.value.code == 2


# the list of the review


@pytest.fixture
def reviewed(tmp_path: Path, build: Callable[..., Build], capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    built = build(handbook(tmp_path / "book"))

    def run(*arguments: str) -> tuple[int, list[str], str]:
        status = main(
            ["review", "--data", str(built.output / "ops.json"), "--evidence", str(tmp_path / "e"), *arguments]
        )
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    return run


def test_the_review_begins_with_what_readers_doubt(
    reviewed: Callable[..., Any], command: Callable[..., Any], store: Store, tmp_path: Path
) -> None:
    _, before, _ = reviewed()
    rate(store, "index", 3, 4)
    rate(store, "index", 5, 6, "fix SlowReports/restart")
    rate(store, "other", 1, 1)
    rate(store, "aged", 9, 9, days_ago=31)
    database, file = f"sqlite:///{tmp_path}/feedback.db", tmp_path / "f.json"
    command("export", "--json", str(file))
    for source in (database, str(file)):
        status, lines, _ = reviewed("--feedback", source)
        assert status == 1 and lines[:2] == [
            "doubted  fix SlowReports/restart on index: 5 of 6 readers say No.",
            "doubted  page index: 3 of 4 readers say No.",
        ]
        assert lines[2:-1] == before[:-1], "a page that is old news, or that one reader doubts, is not due"
    assert "page aged" in "\n".join(reviewed("--feedback", database, "--days", "40")[1])


@pytest.mark.parametrize("source", ["no.json", "sqlite:///no.db", "mysql://u:hush@h/d"])
def test_feedback_that_cannot_be_read_is_said(source: str, reviewed: Callable[..., Any]) -> None:
    status, _, err = reviewed("--feedback", source)
    assert status == 2 and err.startswith("drillbook: ") and "Traceback" not in err and "hush" not in err


# on the pages


def test_pages_have_a_place_for_each_answer(tmp_path: Path, build: Callable[..., Build]) -> None:
    book = handbook(tmp_path / "book", GOOD, other="# Other\n")
    with (book / "conf.py").open("a") as conf:
        conf.write('drillbook_feedback = "/-/feedback"\nrelease = "2.1.0"\nhtml_baseurl = "https://m.example/en/"\n')
    built = build(book)
    page = built.text("index.html")
    for subject in ("fix SlowReports/restart", "procedure restart-station"):
        assert page.count(f'<div class="ops-feedback" data-subject="{subject}"></div></li>') == 1
    says = (
        'data-version="2.1.0" data-language="en" data-send="/-/feedback" data-published="https://m.example/-/feedback"'
    )
    assert f'<div class="ops ops-feedback" data-subject="page" data-page="index" {says}></div>' in page
    assert 'data-page="other"' in built.text("other.html") and "feedback.js" in built.text("other.html")
    assert "data-send" not in built.text("search.html") and "data-send" not in built.text("genindex.html")


def test_without_an_address_nothing_of_it_is_there(tmp_path: Path, build: Callable[..., Build]) -> None:
    page = build(handbook(tmp_path / "book")).text("index.html")
    assert "feedback" not in page


@pytest.mark.parametrize(
    "given", ["feedback", "javascript:alert(1)", "//evil.example/x", "https://u:p@h/x", "https://h;y/x", "/a?b", 7]
)
def test_an_address_that_is_none_is_refused(given: object, tmp_path: Path, build: Callable[..., Build]) -> None:
    book = handbook(tmp_path / "book")
    with (book / "conf.py").open("a") as conf:
        conf.write(f"drillbook_feedback = {given!r}\n")
    built = build(book, warns=True)
    assert "drillbook_feedback must be an address such as '/-/feedback' or" in built.warnings
    assert "conf.py:" in built.warnings and "data-send" not in built.text("index.html")


def test_what_a_page_sends_is_what_is_taken() -> None:
    one = read_answer(sent())
    assert read_answer(json.loads(json.dumps(one._asdict()))) == one
    assert Received(datetime(2026, 11, 20, 12, tzinfo=UTC), one).as_json()["received"] == "2026-11-20T12:00:00Z"
