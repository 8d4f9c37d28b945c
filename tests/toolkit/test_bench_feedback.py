"""The measurement of feedback under load counts what was sent, what was refused, and what is stored. No time is asserted."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bench.feedback import REPORT, main

from drillbook.portal.feedback.store import open_store


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # where the report goes
    open_store(f"sqlite:///{tmp_path}/feedback.db").close()
    return tmp_path / "feedback.db"


def measured(database: Path) -> tuple[int, dict[str, Any]]:
    arguments = ["--rate", "20", "--seconds", "1", "--database", f"sqlite:///{database}"]
    with ThreadPoolExecutor(1) as apart:  # a browser driven by other tests leaves its loop running in this thread
        status = apart.submit(main, arguments).result()
    return status, json.loads(REPORT.read_text())


def test_all_that_was_sent_is_stored(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, report = measured(database)
    assert status == 0
    assert (report["requests"], report["errors"], report["stored"]) == (20, 0, 20)
    assert report["statuses"] == {"201": 20}
    assert "20 requests, 0 errors, 20 stored; median " in capsys.readouterr().out


def test_what_was_refused_is_an_error(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON feedback WHEN (SELECT count(*) FROM feedback) >= 5 "
            "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    status, report = measured(database)
    assert status == 1
    assert (report["requests"], report["errors"], report["stored"]) == (20, 15, 5)
    assert report["statuses"] == {"201": 5, "503": 15}


@pytest.mark.parametrize("wrong", [["--rate", "0"], ["--seconds", "x"], ["--rate", "-1"]])
def test_usage(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2


def test_a_database_that_cannot_be_used_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", "mysql://u:hush@h/d"]) == 2
    assert "not in mysql" in capsys.readouterr().err
