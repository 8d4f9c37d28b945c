"""Translations of the manual: what a catalogue says, and what of a page it covers. No Sphinx."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from drillbook.model.contents import content_digest
from drillbook.model.invariant import differences

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


def problems(message: Message, language: str) -> Iterator[str]:
    """What is wrong with a translation that would be shown, in words."""
    if message.source.startswith("$ "):
        yield f"a command is no passage: {message.source!r}"
    if message.said.strip() and not message.stale:
        yield from differences(message.source, message.said, language)


class Problem(NamedTuple):
    """What is wrong with a translation: where, ``file:line``, and what, in words."""

    place: str
    says: str


class Catalogue(NamedTuple):
    """What there is of a page in a language: what it is shown with, message to translation; the messages whose translation
    is refused, and why; and those whose translation is of an older text."""

    said: Mapping[str, str]
    refused: Mapping[str, tuple[Problem, ...]]
    stale: frozenset[str]


def catalogue(read: Iterable[tuple[Path, Iterable[Message]]], language: str) -> Catalogue:
    """Put the messages of catalogue files together; the first file that has a translation counts, as Sphinx has it."""
    told: dict[str, tuple[Path, Message]] = {}
    stale: set[str] = set()
    for file, messages in read:
        for one in filter(lambda one: one.said.strip(), messages):
            if one.stale:
                stale.add(one.source)
            else:
                told.setdefault(one.source, (file, one))
    wrong = {
        source: tuple(Problem(f"{file}:{one.line}", problem) for problem in problems(one, language))
        for source, (file, one) in told.items()
    }
    said = {source: one.said for source, (_, one) in told.items() if not wrong[source]}
    return Catalogue(said, {source: found for source, found in wrong.items() if found}, frozenset(stale - told.keys()))


class Covered(NamedTuple):
    """How much of a page has a translation: its passages, those that have none, those that have changed since they were
    translated, and the digest of all that it says."""

    passages: int
    missing: int
    stale: int
    content: str

    @property
    def translated(self) -> int:
        """How many are shown in the other language."""
        return self.passages - self.missing - self.stale


def covered(passages: Iterable[str], found: Catalogue) -> Covered:
    """Hold the *passages* of a page against its catalogue.

    One has changed when the catalogue marks its translation as of an older text, or has one of a text so like it that
    has gone from the page: which is what the mark is made by, when the catalogues are renewed.
    """
    every = sorted(set(passages))
    untold = [one for one in every if one not in found.said]
    gone = [_alike(one) for one in found.said.keys() - set(every)]
    stale = sum(
        one in found.stale or bool(gone and get_close_matches(_alike(one), gone, 1))
        for one in untold
        if one not in found.refused
    )
    digest = content_digest([[one, found.said.get(one, "")] for one in every])
    return Covered(len(every), len(untold) - stale, stale, digest)


def _alike(text: str) -> str:
    return text.strip().lower()


def languages(folders: Iterable[Path]) -> Iterator[str]:
    """The languages that there are catalogues for, by name."""
    found = {place.parent.name for folder in folders for place in folder.glob(f"*/{FOLDER}") if place.is_dir()}
    yield from sorted(found)
