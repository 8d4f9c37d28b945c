"""The manual of the water works (tests/roots/trees) in a repository of its own, to be published. Its conf.py each test writes."""

import shutil
from pathlib import Path

from tests.browser.conftest import ROOT
from tests.toolkit.publishing import git

CATALOGUE = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Water works"
msgstr "{title}"
"""


def water_works(folder: Path) -> Path:
    """Begin the repository; answers the folder of its pages."""
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns("conf.py", "rules", "_build"))
    shutil.copytree(ROOT / "rules", folder / "rules")
    (folder / ".gitignore").write_text("/build/\n/site/\n*.mo\n__pycache__/\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return source


def translate(source: Path, language: str, title: str) -> None:
    """Begin a language: the title of the first page is translated, and nothing else."""
    catalogue = source / "locales" / language / "LC_MESSAGES" / "index.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(CATALOGUE.format(title=title))
