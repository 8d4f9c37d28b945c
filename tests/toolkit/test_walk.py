"""The terminal walker, as somebody meets it over ssh: in a pseudo-terminal, with its log, to each of its ends."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.building import Build
from tests.toolkit.conftest import EXT
from tests.toolkit.handbook import CALL, FIX, PROCEDURE, handbook, tree

CHECKS = """\
:::{ops:blank} station
:type: choice
:choices: north, south
:default: north

The station.
:::

:::{ops:check} ask
Do all stations answer?

```console
$ cat {{ station }}.txt
0 down
```

- All answer: `number = 0` -> query
- Some are down: `number > 0` -> restart
- Otherwise -> tree Silent
:::

:::{ops:check} query
Does Prometheus know?

```promql
sum(up)
```

- It does: `value >= 1` -> restart
- It does not: `no data` -> call
- Otherwise -> call
:::
"""
SILENT = ":::{ops:check} log\nIs there a log?\n\n```console\n$ ls\n```\n\n- Yes: `exit 0` -> call\n- No: `exit > 0` -> call\n:::\n"


@pytest.fixture
def manual(tmp_path: Path, build: Callable[..., Build]) -> Path:
    """The data of a manual, in the folder in which checks are run."""
    pages = {"other": "# Restart\n\n" + PROCEDURE, "silent": "# Silent\n\n" + tree(SILENT, CALL, name="Silent")}
    first = "# Slow\n\n" + tree(CHECKS, FIX, CALL) + "\n```{toctree}\nother\nsilent\n```\n"
    built = build(handbook(tmp_path / "book", first, **pages))
    folder = tmp_path / "shell"
    folder.mkdir()
    (folder / "ops.json").write_text(built.text("ops.json"))
    (folder / "north.txt").write_text("0 down\n")
    (folder / "south.txt").write_text("3 down\n")
    return folder


def walk(
    folder: Path, *arguments: str, typed: str = "", data: tuple[str, ...] = ("--data", "ops.json")
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drillbook", "walk", *data, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(EXT)},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def site(tmp_path: Path, manual: Path) -> Iterator[tuple[str, Path]]:
    """The built manual on a little server, below another folder, and its files."""
    root = tmp_path / "served"
    (root / "manuals").mkdir(parents=True)
    shutil.copytree(tmp_path / "book" / "_build" / "html", root / "manuals" / "v1")

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(root))

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/manuals/v1", root / "manuals" / "v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def prometheus() -> Iterator[Callable[[object], str]]:
    """Answers every query with the result that it was given."""
    servers: list[HTTPServer] = []

    def start(result: object) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"data": {"result": result}}).encode())

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_without_a_tree_it_lists_them(manual: Path) -> None:
    done = walk(manual)
    assert done.returncode == 0
    assert re.findall(r"^\w+", done.stdout, re.MULTILINE) == ["Silent", "SlowReports"]


def test_it_is_read_by_hand_and_runs_nothing(manual: Path) -> None:
    done = walk(manual, "SlowReports", "--set", "station=south", typed="2\n")
    assert done.returncode == 0
    assert "$ cat south.txt" in done.stdout and "3 down" not in done.stdout
    assert "FIX: A station is down." in done.stdout
    assert "$ ./stations restart south" in done.stdout, "--set wins over the value of the fix"
    assert "Confirm: it is up." in done.stdout and "The alert clears within 5 min." in done.stdout


def test_it_runs_checks_and_proposes_the_answer(manual: Path) -> None:
    done = walk(manual, "slowreports", "--run", "--set", "station=south", typed="\n")
    assert done.returncode == 0
    assert "3 down" in done.stdout and "> 2  Some are down" in done.stdout


def test_a_blank_is_asked_for_and_what_a_shell_would_run_is_refused(manual: Path) -> None:
    done = walk(manual, "SlowReports", "--run", typed="north; touch hurt\nsouth\n\n")
    assert done.returncode == 0
    assert "must be one of north, south" in done.stdout
    assert not (manual / "hurt").exists()


def test_one_can_go_back(manual: Path) -> None:
    done = walk(manual, "SlowReports", "--set", "station=north", typed="b\n1\nb\n3\n1\n")
    assert done.returncode == 3
    assert "This is the first question." in done.stdout
    assert done.stdout.count("Do all stations answer?") >= 3
    assert "Silent · step 1: Is there a log?" in done.stdout, "another tree goes on where this one leads"


def test_queries_go_to_prometheus(manual: Path, prometheus: Callable[[object], str]) -> None:
    arguments = ("SlowReports", "--run", "--yes", "--set", "station=north", "--prometheus")
    assert walk(manual, *arguments, prometheus([{"value": [0, "2"]}])).returncode == 0
    nothing = walk(manual, *arguments, prometheus([]))
    assert nothing.returncode == 3 and "ESCALATE: All answer" in nothing.stdout
    assert "Call: the platform team" in nothing.stdout and "Have in hand: the output of the check" in nothing.stdout


def test_without_prometheus_it_stops_and_says_why(manual: Path) -> None:
    arguments = ("SlowReports", "--run", "--yes", "--set", "station=north", "--prometheus")
    done = walk(manual, *arguments, "http://127.0.0.1:1")
    assert done.returncode == 4 and "Prometheus did not answer" in done.stdout
    assert "is no address of a Prometheus" in walk(manual, *arguments, "file:///etc/passwd").stdout


def test_a_check_that_hangs_is_stopped(manual: Path) -> None:
    (manual / "north.txt").unlink()
    os.mkfifo(manual / "north.txt")
    done = walk(manual, "SlowReports", "--run", "--yes", "--timeout", "0.5", "--set", "station=north")
    assert done.returncode == 4 and "had not ended after 0.5 s" in done.stdout


def test_the_log_has_all_with_times(manual: Path) -> None:
    for _ in range(2):  # a second walk adds to it
        walk(manual, "SlowReports", "--run", "--yes", "--set", "station=south", "--log", "incident.log")
    lines = (manual / "incident.log").read_text().splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in lines)
    said = [line.split(" ", 1)[1] for line in lines]
    for words in ("tree SlowReports", "ran: cat south.txt", "    3 down", "exit status 0", "FIX: A station is down."):
        assert said.count(words) == 2, words


def aged(manual: Path, **said: str | None) -> None:
    """Let the data say that of the manual; what is ``None`` they do not say."""
    data = json.loads((manual / "ops.json").read_text())
    about = {"project": "Stations", "version": "v3", **data["manual"], **said}
    data["manual"] = {name: value for name, value in about.items() if value is not None}
    (manual / "ops.json").write_text(json.dumps(data))


MADE = {"made": "2026-01-02T03:04:05Z", "commit": "abc1234"}
OLD = "That day has passed: check each command before you type it."


@pytest.mark.parametrize(
    ("said", "line", "warned"),
    [
        ({**MADE, "doubt": "2000-01-01"}, "Check before use after 2000-01-01.", True),
        ({**MADE, "doubt": "9999-12-31"}, "Check before use after 9999-12-31.", False),
        ({**MADE, "doubt": ""}, "Nothing in it is proven: check each command before you type it.", False),
        ({**MADE, "doubt": None}, "It does not say after which day to doubt it.", False),
        ({**MADE, "doubt": "soon"}, "It does not say after which day to doubt it.", False),
    ],
)
def test_it_begins_with_how_old_the_manual_is_and_when_to_doubt_it(
    said: dict[str, str | None], line: str, warned: bool, manual: Path
) -> None:
    aged(manual, version="v3", **said)
    done = walk(manual, "SlowReports", "--log", "incident.log", typed="q\n")
    head = " ".join(done.stdout.partition("step 1")[0].split())
    assert head.startswith(f"Stations v3, made 2026-01-02 03:04 UTC from abc1234. {line}")
    assert (OLD in head) is warned
    assert (OLD in walk(manual).stderr) is warned, "where trees are listed, too, beside the list"
    assert (
        f"Z manual Stations v3, made 2026-01-02 03:04 UTC from abc1234. {line}" in (manual / "incident.log").read_text()
    )


def test_data_that_are_not_of_a_bundle_say_what_they_know(manual: Path) -> None:
    aged(manual, version="", doubt="9999-12-31")
    assert walk(manual, "SlowReports", typed="q\n").stdout.startswith("Stations. Check before use after 9999-12-31.\n")


def test_what_a_command_prints_cannot_move_the_cursor(manual: Path) -> None:
    (manual / "north.txt").write_text("0 down\x1b[2J\x07\n")
    done = walk(manual, "SlowReports", "--run", "--set", "station=north", typed="q\n")
    assert done.returncode == 4
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout


def test_the_end_of_the_input_ends_it(manual: Path) -> None:
    done = walk(manual, "SlowReports", "--set", "station=north")
    assert done.returncode == 130 and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is no ops.json"),
        ("[]", "is no ops.json"),
        ('{"schema": 99}', "has the format 99, and this walker reads 1"),
        ('{"schema": 1, "trees": [{"name": "T"}], "procedures": [], "alerts": []}', "tree 'T' is damaged"),
        (None, "cannot read ops.json: No such file or directory. `make html` writes it; --data names another"),
    ],
)
def test_unreadable_data_is_one_line(content: str | None, says: str, manual: Path) -> None:
    (manual / "ops.json").unlink()
    if content is not None:
        (manual / "ops.json").write_text(content)
    done = walk(manual, "SlowReports")
    assert done.returncode == 2
    assert says in done.stderr and len(done.stderr.splitlines()) == 1


def test_an_unknown_tree_names_those_there_are(manual: Path) -> None:
    done = walk(manual, "Fast")
    assert done.returncode == 2 and "there are: Silent, SlowReports" in done.stderr


def test_the_address_of_an_alerts_page_leads_to_its_tree(manual: Path) -> None:
    data = json.loads((manual / "ops.json").read_text())
    assert {alert["name"]: alert["trees"] for alert in data["alerts"]}["Silent"] == ["Silent"]
    data["alerts"] = [alert | {"page": f"alerts/{alert['name']}.html"} for alert in data["alerts"]]
    (manual / "ops.json").write_text(json.dumps(data))
    done = walk(manual, "https://manual.example/v1/alerts/Silent.html?x#rule", typed="q\n")
    assert done.returncode == 4 and "Silent · step 1" in done.stdout


def test_on_a_terminal_it_is_bold_and_control_c_ends_it(manual: Path) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "drillbook", "walk", "--data", "ops.json", "SlowReports", "--set", "station=north"]
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        command,
        cwd=manual,
        env={**environment, "PYTHONPATH": str(EXT)},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=be_in_front_of_the_terminal,
    ) as process:
        try:
            os.close(follower)
            shown = read_until(leader, "answer: ")
            os.write(leader, b"7\n")
            shown += read_until(leader, "answer: ")
            # Again and again: one that comes between the prompt and the wait for an answer is seen only with the next key.
            deadline = time.monotonic() + 20
            while process.poll() is None and time.monotonic() < deadline:
                os.write(leader, b"\x03")
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.5)
            assert process.returncode == 130
        finally:
            process.kill()
    os.close(leader)
    assert "\x1b[1m" in shown and "take that answer" in shown and "Traceback" not in shown


def be_in_front_of_the_terminal() -> None:
    """In the child: control-C reaches it, also when these tests run in the background, where it is ignored."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def read_until(terminal: int, words: str) -> str:
    shown, deadline = "", time.monotonic() + 20
    while words not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode("utf-8", "replace")
    assert words in shown, shown
    return shown


