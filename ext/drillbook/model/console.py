"""Console sessions: commands behind ``$``, each with the output that is expected of it.

A command goes on after a line that ends in a backslash, and to the end of its here-document::

    $ ./deploy.py --status
    environment  production
    $ cat > note <<END
    one line
    END
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from drillbook.model.compare import Mode

PROMPT: Final = "$ "
LANGUAGES: Final = ("console", "shell-session")
QUERY_LANGUAGE: Final = "promql"
_HERE_DOCUMENT = re.compile(r"(?<!<)<<-?\s*(['\"]?)(\w+)\1(?!.*<<)")


class How(NamedTuple):
    """How a command is run, and how its output is compared. Times are in seconds."""

    mode: Mode = Mode.SAME
    status: int | None = None  # the exit status that it must have; None is 0, and for a failure any other
    within_s: float = 0  # it is run again until it fits, for as long
    time_limit_s: float = 60
    unproven: str = ""  # why it is not run at all


AS_SHOWN: Final = How()


class Command(NamedTuple):
    """A command as it is typed, the lines expected of it, and its line in the session, from 0."""

    text: str
    expected: str
    line: int
    how: How = AS_SHOWN


def commands(session: str, how: How = AS_SHOWN) -> Iterator[Command]:
    """The commands of *session*, all to be run in one way; what stands before the first prompt is skipped."""
    lines = session.splitlines()
    index = next((number for number, line in enumerate(lines) if _prompts(line)), len(lines))
    while index < len(lines):
        start = index
        typed, index = _typed(lines, start)
        output_end = next((number for number in range(index, len(lines)) if _prompts(lines[number])), len(lines))
        yield Command("\n".join(typed), "".join(f"{line}\n" for line in lines[index:output_end]), start, how)
        index = output_end


def _prompts(line: str) -> bool:
    return line.startswith(PROMPT) or line == PROMPT.strip()


def _typed(lines: list[str], start: int) -> tuple[list[str], int]:
    """The lines of one command, and the index behind them."""
    typed = [lines[start][len(PROMPT) :]]
    index = start + 1
    while typed[-1].endswith("\\") and index < len(lines):
        typed.append(lines[index])
        index += 1
    if here := _HERE_DOCUMENT.search(" ".join(typed)):
        while index < len(lines):
            typed.append(lines[index])
            index += 1
            if typed[-1].strip() == here[2]:
                break
    return typed, index
