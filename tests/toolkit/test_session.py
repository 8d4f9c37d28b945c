"""Console sessions run in a real shell: what is proven, what is not, and what is not as shown."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import is_gone

from drillbook.model.compare import Mode
from drillbook.model.console import AS_SHOWN, How, commands
from drillbook.proof.session import Outcome, Verdict, run_session
from drillbook.proof.shell import Shell

Run = Callable[..., list[Outcome]]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "work").mkdir()
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TOKEN": "s3cret"}
    return Shell(tmp_path / "state", tmp_path / "work", environment, secrets=["s3cret"])


@pytest.fixture
def run(shell: Shell) -> Run:
    def run(session: str, how: How = AS_SHOWN) -> list[Outcome]:
        return list(run_session(shell, list(commands(session, how))))

    return run


def verdicts(outcomes: list[Outcome]) -> list[str]:
    return [outcome.verdict.value for outcome in outcomes]


PROVEN = {
    "output": "$ echo one; echo two\none\ntwo\n",
    "no output where none is shown": "$ true\n",
    "both outputs in their order": "$ echo out; echo err >&2; echo out\nout\nerr\nout\n",
    "a variable": "$ NAME=north\n$ echo $NAME\nnorth\n",
    "an array": "$ NAMES=(north 'south west')\n$ echo ${NAMES[1]}\nsouth west\n",
    "what is exported": "$ export NAME=north\n$ bash -c 'echo $NAME'\nnorth\n",
    "what is not exported": "$ NAME=north\n$ bash -c 'echo .$NAME.'\n..\n",
    "a function": "$ greet() { echo hello $1; }\n$ greet you\nhello you\n",
    "the working folder": "$ mkdir 'a b' && cd 'a b'\n$ basename \"$PWD\"\na b\n",
    "an option of the shell": "$ set -o pipefail\n$ if false | true; then echo no; else echo yes; fi\nyes\n",
    "a here-document": "$ cat <<END\none $((1 + 1))\nEND\none 2\n",
    "a command over two lines": "$ echo one \\\n    two\none two\n",
    "quotes": "$ echo \"it's\" '$HOME' {}\nit's $HOME {}\n",
    "no input to wait for": "$ read line || echo none\nnone\n",
    "letters of any language": "$ echo 号 é\n号 é\n",
}


@pytest.mark.parametrize("name", PROVEN)
def test_a_session_is_proven(run: Run, name: str) -> None:
    outcomes = run(PROVEN[name])
    assert set(verdicts(outcomes)) == {"proven"}, outcomes


FAILED = {
    "another output": ("$ echo two\none\n", "its output is another (- expected, + came):\n- one\n+ two\n"),
    "an exit status": ("$ echo no; exit 3\nno\n", "its exit status is 3, and not 0; it printed\nno\n"),
    "a command that does not exist": ("$ ./gone --now\n", "its exit status is 127, and not 0; it printed\n"),
    "a signal": ("$ kill -KILL $$\n", "its exit status is -9, and not 0; it printed\n"),
    "words that are no command": ("$ echo 'open\n", "its exit status is 2, and not 0"),
}


@pytest.mark.parametrize("name", FAILED)
def test_what_is_not_as_shown_is_said(run: Run, name: str) -> None:
    session, why = FAILED[name]
    (outcome,) = run(session)
    assert outcome.verdict is Verdict.FAILED
    assert outcome.why.startswith(why), outcome.why


@pytest.mark.parametrize(
    ("session", "why"),
    [
        ("$ date\n...\n", "only ... is expected"),
        ("$ date\n", "it prints something, and the page does not show it"),
    ],
)
def test_what_proves_nothing_is_unproven(run: Run, session: str, why: str) -> None:
    (outcome,) = run(session)
    assert (outcome.verdict, outcome.why) == (Verdict.UNPROVEN, why)


def test_what_follows_a_failure_is_not_run(run: Run, tmp_path: Path) -> None:
    outcomes = run("$ true\n$ false\n$ touch here\n")
    assert verdicts(outcomes) == ["proven", "failed", "skipped"]
    assert outcomes[2].why == "not run, because this failed before: false"
    assert not (tmp_path / "work" / "here").exists()


def test_an_exit_status_and_a_failure_can_be_expected(run: Run) -> None:
    assert verdicts(run("$ echo no; exit 3\nno\n", How(status=3))) == ["proven"]
    assert verdicts(run("$ echo no; exit 3\nno\n", How(Mode.FAILURE))) == ["proven"]
    (outcome,) = run("$ echo no\nno\n", How(Mode.FAILURE))
    assert outcome.why.startswith("it must fail, and its exit status is 0")


def test_what_settles_is_waited_for(run: Run) -> None:
    session = "$ echo x >> count; test $(wc -l < count) -ge 3 && echo settled\nsettled\n"
    (outcome,) = run(session, How(within_s=30))
    assert (outcome.verdict, outcome.runs) == (Verdict.PROVEN, 3)


def test_what_never_settles_says_how_often_it_was_run(run: Run) -> None:
    (outcome,) = run("$ echo no\nyes\n", How(within_s=0.5))
    assert outcome.verdict is Verdict.FAILED
    assert outcome.why.startswith(f"it was run {outcome.runs} times in 0.5 s, at last:\nits output is another")
    assert outcome.runs > 1


def test_a_command_that_hangs_is_ended_with_all_that_it_started(run: Run, tmp_path: Path) -> None:
    (outcome,) = run("$ echo begun; sleep 600 & echo $! > pid; wait\n", How(time_limit_s=1))
    assert outcome.why == "it had not ended after 1 s, and was killed; until then it printed\nbegun\n"
    assert is_gone(int((tmp_path / "work" / "pid").read_text()))


def test_a_command_that_hangs_takes_nothing_with_it(shell: Shell) -> None:
    list(run_session(shell, list(commands("$ NAME=north\n"))))
    list(run_session(shell, list(commands("$ NAME=south; sleep 600\n", How(time_limit_s=1)))))
    (outcome,) = run_session(shell, list(commands("$ echo $NAME\nnorth\n")))
    assert outcome.verdict is Verdict.PROVEN


def test_a_command_that_prints_without_end_is_ended(run: Run) -> None:
    (outcome,) = run("$ yes\n", How(time_limit_s=60))
    assert outcome.why.startswith("it printed without end, and was killed; it began with\ny\ny\n")


def test_secrets_are_not_in_what_is_reported(run: Run) -> None:
    (outcome,) = run("$ echo $TOKEN\nanother\n")
    assert "s3cret" not in repr(outcome)
    assert "***" in outcome.why


def test_only_its_owner_reads_what_a_shell_remembers(run: Run, tmp_path: Path) -> None:
    run("$ umask 022\n$ export TOKEN\n")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600


def test_what_says_that_it_is_unproven_is_not_run(run: Run, tmp_path: Path) -> None:
    (outcome,) = run("$ touch here\n", How(unproven="it needs a printer"))
    assert (outcome.verdict, outcome.why) == (Verdict.UNPROVEN, "it needs a printer")
    assert not (tmp_path / "work" / "here").exists()