def test_the_address_of_a_page_is_walked_from_its_own_site(manual: Path, site: tuple[str, Path]) -> None:
    url, _ = site
    (manual / "ops.json").unlink()
    for page in ("index.html", "index.html#tree-SlowReports", "index.html?shown=again"):
        done = walk(manual, f"{url}/{page}", "--set", "station=south", "--run", typed="\n", data=())
        assert done.returncode == 0, done.stderr
        assert "> 2  Some are down" in done.stdout and "FIX: A station is down." in done.stdout
    assert "Silent · step 1" in walk(manual, f"{url}/silent.html", data=()).stdout
    assert "Silent · step 1" in walk(manual, f"{url}/silent.html", typed="q\n", data=()).stdout


def test_an_alert_whose_tree_is_on_another_page_leads_there(manual: Path, site: tuple[str, Path]) -> None:
    url, files = site
    data = json.loads((files / "ops.json").read_text())
    data["alerts"] = [alert | {"page": "other.html" if alert["name"] == "Silent" else ""} for alert in data["alerts"]]
    (files / "ops.json").write_text(json.dumps(data))
    assert "Silent · step 1" in walk(manual, f"{url}/other.html", data=()).stdout
    (files / "silent.html").unlink()
    assert "silent.html answers 404" in walk(manual, f"{url}/other.html", data=()).stderr


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("nowhere.html", "nowhere.html answers 404"),
        ("other.html", "is no page of an alert that has a tree, and no page with a tree"),
        ("index.html#tree-Fast", "index.html has no place 'tree-Fast'"),
        ("../other/page.html", "page.html belongs to no manual of this toolkit"),
        ("broken/page.html", "ops.json is no ops.json"),
        ("torn/index.html", "index.html has no place 'tree-SlowReports', where the tree SlowReports should be"),
    ],
)
def test_a_page_that_leads_nowhere_is_one_line(page: str, says: str, manual: Path, site: tuple[str, Path]) -> None:
    url, files = site
    for folder in (files / "broken", files.parent / "other"):
        folder.mkdir()
        (folder / "page.html").write_text("<p id='one'>")
    (files / "broken" / "ops.json").write_text("{")
    shutil.copytree(files, files / "torn", ignore=shutil.ignore_patterns("torn"))
    text = (files / "index.html").read_text()
    (files / "torn" / "index.html").write_text(text.replace('id="tree-SlowReports"', ""))
    done = walk(manual, f"{url}/{page}".replace("/v1/../", "/"), data=())
    assert done.returncode == 2
    assert says in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_a_server_that_is_not_there_is_one_line(manual: Path) -> None:
    done = walk(manual, "http://127.0.0.1:1/index.html", data=())
    assert done.returncode == 2 and "http://127.0.0.1:1/index.html does not answer" in done.stderr


