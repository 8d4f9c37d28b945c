"""Feedback as a file: CSV for spreadsheets, in which no cell is a formula, or JSON, which can be read back."""

import csv
import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from drillbook.portal.feedback.answer import TIME, Answer, FeedbackError, Received, now, read_answer

FORMAT: Final = 1
# Where a cell begins that would be calculated, also for a spreadsheet that takes a semicolon, as the German one does, or a
# tab for the separator: it knows no quotes around a cell that begins with something else, and ends a row at each line.
_FORMULA: Final = re.compile(r'^(?= *[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=[ "]*[=+\-@＝＋－＠])')


class ExportError(FeedbackError):
    """A file that is no export; the text says where, and why."""


def write_csv(answers: Iterable[Received], out: TextIO) -> None:
    """Write RFC 4180, with a heading. *out* must not translate line ends."""
    table = csv.writer(out)
    table.writerow(("received", *Answer._fields))
    for one in answers:
        table.writerow([_cell(value) for value in one.as_json().values()])


def _cell(text: str) -> str:
    """What a spreadsheet shows as it is: a ``'`` stands before what it would calculate."""
    return _FORMULA.sub("'", text)


def write_json(answers: Sequence[Received], out: TextIO) -> None:
    """Write ``{"format": 1, "answers": [...]}``."""
    json.dump({"format": FORMAT, "answers": [one.as_json() for one in answers]}, out, indent=1, ensure_ascii=False)
    out.write("\n")


def read_json(file: Path) -> list[Received]:
    """What `write_json` wrote, or the list of answers that a browser kept. Raises :exc:`ExportError`."""
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
        kept = isinstance(data, list)
        if not kept and data["format"] != FORMAT:
            raise ExportError(f"{file} has the format {data['format']!r}, and this reads {FORMAT}")
        return [_received(file, number, each) for number, each in enumerate(data if kept else data["answers"], 1)]
    except OSError as error:
        raise ExportError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExportError(f"{file} is no export of feedback: {type(error).__name__}: {error}") from error


def _received(file: Path, number: int, each: Any) -> Received:
    try:
        fields = dict(each)
        received = fields.pop("received", None)
        at = datetime.strptime(received, TIME).replace(tzinfo=UTC) if received else now()
        return Received(at, read_answer(fields))
    except (TypeError, ValueError) as error:
        raise ExportError(f"{file}: answer {number}: {error}") from error
