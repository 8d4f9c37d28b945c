"""Stamps: what a page says of how it was proven, in one sentence with absolute dates.

How old a proof is depends on the day on which it is read, so a stamp does not say it: two builds of the same manual are
the same, byte by byte. The browser and ``drillbook review`` count the days.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from drillbook.model.evidence import MEASUREMENT, Evidence, State, until

ITSELF, SYSTEM = "it", "the system"  # what changed since
WORST_FIRST: Final = {state: number for number, state in enumerate(State)}


class Stamp(NamedTuple):
    """What is said of one thing. Days are ISO 8601.

    ``figures`` is what a run measured, in words; ``reason`` is why it is not proven, and for a void one what changed.
    """

    kind: str
    name: str
    state: State
    proven: str = ""
    version: str = ""
    until: str = ""
    figures: str = ""
    reason: str = ""

    @property
    def says(self) -> str:
        """The sentence."""
        word, again = ("measured", "Measure") if self.kind == MEASUREMENT else ("proven", "Prove")
        version = f"v{self.version}" if self.version[:1].isdigit() else self.version
        proven = f"{word} {self.proven} against {version}" if version else f"{word} {self.proven}"
        match self.state:
            case State.VOID:
                return f"Not {word} since {self.reason} changed. Last {proven}."
            case State.NONE:
                return f"Not {word} yet: {self.reason}." if self.reason else f"Not {word} yet."
            case State.UNPROVEN:
                return f"Not {word}: {self.reason.rstrip('.')}."
        return f"{proven[0].upper()}{proven[1:]}{f': {self.figures}' if self.figures else ''}. {again} again by {self.until}."


def stamp(kind: str, name: str, evidence: Evidence | None, content: str, system: str, days: float) -> Stamp:
    """The stamp of what has the digests *content* and *system*."""
    if evidence is None:
        return Stamp(kind, name, State.NONE)
    dated = Stamp(
        kind,
        name,
        State.PROVEN,
        evidence.day.isoformat(),
        evidence.version,
        until(evidence.day, days).isoformat(),
        figures(evidence),
    )
    if evidence.content != content:
        return dated._replace(state=State.VOID, reason=ITSELF)
    return dated._replace(state=State.VOID, reason=SYSTEM) if evidence.system != system else dated


def together(kind: str, name: str, parts: Iterable[Stamp], figures: str = "") -> Stamp | None:
    """One stamp for several: as bad as the worst, as old as the oldest; none for nothing.

    What its author declared unproven counts only when there is nothing else.
    """
    every = list(parts)
    counted = [part for part in every if part.state is not State.UNPROVEN]
    if not counted:
        return every[0]._replace(kind=kind, name=name) if every else None
    worst = min((part.state for part in counted), key=WORST_FIRST.__getitem__)
    same = [part for part in counted if part.state is worst]
    oldest = min(same, key=lambda part: part.proven)
    if worst is State.NONE:
        reason = oldest.reason if len(counted) == 1 else ""
        if len(same) < len(counted):
            reason = f"{len(same)} of {len(counted)} parts"
        return Stamp(kind, name, worst, reason=reason)
    reason = "" if worst is State.PROVEN else ITSELF if any(part.reason == ITSELF for part in same) else SYSTEM
    figures = figures or (oldest.figures if len(counted) == 1 else "")
    return oldest._replace(kind=kind, name=name, reason=reason, figures=figures)


def figures(*evidence: Evidence) -> str:
    """What runs measured, in words; of several the longest times."""
    details = [one.details for one in evidence]
    fired, cleared, seconds = (_longest(details, name) for name in ("fired_s", "cleared_s", "seconds"))
    if fired is not None and cleared is not None:
        said = f"alert in {fired} s, cleared in {cleared} s"
        return said if len(details) == 1 else f"{len(details)} faults, {said} at the longest"
    if (machine := details[0].get("machine")) and len(details) == 1:
        return f"on {machine}" + (f", in {seconds} s" if seconds else "")
    examples = details[0].get("examples") if len(details) == 1 else None
    if isinstance(examples, int) and not isinstance(examples, bool):
        return f"{examples} example{'' if examples == 1 else 's'}" + (f" in {seconds} s" if seconds else "")
    return f"run in {seconds} s" if seconds else ""


def _longest(details: Iterable[dict[str, Any]], name: str) -> int | None:
    """In whole seconds, at least one; ``None`` when somebody did not measure it."""
    values = [one.get(name) for one in details]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return max(1, round(max(numbers))) if numbers and len(numbers) == len(values) else None


def doubt(stamps: Iterable[Stamp]) -> tuple[str, list[str]]:
    """After which day to doubt a copy of a manual whose pages have these *stamps*, and how many of them are proven."""
    every = list(stamps)
    if not every:
        return "Nothing in this manual is proven by a run.", []
    good = [one.until for one in every if one.state is State.PROVEN]
    said = [
        f"{len(good)} of {len(every)} pages with commands are proven by runs.",
        "Each page says at its head when that was, and by when it must be proven again.",
    ]
    if bad := len(every) - len(good):
        said.append(f"{bad} {'is' if bad == 1 else 'are'} not: check each command there before you type it.")
    return (f"Check before use after {min(good)}." if good else "No page of this manual is proven now."), said
