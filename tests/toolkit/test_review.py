"""`drillbook review`: what is due, the checklist of a page, and a signature that nobody gives for anybody else."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.toolkit.building import Build
from tests.toolkit.conftest import EXT
from tests.toolkit.handbook import CALL, CHECK, PROCEDURE, tree
from tests.toolkit.test_faults import DRILLED, drilled

from drillbook.cli import main
from drillbook.model import evidence as model

STEP = "::::{ops:step} Tell the team\nWrite to them.\n\nUndo: nothing to undo.\n::::\n"
LEVELS = "# Levels\n\n:::{ops:severity}\nSEV1: Silence\n: Nothing comes.\n\nSEV2: Slow\n: It comes late.\n:::\n"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: Callable[..., Build]) -> Callable[[], Build]:
    """A repository with a manual, and what builds it."""
    made = drilled(
        tmp_path / "book",
        "# Stations\n\n" + tree(CHECK, DRILLED, CALL),
        other="# Restart\n\n" + PROCEDURE.removesuffix(":::::\n") + STEP + ":::::\n",
        levels=LEVELS,
        plain="---\nowner: the editors\n---\n\n# Plain\n\nNothing.\n",
    )
    with (made / "conf.py").open("a") as conf:
        conf.write('release = "2.1.0"\nexclude_patterns = ["evidence", "_build"]\n')
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.chdir(made)
    git("init", "-q")
    return lambda: build(made)


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, timeout=20)


def known() -> None:
    """Let git know who one is, here only."""
    git("config", "user.name", "Jo Roe")
    git("config", "user.email", "jo@example.org")


def review(*arguments: str) -> int:
    return main(["review", "--data", "_build/html/ops.json", "--evidence", "evidence", *arguments])


def prove(kind: str, name: str, days_ago: int, **changes: Any) -> None:
    """Evidence that holds for what the data says, as old as wanted."""
    day = TODAY - timedelta(days_ago)
    one = model.Evidence(kind, name, "c", "", "2.1.0", "1", f"{day}T00:00:00Z", "l", {})
    model.write(Path("evidence"), one._replace(**changes))


def test_the_data_has_stamps_and_pages(book: Callable[[], Build]) -> None:
    known()
    built = book()
    assert review("levels", "--sign", "--yes") == 0
    built = book()
    data = json.loads(built.text("ops.json"))
    jsonschema.validate(data, json.loads(built.text("ops.schema.json")))
    assert [(one["kind"], one["name"], one["state"]) for one in data["stamps"]] == [
        ("procedure", "restart-station", "none"),
        ("tree", "SlowReports", "none"),
        ("drill", "cut-cable", "none"),
        ("drill", "flat-battery", "none"),
    ]
    pages = {page["name"]: page for page in data["pages"]}
    assert sorted(pages) == ["index", "levels", "other"], "the plain page has nothing to prove and nothing to sign"
    assert pages["index"]["owner"] == "the weather team" and pages["index"]["url"] == "index.html"
    [contact] = pages["index"]["to_sign"]
    assert contact["kind"] == "contact" and contact["text"].startswith("Call the platform team, with the output of")
    assert [word["text"] for word in pages["levels"]["to_sign"]] == [
        "SEV1 means: Silence Nothing comes.",
        "SEV2 means: Slow It comes late.",
    ]
    [step] = pages["other"]["to_sign"]
    assert step["text"] == "Restart station: Tell the team Write to them. Undo: nothing to undo."
    assert pages["levels"]["stamp"] is None and pages["levels"]["signature"]["reviewer"] == "Jo Roe"
    assert data["manual"]["proof_days"] == 30


def test_coverage_counts_what_is_signed_until_it_changes(
    book: Callable[[], Build], build: Callable[..., Build]
) -> None:
    known()
    folder = book().source
    assert review("levels", "--sign", "--yes") == 0
    report = json.loads(build(folder, "ops-coverage").text("report.json"))
    assert {said["page"] for said in report["signed"]} == {"levels"}
    assert "signed by Jo Roe" in report["signed"][0]["why"]
    levels = folder / "levels.md"
    levels.write_text(levels.read_text().replace("It comes late.", "It comes too late."))
    report = json.loads(build(folder, "ops-coverage").text("report.json"))
    assert not report["signed"]
    [said] = [said for said in report["unsigned"] if "too late" in said["text"]]
    assert said["why"].startswith("not signed since it changed: signed by Jo Roe")


def test_it_lists_what_is_due_worst_first(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    known()
    book()
    assert review("levels", "--sign", "--yes") == 0
    Path("levels.md").write_text(LEVELS.replace("It comes late.", "It comes very late."))
    prove("procedure", "restart-station", 3)
    book()
    capsys.readouterr()
    assert review() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("changed  procedure restart-station: Not proven since it changed. Last proven")
    assert "(3 days ago) against v2.1.0." in lines[0]
    assert lines[1].startswith(
        f"changed  signature of levels: Not signed since it changed. Last signed {TODAY} (today) by Jo"
    )
    assert [line.partition(":")[0] for line in lines[2:-1]] == [
        "missing  drill cut-cable",
        "missing  drill flat-battery",
        "missing  signature of index",
        "missing  signature of other",
        "missing  tree SlowReports",
    ]
    assert lines[-1] == "7 due."


def to_be_signed(name: str) -> str:
    """The digest of what a page has to sign."""
    data = json.loads(Path("_build/html/ops.json").read_text())
    return str(next(page for page in data["pages"] if page["name"] == name)["content"])


def test_what_is_too_old_is_due_and_nothing_else_is(
    book: Callable[[], Build], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("index.md").write_text("# Stations\n\n```{toctree}\nlevels\nother\n```\n")
    Path("station.py").write_text("FAULTS = []\n")
    Path("other.md").write_text("# Restart\n")
    book()
    for days, said in ((30, None), (31, "(31 days ago) by Jo")):
        day = TODAY - timedelta(days)
        old = model.Signature("levels", to_be_signed("levels"), "Jo", "jo@x", f"{day}T00:00:00Z")
        model.write(Path("evidence"), old)
        capsys.readouterr()
        assert review() == (1 if said else 0)
        out = capsys.readouterr().out
        assert (f"overdue  signature of levels: Signed {day} {said}" if said else "Nothing is due.") in out
    assert review("--days", "31") == 0


def test_a_proof_is_due_when_its_days_are_over(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    built = book()
    file = built.output / "ops.json"
    data = json.loads(file.read_text())
    stamp = data["stamps"][0]
    day, until = TODAY - timedelta(35), TODAY - timedelta(5)
    stamp |= {
        "state": "proven",
        "proven": str(day),
        "until": str(until),
        "says": f"Proven {day}. Prove again by {until}.",
    }
    file.write_text(json.dumps(data))
    review()
    said = (
        f"overdue  procedure restart-station: Proven {day} (35 days ago). Prove again by {until} (overdue by 5 days)."
    )
    assert said in capsys.readouterr().out


def test_it_shows_the_checklist_and_what_is_to_be_signed(
    book: Callable[[], Build], capsys: pytest.CaptureFixture[str]
) -> None:
    book()
    assert review("index") == 0
    said = capsys.readouterr().out
    assert said.startswith("Stations (index)\nOwner: the weather team\n")
    assert "  [ ] The tree ends at the right fix for each fault that was injected." in said
    assert "Editorial verification: is it clear?" in said and ":::" not in said
    assert re.search(r"contact: Call the platform team, with the output of the check in hand: All answer", said)
    assert said.rstrip().endswith("Not signed yet.")
    capsys.readouterr()


@pytest.mark.parametrize(
    "asked", ["other", "other.html", "./other.md", "source/other.md", "https://m.example/2/other.html#procedure-x"]
)
def test_a_page_is_known_by_its_name_its_file_and_its_address(
    asked: str, book: Callable[[], Build], capsys: pytest.CaptureFixture[str]
) -> None:
    book()
    assert review(asked) == 0 and "Restart (other)" in capsys.readouterr().out


def test_a_signature_holds_for_what_was_signed(book: Callable[[], Build]) -> None:
    known()
    assert "Not signed yet." in book().text("index.html")
    assert review("index", "--sign", "--yes") == 0
    signed = json.loads(Path("evidence/signed/index.json").read_text())
    assert (signed["reviewer"], signed["email"]) == ("Jo Roe", "jo@example.org")
    plain = re.compile("<[^>]+>")
    assert f"Signed {TODAY} by Jo Roe." in plain.sub("", book().text("index.html"))
    text = Path("index.md").read_text()
    Path("index.md").write_text(text.replace("Do all stations answer?", "Do they all answer?"))
    assert f"Signed {TODAY} by Jo Roe." in plain.sub("", book().text("index.html")), "that is for a run to prove"
    Path("index.md").write_text(text.replace("the platform team", "the other team"))
    assert f"Not signed since it changed. Last signed {TODAY} by Jo Roe." in plain.sub("", book().text("index.html"))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said when nothing is signed."""
    assert review(*arguments) == 2
    assert not Path("evidence/signed").exists()
    return capsys.readouterr().err


