"""How old a manual is, and whether its day has passed: what a reader of paper finds on the cover."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

DOUBT = "check each command before you type it"


class Age(NamedTuple):
    """What ``ops.json`` says of the manual; ``made`` and ``commit`` only that of a bundle. What it does not say is empty."""

    manual: str
    made: datetime | None
    commit: str
    doubt: date | None
    nothing_proven: bool

    def says(self, today: date) -> str:
        """Of what it is a copy, and after which day to doubt it."""
        made = f", made {self.made:%Y-%m-%d %H:%M} UTC" if self.made else ""
        commit = f" from {self.commit}" if self.commit else ""
        return f"{self.manual}{made}{commit}. {self._doubt(today)}"

    def _doubt(self, today: date) -> str:
        if self.nothing_proven:
            return f"Nothing in it is proven: {DOUBT}."
        if self.doubt is None:
            return "It does not say after which day to doubt it."
        passed = f" That day has passed: {DOUBT}." if today > self.doubt else ""
        return f"Check before use after {self.doubt}.{passed}"


def read_age(manual: dict[str, Any]) -> Age:
    """The age that the part ``manual`` of ``ops.json`` says; the files of older toolkits say less."""
    name = " ".join(f"{manual['project']} {manual['version']}".split())
    doubt = manual.get("doubt")
    return Age(name, _time(manual.get("made")), str(manual.get("commit", "")), _day(doubt), doubt == "")


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
