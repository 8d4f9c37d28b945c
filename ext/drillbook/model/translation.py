"""Translations of the manual: what a catalogue says, what of a page it covers, and what it must not change. No Sphinx."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from drillbook.model.contents import content_digest

FOLDER: Final = "LC_MESSAGES"


def one_line(text: str) -> str:
    """*text* as messages are kept: without the ends of its lines."""
    return " ".join(text.split())


class Message(NamedTuple):
    """A message of a catalogue and its translation, empty when there is none; ``stale``: it is of an older text."""

    source: str
    said: str
    stale: bool
    line: int


class CatalogueError(Exception):
    """A catalogue that cannot be read; the text says where and why."""


@lru_cache(maxsize=1024)
def _read(file: Path, changed_ns: int) -> tuple[Message, ...]:
    from babel.messages.pofile import PoFileError, read_po  # here: a manual in one language needs none of it

    try:
        with file.open("rb") as opened:
            catalogue = read_po(opened, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as error:
        raise CatalogueError(f"{file}: this is no catalogue: {error}") from error
    return tuple(
        Message(str(one.id), str(one.string or ""), one.fuzzy, int(one.lineno or 0)) for one in catalogue if one.id
    )


def read_messages(file: Path) -> tuple[Message, ...]:
    """The messages of a catalogue, in its order; none when there is no such file. Raises :exc:`CatalogueError`."""
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        return ()


def usable(messages: Iterable[Message]) -> dict[str, str]:
    """What a page is shown with: message to translation, without those that are missing or of an older text."""
    return {one.source: one.said for one in messages if one.said.strip() and not one.stale}


class Covered(NamedTuple):
    """How much of a page has a translation: its passages, those that have none, and the digest of all that it says."""

    passages: int
    missing: int
    content: str


def covered(passages: Iterable[str], said: Mapping[str, str]) -> Covered:
    """Hold the *passages* of a page against what its catalogue says."""
    every = sorted(set(passages))
    missing = [one for one in every if one not in said]
    return Covered(len(every), len(missing), content_digest([[one, said.get(one, "")] for one in every]))


def languages(folders: Iterable[Path]) -> Iterator[str]:
    """The languages that there are catalogues for, by name."""
    found = {place.parent.name for folder in folders for place in folder.glob(f"*/{FOLDER}") if place.is_dir()}
    yield from sorted(found)
