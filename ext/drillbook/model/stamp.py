"""Stamps: what a page says of how it was proven, in one sentence with absolute dates.

How old a proof is depends on the day on which it is read, so a stamp does not say it: two builds of the same manual are
the same, byte by byte. The browser and ``drillbook review`` count the days.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from drillbook.model.evidence import MEASUREMENT, Evidence, State, until

ITSELF, SYSTEM = "it", "the system"  # what changed since
Translate = Callable[[str], str]
WORST_FIRST: Final = {state: number for number, state in enumerate(State)}


class Phrase(str):
    """Words of the toolkit with values in them: a text in English that can be said in another language."""

    message: str
    values: dict[str, object]

    def __new__(cls, message: str, **values: object) -> "Phrase":
        """Fill the places of *message*."""
        made = super().__new__(cls, message.format(**values))
        made.message, made.values = message, values
        return made


def told(text: str, _: Translate) -> str:
    """*text* in the language of *_* if the toolkit says it; what an author wrote stays."""
    return _(text.message).format(**text.values) if isinstance(text, Phrase) else text


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
        return self.said(str)

    def said(self, _: Translate) -> str:
        """The sentence in the language of *_*."""
        version = f"v{self.version}" if self.version[:1].isdigit() else self.version
        reason = told(self.reason, _).rstrip(".。")
        places = {"day": self.proven, "version": version, "reason": reason, "until": self.until}
        said = _measured(_) if self.kind == MEASUREMENT else _proven(_)
        match self.state:
            case State.VOID:
                since = said["since it"] if self.reason == ITSELF else said["since the system"]
                text = f"{since} {said['last against'] if version else said['last']}"
            case State.NONE:
                text = said["not yet, because"] if reason else said["not yet"]
            case State.UNPROVEN:
                text = said["not"]
            case State.PROVEN | State.DUE:
                head = (said["against"] if version else said["proven"]).format(**places)
                figures = told(self.figures, _)
                text = _("{said}: {figures}.") if figures else _("{said}.")
                return f"{text.format(said=head, figures=figures)} {said['again'].format(**places)}"
        return text.format(**places)


def _proven(_: Translate) -> dict[str, str]:
    return {
        "since it": _("Not proven since it changed."),
        "since the system": _("Not proven since the system changed."),
        "last": _("Last proven {day}."),
        "last against": _("Last proven {day} against {version}."),
        "not yet": _("Not proven yet."),
        "not yet, because": _("Not proven yet: {reason}."),
        "not": _("Not proven: {reason}."),
        "proven": _("Proven {day}"),
        "against": _("Proven {day} against {version}"),
        "again": _("Prove again by {until}."),
    }


def _measured(_: Translate) -> dict[str, str]:
    return {
        "since it": _("Not measured since it changed."),
        "since the system": _("Not measured since the system changed."),
        "last": _("Last measured {day}."),
        "last against": _("Last measured {day} against {version}."),
        "not yet": _("Not measured yet."),
        "not yet, because": _("Not measured yet: {reason}."),
        "not": _("Not measured: {reason}."),
        "proven": _("Measured {day}"),
        "against": _("Measured {day} against {version}"),
        "again": _("Measure again by {until}."),
    }


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
            reason = Phrase("{number} of {all} parts", number=len(same), all=len(counted))
        return Stamp(kind, name, worst, reason=reason)
    reason = "" if worst is State.PROVEN else ITSELF if any(part.reason == ITSELF for part in same) else SYSTEM
    figures = figures or (oldest.figures if len(counted) == 1 else "")
    return oldest._replace(kind=kind, name=name, reason=reason, figures=figures)


def figures(*evidence: Evidence) -> str:
    """What runs measured, in words; of several the longest times."""
    details = [one.details for one in evidence]
    fired, cleared, seconds = (_longest(details, name) for name in ("fired_s", "cleared_s", "seconds"))
    if fired is not None and cleared is not None:
        said = {"fired": fired, "cleared": cleared}
        if len(details) == 1:
            return Phrase("alert in {fired} s, cleared in {cleared} s", **said)
        said["faults"] = len(details)
        return Phrase("{faults} faults, alert in {fired} s, cleared in {cleared} s at the longest", **said)
    if (machine := details[0].get("machine")) and len(details) == 1:
        if seconds:
            return Phrase("on {machine}, in {seconds} s", machine=machine, seconds=seconds)
        return Phrase("on {machine}", machine=machine)
    examples = details[0].get("examples") if len(details) == 1 else None
    if isinstance(examples, int) and not isinstance(examples, bool):
        return _examples(examples, seconds)
    return Phrase("run in {seconds} s", seconds=seconds) if seconds else ""


def _examples(number: int, seconds: int | None) -> Phrase:
    if number == 1:
        return Phrase("1 example in {seconds} s", seconds=seconds) if seconds else Phrase("1 example")
    if seconds:
        return Phrase("{number} examples in {seconds} s", number=number, seconds=seconds)
    return Phrase("{number} examples", number=number)


def _longest(details: Iterable[dict[str, Any]], name: str) -> int | None:
    """In whole seconds, at least one; ``None`` when somebody did not measure it."""
    values = [one.get(name) for one in details]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return max(1, round(max(numbers))) if numbers and len(numbers) == len(values) else None


def doubted_after(stamps: Iterable[Stamp]) -> str:
    """The first day after which one of the pages with these *stamps* is to be doubted; empty if none is proven."""
    return min((one.until for one in stamps if one.state is State.PROVEN), default="")


def doubt(stamps: Iterable[Stamp], _: Translate = str) -> tuple[str, list[str]]:
    """After which day to doubt a copy of a manual whose pages have these *stamps*, and how many of them are proven.

    *_* translates a message.
    """
    every = list(stamps)
    if not every:
        return _("Nothing in this manual is proven by a run."), []
    good = sum(one.state is State.PROVEN for one in every)
    said = [
        _("{number} of {all} pages with commands are proven by runs.").format(number=good, all=len(every)),
        _("Each page says at its head when that was, and by when it must be proven again."),
    ]
    if bad := len(every) - good:
        one = _("1 is not: check each command there before you type it.")
        more = _("{number} are not: check each command there before you type it.")
        said.append(one if bad == 1 else more.format(number=bad))
    if not good:
        return _("No page of this manual is proven now."), said
    return _("Check before use after {day}.").format(day=doubted_after(every)), said
