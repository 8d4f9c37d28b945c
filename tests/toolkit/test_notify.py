"""Messages about what has changed: to whom, with what in them, and that each arrives, whatever is down or killed."""

import contextlib
import copy
import json
import logging
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.editions import book, data_of
from tests.toolkit.receivers import Webhook, mailbox, webhook

from drillbook.cli import main
from drillbook.config.readers import is_notify
from drillbook.portal.notify import Target, messages, send
from drillbook.portal.outbox import LONGEST_WAIT, Message, Outbox, OutboxError, State

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Json:
    return data_of(book(tmp_path_factory.mktemp("old") / "book"))


@pytest.fixture
def project(tmp_path: Path, data: Json) -> Path:
    """A folder with conf.py and two versions: a threshold is raised, and a step says more."""
    new = copy.deepcopy(data)
    new["manual"]["version"] = "v2"
    new["facts"]["alerts"][1]["thresholds"] = ["800 ms"]
    new["procedures"][0]["steps"][0]["action"]["text"] = "Look."
    (tmp_path / "old.json").write_text(json.dumps(data))
    (tmp_path / "new.json").write_text(json.dumps(new))
    return tmp_path


def notify(project: Path, *arguments: str, told: list[Json] | None = None) -> int:
    """Run the command with these targets."""
    if told is not None:
        (project / "conf.py").write_text(f"drillbook_notify = {told!r}\n")
    return main(["notify", "--conf", str(project), "--outbox", str(project / "box/outbox.db"), *arguments])


def versions(project: Path) -> list[str]:
    return [str(project / "old.json"), str(project / "new.json")]


def message(number: int, to: str = "$HOOK") -> Message:
    return Message(f"id-{number}", f"v{number}", "digest", to, f"Title {number}", f"Body {number}\nMessage id-{number}")


# what is said to whom


def test_each_target_gets_its_sections(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        {"to": "$CHAT", "sections": ["alerts"]},
        {"to": "json://127.0.0.1/all"},
        {"to": "$X", "sections": ["tuning"]},
    ]
    assert notify(project, *versions(project), "--url", "https://m.example/v2/", "--dry-run", told=told) == 0
    out = capsys.readouterr().out
    first, second = out.split("To json://127.0.0.1/all: ")
    assert first.startswith(
        "To $CHAT: Stations: 1 change since then\n\nAlerts:\n- Threshold of SlowReports: 500 ms → 800 ms.\n"
        "Read it: https://m.example/v2/\nMessage "
    )
    assert "Procedures:\n- Step 1 of Restart station" in second and "$X" not in out
    assert out.endswith("2 messages, nothing sent.\n")
    assert not (project / "box").exists()


def test_a_long_message_says_how_much_more_there_is(data: Json) -> None:
    new = copy.deepcopy(data)
    new["manual"]["version"] = "v2"
    new["contents"] += [{"name": f"a/{n}", "title": "Long " * 20, "url": f"a/{n}.html", "owner": ""} for n in range(90)]
    [made] = messages(data, new, [Target("$HOOK", ())])
    assert len(made.body) < 1800 and made.body.count("\n- ") == 90 - int(made.body.partition("… and ")[2].split()[0])
    assert made.body.splitlines()[-1] == f"Message {made.id}"


def test_a_message_has_the_same_id_whenever_it_is_made(data: Json) -> None:
    new = copy.deepcopy(data) | {"manual": data["manual"] | {"version": "v2"}}
    new["facts"]["alerts"] = []
    one, again = (next(messages(data, copy.deepcopy(new), [Target("$A", ())])) for _ in range(2))
    other = next(messages(data, new, [Target("$B", ())]))
    later = next(messages(data, new | {"manual": new["manual"] | {"version": "v3"}}, [Target("$A", ())]))
    assert one == again and len({one.id, other.id, later.id}) == 3


