"""Recordings: what a run typed when it performed a procedure, and what came, when. Format: asciicast v2 of asciinema.

A header, then a line for each event: ``[seconds, "o", text]`` for output, ``[seconds, "m", title]`` where a step begins.
The header's ``drillbook`` says what was recorded, as evidence does. Commands appear letter by letter, as typed by a
person; their output comes at the moments at which it came in the run.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.model.evidence import EvidenceError

COLUMNS: Final = 100
_ROWS: Final = (8, 24)  # as many as there is to see, within these
DEMO: Final = "demo"  # the folder of recordings, beside those of evidence
CAST_SUFFIX: Final = ".cast"
_LETTER_S: Final = 0.03
_LONGEST_TYPING_S: Final = 2.0
_BREATH_S: Final = 0.8  # before a command is typed, and after its output
_IDLE_S: Final = 2.0  # a player shortens longer waits to this
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;]*m")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FIELDS: Final = ("name", "content", "system", "version", "recorded")


class Typed(NamedTuple):
    """A command, what it printed, and when: seconds since it began, and how many lines had ended by then."""

    text: str
    output: str
    arrivals: tuple[tuple[float, int], ...] = ()


class Chapter(NamedTuple):
    """A step: its title, and what was typed in it."""

    title: str
    typed: tuple[Typed, ...]


class Recording(NamedTuple):
    """A recording as it is kept. ``content`` and ``system`` are digests, ``recorded`` is the UTC time of the run."""

    name: str
    content: str
    system: str
    version: str
    recorded: str
    cast: str  # the whole file
    kind: str = DEMO  # of its folder, as evidence has one

    @property
    def transcript(self) -> str:
        """All that one would have seen, as text."""
        events = (json.loads(line) for line in self.cast.splitlines()[1:])
        seen = "".join(event[2] for event in events if event[1] == "o")
        return _CONTROLS.sub("", _ESCAPES.sub("", seen).replace("\r\n", "\n")).strip("\n") + "\n"


def cast(
    title: str, chapters: Sequence[Chapter], *, name: str, content: str, system: str, version: str, recorded: str
) -> str:
    """The file of a recording. *recorded* is a UTC time like ``2026-11-25T09:33:37Z``."""
    events = [[round(seconds, 3), kind, text] for seconds, kind, text in _events(chapters)]
    seen = "".join(str(event[2]) for event in events if event[1] == "o").split("\r\n")
    header = {
        "version": 2,
        "width": COLUMNS,
        "height": min(max(sum(1 + len(line) // COLUMNS for line in seen), _ROWS[0]), _ROWS[1]),
        "timestamp": int(datetime.fromisoformat(recorded).astimezone(UTC).timestamp()),
        "title": title,
        "idle_time_limit": _IDLE_S,
        "drillbook": {"name": name, "content": content, "system": system, "version": version, "recorded": recorded},
    }
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in (header, *events))


def read_cast(file: Path) -> Recording:
    """The recording in *file*. Raises :exc:`EvidenceError` when it is none."""
    try:
        text = file.read_text(encoding="utf-8")
        header, *events = [json.loads(line) for line in text.splitlines()]
        said: dict[str, Any] = header["drillbook"]
        if header["version"] != 2 or not all(isinstance(said[field], str) for field in _FIELDS):
            raise TypeError("its header says something else")
        if not all(isinstance(event[2], str) and event[0] >= 0 for event in events):
            raise TypeError("an event has no time, or no text")
        datetime.fromisoformat(said["recorded"])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise EvidenceError(f"this is no recording, and counts as none: {type(error).__name__}: {error}") from error
    return Recording(**{field: said[field] for field in _FIELDS}, cast=text)


def _events(chapters: Iterable[Chapter]) -> Iterator[tuple[float, str, str]]:
    now = 0.0
    for number, chapter in enumerate(chapters, 1):
        said = f"{number}. {chapter.title}"
        yield now, "m", said
        yield now, "o", f"{_BOLD}# {said}{_PLAIN}\r\n"
        for typed in chapter.typed:
            now += _BREATH_S
            letters = list(_typing(typed.text))
            yield from ((now + seconds, "o", text) for seconds, text in letters)
            now += letters[-1][0]
            yield from ((now + seconds, "o", text) for seconds, text in _output(typed))
            now += typed.arrivals[-1][0] if typed.arrivals else 0.0
        now += _BREATH_S
        yield now, "o", "\r\n"


def _typing(text: str) -> Iterator[tuple[float, str]]:
    """A prompt, then letter by letter, each with its seconds since the prompt."""
    pause = min(_LETTER_S, _LONGEST_TYPING_S / max(1, len(text)))
    yield 0.0, "$ "
    for number, letter in enumerate(text, 1):
        yield number * pause, "\r\n" if letter == "\n" else letter
    yield (len(text) + 1) * pause, "\r\n"


def _output(typed: Typed) -> Iterator[tuple[float, str]]:
    """Its lines, each at the moment at which it ended; what is left over comes with the last."""
    lines, shown = typed.output.splitlines(), 0
    for seconds, ended in typed.arrivals:
        if ended > shown:
            yield seconds, "".join(f"{_CONTROLS.sub('', line)}\r\n" for line in lines[shown:ended])
            shown = ended
    if lines[shown:]:
        last = typed.arrivals[-1][0] if typed.arrivals else 0.0
        yield last, "".join(f"{_CONTROLS.sub('', line)}\r\n" for line in lines[shown:])
