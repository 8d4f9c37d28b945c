"""Translations of the manual: what a catalogue says, what of a page it covers, and what it must not change. No Sphinx."""

import re
from collections import Counter
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


# what a translation must not change

_CODE: Final = re.compile(r"(?P<role>\{[\w:.+-]+\})?(?P<ticks>`+)(?P<text>.+?)(?<!`)(?P=ticks)(?!`)")
_TARGET: Final = re.compile(r"<([^<>]+)>$")
_LINK: Final = re.compile(r"\]\(<?([^()\s>]+)>?[^()]*\)|<((?:https?|mailto):[^<>\s]+)>")
_PLACE: Final = re.compile(r"\{\{.*?\}\}|\{\w*\}|(?<!\w)\$\{?[A-Za-z_]\w*\}?")
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_BLOCK: Final = re.compile(r"(?:#+ |[-*+] |\d+[.)] |> |`{3}|:{3}|\|)")
_TYPED: Final = ("ops:command", "option")  # roles whose text is what one types, and no words

Parts = dict[str, "Counter[str]"]


def parts(text: str) -> Parts:
    """What a passage has that is the same in every language, by what it is called."""
    found: Parts = {name: Counter() for name in ("role", "literal", "link", "place", "number")}

    def code(match: re.Match[str]) -> str:
        role, inner = (match["role"] or "").strip("{}"), match["text"].strip()
        target = _TARGET.search(inner)
        if role:
            shown = inner if role in _TYPED or target is None else target[1]
            found["role"][f"{{{role}}}`{shown}`"] += 1
            return f" {inner[: target.start()]} " if target and role not in _TYPED else " "
        found["literal"][f"`{inner}`"] += 1
        return " "

    rest = _CODE.sub(code, text)
    for kind, pattern in (("link", _LINK), ("place", _PLACE), ("number", _NUMBER)):
        found[kind].update(next(filter(None, match.groups()), match[0]) for match in pattern.finditer(rest))
        rest = pattern.sub(" ", rest)
    return found


def problems(message: Message) -> Iterator[str]:
    """What is wrong with a translation that pages show, in words."""
    if message.source.startswith("$ "):
        yield f"a command is no passage: {message.source!r}"
    if not message.said.strip() or message.stale:
        return
    if _BLOCK.match(message.said) and not _BLOCK.match(message.source):
        yield f"it begins with {message.said.split()[0]!r}, which makes more of it than a paragraph"
    source, said = parts(message.source), parts(message.said)
    for kind, wanted in source.items():
        for word in (wanted - said[kind]).elements():
            yield f"the {kind} {word} is missing"
        for word in (said[kind] - wanted).elements():
            yield f"the {kind} {word} is not in the original"
