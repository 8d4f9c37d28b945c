"""A recording as a video shows it: with waits shortened as a player does, rests to read in, and captions.

A player has a reader's hand on it; a video is watched by a room, so what was printed stands still for a while.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from drillbook.model.recording import Recording

READING_S: Final = 2.0  # what was printed stands still for this
TITLE_S: Final = 1.5  # and the title of a step, before anything is typed
END_S: Final = 3.0  # the last screen
_LETTERS_A_SECOND: Final = 17  # at which captions are read with ease
_LINE: Final = 88  # letters of a caption's line
_PROMPT: Final = "$ "
_ENTER: Final = "\r\n"
_NUMBERED: Final = re.compile(r"^\d+\. ")


class Cue(NamedTuple):
    """A caption, and when it is shown: seconds since the beginning."""

    start: float
    end: float
    text: str


class Shown(NamedTuple):
    """What the terminal prints, and when."""

    at: float
    text: str


class Chapter(NamedTuple):
    """When a step begins, and its title with its number."""

    at: float
    title: str


class Playback(NamedTuple):
    """All of it. The first ``lead`` seconds say what it is, and ``said`` of it; then the terminal begins."""

    title: str
    said: str
    columns: int
    rows: int
    lead: float
    shown: tuple[Shown, ...]
    chapters: tuple[Chapter, ...]
    cues: tuple[Cue, ...]
    duration: float


@dataclass
class _Command:
    """A command while it is read: when it was begun, its letters, what it printed, and when the last of that came."""

    begun: float
    letters: str = ""
    output: str = ""
    last: float = 0.0

    @property
    def typed(self) -> str:
        return f"Typed: {_one_line(self.letters.replace(f'{chr(92)}{_ENTER}', ' '))}"

    @property
    def printed(self) -> str:
        lines = [line for line in self.output.split(_ENTER) if line.strip()]
        if not lines:
            return "It printed nothing."
        counted = "Printed" if len(lines) == 1 else f"Printed {len(lines)} lines, the last"
        return f"{counted}: {_one_line(lines[-1])}"


@dataclass
class _Reader:
    """Reads events in order and keeps its own clock, on which nothing new begins before the last could be read."""

    now: float
    idle: float
    before: float = 0.0  # the time of the last event in the recording
    rest: float = 0.0  # until when nothing new begins
    shown: list[Shown] = field(default_factory=list)
    chapters: list[Chapter] = field(default_factory=list)
    commands: list[_Command] = field(default_factory=list)
    begins: list[float] = field(default_factory=list)  # of steps and commands: what ends the caption before
    in_title: bool = False

    def read(self, seconds: float, kind: str, text: str) -> None:
        """Take the next event."""
        self.now += min(max(seconds - self.before, 0.0), self.idle)
        self.before = max(self.before, seconds)
        if kind == "m":
            self._begin()
            self.chapters.append(Chapter(self.now, _NUMBERED.sub("", text)))
            self.in_title, self.rest = True, self.now + TITLE_S
        elif kind == "o":
            if text == _PROMPT:
                self._begin()
                self.commands.append(_Command(self.now, last=self.now))
                self.in_title = False
            elif not self.in_title and self.commands:
                self._take(self.commands[-1], text)
            self.shown.append(Shown(self.now, text))

    def _begin(self) -> None:
        self.now = max(self.now, self.rest)
        self.begins.append(self.now)

    def _take(self, command: _Command, text: str) -> None:
        if not command.output and (len(text) == 1 or text == _ENTER):
            command.letters += text
        else:
            command.output += text
        if text != _ENTER:  # an empty line is nothing to read
            command.last, self.rest = self.now, self.now + READING_S


def play(recording: Recording, said: str) -> Playback:
    """The video of a recording; *said* is what its page says of it."""
    header, *events = (json.loads(line) for line in recording.cast.splitlines())
    title = str(header.get("title") or recording.name)
    lead = max(READING_S, len(f"{title} {said}") / _LETTERS_A_SECOND)
    reader = _Reader(lead, _seconds(header.get("idle_time_limit")))
    for seconds, kind, text in events:
        reader.read(seconds, kind, text)
    end = max(reader.now, reader.rest) + END_S
    total = len(reader.chapters)
    chapters = [
        chapter._replace(title=f"Step {number} of {total}: {chapter.title}")
        for number, chapter in enumerate(reader.chapters, 1)
    ]
    cues = [Cue(0.0, lead, f"{title}\n{said}"), *_cues(chapters, reader.commands, [*reader.begins, end])]
    return Playback(
        title, said, int(header["width"]), int(header["height"]), lead,
        tuple(reader.shown), tuple(chapters), tuple(cue for cue in cues if cue.end > cue.start), end,
    )  # fmt: skip


def _cues(chapters: Sequence[Chapter], commands: Sequence[_Command], begins: Sequence[float]) -> Iterator[Cue]:
    """The title of each step, then of each command what was typed, and, once it is all there, what came of it."""

    def next_after(moment: float) -> float:
        return next(begin for begin in begins if begin > moment)

    cues = [Cue(at, next_after(at), title) for at, title in chapters]
    for command in commands:
        cues.append(Cue(command.begun, command.last, command.typed))
        cues.append(Cue(command.last, next_after(command.begun), command.printed))
    yield from sorted(cues)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


def _seconds(limit: Any) -> float:
    return float(limit) if isinstance(limit, int | float) and limit > 0 else float("inf")
