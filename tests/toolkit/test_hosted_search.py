"""Records for a hosted search, pushed to a stand-in for Algolia's interface that these tests run: not to the service."""

import http.server
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, FIX, PROCEDURE, handbook, tree

from drillbook.cli import main
from drillbook.output.search.sections import KINDS, Record
from drillbook.portal.hosted_search import GROUPS, LETTERS, SETTINGS, docsearch

URL = "https://m.example/stable/en"
KEY = "a-key-that-may-write"
FIND = Path(__file__).parents[2] / "ext/drillbook/output/static/search-find.js"


@pytest.fixture
def book(tmp_path: Path, build: Callable[..., Build], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Build]:
    """A manual, and what changes a page of it and builds it."""
    folder = handbook(
        tmp_path / "book",
        "# Stations\n\nWhat they are.\n\n## When it rains\n\nThey are wet.\n\n```{toctree}\nslow\nother\n```\n",
        slow="---\nkeywords: late\n---\n\n# Slow\n\n" + tree(CHECK, FIX, CALL),
        other="# Restart\n\n" + PROCEDURE,
    )
    with (folder / "conf.py").open("a") as conf:
        conf.write('release = "2.1.0"\nexclude_patterns = ["_build"]\n')
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ALGOLIA_API_KEY", KEY)
    return lambda: build(folder)


