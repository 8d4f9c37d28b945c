"""The order of pages in the PDF: that of the tables of contents, with their captions as parts."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sphinx import addnodes
from sphinx.environment import BuildEnvironment


class Page(NamedTuple):
    """A page: its name, the level of its title's heading, and the part that it begins, if it does."""

    docname: str
    level: int
    part: str = ""


def pages(env: BuildEnvironment) -> list[Page]:
    """The start page, and every page that a table of contents leads to, each once."""
    seen: set[str] = {env.config.root_doc}
    found = [Page(env.config.root_doc, 1)]
    for tree in env.get_doctree(env.config.root_doc).findall(addnodes.toctree):
        caption, first = tree.get("caption") or "", True
        names = [name for name in tree["includefiles"] if name not in seen]
        alone = len(names) == 1  # then its title is that of the part
        for name in names:
            for page in _below(env, name, 1 if alone or not caption else 2, seen):
                found.append(page._replace(part=caption or "…") if first and caption else page)
                first = False
    return found


def _below(env: BuildEnvironment, docname: str, level: int, seen: set[str]) -> Iterator[Page]:
    if docname in seen:
        return
    seen.add(docname)
    yield Page(docname, level)
    for other in env.toctree_includes.get(docname, ()):
        yield from _below(env, other, level + 1, seen)


def put_first(found: list[Page], names: Sequence[str]) -> tuple[list[Page], list[str]]:
    """The pages with those of *names* before all others, in their order, and the names that are no page.

    What is below one of them stays where it was.
    """
    by_name = {page.docname: page for page in found}
    first = [by_name[name]._replace(level=1, part="") for name in names if name in by_name]
    rest: list[Page] = []
    part = ""
    for page in found:
        part = page.part or part
        if page.docname not in names:
            rest.append(page._replace(part=part))
            part = ""
    return first + rest, [name for name in names if name not in by_name]


def chosen(found: list[Page], only: str) -> tuple[list[Page], list[str]]:
    """The pages that *only* names (with commas between; a folder names all in it), and the names that are no page."""
    names = [name.strip().strip("/") for name in only.split(",") if name.strip()]
    if not names:
        return found, []
    taken = [
        page for page in found if any(page.docname == name or page.docname.startswith(f"{name}/") for name in names)
    ]
    missing = [
        name for name in names if not any(page.docname == name or page.docname.startswith(f"{name}/") for page in taken)
    ]
    return [page._replace(level=1, part="") for page in taken], missing