def test_the_report_has_the_whole_walk(manual: Path) -> None:
    arguments = ("--run", "--set", "station=south", "--report", "walk.json")
    assert walk(manual, "SlowReports", *arguments, "--yes").returncode == 0
    assert json.loads((manual / "walk.json").read_text()) == {
        "tree": "SlowReports",
        "nodes": [
            {
                "tree": "SlowReports",
                "name": "ask",
                "says": "Do all stations answer?",
                "looks": [{"ran": "cat south.txt", "output": "3 down\n", "status": 0, "trouble": ""}],
                "answer": "Some are down",
                "condition": "number > 0",
            }
        ],
        "end": {
            "kind": "fix",
            "tree": "SlowReports",
            "name": "restart",
            "says": "A station is down.",
            "procedure": "restart-station",
            "values": {"station": "south"},
            "within_s": 300,
        },
    }
    assert walk(manual, "SlowReports", *arguments, typed="b\n3\n1\n").returncode == 3
    report = json.loads((manual / "walk.json").read_text())
    assert [(node["tree"], node["answer"]) for node in report["nodes"]] == [
        ("SlowReports", ""),
        ("SlowReports", "Otherwise"),
        ("Silent", "Yes"),
    ]
    assert report["end"]["kind"] == "escalate" and report["end"]["to"] == "the platform team"


