"""The bundle for the war room: what twelve people around a table need when the network is down.

The PDF, the pages as a zip that works from a folder, the manual's data with the walker as a single file, checksums and a
page that says what is what. Two bundles of one state are the same, byte by byte: all times in them are that of the state.
"""

import ast
import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.language import SOURCE, translator
from drillbook.model.data import data_text
from drillbook.model.evidence import State
from drillbook.model.stamp import Stamp, doubt
from drillbook.output.made import Made

PACKAGE: Final = "drillbook"
PACKAGE_FOLDER: Final = Path(__file__).parents[1]
WALKER: Final = "walk.pyz"
DATA: Final = "ops.json"
SUMS: Final = "SHA256SUMS"
LEFT_OUT: Final = ("_sources", ".buildinfo", ".doctrees", ".nojekyll", "404.html", "sitemap.xml")  # for servers
_BODY: Final = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_MAIN: Final = """\
import sys
from pathlib import Path

from drillbook.walker.command import main

sys.exit(main(Path(sys.argv[0]).resolve().with_name("{data}")))
"""
_README: Final = """\
# {title}

{doubt}
{made}

| {file} | {what} |
| --- | --- |
{rows}

{proofs}
"""


class BundleError(Exception):
    """The bundle cannot be made; the message says what is missing."""


class Bundle(NamedTuple):
    """What a bundle is made of: built pages, the PDF, and from which state they were made."""

    html: Path
    pdf: Path
    made: Made


def bundle(parts: Bundle, target: Path) -> list[Path]:
    """Write the bundle into the folder *target*, in place of what was there; answers its files.

    Raises:
        BundleError: The pages or the PDF are not there.
    """
    try:
        data = json.loads((parts.html / DATA).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{parts.html / DATA} cannot be read: build the manual first ({error})") from error
    if not parts.pdf.is_file():
        raise BundleError(f"{parts.pdf} is not there: build the PDF first")
    new = target.with_name(f".{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        name = parts.pdf.stem
        shutil.copyfile(parts.pdf, new / parts.pdf.name)
        about = _About(data, parts)
        data["manual"] |= {"made": parts.made.iso, "commit": parts.made.commit}
        (new / DATA).write_text(data_text(data), encoding="utf-8")
        pages = dict(_pages(parts.html, name, about.banner())) | {f"{name}/{DATA}": (new / DATA).read_bytes()}
        (new / about.zip).write_bytes(_zip(pages.items(), parts.made))
        (new / WALKER).write_bytes(b"#!/usr/bin/env python3\n" + _zip(_walker(), parts.made))
        (new / WALKER).chmod(0o755)
        (new / "README.md").write_text(about.readme(), encoding="utf-8")
        files = sorted(file.name for file in new.iterdir())
        sums = "".join(f"{hashlib.sha256((new / file).read_bytes()).hexdigest()}  {file}\n" for file in files)
        (new / SUMS).write_text(sums, encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        new.replace(target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return [target / file for file in [*files, SUMS]]


class _About:
    """What a bundle says of itself, in the language of its pages."""

    def __init__(self, data: Mapping[str, Any], parts: Bundle) -> None:
        self._say = _ = translator(data["manual"].get("language", SOURCE))
        self._pdf, self._name = parts.pdf.name, parts.pdf.stem
        self._doubt, self._proofs = doubt(_stamps(data), _)
        self._title = f"{data['manual']['project']} {data['manual']['version']}".strip()
        state = _("Made from the state of {day}, commit {commit}.")
        self._made = state.format(day=parts.made.day, commit=parts.made.commit_says(_))
        self.zip = f"{self._name}-html.zip"

    def banner(self) -> str:
        """What stands at the head of each page."""
        _ = self._say
        return _("Offline copy of {manual}. {made} {doubt}").format(
            manual=self._title, made=self._made, doubt=self._doubt
        )

    def readme(self) -> str:
        """The page that says what is what."""
        _ = self._say
        files = {
            self._pdf: _("The manual on paper. Print it before the network is gone; page 2 says which alert is where."),
            self.zip: _(
                "The manual for a browser. Unpack it and open {page}: search, trees and recordings work without a network."
            ).format(page=f"`{self._name}/index.html`"),
            WALKER: _("Walks a tree in a terminal: {command}. It needs Python 3.11 and nothing else.").format(
                command=f"`python3 {WALKER} ALERT`"
            ),
            DATA: _("What the walker reads: all trees and procedures."),
            SUMS: _("Checksums: {command} says whether the files are whole.").format(
                command=f"`sha256sum --check {SUMS}`"
            ),
        }
        return _README.format(
            title=_("{manual}: offline").format(manual=self._title),
            doubt=f"**{self._doubt}**",
            made=self._made,
            file=_("File"),
            what=_("What it is"),
            rows="\n".join(f"| `{file}` | {says} |" for file, says in files.items()),
            proofs="\n".join(self._proofs),
        )


def _stamps(data: Mapping[str, Any]) -> Iterator[Stamp]:
    """The stamps of pages, out of the manual's data."""
    for page in data.get("pages", ()):
        if stamp := page.get("stamp"):
            fields = {key: stamp[key] for key in Stamp._fields}
            yield Stamp(**fields | {"state": State(stamp["state"])})


def _pages(html: Path, name: str, banner: str) -> Iterator[tuple[str, bytes]]:
    """Every file of the pages, below a folder of their own; each page says at its head what it is a copy of."""
    said = f'<p class="ops-offline" role="note">{escape(banner)}</p>'
    for file in sorted(html.rglob("*")):
        place = file.relative_to(html)
        if not file.is_file() or place.parts[0] in LEFT_OUT:
            continue
        content = file.read_bytes()
        if file.suffix == ".html":
            text = content.decode("utf-8")
            content = _BODY.sub(lambda body: body[0] + said, text, count=1).encode()
        yield f"{name}/{place.as_posix()}", content


def _walker() -> Iterator[tuple[str, bytes]]:
    """The walker with all modules that it needs, and what starts it."""
    yield "__main__.py", _MAIN.format(data=DATA).encode()
    for file in sorted(_needed(f"{PACKAGE}.walker.command")):
        yield f"{PACKAGE}/{file.relative_to(PACKAGE_FOLDER).as_posix()}", file.read_bytes()


def _needed(module: str) -> set[Path]:
    """The files of *module* and of every module of the package that it imports."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _file(name)
        if file is None or file in found:
            continue
        found.add(file)
        waiting += [name.rpartition(".")[0]] if "." in name else []
        for node in ast.parse(file.read_bytes()).body:  # what is imported in functions is for those who build
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def _file(module: str) -> Path | None:
    if module.partition(".")[0] != PACKAGE:
        return None
    path = PACKAGE_FOLDER.joinpath(*module.split(".")[1:])
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


def _zip(files: Iterable[tuple[str, bytes]], made: Made) -> bytes:
    """An archive with all times as that of the state, and the same modes for everybody."""
    time = datetime.fromtimestamp(max(made.seconds, 315_532_800), UTC)  # zip begins in 1980
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, time.timetuple()[:6])
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(info, content)
    return written.getvalue()
