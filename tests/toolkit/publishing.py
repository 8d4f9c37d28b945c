"""A tiny manual in a repository of its own: two releases and a branch, in two languages, with pages that come and go."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

EXT = Path(__file__).parents[2] / "ext"
CONF = """
project = "Pumps"
extensions = []
html_theme = {theme!r}
html_copy_source = False
locale_dirs = ["locales"]
drillbook_portal = {portal!r}
"""
PORTAL: dict[str, Any] = {
    "url": "https://docs.example.org",
    "languages": ["en", "de"],
    "python": sys.executable,
    "redirects": {"old": "moved/new#cause"},
}
# page to text; a link to each other page, and an image
INDEX = """\
Pumps {version}
===============

.. toctree::

   {pages}

:ref:`search`
"""
PAGE = """\
{title}
====================

.. _{label}:

Cause
-----

A pump of {version} stands. See :doc:`/index`.

.. table::
   :widths: 30 70

   ===== =====
   One   Two
   ===== =====
"""
PO = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Cause"
msgstr "Ursache"
"""
GIT = {
    **os.environ,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def git(folder: Path, *arguments: str) -> str:
    """What git answers."""
    return subprocess.run(["git", *arguments], cwd=folder, env=GIT, check=True, capture_output=True, text=True).stdout


def write(folder: Path, pages: list[str], version: str, *, theme: str = "basic", **portal: Any) -> None:
    """The files of a version, in place of what was there."""
    for file in folder.rglob("*.rst"):
        file.unlink()
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    (folder / "conf.py").write_text(CONF.format(theme=theme, portal={**PORTAL, **portal}))
    (folder / ".gitignore").write_text("/build/\n__pycache__\n*.mo\n")
    (source / "index.rst").write_text(INDEX.format(version=version, pages="\n   ".join(pages)))
    for page in pages:
        file = source / f"{page}.rst"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAGE.format(title=page.title(), version=version, label=page.replace("/", "-")))


def commit(folder: Path, tag: str = "") -> None:
    """Commit all, and tag it."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A version")
    if tag:
        git(folder, "tag", tag)


def repository(folder: Path, **options: Any) -> Path:
    """Release v1.0.0 with the pages ``a`` and ``old``; v1.1.0, where ``old`` has moved and German begins; and main."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    write(folder, ["a", "old"], "v1.0.0", **options)
    commit(folder, "v1.0.0")
    write(folder, ["a", "moved/new"], "v1.1.0", **options)
    catalogue = folder / "source" / "locales" / "de" / "LC_MESSAGES"
    catalogue.mkdir(parents=True)
    (catalogue / "a.po").write_text(PO)
    commit(folder, "v1.1.0")
    write(folder, ["a", "moved/new", "added"], "main", **options)
    commit(folder)
    return folder


def publish(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """``drillbook publish`` in the folder, into its ``site``."""
    return subprocess.run(
        [sys.executable, "-m", "drillbook", "publish", "site", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(EXT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
