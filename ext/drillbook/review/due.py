"""What is due: proofs that are void, missing or too old, and pages that nobody signed, or not since, or not for long.

Read from ``ops.json``, as the manual was built, and from the signatures that are there now. What readers doubt comes first.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.model.data import SCHEMA, DataError
from drillbook.model.evidence import SIGNED, EvidenceError, Signature, State, file_of, read_signature, until
from drillbook.portal.feedback.rating import Rated

_DAY: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
DOUBTED: Final = "doubted"  # by readers, whatever was proven
WORDS: Final[dict[str, str]] = {
    DOUBTED: DOUBTED,
    State.VOID: "changed",
    State.NONE: "missing",
    State.DUE: "overdue",
}


class Page(NamedTuple):
    """A page as the manual's data has it; ``content`` is the digest of what is to be signed on it."""

    name: str
    title: str
    owner: str
    content: str
    to_sign: tuple[tuple[str, str], ...]  # what it is (contact, severity, step), and what it says


class Proof(NamedTuple):
    """A stamp as the manual's data has it; days are ISO 8601, or empty."""

    kind: str
    name: str
    state: State
    says: str
    proven: str
    until: str


class Manual(NamedTuple):
    """What the review reads."""

    pages: dict[str, Page]
    proofs: tuple[Proof, ...]
    days: float

    def page(self, asked: str) -> Page:
        """The page that *asked* means: its name, its address or its file. Raises :exc:`DataError`."""
        name = re.sub(r"\.(html|md|rst)$", "", asked.partition("#")[0]).removeprefix("./")
        if name in self.pages:
            return self.pages[name]
        longer = [page for page in self.pages if name.endswith(f"/{page}")]  # a file or an address, with its folders
        shorter = [page for page in self.pages if page.endswith(f"/{name}")]
        if longer:
            return self.pages[max(longer, key=len)]
        if len(shorter) == 1:
            return self.pages[shorter[0]]
        known = ", ".join(shorter or sorted(self.pages)) or "none"
        raise DataError(f"{asked!r} is no page with something to prove or to sign; there are: {known}")


class Due(NamedTuple):
    """Something to do, and how bad it is."""

    state: str  # a State, or DOUBTED
    what: str
    says: str


def read_manual(file: Path) -> Manual:
    """Read ``ops.json``. Raises :exc:`DataError` with a text for people."""
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise DataError(f"{file} has the format {data['schema']}, and this reads {SCHEMA}")
        pages = [
            Page(
                page["name"],
                page["title"],
                page["owner"],
                page["content"],
                tuple((word["kind"], word["text"]) for word in page["to_sign"]),
            )
            for page in data["pages"]
        ]
        proofs = (
            Proof(stamp["kind"], stamp["name"], State(stamp["state"]), stamp["says"], stamp["proven"], stamp["until"])
            for stamp in data["stamps"]
        )
        return Manual({page.name: page for page in pages}, tuple(proofs), float(data["manual"]["proof_days"]))
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}. `make html` writes it; --data names another") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file} is no ops.json: {type(error).__name__}: {error}") from error


def due(manual: Manual, folder: Path, days: float, today: date, rated: Iterable[Rated] = ()) -> list[Due]:
    """Everything that is due *today*, the worst first; of what readers rated, in its order, what they doubt."""
    doubts = [Due(DOUBTED, one.what, f"{one.says}.") for one in rated if one.doubted]
    found = [*_proofs(manual, today), *_signatures(manual, folder, days, today)]
    order: list[str] = list(State)
    return doubts + sorted(found, key=lambda one: (order.index(one.state), one.what))


def _proofs(manual: Manual, today: date) -> Iterator[Due]:
    for proof in manual.proofs:
        old = bool(proof.until) and today.isoformat() > proof.until
        state = State.DUE if proof.state is State.PROVEN and old else proof.state
        if state in WORDS:
            yield Due(state, f"{proof.kind} {proof.name}", aged(proof.says, today, proof.until))


def _signatures(manual: Manual, folder: Path, days: float, today: date) -> Iterator[Due]:
    for page in manual.pages.values():
        if page.to_sign:
            state, says = signature(page, folder, days, today)
            if state in WORDS:
                owner = f" Its owner is {page.owner}." if page.owner else ""
                yield Due(state, f"signature of {page.name}", f"{says}{owner}")


def signature(page: Page, folder: Path, days: float, today: date) -> tuple[State, str]:
    """What the signature of a page is worth today, and what is to be said of it."""
    try:
        file = file_of(folder, SIGNED, page.name)
        signed = read_signature(file) if file.exists() else None
    except EvidenceError as error:
        return State.NONE, f"Not signed: {error}."
    if signed is None:
        return State.NONE, "Not signed yet."
    said = aged(f"igned {signed.day} by {signed.reviewer}.", today)
    if signed.content != page.content:
        return State.VOID, f"Not signed since it changed. Last s{said}"
    return _age(signed, days, today), f"S{said}"


def _age(signed: Signature, days: float, today: date) -> State:
    return State.DUE if today > until(signed.day, days) else State.PROVEN


def aged(says: str, today: date, limit: str = "") -> str:
    """*says* with the age of its first day behind it, and behind *limit* how long that is over."""

    def age(found: re.Match[str]) -> str:
        days = (today - date.fromisoformat(found[0])).days
        if found[0] == limit:
            return f"{found[0]} (overdue by {_counted(days)})" if days > 0 else found[0]
        return f"{found[0]} ({'today' if days == 0 else f'{_counted(days)} ago'})" if days >= 0 else found[0]

    return _DAY.sub(age, says)


def _counted(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
