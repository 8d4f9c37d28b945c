"""What a command printed, compared with what its page shows.

``...`` on a line of its own stands for any lines, also none; inside a line, for anything in that line. Blanks at the end
of lines, and empty lines at the end, do not count. Ways to compare, after istio.io's tests of its documentation:

=============  =======================================================================================
same           all lines, in order
contains       the lines stand one after the other somewhere in the output
lines          each line stands somewhere in the output, in any order
first-line     the first line is the same; the others are not looked at
like           all lines, in order; durations, times, addresses and ids may be others
failure        the command fails, and all lines are the same
=============  =======================================================================================
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

ANY: Final = "..."


class Mode(StrEnum):
    """A way to compare; the table above says what each does."""

    SAME = "same"
    CONTAINS = "contains"
    LINES = "lines"
    FIRST_LINE = "first-line"
    LIKE = "like"
    FAILURE = "failure"


# What differs from run to run though it is the same: the order matters, a time holds what looks like a duration.
_VARIES: Final = (
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b|\blocalhost:\d+\b|\[[0-9a-f:]+\]:\d+", re.IGNORECASE), "<address>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<address>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"), "<id>"),
    (re.compile(r"\b(?:\d+(?:\.\d+)?[ ]?(?:ns|us|µs|ms|s|sec|seconds?|min|minutes?|h|hours?|d|days?)\b[ ]?)+"), "<duration> "),
    (re.compile(r"\b(?:pid|PID)[ =:]+\d+"), "<id>"),
)  # fmt: skip


def difference(expected: str, output: str, mode: Mode = Mode.SAME) -> str:
    """How *output* differs from what is *expected*, as a diff; empty if it does not.

    Lines with ``-`` were expected and did not come, lines with ``+`` came and were not expected.
    """
    wanted, got = _lines(expected), _lines(output)
    if mode is Mode.LIKE:
        wanted, got = [_alike(line) for line in wanted], [_alike(line) for line in got]
    match mode:
        case Mode.CONTAINS:
            fits = _fit([ANY, *wanted, ANY], got)
        case Mode.LINES:
            fits = all(any(_fits(line, other) for other in got) for line in wanted if not _is_any(line))
        case Mode.FIRST_LINE:
            wanted, got = wanted[:1], got[:1]
            fits = _fit(wanted, got)
        case _:
            fits = _fit(wanted, got)
    return "" if fits else _diff(wanted, got)


def weakness(expected: str, mode: Mode = Mode.SAME) -> str:
    """Why an expectation proves nothing, whatever the output is; empty if it proves something."""
    lines = _lines(expected)
    if not lines:
        return "" if mode in (Mode.SAME, Mode.LIKE) else "nothing is expected"
    if mode is Mode.FIRST_LINE:
        lines = lines[:1]
    said = [re.sub(r"<\w+>", "", _alike(line)) if mode is Mode.LIKE else line for line in lines]
    words = "".join(said).replace(ANY, "")
    if not re.search(r"\w", words):
        if mode is Mode.LIKE:
            return "all that is expected may be anything"
        if ANY in "".join(lines):
            return f"only {ANY} is expected"
        return "only punctuation is expected" if mode in (Mode.CONTAINS, Mode.LINES) else ""
    if mode in (Mode.CONTAINS, Mode.LINES) and len(re.findall(r"\w", words)) < 3:  # "0", "OK": nearly anything has it
        return f"nearly any output contains {words.strip()!r}"
    return ""


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _alike(line: str) -> str:
    for pattern, name in _VARIES:
        line = pattern.sub(name, line)
    return line.rstrip()


def _is_any(line: str) -> bool:
    """Whether an expected line stands for any lines."""
    return line.strip() == ANY


def _fits(wanted: str, line: str) -> bool:
    """Whether one line is as wanted. Parts are sought from left to right, so that no input takes long."""
    first, *rest = wanted.split(ANY)
    if not rest:
        return wanted == line
    *middle, last = rest
    if not line.startswith(first) or len(line) < len(first) + len(last) or not line.endswith(last):
        return False
    at, end = len(first), len(line) - len(last)
    for part in middle:
        found = line.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _fit(wanted: Sequence[str], got: Sequence[str]) -> bool:
    """Whether all lines are as wanted; each ``...`` takes as few lines as the rest allows."""
    row = column = 0
    retry: tuple[int, int] | None = None  # behind the last ``...``: which line it had taken up to
    while column < len(got):
        if row < len(wanted) and _is_any(wanted[row]):
            row += 1
            retry = (row, column)
        elif row < len(wanted) and _fits(wanted[row], got[column]):
            row, column = row + 1, column + 1
        elif retry:
            row, column = retry[0], retry[1] + 1
            retry = (row, column)
        else:
            return False
    return all(map(_is_any, wanted[row:]))


def _diff(wanted: Sequence[str], got: Sequence[str]) -> str:
    """A diff in which a line that is as wanted is no difference, whatever ``...`` stands for in it."""
    patterns = [line for line in wanted if ANY in line and not _is_any(line)]
    seen = [next((pattern for pattern in patterns if _fits(pattern, line)), line) for line in got]
    shown: list[str] = []
    for kind, from_, to, start, end in SequenceMatcher(None, wanted, seen, autojunk=False).get_opcodes():
        removed = wanted[from_:to]
        if kind == "equal":
            shown += [f"  {line}" for line in got[start:end]]
        elif any(map(_is_any, removed)):  # the rest of what it stands for is no difference
            shown += [f"- {line}" for line in removed if not _is_any(line)]
            shown += [f"  {line}" for line in got[start:end]]
        else:
            shown += [f"- {line}" for line in removed] + [f"+ {line}" for line in got[start:end]]
    if not any(line.startswith(("- ", "+ ")) for line in shown):  # all is there, in another order or too often
        shown = [f"- {line}" for line in wanted] + [f"+ {line}" for line in got]
    return "\n".join(shown) + "\n"
