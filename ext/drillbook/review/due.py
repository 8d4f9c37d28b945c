"""What is due: proofs that are void, missing or too old, and pages that nobody signed, or not since, or not for long.

Read from ``ops.json``, as the manual was built, and from the signatures that are there now. What readers doubt comes first.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from drillbook.model.data import SCHEMA, DataError
from drillbook.model.evidence import SIGNED, EvidenceError, State, file_of, read_signature, until
from drillbook.model.owner import Owned
from drillbook.portal.feedback.rating import Rated

_DAY: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
DOUBTED: Final = "doubted"  # by readers, whatever was proven
WORDS: Final[dict[str, str]] = {
    DOUBTED: DOUBTED,
    State.VOID: "changed",
    State.NONE: "missing",
    State.DUE: "overdue",
    State.PROVEN: "soon",  # it holds today, and will not for as long as was asked
}
NOBODY: Final = "nobody"  # who keeps what names no owner
SIGNATURE: Final = "signature"


class Page(NamedTuple):
    """A page as the manual's data has it; ``content`` is the digest of what is to be signed on it."""

    name: str
    title: str
    owner: str
    content: str
    to_sign: tuple[tuple[str, str], ...]  # what it is (contact, severity, step), and what it says
    url: str = ""
    owners: tuple[str, ...] = ()  # several when its trees have several


class Proof(NamedTuple):
    """A stamp as the manual's data has it; days are ISO 8601, or empty."""

    kind: str
    name: str
    state: State
    says: str
    proven: str
    until: str
    url: str = ""
    owners: tuple[str, ...] = ()


class Manual(NamedTuple):
    """What the review reads."""

    pages: dict[str, Page]
    proofs: tuple[Proof, ...]
    days: float
    project: str = ""
    owned: tuple[Owned, ...] = ()

    @property
    def owners(self) -> tuple[str, ...]:
        """All owners that the manual names."""
        return tuple(sorted({one.owner for one in self.owned}))

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
    """Something to do, and how bad it is. ``says`` has absolute days only; ``until`` is the last on which it holds,
    or held, and empty when it does not for another reason."""

    state: str  # a State, or DOUBTED
    kind: str
    name: str
    says: str
    until: str = ""
    url: str = ""
    owners: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What it is, in words."""
        return f"signature of {self.name}" if self.kind == SIGNATURE else f"{self.kind} {self.name}"

    @property
    def keepers(self) -> tuple[str, ...]:
        """Its owners, or nobody."""
        return self.owners or (NOBODY,)


class Signing(NamedTuple):
    """What the signature of a page is worth, what is said of it, and the last day on which it holds."""

    state: State
    says: str
    until: str = ""


def read_manual(file: Path) -> Manual:
    """Read ``ops.json``. Raises :exc:`DataError` with a text for people."""
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise DataError(f"{file} has the format {data['schema']}, and this reads {SCHEMA}")
        owned = tuple(Owned(one["page"], one["file"], one["line"], one["owner"]) for one in data["owners"])
        pages = {page["name"]: _page(page, owned) for page in data["pages"]}
        places = _places(data, pages)
        proofs = (
            Proof(
                *(stamp["kind"], stamp["name"], State(stamp["state"])),
                *(stamp["says"], stamp["proven"], stamp["until"]),
                *places.get((stamp["kind"], stamp["name"]), ("", ())),
            )
            for stamp in data["stamps"]
        )
        about = data["manual"]
        return Manual(pages, tuple(proofs), float(about["proof_days"]), about["project"], owned)
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}. `make html` writes it; --data names another") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{file} is no ops.json of this toolkit: {type(error).__name__}: {error}. `make html` writes it anew"
        ) from error


def _page(page: Any, owned: tuple[Owned, ...]) -> Page:
    words = tuple((word["kind"], word["text"]) for word in page["to_sign"])
    owners = tuple(one.owner for one in owned if one.page == page["name"])
    return Page(page["name"], page["title"], page["owner"], page["content"], words, page["url"], owners)


def _places(data: Any, pages: dict[str, Page]) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """Where each thing that can be proven stands, and who keeps it; a drill is kept by who keeps the tree that it ends in."""
    found = {("page", page.name): (page.url, page.owners) for page in pages.values()}
    by_url = {page.url: page.owners for page in pages.values()}
    for one in data["procedures"]:
        found["procedure", one["name"]] = one["url"], by_url.get(one["url"].partition("#")[0], ())
    for tree in data["trees"]:
        place = tree["url"], tuple(filter(None, [tree["owner"]]))
        found["tree", tree["name"]] = place
        for fault in (fault for node in tree["nodes"] for fault in node.get("faults", ())):
            found.setdefault(("drill", fault), place)
    return found


def due(
    manual: Manual, folder: Path, days: float, today: date, within: int = 0, rated: Iterable[Rated] = ()
) -> list[Due]:
    """Everything that is due *today*, and what will be after *within* more days, the worst first.

    At its head stands, in its order, what readers doubt of what they *rated*.
    """
    by = today + timedelta(days=within)
    found = [*_proofs(manual, today, by), *_signatures(manual, folder, days, today, by)]
    order: list[str] = list(State)
    found.sort(key=lambda one: (order.index(one.state), one.until if within else "", one.what))
    return [*(_doubt(manual, one) for one in rated if one.doubted), *found]


def _doubt(manual: Manual, rated: Rated) -> Due:
    page = manual.pages.get(rated.page)
    kind, _, name = rated.what.partition(" ")
    url, owners = (page.url, page.owners) if page else ("", ())
    return Due(DOUBTED, kind, name, f"{rated.says}.", url=url, owners=owners)


def kept_by(found: Iterable[Due], owner: str) -> list[Due]:
    """What of *found* that *owner* keeps; :data:`NOBODY` keeps what has no owner."""
    return [one for one in found if owner.casefold() in map(str.casefold, one.keepers)]


def _proofs(manual: Manual, today: date, by: date) -> Iterator[Due]:
    for proof in manual.proofs:
        if state := _listed(proof.state, proof.until, today, by):
            last = "" if state in (State.VOID, State.NONE) else proof.until
            yield Due(state, proof.kind, proof.name, proof.says, last, proof.url, proof.owners)


def _signatures(manual: Manual, folder: Path, days: float, today: date, by: date) -> Iterator[Due]:
    for page in manual.pages.values():
        if page.to_sign:
            found = signature(page, folder, days)
            if state := _listed(found.state, found.until, today, by):
                yield Due(state, SIGNATURE, page.name, found.says, found.until, page.url, page.owners)


def _listed(state: State, until: str, today: date, by: date) -> State | None:
    """How bad it is today; none when it holds until *by*, or when nothing can prove it."""
    if state is State.PROVEN:
        last = date.fromisoformat(until) if until else date.max
        return State.DUE if today > last else State.PROVEN if by > last else None
    return None if state is State.UNPROVEN else state


def signature(page: Page, folder: Path, days: float) -> Signing:
    """What the signature of a page is worth, if it holds for *days*; whether these are over, today tells."""
    try:
        file = file_of(folder, SIGNED, page.name)
        signed = read_signature(file) if file.exists() else None
    except EvidenceError as error:
        return Signing(State.NONE, f"Not signed: {error}.")
    if signed is None:
        return Signing(State.NONE, "Not signed yet.")
    said, last = f"igned {signed.day} by {signed.reviewer}.", until(signed.day, days).isoformat()
    if signed.content != page.content:
        return Signing(State.VOID, f"Not signed since it changed. Last s{said}")
    return Signing(State.PROVEN, f"S{said} Sign again by {last}.", last)


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