@pytest.mark.parametrize(
    "told",
    [
        "$HOOK",
        [3],
        [{"sections": []}],
        [{"to": "$HOOK", "sections": "alerts"}],
        [{"to": "$HO OK"}],
        [{"to": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"}],
        [{"to": "json://user:hunter2@example.org"}],
        [{"to": "mailto://user:hunter2@example.org"}],
        [{"to": "json://[broken"}],
        [{"to": 7}],
    ],
)
def test_what_holds_a_secret_cannot_stand_in_conf(told: object) -> None:
    problem = is_notify(told)
    assert problem and "hunter2" not in problem and "TIiajk" not in problem


def test_conf_is_refused_at_its_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert notify(project, told=[{"to": "json://me:hunter2@example.org"}]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"drillbook: {project / 'conf.py'}:1: drillbook_notify has") and "hunter2" not in said
    assert notify(project, told=[]) == 2
    assert "names nobody to tell" in capsys.readouterr().err


def test_usage(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ([versions(project)[0]], ["--dry-run"], ["--since", "v1"]):
        with pytest.raises(SystemExit) as stopped:
            notify(project, *wrong, told=[{"to": "$HOOK"}])
        assert stopped.value.code == 2
    (project / "new.json").write_text((project / "new.json").read_text().replace('"version": "v2"', '"version": ""'))
    assert notify(project, *versions(project)) == 2
    assert "does not say its version" in capsys.readouterr().err


# that it arrives


def test_a_webhook_gets_each_message_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with webhook(Webhook()) as hook:
        assert notify(project, *versions(project), told=[{"to": hook.address}]) == 0
        assert capsys.readouterr().out == f"sent     v2 to {hook.address}\nNothing waits.\n"
        assert notify(project, *versions(project)) == 0  # the same version again
        assert capsys.readouterr().out == "Nothing waits.\n"
    [(key, count)] = hook.taken.items()
    assert count == 1 and hook.bodies[key]["message"].endswith(f"Message {key}")
    assert "Threshold of SlowReports: 500 ms → 800 ms." in hook.bodies[key]["message"]


def test_mail_arrives_with_its_id(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as (port, mails):
        address = f"mailto://127.0.0.1:{port}?mode=insecure&from=manual@example.org&to=ops@example.org"
        monkeypatch.setenv("OPS_MAIL", address)
        assert notify(project, *versions(project), told=[{"to": "$OPS_MAIL"}]) == 0
    [mail] = mails
    assert "ops@example.org" in mail["To"] and mail["Subject"] == "Stations: 2 changes since then"
    text = mail.get_body(("plain",))
    assert text and f"Message {mail['Idempotency-Key']}" in text.get_content()


def test_nothing_is_lost_while_a_receiver_is_down(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with webhook(Webhook(status=503)) as down:
        port = int(down.address.split(":")[2].split("/")[0])
        assert notify(project, *versions(project), told=[{"to": down.address}]) == 1
        said = capsys.readouterr()
        assert "v2 to json://127.0.0.1" in said.err and "the receiver answered 503; again at 2" in said.err
        assert said.out == "1 waiting.\n"
    assert notify(project, "--now") == 1  # nobody listens there at all
    assert "the receiver did not take it; again at" in capsys.readouterr().err
    with webhook(Webhook(), port) as up:
        assert notify(project) == 1  # not yet
        assert not up.taken
        assert notify(project, "--now") == 0
        assert list(up.taken.values()) == [1]


def test_a_variable_that_is_not_set_is_named_and_a_secret_never(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.delenv("HOOK", raising=False)
    assert notify(project, *versions(project), told=[{"to": "$HOOK"}]) == 1
    assert "v2 to $HOOK: $HOOK is not set; again at" in capsys.readouterr().err
    for secret in ("json://me:hunter2@127.0.0.1:9/hunter2", "slack://hunter2", "nonsense hunter2"):
        monkeypatch.setenv("HOOK", secret)
        assert notify(project, "--now") == 1
        said = capsys.readouterr()
        assert "hunter2" not in said.out + said.err + caplog.text
    kept = b"".join(file.read_bytes() for file in (project / "box").iterdir())
    assert b"hunter2" not in kept and b"$HOOK" in kept


def test_what_conf_no_longer_names_is_kept_and_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert notify(project, *versions(project), told=[{"to": "$GONE"}]) == 1
    capsys.readouterr()
    assert notify(project, "--now", told=[{"to": "$OTHER"}]) == 0
    assert "v2 to $GONE: kept, as conf.py no longer names the target" in capsys.readouterr().err


def test_it_waits_longer_each_time_and_never_gives_up(tmp_path: Path) -> None:
    outbox, clock = Outbox(tmp_path / "box.db"), [NOW]
    outbox.put([message(1)], NOW)
    waits = []
    for attempt in range(1, 15):
        [sent] = send(outbox, lambda _: "", lambda: clock[0])
        assert sent.again and not list(send(outbox, lambda _: "", lambda: clock[0]))
        waits.append(sent.again - clock[0])
        clock[0] = sent.again
        [kept] = outbox.waiting()
        assert (kept.attempts, kept.state) == (attempt, State.FAILED)
    assert waits[0] == timedelta(minutes=1) and waits == sorted(waits) and waits[-1] == LONGEST_WAIT


def test_two_at_once_and_one_sends(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "box.db")
    outbox.put([message(1)], NOW)
    with outbox.alone(), pytest.raises(OutboxError, match="another process is sending"):
        list(send(Outbox(tmp_path / "box.db"), lambda _: "", lambda: NOW))
    with webhook(Webhook()) as hook:
        assert [sent.why for sent in send(outbox, lambda _: hook.address, lambda: NOW)] == [""]
    assert hook.taken == {"id-1": 1}


def test_a_file_that_is_no_outbox_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "box").mkdir()
    (project / "box/outbox.db").write_text("no database, but a text that is long enough to be looked at " * 20)
    assert notify(project, told=[{"to": "$HOOK"}]) == 2
    assert "outbox.db cannot be used as an outbox: file is not a database" in capsys.readouterr().err


def sender(file: str, address: str) -> None:
    """What the process does that is killed."""
    for _ in send(Outbox(Path(file)), lambda _: address, lambda: datetime.now(UTC), at_once=True):
        pass


def killed(process: multiprocessing.process.BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


@pytest.fixture
def processes() -> Any:
    """Makes processes that have all of it imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["drillbook.portal.notify", "drillbook.portal.outbox", "apprise", __name__])
    return context


def test_killed_after_it_was_taken_a_message_comes_again_with_its_id(tmp_path: Path, processes: Any) -> None:
    outbox = Outbox(tmp_path / "box.db")
    outbox.put([message(1)], NOW)
    with webhook(Webhook()) as hook:
        hook.free.clear()
        process = processes.Process(target=sender, args=(str(tmp_path / "box.db"), hook.address))
        process.start()
        deadline = time.monotonic() + 60
        while not hook.taken and time.monotonic() < deadline:
            time.sleep(0.01)
        killed(process)
        [kept] = outbox.waiting()
        assert kept.state is State.SENDING  # nobody can know whether it was taken
        hook.free.set()
        assert [sent.why for sent in send(outbox, lambda _: hook.address, lambda: NOW)] == [""]
        assert hook.taken == {"id-1": 2} and not hook.changed and not outbox.waiting()


def test_killed_at_any_moment_each_message_arrives(tmp_path: Path, processes: Any) -> None:
    outbox, count, kills = Outbox(tmp_path / "box.db"), 25, 0
    outbox.put((message(number) for number in range(count)), NOW)
    with webhook(Webhook(slow_s=0.02)) as hook:
        while outbox.waiting():
            process = processes.Process(target=sender, args=(str(tmp_path / "box.db"), hook.address))
            process.start()
            process.join(random.uniform(0.05, 0.4) if kills < 8 else 60)
            if process.is_alive():
                killed(process)
                kills += 1
            process.join()
    assert set(hook.taken) == {f"id-{number}" for number in range(count)}  # nothing is lost
    repeats = sum(hook.taken.values()) - count
    assert kills > 0 and repeats <= kills and not hook.changed  # at most the one that each killed sender had in hand
    with contextlib.closing(sqlite3.connect(tmp_path / "box.db")) as box:
        rows = box.execute("select state, attempts from messages").fetchall()
    assert {state for state, _ in rows} == {"sent"} and sum(tries for _, tries in rows) >= count + repeats
