"""Pages that try to get out of their box: none changes, sees or hears anything outside, and none is taken for proven."""

import json
import os
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.building import Build
from tests.toolkit.mill import copy

EXT = Path(__file__).parents[2] / "ext"
CONNECT = "import socket, sys; s = socket.socket({family}); s.settimeout(3); s.connect({address})"


class Outside:
    """What is outside: a process, a file, a folder and two servers that count who knocks."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(["sleep", "600"], env={**os.environ, "OUTER_SECRET": "hidden-from-pages"})
        self.file = folder / "secret"
        self.file.write_text("secret of the outside")
        self.victims = folder / "victims"
        self.victims.mkdir()
        (self.victims / "kept").write_text("kept")
        self.knocks: list[str] = []
        self.path = folder / "daemon.sock"
        self.unix, self.tcp = socket.socket(socket.AF_UNIX), socket.socket()
        self.unix.bind(str(self.path))
        self.tcp.bind(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        for server in (self.unix, self.tcp):
            server.listen()
            threading.Thread(target=self._wait, args=(server,), daemon=True).start()

    def _wait(self, server: socket.socket) -> None:
        while True:
            try:
                server.accept()
            except OSError:
                return
            self.knocks.append(str(server.family))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for server in (self.unix, self.tcp):
            server.close()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    made = Outside(tmp_path)
    yield made
    made.close()


def attacks(project: Path, outside: Outside) -> dict[str, str]:
    """Each is a condition that holds when the attack got through."""
    python = shlex.quote(sys.executable)
    unix = CONNECT.format(family="socket.AF_UNIX", address=repr(str(outside.path)))
    tcp = CONNECT.format(family="socket.AF_INET", address=f"('127.0.0.1', {outside.port})")
    ours = 'ours=$(pgrep -f "^[^ ]*python[^ ]* -m drillbook.proof.inside"); test -n "$ours" || exit 0; '
    return {
        "write to the project": f"echo x > {project}/mill.py",
        "write the toolkit's report": f"echo '{{}}' > {project}/_build/doctest/report.json",
        "overwrite the toolkit": f"echo x >> {EXT}/drillbook/process.py",
        "overwrite its Python": f"touch {sys.prefix}/x || touch {Path(sys.prefix).resolve()}/x",
        "overwrite a program": "cp /bin/true /usr/bin/x",
        "read a file outside": f"cat {outside.file}",
        "read homes": f"ls -d /home/* {Path.home()}/.ssh {Path.home()}/.bashrc",
        "read passwords": "cat /etc/shadow",
        "kill a process outside": f"kill -KILL {outside.process.pid}",
        "read a process outside": f"cat /proc/{outside.process.pid}/environ",
        "reach a server outside": f"{python} -c {shlex.quote(tcp)}",
        "reach a unix socket": f"{python} -c {shlex.quote(unix)}",
        "reach the docker daemon": "ls /run/docker.sock /var/run/docker.sock",
        "reach the network": f"{python} -c {shlex.quote(tcp.replace('127.0.0.1', '192.0.2.1'))}",
        "mount": "mount -t tmpfs none /tmp",
        "make all writable": "mount -o remount,rw /usr",
        "make a device": "mknod $HOME/disk b 8 0",
        "be root of another kind": "unshare --user --map-root-user --mount mount -t tmpfs none /tmp",
        "change the kernel": "echo x > /proc/sys/kernel/hostname || echo x > /proc/sys/kernel/core_pattern",
        "change devices": "echo mem > /sys/power/state",
        "look into the toolkit's process": ours
        + "cat /proc/$ours/environ || cat /proc/$ours/maps || cat /proc/$ours/mem",
        "write where it writes": ours + "echo x > /proc/$ours/fd/1",
        "leave by a link": "ln -s /etc $HOME/link && echo x > $HOME/link/x",
        "leave by the root of another": f"chroot /proc/1/root cat {outside.file}",
        "become root by a program": "cp /bin/bash $HOME/sh && chmod 4755 $HOME/sh && "
        "test $(setpriv --reuid 65534 --clear-groups $HOME/sh -p -c 'id -u') = 0",
        "find the environment outside": "env | grep OUTER",
    }


BESIDES = r"""
$ ln -s {victims} $HOME/victims; ln -s {victims} $RUN_DIR/victims
$ setsid sleep 987654 > /dev/null 2>&1 & echo left
left
$ kill -KILL 1; echo alive
alive
$ printf '\n{{"end": ""}}\n{{"result": {{"id": 0, "outcomes": []}}}}\n' > /proc/1/fd/1; echo forged
forged
$ printf 'a\033]0;title\007\033[2Jb\n'
another
"""


def test_no_page_gets_out_of_its_box(
    build: Callable[..., Build], tmp_path: Path, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTER_SECRET", "hidden-from-pages")
    project = copy(tmp_path)
    (project / "water.md").unlink()
    tried = attacks(project, outside)
    session = "".join(
        f"$ if ({attack}); then echo escaped; else echo held; fi\n...\nheld\n" for attack in tried.values()
    )
    besides = BESIDES.format(victims=outside.victims).lstrip()
    pages = {
        "index": f"```console\n{session}```\n\n```{{toctree}}\n:glob:\nx*\n```\n",
        "x-besides": f"```console\n{besides}```\n",
        "x-fill": "```console\n$ yes\ny\n```\n",
        "x-hang": "```{ops:example} console\n:time-limit: 2 s\n\n$ sleep 1000\nslept\n```\n",
        "x-secret": "```console\n$ echo $KEY\n***\n$ cat $RUN_DIR/key\ngrist-to-the-mill\n```\n",
        "x-python": f"```{{testcode}}\nimport os\nos.kill({outside.process.pid}, 9)\n```\n",
        "x-skip": f"```{{doctest}}\n:skipif: __import__('os').system('touch {project}/mark') == 0\n>>> 1\n1\n```\n",
    }
    for name, text in pages.items():
        (project / f"{name}.md").write_text(f"# Page\n\n{text}")
    before = {file: file.read_bytes() for file in [*project.glob("*"), *EXT.rglob("*.py")] if file.is_file()}
    done = build(project, "doctest", warns=True)
    report: dict[str, Any] = json.loads(done.text("report.json"))

    verdicts = {each["text"]: (each["verdict"], each["why"]) for each in report["examples"]}
    got_out = [
        name
        for name, attack in tried.items()
        if verdicts[f"if ({attack}); then echo escaped; else echo held; fi"][0] != "proven"
    ]
    assert not got_out, [verdicts[f"if ({tried[name]}); then echo escaped; else echo held; fi"] for name in got_out]
    assert len(tried) >= 20
    assert outside.process.poll() is None
    assert outside.knocks == []
    assert (outside.victims / "kept").read_text() == "kept"
    assert before == {file: file.read_bytes() for file in before}
    assert not (project / "mark").exists()
    assert subprocess.run(["pgrep", "-f", "sleep 987654"], capture_output=True).stdout == b""
    assert "grist-to-the-mill" not in done.text("report.json") + done.text("output.txt")
    of = {
        page: [(each["verdict"], each["why"]) for each in report["examples"] if each["subject"] == f"page {page}"]
        for page in pages
    }
    assert [verdict for verdict, _ in of["x-besides"]] == ["proven"] * 4 + ["failed"]
    assert "\x1b" not in str(report) and "\x07" not in done.text("output.txt")
    assert of["x-fill"][0][0] == "failed" and "printed without end" in of["x-fill"][0][1]
    assert of["x-hang"][0][0] == "failed" and "had not ended after 2 s" in of["x-hang"][0][1]
    assert of["x-secret"][0][0] == "proven" and of["x-secret"][1][0] == "failed"
    assert of["x-skip"] == [("proven", "")]
    assert of["x-python"][0][0] == "failed" and "ProcessLookupError" in of["x-python"][0][1]
    assert done.status == 1 and report["verdict"] == "failed"