def records(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["search-records", "_build/html", "--url", URL, *arguments]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


# what is pushed


def test_a_record_has_what_docsearch_reads(book: Callable[..., Build], capsys: pytest.CaptureFixture[str]) -> None:
    book()
    found = records(capsys)
    none = dict.fromkeys(f"lvl{number}" for number in range(7))
    page, text = (one for one in found if one["url"] == f"{URL}/index.html")
    assert (page["type"], page["content"], text["type"], text["content"]) == ("lvl1", None, "content", "What they are.")
    assert page["hierarchy"] == none | {"lvl0": "Pages", "lvl1": "Stations"}
    assert (page["version"], page["language"], page["lang"]) == ("2.1.0", "en", "en")
    section = next(one for one in found if one["hierarchy"]["lvl2"] == "When it rains")
    assert section["hierarchy"] == none | {"lvl0": "Pages", "lvl1": "Stations", "lvl2": "When it rains"}
    assert section["url"] == f"{URL}/index.html#when-it-rains" and section["anchor"] == "when-it-rains"
    assert section["url_without_anchor"] == f"{URL}/index.html" and page["anchor"] is None
    slow, restart = (next(one for one in found if one["hierarchy"]["lvl1"] == name) for name in ("Slow", "Restart"))
    assert slow["keywords"][0] == "late" and restart["hierarchy"]["lvl0"] == "Procedures"
    assert restart["weight"]["pageRank"] > page["weight"]["pageRank"] > 0
    assert page["weight"]["level"] > section["weight"]["level"] > text["weight"]["level"]
    assert page["weight"]["position"] < section["weight"]["position"]
    assert len({one["objectID"] for one in found}) == len(found)


def test_the_same_manual_gives_the_same_records(book: Callable[..., Build], capsys: pytest.CaptureFixture[str]) -> None:
    book()
    before = {one["objectID"]: one for one in records(capsys)}
    Path("slow.md").write_text(Path("slow.md").read_text() + "\n## Afterwards\n\nRest.\n")
    book()
    after = {one["objectID"]: one for one in records(capsys)}
    new = [one for name, one in after.items() if before.get(name) != one]
    assert {(one["hierarchy"]["lvl2"], one["content"]) for one in new} == {
        ("Afterwards", None),
        ("Afterwards", "Rest."),
    }
    assert before.keys() < after.keys(), "what has not changed keeps its name"
    other = Record("page", "Slow", "", "slow.html", "")
    names = {next(docsearch([other], URL, *of))["objectID"] for of in (("1", "en"), ("2", "en"), ("1", "de"))}
    assert len(names) == 3, "versions and languages share an index"


@pytest.mark.parametrize("text", ["word " * 2000, "电" * 6000, "x" * 6000, "a\nb"])
def test_no_record_is_larger_than_the_service_takes(text: str) -> None:
    made = list(docsearch([Record("page", "Long", "", "long.html", text)], URL, "1", "en"))
    assert all(len(json.dumps(one, ensure_ascii=False).encode()) < 10_000 for one in made)
    said = "".join(one["content"] or "" for one in made)
    assert re.sub(r"\s", "", said) == re.sub(r"\s", "", text), "and nothing is lost"
    assert all(len(one["content"] or "") <= LETTERS for one in made)


def test_the_groups_are_called_as_in_the_manuals_own_search() -> None:
    assert dict(re.findall(r"^    (\w+): \[say`(\w+)`, [\d.]+\],$", FIND.read_text(), re.MULTILINE)) == GROUPS
    assert set(GROUPS) == set(KINDS)


# where it is pushed to


class StandIn:
    """What of the service's HTTP interface a push uses, with tasks that are done a while after they were answered."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, Any] | None = None
        self.batches: list[list[dict[str, Any]]] = []
        self.seen: list[int] = []  # how many records a reader could find, after each change
        self.fails: dict[str, int] = {}  # beginnings of "METHOD path" to statuses
        self._tasks: dict[int, list[Any]] = {}  # number to what it does, and how often it is asked for before
        self._numbers = itertools.count(1)
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, said = stand_in.answer(self.command, self.path, self.headers, json.loads(body or b"{}"))
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        for what, status in self.fails.items():
            if f"{method} {path}".startswith(what):
                return status, {"message": "not now", "status": status}
        if (headers["x-algolia-application-id"], headers["x-algolia-api-key"]) != ("APP", KEY):
            return 403, {"message": "Invalid Application-ID or API key", "status": 403}
        match path.partition("?")[0].removeprefix("/1/indexes/manual/").split("/"):
            case ["settings"] if method == "PUT":
                return 200, {"updatedAt": "2026-11-01T00:00:00Z", "taskID": self._task(lambda: self._set(body))}
            case ["settings"]:
                return (200, self.settings) if self.settings is not None else (404, {"message": "Index does not exist"})
            case ["browse"]:
                start, size = int(body.get("cursor", 0)), min(body["hitsPerPage"], 7)
                names = sorted(self.objects)
                hits = [{"objectID": name, **self._told(name, body)} for name in names[start : start + size]]
                more = {"cursor": str(start + size)} if start + size < len(names) else {}
                return 200, {"hits": hits, "query": "", "params": "", "hitsPerPage": size, **more}
            case ["batch"]:
                self.batches.append(body["requests"])
                number = self._task(lambda: self._apply(body["requests"]))
                return 200, {"taskID": number, "objectIDs": [one["body"]["objectID"] for one in body["requests"]]}
            case ["task", number]:
                return 200, {"status": self._asked(int(number)), "pendingTask": False}
        return 400, {"message": f"no {method} {path}", "status": 400}

    def _told(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        return {key: self.objects[name][key] for key in body["attributesToRetrieve"]}

    def _task(self, does: Callable[[], None]) -> int:
        number = next(self._numbers)
        self._tasks[number] = [does, 2]
        return number

    def _asked(self, number: int) -> str:
        task = self._tasks[number]
        task[1] -= 1
        if task[1] == 0:
            task[0]()
        return "published" if task[1] <= 0 else "notPublished"

    def _set(self, body: dict[str, Any]) -> None:
        self.settings = body

    def _apply(self, requests: list[dict[str, Any]]) -> None:
        for one in requests:
            if one["action"] == "deleteObject":
                del self.objects[one["body"]["objectID"]]
            else:
                assert one["action"] == "addObject"
                self.objects[one["body"]["objectID"]] = one["body"]
        self.seen.append(len(self.objects))


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def push(service: StandIn, *arguments: str) -> int:
    where = ("--app", "APP", "--index", "manual", "--url", URL, "--host", service.address)
    return main(["search-push", "_build/html", *where, *arguments])


def test_the_index_has_the_records_when_the_push_ends(
    book: Callable[..., Build], service: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    book()
    wanted = {one["objectID"]: one for one in records(capsys)}
    assert push(service) == 0
    assert service.objects == wanted and service.settings == SETTINGS
    assert capsys.readouterr().out == f"manual: {len(wanted)} records written, 0 deleted, 0 as they were.\n"


def test_only_what_changed_is_pushed_and_nobody_sees_an_empty_index(
    book: Callable[..., Build], service: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    book()
    push(service)
    service.objects["theirs"] = {"objectID": "theirs", "digest": "", "version": "2.0.0", "language": "en"}
    mine = {**SETTINGS, "minProximity": 2}
    service.settings = dict(mine)
    service.batches.clear()
    service.seen.clear()
    assert push(service) == 0 and not service.batches, "nothing has changed"
    Path("slow.md").write_text("# Slow\n\nAll of it is new.\n")
    before = len(service.objects)
    book()
    capsys.readouterr()
    wanted = {one["objectID"] for one in records(capsys)}
    assert push(service) == 0
    assert {"slow"} == {
        re.sub(r".*/|\.html.*", "", one["body"]["url"])
        for batch in service.batches
        for one in batch
        if "url" in one["body"]
    }
    assert service.objects.keys() == wanted | {"theirs"}, "another version's records stay"
    assert min(service.seen) >= len(wanted) and service.seen[0] >= before, "written first, then deleted"
    assert service.settings == mine, "what somebody set in the service stays"
    assert push(service, "--settings") == 0 and service.settings == SETTINGS


def test_many_records_go_in_batches(
    book: Callable[..., Build], service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drillbook.portal.hosted_search.BATCH", 3)
    book()
    assert push(service) == 0
    assert len(service.batches) > 2 and max(map(len, service.batches)) == 3
    assert sum(map(len, service.batches)) == len(service.objects)


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ({"POST /1/indexes/manual/batch": 403}, "the key in $ALGOLIA_API_KEY may not: not now"),
        ({"POST /1/indexes/manual/batch": 413}, "the service refuses, with status 413: not now"),
        ({"GET": 500}, "does not answer"),
    ],
)
def test_a_failure_is_said_and_readers_keep_what_they_have(
    fails: dict[str, int],
    said: str,
    book: Callable[..., Build],
    service: StandIn,
    capsys: pytest.CaptureFixture[str],
) -> None:
    book()
    push(service)
    before = dict(service.objects)
    Path("slow.md").write_text("# Slow\n\nAll of it is new.\n")
    book()
    service.fails = fails
    capsys.readouterr()
    assert push(service) == 1
    error = capsys.readouterr().err
    assert error.startswith("drillbook: not pushed: ") and said in error and "Traceback" not in error
    assert KEY not in error and service.objects == before
    service.fails = {}
    assert push(service) == 0, "the next one mends it"


def test_a_wrong_key_and_a_server_that_is_gone(
    book: Callable[..., Build], service: StandIn, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    book()
    monkeypatch.setenv("ALGOLIA_API_KEY", "wrong-key-of-mine")
    assert push(service) == 1
    error = capsys.readouterr().err
    assert "may not: Invalid Application-ID or API key" in error and "wrong-key" not in error
    assert (
        main(["search-push", "_build/html", "--app", "A", "--index", "i", "--url", URL, "--host", "http://127.0.0.1:9"])
        == 1
    )
    assert "http://127.0.0.1:9 does not answer" in capsys.readouterr().err
    monkeypatch.delenv("ALGOLIA_API_KEY")
    assert push(service) == 2 and "set ALGOLIA_API_KEY" in capsys.readouterr().err
    assert push(service, "--dry-run") == 0 and "none is pushed" in capsys.readouterr().out and not service.objects


def test_a_task_that_is_never_done_is_said(
    book: Callable[..., Build], service: StandIn, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("algoliasearch.http.helpers.time.sleep", lambda _: None)
    monkeypatch.setattr(service, "_asked", lambda _: "notPublished")
    book()
    assert push(service) == 1
    assert "the service took the records, and did not say in time that it has them" in capsys.readouterr().err


def test_what_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search-records", str(tmp_path)]) == 2
    assert "`make html` writes it" in capsys.readouterr().err
    (tmp_path / "search-index.js").write_text("alert(1)")
    assert main(["search-records", str(tmp_path)]) == 2
    assert f"{tmp_path} has no search of this toolkit" in capsys.readouterr().err


def test_an_empty_manual_empties_no_index(
    book: Callable[..., Build], service: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    done = book()
    push(service)
    before = dict(service.objects)
    (done.output / "search-index.js").write_text('drillbookSearchIndex({"records": []});\n')
    assert push(service) == 1 and service.objects == before
    assert "nothing is pushed, and nothing deleted" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["m.example", "javascript:alert(1)", "https://", "https://m.example/?q=1"])
def test_usage(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["search-records", "--url", url])
    assert ended.value.code == 2 and "an address such as" in capsys.readouterr().err


def test_the_key_and_the_service_are_on_no_page(book: Callable[..., Build], service: StandIn) -> None:
    done = book()
    push(service)
    everything = done.everything()
    assert KEY not in everything and "algolia" not in everything.lower()
