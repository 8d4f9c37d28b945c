"""New pages from templates: a procedure, a tree, an alert's page, a review checklist."""

import re
from pathlib import Path
from string import Template
from typing import Final

TEMPLATES: Final = Path(__file__).parent / "templates"
KINDS: Final = ("procedure", "tree", "alert", "review-checklist")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class NewError(Exception):
    """A page that cannot be begun; the text says why."""


def new_page(kind: str, name: str, folder: Path, *, force: bool = False) -> Path:
    """Write the page *name* of one of :data:`KINDS` into *folder*, and answer where it is.

    Raises :exc:`NewError` for a name that none can have, a folder that there is not, and, without *force*, a page
    that exists.
    """
    if not _NAME.fullmatch(name):
        raise NewError(f"a name is letters, digits, - and _, and begins with a letter, not {name!r}")
    if not folder.is_dir():
        raise NewError(f"there is no folder {folder}: name one with --folder")
    page = folder / f"{name}.md"
    text = Template((TEMPLATES / f"{kind}.md").read_text(encoding="utf-8"))
    try:
        with page.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text.substitute(name=name, title=_title(name)))
    except FileExistsError:
        raise NewError(f"{page} exists: choose another name, or overwrite it with --force") from None
    return page


def _title(name: str) -> str:
    words = name.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