def test_the_report_of_a_walk_that_stopped_says_where(manual: Path) -> None:
    (manual / "south.txt").write_text("all\n")
    data = json.loads((manual / "ops.json").read_text())
    for answer in data["trees"][1]["nodes"][0]["answers"][:2]:
        answer["condition"]["all"] = [{"kind": "text", "pattern": "neither", "negated": False}]
    data["trees"][1]["nodes"][0]["answers"].pop()
    (manual / "ops.json").write_text(json.dumps(data))
    done = walk(manual, "SlowReports", "--run", "--yes", "--set", "station=south", "--report", "walk.json")
    assert done.returncode == 4 and "No answer fits what was printed" in done.stdout
    report = json.loads((manual / "walk.json").read_text())
    assert report["end"] == {
        "kind": "stopped",
        "tree": "SlowReports",
        "name": "ask",
        "says": "Do all stations answer?",
    }


def test_a_blank_is_filled_by_its_command(manual: Path) -> None:
    data = json.loads((manual / "ops.json").read_text())
    slow = data["trees"][1]
    assert slow["blanks"][0]["name"] == "station"
    slow["blanks"][0] |= {"command": "ls *.txt | sed 's/.txt//' | tail -1; echo", "default": ""}
    (manual / "ops.json").write_text(json.dumps(data))
    done = walk(manual, "SlowReports", "--run", "--yes", "--report", "walk.json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((manual / "walk.json").read_text())
    assert report["end"]["values"] == {"station": "south"}
    assert [look["ran"] for look in report["nodes"][0]["looks"]] == [slow["blanks"][0]["command"], "cat south.txt"]
    asked = walk(manual, "SlowReports", "--run", typed="\n\n")
    assert asked.returncode == 0 and "station (The station.) [south]: " in asked.stdout
    by_hand = walk(manual, "SlowReports", typed="north\n1\n")
    assert f"$ {slow['blanks'][0]['command']}" in by_hand.stdout and "$ cat north.txt" in by_hand.stdout


def test_a_blank_whose_command_finds_nothing_gets_its_default(manual: Path) -> None:
    data = json.loads((manual / "ops.json").read_text())
    data["trees"][1]["blanks"][0] |= {"command": "false", "default": "south"}
    (manual / "ops.json").write_text(json.dumps(data))
    done = walk(manual, "SlowReports", "--run", "--yes")
    assert done.returncode == 0 and "$ cat south.txt" in done.stdout


def test_it_needs_nothing_but_python() -> None:
    script = "import sys; from drillbook.cli import main; print(*sorted(n for n in sys.modules if '.' not in n))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], env={"PYTHONPATH": str(EXT)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert not set(done.stdout.split()) - {*sys.stdlib_module_names, "__main__", "drillbook"}
