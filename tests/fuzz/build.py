"""Hundreds of bad pages in one build: what must hold of it, and which page is to blame when it does not."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "lighthouse"
SLOW_S = 5
CONF = f"""
import time
exclude_patterns = ["_build"]
suppress_warnings = ["toc"]
html_theme = "basic"
html_copy_source = False
extensions.remove("sphinxcontrib.plantuml")

def begin(app, docname, source):
    app.env.current_document["begun"] = time.process_time()

def end(app, doctree):
    took = time.process_time() - app.env.current_document.get("begun", time.process_time())
    if took > {SLOW_S}:
        print(f"SLOW {{app.env.docname}} {{took:.1f}} s", flush=True)

def setup(app):
    app.connect("source-read", begin, priority=1)
    app.connect("doctree-read", end, priority=999)
"""
_WARNING = re.compile(r"^(?P<where>.*?): (?:WARNING|ERROR|SEVERE): .*\[drillbook\.(?P<kind>[a-z-]+)\]$")
_LOCATED = re.compile(r"(?P<file>[^:]+\.(?:md|rst|yml|py)):(?P<line>\d+)")


class Result(NamedTuple):
    """What is wrong with a build; empty when nothing is. ``ours`` counts the warnings of the toolkit."""

    wrong: str
    ours: int


def build(pages: Mapping[str, str], folder: Path, jobs: int) -> Result:
    """Build *pages* (file name to text) in *folder*, which is emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("_build", "__pycache__", "index.md"))
    with (folder / "conf.py").open("a") as conf:
        conf.write(CONF)
    (folder / "index.md").write_text("# Start\n")
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8", errors="replace")
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "--no-color", "-j", str(jobs), "-b", "html", ".", "_build"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "ext"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace",
            timeout=60 + SLOW_S * len(pages),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Result("the build hangs", 0)
    return _judge(done.returncode, done.stdout, done.stderr, pages, folder)


def _judge(status: int, stdout: str, stderr: str, pages: Mapping[str, str], folder: Path) -> Result:
    if status != 0:
        return Result(f"the build ended with {status}: {stderr[-1500:]}", 0)
    if "SLOW " in stdout:
        return Result(stdout[stdout.index("SLOW ") :], 0)
    missing = [name for name in pages if not (folder / "_build" / Path(name).with_suffix(".html")).exists()]
    if missing:
        return Result(f"not built: {missing[:5]}", 0)
    ours = 0
    for text in stderr.splitlines():
        if not re.search(r"\[drillbook\.[a-z-]+\]$", text):
            continue
        ours += 1
        found = _WARNING.match(text)
        where = _LOCATED.fullmatch(found["where"]) if found else None
        if found is None or where is None or not _exists(Path(where["file"]), int(where["line"])):
            return Result(f"not located: {text[:500]}", ours)
        if found["kind"] == "internal":
            return Result(f"our own code failed: {text[:500]}", ours)
    return Result("", ours)


def _exists(file: Path, line: int) -> bool:
    """Whether *file* has that line; to docutils, some control characters end a line as well."""
    return file.is_file() and 1 <= line <= len(file.read_bytes().decode(errors="replace").splitlines()) + 1


def to_blame(pages: Mapping[str, str], folder: Path, jobs: int) -> tuple[str, str]:
    """The page that is wrong by itself, by halving; all that are left when only several together are wrong."""
    rest = dict(pages)
    while len(rest) > 1:
        names = list(rest)
        halves = ({name: rest[name] for name in part} for part in (names[: len(names) // 2], names[len(names) // 2 :]))
        half = next((half for half in halves if build(half, folder, jobs).wrong), None)
        if half is None:
            break
        rest = half
    return ", ".join(rest), "\n\n".join(rest.values())
