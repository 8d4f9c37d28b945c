"""What a built manual has: its pages, what they carry inline, and what is wrong with them.

Each page is parsed once, when its version is built; what was found is kept beside the build.
"""

import base64
import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from lxml import etree, html

from drillbook.output.search.index import read_argument

SCRIPT_TYPES: Final = ("", "module", "text/javascript", "application/javascript")
INDEX: Final = "index.html"
NOT_FOUND: Final = "404.html"
_NO_PAGES: Final = ("_static", "_images", "_downloads", "_sources")
_NOT_PUBLISHED: Final = (".buildinfo", ".buildinfo.bak", ".doctrees", ".nojekyll")
_LINKS: Final = ("href", "src", "poster", "action")
_SCRIPT_INDEX: Final = {"searchindex.js": ("Search.setIndex(", ")"), "search-index.js": ("drillbookSearchIndex(", ");")}


class Look(NamedTuple):
    """What was found in a build; hashes are those of a Content-Security-Policy, in base64."""

    pages: tuple[str, ...]  # relative to the build
    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    attributes: tuple[str, ...]
    wasm: bool
    problems: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path) -> "Look":
        """Read what was kept. Raises :exc:`OSError`, :exc:`ValueError`, :exc:`LookupError`."""
        data = json.loads(file.read_text(encoding="utf-8"))
        pages, scripts, styles, attributes = (tuple(data[key]) for key in cls._fields[:4])
        return cls(pages, scripts, styles, attributes, bool(data["wasm"]), tuple(data["problems"]))

    def as_json(self) -> str:
        """To be kept."""
        return json.dumps(self._asdict(), indent=1)


class _Page(NamedTuple):
    name: str
    ids: frozenset[str]
    links: tuple[tuple[int, str], ...]  # line, address
    scripts: frozenset[str]
    styles: frozenset[str]
    attributes: frozenset[str]
    handlers: tuple[tuple[int, str], ...]  # line, attribute


def published_files(folder: Path) -> Iterator[str]:
    """The files of a build that are for readers, relative to it."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _NOT_PUBLISHED)
        for file in sorted(files):
            if file not in _NOT_PUBLISHED:
                yield (Path(place) / file).relative_to(folder).as_posix()


def is_page(name: str) -> bool:
    """Whether a file of a build is one of the manual's pages."""
    return name.endswith(".html") and name.partition("/")[0] not in _NO_PAGES


def look(folder: Path) -> Look:
    """Look at every page of a build."""
    files = set(published_files(folder))
    names = sorted(filter(is_page, files))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pages = {page.name: page for page in pool.map(lambda name: _read(folder, name), names)}
    problems = [*_broken(pages, files), *_handled(pages), *_searches(folder, files, pages)]
    if INDEX not in files:
        problems.append(f"{INDEX} is not there")
    return Look(
        tuple(names),
        _all(page.scripts for page in pages.values()),
        _all(page.styles for page in pages.values()),
        _all(page.attributes for page in pages.values()),
        any(b"WebAssembly" in (folder / name).read_bytes() for name in files if name.endswith((".js", ".mjs"))),
        tuple(problems),
    )


def _all(hashes: Iterable[frozenset[str]]) -> tuple[str, ...]:
    return tuple(sorted(set().union(*hashes)))


def _read(folder: Path, name: str) -> _Page:
    document = _parsed((folder / name).read_bytes())
    if document is None:  # empty
        return _Page(name, frozenset(), (), frozenset(), frozenset(), frozenset(), ())
    scripts = (one for one in document.iter("script") if "src" not in one.attrib)
    return _Page(
        name,
        frozenset([*document.xpath("//@id"), *document.xpath("//a/@name")]),
        tuple((at.getparent().sourceline, str(at)) for link in _LINKS for at in document.xpath(f"//@{link}")),
        frozenset(csp_hash(one.text or "") for one in scripts if one.get("type", "").lower() in SCRIPT_TYPES),
        frozenset(csp_hash(one.text or "") for one in document.iter("style")),
        frozenset(csp_hash(str(style)) for style in document.xpath("//@style")),
        tuple((at.getparent().sourceline, at.attrname) for at in document.xpath('//@*[starts-with(name(), "on")]')),
    )


def _parsed(content: bytes) -> Any:
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    return etree.fromstring(content, parser) if content.strip() else None


def csp_hash(text: str) -> str:
    """The hash by which a policy knows an inline script or style."""
    return base64.b64encode(sha256(text.encode()).digest()).decode()


def _broken(pages: Mapping[str, _Page], files: set[str]) -> Iterator[str]:
    """Links of pages to files of the same build that lead nowhere."""
    for page in pages.values():
        if page.name == NOT_FOUND:  # it is shown at any address, and knows where by itself
            continue
        for line, address in page.links:
            target, anchor = resolved(page.name, address)
            if target is None:
                continue
            if target not in files:
                yield f"{page.name}:{line}: the link to {address!r} leads nowhere"
            elif anchor and target in pages and anchor not in pages[target].ids:
                yield f"{page.name}:{line}: the link to {address!r} leads to a page that has no such place"


def resolved(page: str, address: str) -> tuple[str | None, str]:
    """Where a relative *address* on *page* leads: the file, or ``None`` for what is not in the build; and the anchor."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return address, ""  # which is no file
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return None, ""
    anchor = "" if parts.fragment.startswith(":~:") else unquote(parts.fragment)
    if not parts.path:
        return page, anchor
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
    if parts.path.endswith("/") or target == ".":
        target = posixpath.normpath(f"{target}/{INDEX}")
    return target, anchor


def _handled(pages: Mapping[str, _Page]) -> Iterator[str]:
    for page in pages.values():
        for line, name in page.handlers:
            yield f"{page.name}:{line}: {name}= is an inline script, which no strict policy lets run"


def _searches(folder: Path, files: set[str], pages: Mapping[str, _Page]) -> Iterator[str]:
    """What is wrong with the index of the search: it is not whole, or it leads to pages that are not there."""
    for name, (begins, ends) in _SCRIPT_INDEX.items():
        if name not in files:
            continue
        text = (folder / name).read_text(encoding="utf-8").strip()
        try:
            if not (text.startswith(begins) and text.endswith(ends)):
                raise ValueError("it does not end as it should")
            found = _indexed(read_argument(text[len(begins) : -len(ends)]))
        except (ValueError, LookupError, TypeError) as error:
            yield f"{name}: the index of the search is damaged: {error}"
            continue
        for page in sorted(found - pages.keys()):
            yield f"{name}: the search leads to {page}, which is not there"


def _indexed(data: Mapping[str, Any]) -> set[str]:
    """The pages that an index leads to."""
    if "records" in data:
        if len(data["records"]) != data["index"]["documentCount"]:
            raise ValueError(f"{len(data['records'])} records, and {data['index']['documentCount']} in the index")
        return {re.split(r"[#?]", record[3], maxsplit=1)[0] for record in data["records"]}
    if len(data["docnames"]) != len(data["titles"]):
        raise ValueError(f"{len(data['docnames'])} pages, and {len(data['titles'])} titles")
    return {f"{name}.html" for name in data["docnames"]}
