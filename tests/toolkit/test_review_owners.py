"""Owners: what is theirs in the list, `drillbook owners` for the forge, and `drillbook remind` for their inbox."""

import http.server
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, PROCEDURE, tree
from tests.toolkit.test_faults import DRILLED, drilled

from drillbook.cli import main
from drillbook.model import evidence as model
from drillbook.review.owners import BEGIN, END

TODAY = datetime.now(UTC).date()
OWNERS = """
drillbook_owners = {
    "the weather team": {"handle": "@weather", "notify": "$WEATHER"},
    "the radio team": {"handle": "@station/radio", "notify": "$RADIO"},
    "the editors": "editors@stations.example",
    "*": {"handle": "@keepers", "notify": "$KEEPERS"},
}
"""
RADIO = tree(CHECK, DRILLED, CALL, name="Silent", options=":alerts: Silent\n:owner: the radio team")
MORE = ":alerts: SlowReports\n:owner: the weather team"
HEAD = "---\nowner: the editors\n---\n\n"


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: Callable[..., Build]) -> Callable[[], Build]:
    """A repository with a manual of several owners in its folder `manual`, and what builds it."""
    repository = tmp_path / "repository"
    repository.mkdir()
    made = drilled(
        repository / "manual",
        "# Stations\n\n" + tree(CHECK, DRILLED, CALL) + "\n# Radio\n\n" + RADIO,
        other="# Restart\n\n" + PROCEDURE,
        plain=HEAD + "# Plain\n\nNothing.\n",
    )
    (made / "with space.md").write_text(HEAD + "# Space\n\n" + tree(CHECK, DRILLED, CALL, name="More", options=MORE))
    (made / "text.rst").write_text(":orphan:\n:owner: the weather team\n\nText\n====\n\nNothing.\n")
    with (made / "conf.py").open("a") as conf:
        conf.write(
            'release = "2.1.0"\nexclude_patterns = ["evidence", "_build"]\nhtml_baseurl = "https://m.example/"\n'
        )
        conf.write(OWNERS)
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    subprocess.run(["git", "init", "-q", str(repository)], check=True, timeout=20)
    monkeypatch.chdir(made)
    return lambda: build(made)


def drillbook(command: str, *arguments: str) -> int:
    sources = ("--data", "_build/html/ops.json")
    return main([command, *sources, *(() if command == "owners" else ("--evidence", "evidence")), *arguments])


def owners(*arguments: str) -> int:
    return drillbook("owners", "--source", ".", *arguments)


def conf(old: str, new: str) -> None:
    text = Path("conf.py").read_text()
    assert old in text
    Path("conf.py").write_text(text.replace(old, new))


