"""The navigation that is resolved once is, on each page, what Sphinx makes for that page alone."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.building import Build

from drillbook.output import navigation

CONF = 'project = "Deep"\nextensions = ["drillbook"]\nhtml_theme = "furo"\n'
PAGES = {
    "index": "One\n===\n\n.. toctree::\n   :caption: First & foremost\n\n   a/index\n   Away <https://example.org/?a=1&b=2>\n\n"
    ".. toctree::\n   :hidden:\n\n   b\n   twice\n   genindex\n",
    "a/index": "Two ``with`` code\n=================\n\n.. toctree::\n\n   deep/index\n   /twice\n",
    "a/deep/index": "Three\n=====\n\n.. toctree::\n\n   leaf & co\n\nA section\n---------\n",
    "a/deep/leaf & co": "Leaf\n====\n",
    "b": "Current <b>\n===========\n\nSection\n-------\n",
    "twice": "Twice\n=====\n",
    "lost": ":orphan:\n\nLost\n====\n",
}


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    project = tmp_path / "deep"
    for name, text in PAGES.items():
        file = project / f"{name}.rst"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (project / "conf.py").write_text(CONF)
    return project


@pytest.mark.parametrize("builder", ["html", "dirhtml"])
def test_each_page_has_the_navigation_that_sphinx_makes(
    builder: str, deep: Path, build: Callable[..., Build], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: dict[bool, dict[str, str]] = {}
    for once in (True, False):
        if not once:
            monkeypatch.setattr(navigation, "read_tree", lambda builder, text: None)
        built = build(deep, builder)
        pages[once] = {str(file.relative_to(built.output)): file.read_text() for file in built.output.rglob("*.html")}
        shutil.rmtree(deep / "_build")
    assert len(pages[True]) > len(PAGES)
    assert pages[True] == pages[False]
    assert pages[True].popitem()[1].count("toctree-l") > 5


def test_the_tree_is_resolved_once(deep: Path, build: Callable[..., Build], monkeypatch: pytest.MonkeyPatch) -> None:
    read, found = navigation.read_tree, list[Any]()
    monkeypatch.setattr(navigation, "read_tree", lambda *given: found.append(read(*given)) or found[-1])
    build(deep)
    assert len(found) == 1 and found[0] is not None
