"""process.run: the limits hold, nothing is left running, and secrets do not come back."""

import os
import sys
import time
from pathlib import Path

import pytest
from tests.toolkit.building import is_gone

from drillbook.process import LineTimeout, background, run


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def test_status_and_both_outputs_come_back() -> None:
    done = run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), timeout_s=20)
    assert done._replace(arrivals=()) == (3, b"out\n", b"err\n", False, False, ())


def test_when_output_came_is_told() -> None:
    pause = "import time; print('one\\ntwo', flush=True); time.sleep(0.3); print('three')"
    arrivals = run(python(pause), timeout_s=20).arrivals  # a line may come in more than one piece
    first = next(at for at, lines in arrivals if lines == 2)
    last, all_lines = arrivals[-1]
    assert all_lines == 3 and last - first > 0.2


def test_a_large_input_and_output_do_not_wait_for_each_other() -> None:
    data = os.urandom(1_000_000)
    echo = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    done = run(python(echo), timeout_s=20, stdin=data)
    assert done.stdout == data


def test_a_program_that_does_not_read_its_input_is_not_a_failure() -> None:
    assert run(python("pass"), timeout_s=20, stdin=b"x" * 1_000_000).status == 0


def test_a_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    pid_file = tmp_path / "child.pid"
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid)); print('started', flush=True); time.sleep(600)"
    )
    done = run(python(code, str(pid_file)), timeout_s=1.5)
    assert (done.timed_out, done.status, done.stdout) == (True, -9, b"started\n")
    assert is_gone(int(pid_file.read_text()))


def test_a_child_left_in_the_background_ends_with_its_leader() -> None:
    start = time.monotonic()
    done = run(["sh", "-c", "sleep 600 & echo $!"], timeout_s=30)
    assert not done.timed_out
    assert time.monotonic() - start < 10
    assert is_gone(int(done.stdout))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_over_the_limit_ends_the_process(stream: str) -> None:
    done = run(python(f"import sys\nwhile True: sys.{stream}.write('x' * 1000)"), timeout_s=30, max_output_bytes=5000)
    assert done.truncated
    assert not done.timed_out
    assert getattr(done, stream) == b"x" * 5000


def test_secrets_are_redacted_even_where_the_output_is_cut() -> None:
    code = "import sys\nprint('key=hunter2secret')\nwhile True: sys.stdout.write('hunter2secret' * 1000)"
    done = run(python(code), timeout_s=30, max_output_bytes=1000, secrets=["hunter2secret", "hunter2"])
    assert done.stdout.startswith(b"key=***\n***")
    assert b"hunter" not in done.stdout


def test_a_given_environment_is_the_whole_environment(tmp_path: Path) -> None:
    done = run(["/usr/bin/env"], timeout_s=20, env={"ONLY": "this"}, cwd=tmp_path)
    assert done.stdout == b"ONLY=this\n"


def test_a_program_that_does_not_exist_is_an_oserror() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        run(["no-such-program"], timeout_s=1)


def test_what_runs_beside_us_says_its_lines_as_they_come_and_ends_when_asked() -> None:
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n    print('ended'); sys.exit(7)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('got', sys.stdin.read(), flush=True); print('s3cret', file=sys.stderr, flush=True); time.sleep(600)"
    )
    with background(python(code), stdin=b"all", secrets=["s3cret"]) as beside:
        assert beside.line(20) == "got all"
        assert beside.line(20) == "***"
        with pytest.raises(LineTimeout):
            beside.line(0.1)
        assert beside.stop(20) == 7
        assert list(beside.lines(20)) == ["ended"]
    assert is_gone(beside.pid)


def test_what_runs_beside_us_ends_with_its_whole_group() -> None:
    with background(["sh", "-c", "trap '' TERM; sleep 600 & echo $!; wait"]) as beside:
        child = beside.line(20)
        assert child is not None
        assert beside.wait(0.1) is None
    assert is_gone(int(child))
    with background(["sh", "-c", "trap '' TERM; echo ready; sleep 600; sleep 600"], stdin=b"x" * 1_000_000) as beside:
        assert beside.line(20) == "ready"
        assert beside.stop(0.5) == -9
        assert beside.line(20) is None


def test_a_line_without_an_end_is_cut() -> None:
    with background(python("while True: print('x' * 1000, end='')"), max_line_bytes=100_000) as beside:
        line = beside.line(20)
        assert line is not None and 100_000 < len(line) < 1_000_000
        assert beside.line(20) is None
