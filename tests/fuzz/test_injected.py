"""A fault of our own, wherever it is: it is said, at its file and line, and every page is built.

One build tells which functions of the toolkit run; then each is made to fail at its first call, one build each. All of
them with ``make fuzz``, some in the ordinary tests.
"""

import os
import random
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from inspect import CO_OPTIMIZED
from io import StringIO
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp
from tests.fuzz.build import EXAMPLE, REPOSITORY
from tests.toolkit.building import clean
from tests.toolkit.test_everywhere import REST

EXT = REPOSITORY / "ext" / "drillbook"
WHOLE = int(os.environ.get("FUZZ", "200")) >= 10_000
SOME = 20
PARTS = 8 if WHOLE else 1
SEED = int(os.environ.get("FUZZ_SEED", "1"))
CONF = """
html_theme = "basic"
html_copy_source = False
extensions.remove("sphinxcontrib.plantuml")
suppress_warnings = ["toc", "drillbook.duplicate"]
"""
# Not inside of a build: what registers the toolkit ends the build when it fails, with Sphinx's own message.
# Not ours to guard: what reports the faults, and what checks conf.py.
# Nor what guards the rest: it can only fail as Sphinx's own code can.
OUTSIDE = re.compile(r"setup\w*|(?:OpsDirective|FactRole|Uml)\.run|OpsDomain\.(?:setup|get_objects)")
REPORTING = {"warn.py", "__init__.py"}
CHECKING = "config"
DRAWING = {"plantuml.py", "process.py"}  # run only for a diagram that has not been drawn yet
INJECTED = "injected here"

# A fault in a page stands at its page; one in what concerns all pages names the function.
LOCATED = re.compile(r"^[^:]+\.(?:md|rst|py|yml)(?::\d+)?: WARNING|drillbook\.[\w.]+ failed")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Path]:
    """A project with every directive and role, in both markups, and a page with none."""
    path = list(sys.path)
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "book", ignore=shutil.ignore_patterns("_build", "__pycache__")))
    with (folder / "conf.py").open("a") as conf:
        conf.write(CONF)
    (folder / "other.rst").write_text(REST)
    (folder / "plain.md").write_text("# Plain\n\nNothing of ours.\n")
    yield folder
    sys.path[:] = path
    sys.modules.pop("lighthouse", None)


def build(folder: Path) -> tuple[int, str]:
    """Build it anew; the exit status under ``-W --keep-going``, and the warnings."""
    for built in ("html", "doctrees"):
        shutil.rmtree(folder / "_build" / built, ignore_errors=True)
    warning = StringIO()
    app = SphinxTestApp(
        "html", srcdir=folder, builddir=folder / "_build", warning=warning, verbosity=0,
        exception_on_warning=False, warningiserror=True,
    )  # fmt: skip
    try:
        app.build()
    finally:
        app.cleanup()
    return app.statuscode, clean(warning.getvalue(), folder)


def functions_of(folder: Path) -> list[CodeType]:
    """The functions of the toolkit that run in a build."""
    seen: dict[CodeType, None] = {}

    def note(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(EXT)) and not code.co_name.startswith("<"):
            seen[code] = None

    build(folder)  # what is done once in a process is not looked for
    sys.setprofile(note)
    try:
        status, warnings = build(folder)
    finally:
        sys.setprofile(None)
    assert status == 1 and "drillbook.internal" not in warnings, warnings
    inside = (
        code for code in seen if not OUTSIDE.fullmatch(code.co_qualname) and code.co_flags & CO_OPTIMIZED
    )  # no class bodies
    files = {code: Path(code.co_filename) for code in inside}
    return [code for code, file in files.items() if file.name not in REPORTING and file.parent.name != CHECKING]


def failing(code: CodeType) -> Callable[[FrameType, str, Any], None]:
    """A trace function that raises at the first call of *code*; the interpreter removes it then."""

    def trace(frame: FrameType, event: str, argument: Any) -> None:
        if frame.f_code is code:
            raise RuntimeError(INJECTED)

    return trace


def judged(code: CodeType, folder: Path) -> str:
    """What is wrong with the build in which *code* fails."""
    if Path(code.co_filename).name in DRAWING:
        shutil.rmtree(folder / "_build", ignore_errors=True)
    sys.settrace(failing(code))
    try:
        status, warnings = build(folder)
    except Exception as error:  # that is the finding
        return f"the build ended: {type(error).__name__}: {error}"
    finally:
        sys.settrace(None)
    missing = [page for page in ("index", "other", "plain") if not (folder / "_build/html" / f"{page}.html").exists()]
    if missing:
        return f"not built: {missing}"
    said = [line for line in warnings.splitlines() if INJECTED in line]
    if not said:
        return f"nothing was said: {warnings[:300]}"
    if status == 0:
        return "the exit status is 0"
    return "" if all(LOCATED.search(line) for line in said) else f"not located: {said[0]}"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_our_own_faults_are_said_and_every_page_is_built(part: int, book: Path) -> None:
    functions = functions_of(book)
    assert len(functions) > 150
    chosen = functions[part::PARTS] if WHOLE else random.Random(SEED).sample(functions, SOME)
    found = {f"{Path(code.co_filename).relative_to(EXT)}:{code.co_qualname}": judged(code, book) for code in chosen}
    wrong = {name: what for name, what in found.items() if what}
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())
