"""The monthly job: its files are what the tools that read them want, and its script does what the page says."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.toolkit.conftest import EXT
from tests.toolkit.feedback import answer
from tests.toolkit.receivers import Webhook, webhook

from drillbook.cli import main
from drillbook.portal.feedback.answer import now
from drillbook.portal.feedback.store import open_store

REPOSITORY = Path(__file__).parents[2]
CHECKOUT = "env PYTHONPATH=ext .venv/bin/python -m drillbook"  # how this repository calls the toolkit
OPS = {
    "schema": 1,
    "manual": {"project": "Stations", "version": "1", "language": "en", "proof_days": 30},
    "pages": [],
    "procedures": [{"name": "restart", "url": "index.html#procedure-restart"}],
    "trees": [],
    "stamps": [
        {"kind": "procedure", "name": "restart", "state": "none", "says": "Not proven yet.", "proven": "", "until": ""}
    ],
    "owners": [],
}
MAKEFILE = """\
html:
\t@mkdir -p build/html && cp ops.json build/html/
doctest:
\t@mkdir -p source/evidence && date +%N > source/evidence/proof.json
drill:
\t@echo "the $(ALL) pump burst" >&2; exit $${DRILL:-0}
measure coverage:
"""
GH = """#!/bin/sh
echo "$@" >> "$GH_LOG"
[ "$1" != "${GH_BREAKS:-}" ]
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a manual that is built, proven and measured at once, its origin beside it, and a `gh` that notes."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    ours = ("DRILL", "DRILLBOOK_FEEDBACK", "GH_BREAKS", "GH_TOKEN", "MAKEFLAGS", "MAKELEVEL", "MEASURE")
    for name in ours:
        monkeypatch.delenv(name, raising=False)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GH_LOG", str(tmp_path / "gh.log"))
    monkeypatch.setenv("PYTHONPATH", str(EXT))
    clone = tmp_path / "clone"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "origin")
    git(tmp_path, "clone", "-q", "origin", "clone")
    git(clone, "config", "user.name", "Jo Roe")
    git(clone, "config", "user.email", "jo@example.org")
    (clone / ".gitignore").write_text("build/\n")
    (clone / "Makefile").write_text(MAKEFILE)
    (clone / "ops.json").write_text(json.dumps(OPS))
    assert job("github", clone, "--drillbook", f"{sys.executable} -m drillbook") == 0
    git(clone, "checkout", "-q", "-B", "main")
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "Begin")
    git(clone, "push", "-q", "-u", "origin", "main")
    return clone


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, timeout=20, capture_output=True, text=True)
    return done.stdout.strip()


def job(kind: str, folder: Path, *arguments: str) -> int:
    return main(["job", kind, "--folder", str(folder), *arguments])