def test_nobody_signs_without_an_identity(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    book()
    assert "git does not know who you are" in refused(capsys, "index", "--sign", "--yes")
    git("config", "user.name", "Jo Roe")
    assert "git config user.email ADDRESS" in refused(capsys, "index", "--sign", "--yes")


def test_nobody_signs_without_being_asked(
    book: Callable[[], Build], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known()
    book()
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert "nobody is there to be asked" in refused(capsys, "index", "--sign")


@pytest.mark.parametrize(("typed", "status"), [("yes\n", 0), ("y\n", 2), ("\n", 2), ("\x04", 2)])
def test_on_a_terminal_one_types_yes(typed: str, status: int, book: Callable[[], Build]) -> None:
    known()
    book()
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "drillbook", "review", "--data", "_build/html/ops.json", "--evidence", "evidence"]
    os.write(leader, typed.encode())
    done = subprocess.run(
        [*command, "index", "--sign"],
        env={**os.environ, "PYTHONPATH": str(EXT)},
        stdin=follower,
        capture_output=True,
        text=True,
        timeout=60,
    )
    os.close(follower)
    os.close(leader)
    assert done.returncode == status and "Traceback" not in done.stderr, done.stderr
    assert "Do you vouch for this, as Jo Roe <jo@example.org>?" in done.stdout and "contact: Call" in done.stdout
    assert Path("evidence/signed/index.json").exists() == (status == 0)


def test_what_has_nothing_to_sign_is_not_signed(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    known()
    Path("other.md").write_text("# Restart\n\n" + PROCEDURE)
    book()
    assert "other has nothing to sign" in refused(capsys, "other", "--sign", "--yes")
    assert "'plain' is no page with something to prove or to sign; there are: index, levels, other" in refused(
        capsys, "plain", "--sign", "--yes"
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 99}', '{"schema": 1, "pages": [{}], "stamps": []}'])
def test_data_that_cannot_be_read_is_said(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ops.json"
    file.write_text(text)
    assert main(["review", "--data", str(file)]) == 2
    assert str(file) in capsys.readouterr().err
    assert main(["review", "--data", str(tmp_path / "none.json")]) == 2
    assert "`make html` writes it" in capsys.readouterr().err


def test_a_damaged_signature_counts_as_none(book: Callable[[], Build], capsys: pytest.CaptureFixture[str]) -> None:
    book()
    Path("evidence/signed").mkdir(parents=True)
    Path("evidence/signed/index.json").write_text("{}")
    review()
    assert "missing  signature of index: Not signed: this is no evidence" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--sign"], ["--yes"], ["--days", "0"], ["--days", "x"]])
def test_usage(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        review(*arguments)
    assert ended.value.code == 2 and "Traceback" not in capsys.readouterr().err
