"""Evidence: what a run has proven, bound to the content that it ran and to the system's code; and signatures of people.

Each is a small JSON file, written by runs only (a signature: by ``drillbook review --sign``). It is bound to digests and
never to a commit: edit what was run, and it is void until the next run; commit the evidence, and it stays.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

PROCEDURE, PAGE, CHECKS, DRILL, SIGNED = "procedure", "page", "checks", "drill", "signed"
MEASUREMENT: Final = "measurement"
TRANSLATION: Final = "translation"  # a signature, too: for a page in another language, called LANGUAGE/PAGE
KINDS: Final = (PROCEDURE, PAGE, CHECKS, DRILL, MEASUREMENT)  # of evidence; a signature is the word of a person
_NAME: Final = re.compile(r"(?!\.)[\w.+@-]+(/(?!\.)[\w.+@-]+)*")  # no way out of the folder, nothing hidden
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
Json = dict[str, Any]


class EvidenceError(Exception):
    """A file that is no evidence, or a name that it cannot have; the text says why."""


class State(StrEnum):
    """What a proof is worth; the worst first."""

    VOID = "void"  # there was one, for something else than there is now
    NONE = "none"
    DUE = "due"  # it is too old
    UNPROVEN = "unproven"  # nothing can prove it, as its author says
    PROVEN = "proven"


class Evidence(NamedTuple):
    """What a run proved. ``content`` and ``system`` are digests: of what was run, and of the code that it ran against.

    ``version`` is that of the system, ``toolkit`` ours, ``proven`` the UTC time, ``log`` the digest of what the run said.
    """

    kind: str
    name: str
    content: str
    system: str
    version: str
    toolkit: str
    proven: str
    log: str
    details: Json

    @property
    def day(self) -> date:
        """The day on which it was proven."""
        return datetime.strptime(self.proven, _TIME).replace(tzinfo=UTC).date()


class Signature(NamedTuple):
    """Somebody's word for what no run can prove on a page, or for its translation: ``content`` is the digest of that."""

    name: str  # of the page; of a translation with its language before it: ``de/alerts/HighLatency``
    content: str
    reviewer: str
    email: str
    signed: str
    kind: str = SIGNED

    @property
    def day(self) -> date:
        """The day on which it was signed."""
        return datetime.strptime(self.signed, _TIME).replace(tzinfo=UTC).date()


Record = TypeVar("Record", Evidence, Signature)


def now() -> str:
    """The time of this moment, as evidence has it."""
    return datetime.now(UTC).strftime(_TIME)


def state(evidence: Evidence | None, content: str, system: str, today: date, days: float) -> State:
    """What *evidence* is worth *today* for what has the digests *content* and *system*, if it holds for *days*."""
    if evidence is None:
        return State.NONE
    if (evidence.content, evidence.system) != (content, system):
        return State.VOID
    return State.DUE if today > until(evidence.day, days) else State.PROVEN


def until(day: date, days: float) -> date:
    """The last day on which what was proven on *day* holds."""
    return day + timedelta(days=days)


def file_of(folder: Path, kind: str, name: str, suffix: str = ".json") -> Path:
    """Where the evidence for *name* is. Raises :exc:`EvidenceError` for a name that no file can have."""
    if not _NAME.fullmatch(name):
        raise EvidenceError(f"no file can be called {name!r}: use letters, digits, . + @ - and _")
    return folder / kind / f"{name}{suffix}"


def write(folder: Path, record: Evidence | Signature) -> Path:
    """Write *record*, whole or not at all."""
    file = file_of(folder, record.kind, record.name)
    write_text(file, f"{json.dumps(record._asdict(), indent=1, ensure_ascii=False, sort_keys=True)}\n")
    return file


def write_text(file: Path, text: str) -> None:
    """Write *file*, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, new = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(new).chmod(0o644)  # it is committed with the pages, not kept from anybody
        os.replace(new, file)  # noqa: PTH105 - says that it is atomic
    except BaseException:
        Path(new).unlink(missing_ok=True)
        raise


def read(file: Path) -> Evidence:
    """The evidence in *file*. Raises :exc:`EvidenceError`."""
    return _read(file, Evidence)


def read_signature(file: Path) -> Signature:
    """The signature in *file*. Raises :exc:`EvidenceError`."""
    return _read(file, Signature)


def _read(file: Path, kind: type[Record]) -> Record:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        found = kind(**{name: data[name] for name in kind._fields})
        for name, value in found._asdict().items():
            if not isinstance(value, dict if name == "details" else str):
                raise TypeError(f"{name} is {value!r}")
        found.day  # noqa: B018 - raises for a time that is none
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvidenceError(f"this is no evidence, and counts as none: {type(error).__name__}: {error}") from error
    return found


def files(folder: Path, kind: str, suffix: str = ".json") -> Iterator[tuple[str, Path]]:
    """The names of all that there is evidence for, and their files."""
    for file in sorted((folder / kind).rglob(f"*{suffix}")):
        if not file.name.startswith("."):
            yield file.relative_to(folder / kind).with_suffix("").as_posix(), file