def review(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([".ci/review", *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


def branches(folder: Path) -> list[str]:
    return git(folder, "branch", "--format", "%(refname:short)").splitlines()


# the script


def test_it_proves_and_keeps_the_evidence_on_a_branch(repository: Path) -> None:
    done = review(repository)
    assert done.returncode == 0, done.stderr
    main_, branch = branches(repository)
    assert main_ == "main" and re.fullmatch(r"review/\d{4}-\d\d-\d\dT\d{4}Z", branch)
    assert git(repository, "branch", "--show-current") == "main" and not git(repository, "status", "--porcelain")
    assert git(repository, "diff", "--name-only", "main", branch) == "source/evidence/proof.json"
    report = (repository / "build/review/report.md").read_text()
    assert done.stdout == report and f"branch `{branch}`" in report
    assert [line.split(" | ")[:2] for line in report.splitlines() if line.startswith("| `")] == [
        [f"| `make {target}`", "done"] for target in ("html", "doctest", "drill ALL=1", "measure", "coverage", "html")
    ]
    assert "missing  procedure restart: Not proven yet.\n1 due." in report
    assert not (repository.parent / "gh.log").exists() and len(git(repository, "branch", "-r").splitlines()) == 1


def test_a_command_that_fails_is_told_and_the_others_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRILL", "3")
    done = review(repository)
    assert done.returncode == 1
    assert (
        "| `make drill ALL=1` | failed, exit status 2 |" in done.stdout and "| `make coverage` | done |" in done.stdout
    )
    assert "the 1 pump burst" in done.stdout.partition("## The end of `make drill ALL=1`")[2]
    assert len(branches(repository)) == 2, "what was proven is kept"


def test_published_it_is_a_pull_request_and_an_issue(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = review(repository, "--publish")
    assert done.returncode == 0, done.stderr
    branch = branches(repository)[1]
    assert f"origin/{branch}" in git(repository, "branch", "-r")
    request, issue = (repository.parent / "gh.log").read_text().splitlines()
    assert request.startswith(f"pr create --head {branch} --title Evidence of the review of")
    assert issue.startswith("issue create --title Review of") and "--body-file build/review/report.md" in issue


def test_a_pull_request_that_cannot_be_opened_fails_and_the_issue_is_still_opened(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_BREAKS", "pr")
    assert review(repository, "--publish").returncode == 1
    assert (repository.parent / "gh.log").read_text().splitlines()[1].startswith("issue create")


def test_when_nothing_is_new_and_nothing_is_due_nothing_is_left(repository: Path) -> None:
    (repository / "ops.json").write_text(json.dumps({**OPS, "stamps": []}))
    (repository / "Makefile").write_text(MAKEFILE.replace("date +%N", "echo same"))
    (repository / "source/evidence").mkdir(parents=True)
    (repository / "source/evidence/proof.json").write_text("same\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Proven")
    git(repository, "push", "-q")
    done = review(repository, "--publish")
    assert done.returncode == 0 and "Nothing is due." in done.stdout and "The new evidence: none." in done.stdout
    assert branches(repository) == ["main"] and not (repository.parent / "gh.log").exists()


def test_it_does_not_begin_where_something_could_be_lost(repository: Path) -> None:
    (repository / "source/evidence").mkdir(parents=True)
    (repository / "source/evidence/mine.json").write_text("mine")
    done = review(repository)
    assert done.returncode == 2 and "changes that are not committed" in done.stderr and "?? source/" in done.stderr
    (repository / "source/evidence/mine.json").unlink()
    git(repository, "config", "--unset", "user.email")
    assert "git does not know who commits" in review(repository).stderr
    assert "there is no '--push'" in review(repository, "--push").stderr
    assert branches(repository) == ["main"] and not (repository / "build").exists()


def test_it_begins_with_the_newest_state(repository: Path) -> None:
    other = repository.parent / "other"
    git(repository.parent, "clone", "-q", "origin", "other")
    git(other, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "Newer")
    git(other, "push", "-q")
    done = review(repository)
    assert f"From commit {git(other, 'rev-parse', '--short', 'HEAD')}." in done.stdout


@pytest.fixture
def reminding(repository: Path) -> Path:
    """The same, whose job tells the owners."""
    (repository / "conf.py").write_text('drillbook_owners = {"*": {"notify": "$KEEPERS"}}\n')
    toolkit = ("--drillbook", f"{sys.executable} -m drillbook")
    assert job("github", repository, *toolkit, "--remind", "--conf", str(repository), "--force") == 0
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Remind")
    git(repository, "push", "-q")
    return repository


def test_owners_get_a_message_when_it_was_asked_for(reminding: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook(Webhook()) as inbox:
        monkeypatch.setenv("KEEPERS", inbox.address)
        done = review(reminding)
    assert done.returncode == 0 and "nobody is told: Stations: 1 thing is due" in done.stdout, done.stderr
    [body] = inbox.bodies.values()
    assert body["title"] == "Stations: 1 thing is due" and "procedure restart" in body["message"]


def test_an_owner_without_an_address_is_said_and_the_list_is_opened(
    reminding: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEEPERS", "")  # as GitHub gives a secret that nobody set
    done = review(reminding, "--publish")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "drillbook: nobody is not told: $KEEPERS is not set" in done.stderr
    assert (reminding.parent / "gh.log").read_text().splitlines()[1].startswith("issue create")


def test_what_readers_doubt_is_at_the_head_of_the_list(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = f"sqlite:///{repository.parent}/answers.db"
    store = open_store(database)
    for _ in range(4):
        store.add(answer(page="alerts/SlowReports"), now())
    store.close()
    monkeypatch.setenv("DRILLBOOK_FEEDBACK", database)
    done = review(repository)
    assert done.returncode == 0, done.stderr
    assert "doubted  page alerts/SlowReports: 4 of 4 readers say No.\nmissing  procedure restart" in done.stdout


def test_readers_who_cannot_be_heard_do_not_keep_the_list_away(
    reminding: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRILLBOOK_FEEDBACK", f"sqlite:///{reminding.parent}/none/answers.db")
    with webhook(Webhook()) as inbox:
        monkeypatch.setenv("KEEPERS", inbox.address)
        done = review(reminding, "--publish")
    assert done.returncode == 1
    assert "there is no database" in done.stdout and "missing  procedure restart: Not proven yet." in done.stdout
    assert inbox.bodies and (reminding.parent / "gh.log").read_text().splitlines()[1].startswith("issue create")


def test_a_machine_that_others_share_measures_nothing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEASURE", "no")
    done = review(repository)
    assert done.returncode == 0 and "make measure" not in done.stdout and "| `make coverage` | done |" in done.stdout


# what starts it


def test_this_repository_has_what_the_command_writes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "drillbook", "job", "github", "--remind", "--drillbook", CHECKOUT]
    environment = {**os.environ, "PYTHONPATH": str(EXT)}  # apart, as conf.py leaves its traces in a process
    subprocess.run([*command, "--folder", tmp_path], cwd=REPOSITORY, env=environment, check=True, timeout=60)
    for name in (".ci/review", ".github/workflows/review.yml"):
        assert (REPOSITORY / name).read_text() == (tmp_path / name).read_text(), name
        assert os.access(REPOSITORY / ".ci/review", os.X_OK)


def test_the_workflow_runs_the_script_once_a_month(tmp_path: Path) -> None:
    assert job("github", tmp_path, "--day", "2", "--time", "04:07") == 0
    workflow = yaml.safe_load((tmp_path / ".github/workflows/review.yml").read_text())
    assert workflow[True]["schedule"] == [{"cron": "7 4 2 * *"}], "YAML 1.1 reads `on` as true"
    assert workflow["permissions"] == {"contents": "write", "issues": "write", "pull-requests": "write"}
    steps = workflow["jobs"]["review"]["steps"]
    assert {"run": ".ci/review --publish"} in steps
    environment = workflow["jobs"]["review"]["env"]
    assert environment["MEASURE"] == "no", "its machine is shared"
    assert environment["DRILLBOOK_FEEDBACK"] == "${{ secrets.DRILLBOOK_FEEDBACK }}"
    assert all("${{" not in step.get("run", "") for step in steps), "nothing from outside becomes a command"
    assert os.access(tmp_path / ".ci/review", os.X_OK)
    assert subprocess.run(["bash", "-n", tmp_path / ".ci/review"], check=False).returncode == 0


def test_the_workflow_has_the_addresses_of_the_owners_from_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--conf", str(tmp_path), "--remind")
    assert job("github", tmp_path, *here) == 2 and "conf.py" in capsys.readouterr().err
    (tmp_path / "conf.py").write_text('drillbook_owners = {"editors": "@editors"}\n')
    assert job("github", tmp_path, *here) == 2
    assert "conf.py:1: drillbook_owners names no 'notify', so nobody can be told" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    given = {"radio": {"notify": "$RADIO"}, "weather": {"notify": "$RADIO"}, "*": {"notify": "$ALL"}}
    (tmp_path / "conf.py").write_text(f"drillbook_owners = {given}\n")
    assert job("github", tmp_path, *here) == 0
    environment = yaml.safe_load((tmp_path / ".github/workflows/review.yml").read_text())["jobs"]["review"]["env"]
    assert environment.keys() >= {"RADIO", "ALL"} and environment["RADIO"] == "${{ secrets.RADIO }}"
    assert "\nremind=yes " in (tmp_path / ".ci/review").read_text()


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder whose name cron, systemd and the shell could each misunderstand."""
    folder = tmp_path / "an odd 100% 'name' $HOME"
    folder.mkdir()
    return folder


def test_cron_runs_it_in_its_folder(odd: Path) -> None:
    """As cron does: five fields of time, a command for sh, a bare % is the end of it, and ``\\%`` a %."""
    assert job("cron", odd, "--day", "28", "--time", "23:59") == 0
    (odd / ".ci/review").write_text("#!/bin/sh\npwd > ran\n")
    [line] = [one for one in (odd / ".ci/review.cron").read_text().splitlines() if not one.startswith("#")]
    *fields, command = line.split(" ", 5)
    assert fields == ["59", "23", "28", "*", "*"]
    assert not re.search(r"(?<!\\)%", command)
    subprocess.run(["/bin/sh", "-c", command.replace(r"\%", "%")], cwd="/", check=True, timeout=20)
    assert (odd / "ran").read_text() == f"{odd}\n"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here, which verifies its units")
def test_systemd_takes_the_units(odd: Path) -> None:
    assert job("systemd", odd, "--day", "3", "--time", "05:06") == 0
    units = [odd / ".ci" / f"drillbook-review.{kind}" for kind in ("timer", "service")]
    verify = ["systemd-analyze", "verify", "--man=no"]
    done = subprocess.run([*verify, *units], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "OnCalendar=*-*-03 05:06:00 UTC\n" in units[0].read_text()
    place = odd.as_posix().replace("%", "%%")
    assert f"WorkingDirectory={place}\n" in units[1].read_text()
    units[1].write_text(units[1].read_text().replace("oneshot", "manyshot"))
    assert subprocess.run([*verify, *units], capture_output=True, text=True, timeout=60).stderr, "it would notice"


def test_what_is_there_and_changed_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert job("github", tmp_path) == job("github", tmp_path) == 0
    (tmp_path / ".ci/review").write_text("mine")
    assert job("github", tmp_path) == 0 and "review: kept as it is, it is yours" in capsys.readouterr().out
    (tmp_path / ".github/workflows/review.yml").write_text("mine")
    assert job("github", tmp_path) == 2 and "review.yml exists and is another" in capsys.readouterr().err
    assert job("github", tmp_path, "--force") == 0
    assert "mine" not in {(tmp_path / name).read_text() for name in (".ci/review", ".github/workflows/review.yml")}


@pytest.mark.parametrize(
    "arguments", [["--day", "0"], ["--day", "29"], ["--day", "x"], ["--time", "24:00"], ["--time", "3"]]
)
def test_usage(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        job("cron", tmp_path, *arguments)
    assert ended.value.code == 2 and "Traceback" not in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert job("cron", tmp_path / "none") == 2 and "name one with --folder" in capsys.readouterr().err
    (tmp_path / "two\nlines").mkdir()
    assert job("cron", tmp_path / "two\nlines") == 2 and "no job can be told" in capsys.readouterr().err