def due(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """What `drillbook review --json` lists."""
    capsys.readouterr()
    status = drillbook("review", "--json", *arguments)
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["due"]
    assert status == (1 if found else 0)
    return found


# the list


def test_the_data_say_who_keeps_what_and_where_that_is_written(book: Callable[[], Build]) -> None:
    built = book()
    data = json.loads(built.text("ops.json"))
    jsonschema.validate(data, json.loads(built.text("ops.schema.json")))
    said = [(one["page"], one["owner"]) for one in data["owners"]]
    assert said == [
        ("index", "the radio team"),
        ("index", "the weather team"),
        ("plain", "the editors"),
        ("text", "the weather team"),
        ("with space", "the editors"),
    ]
    for one in data["owners"]:
        line = Path(one["file"]).read_text().splitlines()[one["line"] - 1]
        assert line.lstrip(":") == f"owner: {one['owner']}"


def test_an_owner_sees_their_own(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    book()
    kept = {one["kind"] + " " + one["name"]: one["owners"] for one in due(capsys)}
    assert kept == {
        "drill cut-cable": ["the weather team"],  # as the first tree that has a fix for it
        "drill flat-battery": [],
        "procedure restart-station": [],
        "signature index": ["the radio team", "the weather team"],
        "signature with space": ["the editors"],
        "tree More": ["the weather team"],
        "tree Silent": ["the radio team"],
        "tree SlowReports": ["the weather team"],
    }
    assert [one["name"] for one in due(capsys, "--owner", "the Radio Team")] == ["index", "Silent"]
    assert [one["name"] for one in due(capsys, "--owner", "nobody")] == ["flat-battery", "restart-station"]
    assert due(capsys)[-1]["url"].startswith("index.html#tree-")
    assert drillbook("review", "--owner", "the radio") == 2
    assert "there are: the editors, the radio team, the weather team" in capsys.readouterr().err


def test_due_is_a_name_for_the_list(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    book()
    capsys.readouterr()
    assert drillbook("review") == 1
    listed = capsys.readouterr().out
    assert drillbook("review", "--due") == 1 and capsys.readouterr().out == listed != ""


def test_what_will_be_due_is_listed_behind_what_is(
    book: Callable[[], Build], capsys: pytest.CaptureFixture[str]
) -> None:
    built = book()
    content = next(page["content"] for page in json.loads(built.text("ops.json"))["pages"] if page["name"] == "index")
    day = TODAY - timedelta(25)
    model.write(Path("evidence"), model.Signature("index", content, "Jo", "jo@x", f"{day}T00:00:00Z"))
    last = TODAY + timedelta(5)
    assert "index" not in [one["name"] for one in due(capsys, "--within", "5")], "on its last day it still holds"
    soon = due(capsys, "--within", "6")[-1]
    assert (soon["state"], soon["kind"], soon["name"], soon["until"]) == ("soon", "signature", "index", str(last))
    assert soon["says"] == f"Signed {day} by Jo. Sign again by {last}.", "days in data are absolute"
    drillbook("review", "--within", "6")
    line = capsys.readouterr().out.splitlines()[-2]
    assert line.startswith(f"soon     signature of index: Signed {day} (25 days ago) by Jo. Sign again by {last}. Its")
    assert [one["state"] for one in due(capsys, "--days", "24") if one["name"] == "index"] == ["overdue"]


@pytest.mark.parametrize(
    "arguments", [["index", "--json"], ["index", "--due"], ["--within", "-1"], ["--within", "x"], ["--within", "9" * 9]]
)
def test_usage(arguments: list[str], book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        drillbook("review", *arguments)
    assert ended.value.code == 2 and "Traceback" not in capsys.readouterr().err


def test_the_page_of_proofs_shows_signatures_with_owners_the_worst_first(book: Callable[[], Build]) -> None:
    Path("proof.md").write_text("# Proof\n\n```{ops:proof} signatures\n```\n")
    Path("levels.md").write_text(
        HEAD + "# Levels\n\n:::{ops:severity}\nSEV1: Silence\n: No.\n\nSEV2: Slow\n: Late.\n:::\n"
    )
    contents = {page["name"]: page["content"] for page in json.loads(book().text("ops.json"))["pages"]}
    for name, days in (("index", 40), ("levels", 2)):
        time = f"{TODAY - timedelta(days)}T00:00:00Z"
        model.write(Path("evidence"), model.Signature(name, contents[name], "Jo", "jo@x", time))
    page = book().text("proof.html")
    order = [page.index(said) for said in (">Space</", ">Stations</", ">Levels</")]
    assert order == sorted(order), "not signed, then the older signature"
    assert "<p>the weather team, the radio team</p>" in page and "<p>the editors</p>" in page
    assert f'Sign again by <span class="ops-day">{TODAY - timedelta(10)}</span>.' in page, "its age is for the browser"


# CODEOWNERS

WANTED = f"""{BEGIN}
/manual/ @keepers
/manual/index.md @station/radio @weather
/manual/plain.md editors@stations.example
/manual/text.rst @weather
/manual/with\\ space.md editors@stations.example
{END}
"""


def test_the_forge_is_told_who_must_look(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    book()
    assert owners("--check") == 1
    assert "+/manual/index.md @station/radio @weather" in capsys.readouterr().out
    assert not Path("../CODEOWNERS").exists(), "a check changes nothing"
    assert owners() == 0
    assert Path("../CODEOWNERS").read_text() == WANTED
    assert owners("--check") == 0 and owners() == 0 and Path("../CODEOWNERS").read_text() == WANTED


def test_what_else_stands_in_the_file_stays(book: Callable[[], Build]) -> None:
    book()
    file = Path("../.github/CODEOWNERS")
    file.parent.mkdir()
    mine, behind = "# ours\n* @all\n", "\n[Code]\n/src/ @dev\n"
    file.write_text(f"{mine}{BEGIN}\n/manual/old.md @gone\n{END}\n{behind}")
    assert owners("--file", str(file)) == 0
    assert file.read_text() == f"{mine}{WANTED}{behind}"
    file.write_text(mine)
    assert owners("--file", str(file)) == 0 and file.read_text() == f"{mine}\n{WANTED}"


def test_a_damaged_block_is_refused_at_its_line(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    book()
    Path("../CODEOWNERS").write_text(f"# ours\n{BEGIN}\n* @all\n")
    assert owners() == 2
    assert "CODEOWNERS:2: needs this line once" in capsys.readouterr().err
    assert Path("../CODEOWNERS").read_text() == f"# ours\n{BEGIN}\n* @all\n"


def test_an_owner_without_a_handle_is_named_at_its_line(
    book: Callable[[], Build], capsys: pytest.CaptureFixture[str]
) -> None:
    conf('"the radio team"', '"the radio crew"')
    conf('"the editors": "editors@stations.example"', '"the editors": {"notify": "$EDITORS"}')
    book()
    assert owners() == 1
    said = capsys.readouterr().err.splitlines()
    line = Path("index.md").read_text().splitlines().index(":owner: the radio team") + 1
    assert said[0] == (
        f"index.md:{line}: the owner 'the radio team' has no handle: add it to drillbook_owners, conf.py:"
        f"{Path('conf.py').read_text().splitlines().index('drillbook_owners = {') + 1}"
    )
    assert [one.partition(": the owner")[0] for one in said] == [f"index.md:{line}", "plain.md:2", "with space.md:2"]
    assert "/manual/index.md @weather\n" in Path("../CODEOWNERS").read_text(), "what is known is written"


BAD = {
    "[]": "must map owners, in the words of the pages, to handles",
    '{"a": "weather"}': "must have '@name', '@group/team' or an address of mail as the handle of 'a'",
    '{"a": "@one @two"}': "must have '@name'",
    '{"a": {}}': "must have a handle, or a mapping of 'handle' and 'notify', for 'a'",
    '{"a": {"mail": "json://secret@host"}}': "must have a handle, or a mapping",
    '{"a": {"notify": "json://secret@host"}}': "must name for 'notify' of 'a' the environment variable",
    "{}": "say who the owners are",
}


@pytest.mark.parametrize("value", BAD)
def test_a_bad_option_is_refused_at_its_line_and_shows_no_secret(
    value: str, book: Callable[[], Build], capsys: pytest.CaptureFixture[str]
) -> None:
    book()
    with Path("conf.py").open("a") as file:
        file.write(f"drillbook_owners = {value}\n")
    lines = len(Path("conf.py").read_text().splitlines())
    for command in (owners, lambda: drillbook("remind", "--dry-run")):
        assert command() == 2
        said = capsys.readouterr().err
        assert f"conf.py:{lines}: " in said and BAD[value] in said and "json:" not in said


# messages


class Inbox:
    """A server that takes what Apprise sends as JSON, or refuses it."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        inbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.got.append((self.path, json.loads(body)))
                self.send_response(500 if self.path == "/broken" else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def address(self, path: str) -> str:
        return f"json://jo:pa55word@127.0.0.1:{self.server.server_address[1]}/{path}"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def test_each_owner_is_told_once_what_is_theirs(
    book: Callable[[], Build], inbox: Inbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    conf('"the editors": "editors@stations.example"', '"the editors": {"notify": "$EDITORS"}')
    book()
    for name in ("WEATHER", "RADIO", "KEEPERS", "EDITORS"):
        monkeypatch.setenv(name, inbox.address(name.lower()))
    assert drillbook("remind") == 0
    assert [path for path, _ in inbox.got] == ["/editors", "/radio", "/weather", "/keepers"]
    sent = {path: (one["title"], one["message"].splitlines()) for path, one in inbox.got}
    title, lines = sent["/radio"]
    assert title == "Stations: 2 things are due"
    assert lines[:5] == [
        "Kept by the radio team, the worst first:",
        "",
        "- missing: signature of index. Not signed yet.",
        "  https://m.example/index.html",
        "- missing: tree Silent. Not proven yet.",
    ]
    assert "No page names an owner for these." in sent["/keepers"][1]
    assert "pa55word" not in "".join(capsys.readouterr())
    before = list(inbox.got)
    inbox.got.clear()
    assert drillbook("remind") == 0 and inbox.got == before, "the same state gives the same messages"


def test_who_cannot_be_told_is_said_and_the_others_are_told(
    book: Callable[[], Build], inbox: Inbox, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    book()
    monkeypatch.setenv("WEATHER", inbox.address("broken"))
    monkeypatch.setenv("RADIO", "nonsense://pa55word@nowhere")
    monkeypatch.setenv("KEEPERS", inbox.address("keepers"))
    assert drillbook("remind") == 1
    out, err = capfd.readouterr()
    assert [line for line in out.splitlines() if "is told" in line] == ["nobody is told: Stations: 2 things are due"]
    assert "the weather team is not told: the target in $WEATHER did not take it" in err
    assert "the radio team is not told: $RADIO holds no address that Apprise knows" in err
    assert "the editors is not told: drillbook_owners names no 'notify' for 'the editors', conf.py:" in err
    assert "pa55word" not in out + err
    monkeypatch.delenv("RADIO")
    assert drillbook("remind", "--owner", "the radio team") == 1
    assert "$RADIO is not set" in capfd.readouterr().err


def test_a_dry_run_prints_and_sends_nothing(
    book: Callable[[], Build], inbox: Inbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    book()
    monkeypatch.setenv("RADIO", inbox.address("radio"))
    assert drillbook("remind", "--dry-run", "--owner", "the radio team", "--url", "https://other.example/x") == 0
    out = capsys.readouterr().out
    assert out.startswith("To the radio team ($RADIO): Stations: 2 things are due\n\nKept by the radio team")
    assert "https://other.example/x/index.html" in out and "pa55word" not in out and not inbox.got
    assert drillbook("remind", "--dry-run", "--owner", "the radio") == 2
    assert "the manual names no owner 'the radio'; there are: " in capsys.readouterr().err


def test_when_nothing_is_due_nobody_is_told(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    for page in ("index.md", "other.md", "with space.md"):
        Path(page).write_text("# Nothing\n")
    Path("station.py").write_text("FAULTS = []\n")
    book()
    assert drillbook("remind") == 0 and capsys.readouterr().out == "Nothing is due.\n"
