"""The box: the system comes up in it, what is done in it is told, and nothing leads out of it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.mill import application, copy, in_boxes, session

from drillbook.proof import bubblewrap
from drillbook.proof.bubblewrap import BoxError, Room, arguments

ALL = "$ mill status\nwheel   turns\nsluice  open\nstones  2\n"


@pytest.fixture
def mill(tmp_path: Path) -> Path:
    return copy(tmp_path)


def verdicts(report: Any) -> list[list[str]]:
    return [[outcome["verdict"] for outcome in task["outcomes"]] for task in report["tasks"]]


def test_plans_run_side_by_side_each_against_a_system_of_its_own(mill: Path) -> None:
    said: list[str] = []
    change = session("$ mill set wheel stopped\nwheel is stopped\n", number=1)
    reports = in_boxes(application(mill), [session(ALL), change], [session(ALL, number=2)], say=said.append)
    assert [report["error"] for report in reports] == ["", ""]
    assert [verdicts(report) for report in reports] == [[["proven"], ["proven"]], [["proven"]]]
    assert sorted(said) == ["session 0", "session 1", "session 2"]
    assert not list(mill.glob("**/run")), "the system wrote in its scratch folder only"


def test_the_stack_is_not_started_for_what_does_not_need_it(mill: Path) -> None:
    app = application(mill, up="false")
    (report,) = in_boxes(app, [session("$ echo one\none\n", needs_stack=False)])
    assert (report["error"], verdicts(report)) == ("", [["proven"]])
    (report,) = in_boxes(app, [session("$ echo one\none\n")])
    assert report["error"] == "`false` ended with exit status 1:\n"
    assert report["tasks"] == []


def test_what_the_network_is_needed_for_comes_before_the_box(mill: Path) -> None:
    app = application(mill, fetch="echo fetched > fetched")
    (report,) = in_boxes(app, [session("$ cat fetched\nfetched\n", needs_stack=False)])
    assert verdicts(report) == [["proven"]]
    app = application(mill, fetch="echo no mirror >&2; exit 3")
    (report,) = in_boxes(app, [session(ALL)])
    assert report == {"tasks": [], "error": "`echo no mirror >&2; exit 3` ended with exit status 3:\nno mirror"}


def test_what_was_fetched_is_shown_in_the_box(mill: Path, tmp_path: Path) -> None:
    """On a new machine the folder is not there before."""
    shelf = tmp_path / "shelf"
    app = application(mill, fetch=f"mkdir {shelf}; echo grain > {shelf}/sack", shows=[str(shelf)])
    (report,) = in_boxes(app, [session(f"$ cat {shelf}/sack\ngrain\n")])
    assert (report["error"], len(report["tasks"])) == ("", 1) and "failed" not in str(report["tasks"]), report


def test_secrets_and_escapes_are_in_nothing_that_is_kept(mill: Path) -> None:
    shown = "$ echo $KEY | tee $RUN_DIR/copy\n***\n$ printf '\\033[31mred\\033[0m\\n'\nred\n$ echo ${KEY:0:5}; cat $RUN_DIR/copy | rev\n"
    (report,) = in_boxes(application(mill), [session(shown)])
    first, second, _ = report["tasks"][0]["outcomes"]
    assert first["verdict"] == "proven" and first["output"] == "***\n"
    assert second["verdict"] == "failed" and "\x1b" not in str(report)
    assert "grist-to-the-mill" not in str(report)


def test_a_box_that_dies_is_said(mill: Path) -> None:
    kill = "$ kill -KILL -1; sleep 5\n"
    (report,) = in_boxes(application(mill), [session(ALL), session(kill, number=1), session(ALL, number=2)])
    assert report["error"].startswith("the box ended before its end")
    assert verdicts(report) == [["proven"]]


def test_without_bubblewrap_nothing_is_run(mill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = mill / "empty"
    empty.mkdir()
    (empty / "git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", str(empty))
    with pytest.raises(BoxError, match="sudo apt-get install --yes bubblewrap"):
        in_boxes(application(mill, fetch="touch ran"), [session(ALL)])
    refusing = empty / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions' >&2; exit 1\n")
    refusing.chmod(0o755)
    with pytest.raises(BoxError, match="does not let"):
        in_boxes(application(mill, fetch="touch ran"), [session(ALL)])
    assert not (mill / "ran").exists()


NOT_ROOT = {
    "write where others read": "touch /usr/x /etc/x /x",
    "see homes": "ls -d /home /root/.ssh",
    "be root": "setpriv --reuid 0 true",
    "make users": "unshare --user true",
    "mount": "mount -t tmpfs none /tmp",
    "change the kernel": "echo x > /proc/sys/kernel/hostname",
    "leave": "ls /proc/1/root/work",
}


@pytest.fixture
def scratch_of_nobody() -> Iterator[Path]:
    """Not below pytest's folder, which only its owner may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        shutil.chown(folder, "nobody")
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("what", NOT_ROOT)
def test_the_box_of_an_ordinary_user_holds(scratch_of_nobody: Path, what: str) -> None:
    walls = arguments(Room((), scratch_of_nobody), root=False)
    nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    script = f"id -u; echo here > /tmp/box/x && cat /tmp/box/x; if {NOT_ROOT[what]}; then echo escaped; fi"
    done = subprocess.run([*nobody, *walls, "sh", "-c", script], capture_output=True, text=True, timeout=30)
    assert done.stdout == "65534\nhere\n", done.stderr


def test_what_only_root_may_read_is_empty_in_the_box(tmp_path: Path) -> None:
    secret = sorted(path for path in Path("/etc").iterdir() if path.is_file() and not path.stat().st_mode & 0o004)
    assert Path("/etc/shadow") in secret
    walls = arguments(Room((), tmp_path), root=os.geteuid() == 0)
    done = subprocess.run([*walls, "cat", *map(str, secret)], capture_output=True, text=True, timeout=30)
    assert done.stdout == "", done.stderr


def test_python_is_seen_where_it_is() -> None:
    seen = [*(place for _, place in bubblewrap.python_folders()), Path("/usr")]
    for path in (Path(sys.executable), Path(sys.executable).resolve()):
        assert any(path.is_relative_to(place) for place in seen)
