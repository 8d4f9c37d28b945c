"""Tiny documentation projects, built: in this process for most tests, in another one where processes matter.

A build fails its test on any warning, unless the test reads the warnings itself.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp
from tests.toolkit.building import Build, clean

ROOTS = Path(__file__).parents[1] / "roots"
FAKE_SYSTEMS = {"station", "mill_settings"}
EXT = Path(__file__).parents[2] / "ext"


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """Copy one of tests/roots to change it at will."""

    def copy(root: str) -> Path:
        return Path(shutil.copytree(ROOTS / root, tmp_path / root, ignore=shutil.ignore_patterns("__pycache__")))

    return copy


@pytest.fixture
def forgotten() -> Iterator[None]:
    """The live system of one test is not that of the next: forget what was imported of it."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] in FAKE_SYSTEMS:
            del sys.modules[name]


@pytest.fixture
def build(project: Callable[[str], Path], forgotten: None) -> Callable[..., Build]:
    """Build a root, or a changed copy of it, in this process."""

    def run(root: str | Path, builder: str = "html", *, warns: bool = False, **options: Any) -> Build:
        source = project(root) if isinstance(root, str) else root
        warning = StringIO()
        app = SphinxTestApp(builder, srcdir=source, builddir=source / "_build", warning=warning, verbosity=0, **options)
        try:
            app.build()
        finally:
            app.cleanup()  # what Sphinx keeps for the process, the next build must not find
        done = Build(source, Path(app.outdir), clean(warning.getvalue(), source), app.statuscode)
        assert warns or not done.warnings, done.warnings
        return done

    return run


@pytest.fixture
def build_apart() -> Callable[..., Build]:
    """Build a project in a process of its own, as ``make html`` does: changed code is imported anew."""

    def run(source: Path, *arguments: str, builder: str = "html", warns: bool = False) -> Build:
        output = source / "_build" / builder
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", builder, *arguments]
        done = subprocess.run(
            [*command, source, output],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(EXT), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=120,
            check=False,
        )
        result = Build(source, output, clean(done.stderr, source), done.returncode)
        assert warns or (not result.warnings and result.status == 0), result.warnings
        return result

    return run
