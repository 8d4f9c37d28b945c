"""A tiny manual in a repository of its own: two releases and a branch, in two languages, with pages that come and go.

Its pages are HTML already, and a shell script stands in for Sphinx, so that a publication takes no time.
"""

import os
import subprocess
from pathlib import Path
from typing import Any, Final

from drillbook.cli import main

CONF: Final = """
project = "Pumps <&>"
drillbook_portal = {portal!r}
"""
PORTAL: Final[dict[str, Any]] = {
    "url": "https://docs.example.org/pumps",
    "languages": ["en", "de"],
    "python": "./builder",
    "redirects": {"old": "moved/new#cause"},
}
# What `python -m sphinx ... -D language=de ... source OUT` is here.
BUILDER: Final = """\
#!/bin/sh
for word; do case $word in language=*) language=${word#language=} ;; esac; out=$word; done
mkdir -p "$out"
echo "$PWD $language" >> "$out/../../../built.log"
[ ! -e broken ] || { echo "source/a.rst:3: WARNING: $(cat broken)" >&2; exit 1; }
cp -R "source/locales/$language/." "$out"
"""
PAGE: Final = """\
<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{name}</title>
<link rel="canonical" href="https://elsewhere.example.org/{name}.html" />
<link rel="stylesheet" href="{up}_static/pumps.css?v=1234">
</head>
<body data-x="a>b">
<script>document.documentElement.dataset.begun = "yes";</script>
<a class="skip-link" href="#cause">Skip</a>
<h1 id="cause">{name} of {version}</h1>
<p style="opacity: 50%">{filling}</p>
<a href="{up}index.html">start</a>
{more}
</body>
</html>
"""
FILLING: Final = "A pump stands, and somebody has to see why. " * 40  # more than a compressed copy is worth from
GIT: Final = {
    **os.environ,
    **{f"GIT_{who}_{what}": f"a@{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def git(folder: Path, *arguments: str) -> str:
    """What git answers."""
    return subprocess.run(["git", *arguments], cwd=folder, env=GIT, check=True, capture_output=True, text=True).stdout


def configure(folder: Path, **portal: Any) -> None:
    """Write conf.py, with other options than those of ``PORTAL``."""
    (folder / "conf.py").write_text(CONF.format(portal={**PORTAL, **portal}))


def write(folder: Path, version: str, pages: dict[str, list[str]], more: str = "") -> None:
    """The pages of a version, by language, in place of what was there."""
    subprocess.run(["rm", "-rf", folder / "source"], check=True)
    for language, names in pages.items():
        for name in ["index", *names]:
            file = folder / "source" / "locales" / language / f"{name}.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            text = PAGE.format(
                language=language, name=name, version=version, filling=FILLING, more=more, up="../" * name.count("/")
            )
            file.write_text(text)
        static = folder / "source" / "locales" / language / "_static"
        static.mkdir()
        (static / "pumps.css").write_text("h1 { color: rgb(1, 2, 3); }\n" + "/* */\n" * 300)


def commit(folder: Path, tag: str = "") -> None:
    """Commit all, and tag it."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A version")
    if tag:
        git(folder, "tag", tag)


def repository(folder: Path) -> Path:
    """v1.0.0 has the pages ``a`` and ``old``; in v1.1.0 ``old`` has moved and German begins; main has one more."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / ".gitignore").write_text("/build/\n/site/\n__pycache__/\n")
    (folder / "builder").write_text(BUILDER)
    (folder / "builder").chmod(0o755)
    configure(folder)
    write(folder, "v1.0.0", {"en": ["a", "old"]})
    commit(folder, "v1.0.0")
    write(folder, "v1.1.0", {"en": ["a", "moved/new"], "de": ["a"]})
    commit(folder, "v1.1.0")
    write(folder, "main", {"en": ["a", "moved/new", "added"], "de": ["a"]})
    commit(folder)
    return folder


def publish(folder: Path, *arguments: str) -> int:
    """``drillbook publish`` into the repository's ``site``; answers its exit status."""
    places = ("--conf", str(folder), "--cache", str(folder / "build"))
    return main(["publish", str(folder / "site"), *places, *arguments])


def published(folder: Path) -> Path:
    """The :func:`repository`, and it is published."""
    assert publish(repository(folder)) == 0
    return folder


def built(folder: Path) -> list[str]:
    """What was built since this was last asked: ``v1.0.0 en``."""
    log = folder / "build" / "built.log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line.rpartition("/")[2] for line in lines]
