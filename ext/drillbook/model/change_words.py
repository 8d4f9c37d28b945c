"""What a change is, and the words in which it is said; one version of a manual, and two of them side by side."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

Json = dict[str, Any]
Item = TypeVar("Item")
TOP: Final = "manual"  # the section of pages that stand in no folder
_PARTS: Final = {"procedures": "steps", "trees": "nodes"}
_LONG: Final = 160  # characters of an old and a new value that are still shown side by side


class Kind(StrEnum):
    """What happened; seen from the newer version, the first and the last two are each other's opposites."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    LOST = "lost"
    REGAINED = "regained"


class Change(NamedTuple):
    """One thing that a reader must know.

    ``subject`` is what it is about (threshold, alert, step, check, setting ...), ``name`` tells it from others of that
    kind, ``section`` is the folder of its page. ``about`` and ``what`` are for people. ``url`` is its page in the newer
    version, empty when there is none, and ``anchor`` its place there.
    """

    kind: Kind
    subject: str
    name: str
    section: str
    about: str
    what: str
    url: str
    anchor: str

    @property
    def says(self) -> str:
        """The sentence: ``Threshold of QueueDepthHigh: 1000 → 800.``"""
        return f"{self.about}: {self.what.removesuffix('.')}."

    @property
    def address(self) -> str:
        """The page with the anchor, relative to the newer version's data."""
        return f"{self.url}#{self.anchor}" if self.anchor else self.url


class Edition:
    """One version of the manual."""

    def __init__(self, data: Json) -> None:
        self.data = data | {kind: [_placed(whole, parts) for whole in data[kind]] for kind, parts in _PARTS.items()}
        pages: list[Json] = data["contents" if "contents" in data else "pages"]
        self.pages: dict[str, str] = {page["url"]: page["name"] for page in pages}
        self.titles: dict[str, str] = {page["name"]: page["title"] for page in pages}

    def page(self, address: str) -> str:
        """The name of the page at an address."""
        url = address.partition("#")[0]
        return self.pages.get(url, url.removesuffix(".html"))

    def url(self, page: str) -> str:
        """The address of a page, by its name; empty when there is none."""
        return next((url for url, name in self.pages.items() if name == page), "")

    def named(self, kind: str) -> dict[str, Json]:
        """The procedures, the trees ... by their names."""
        return {item["name"]: item for item in self.data[kind]}

    def has(self, part: str) -> bool:
        """Whether the data has a part that files of earlier toolkits lack."""
        return part in self.data


class Editions(NamedTuple):
    """The two that are compared."""

    old: Edition
    new: Edition

    def change(
        self, kind: Kind, subject: str, name: str, about: str, what: str, was: str = "", now: str = ""
    ) -> Change:
        """A change of what stood at the address *was* and stands at *now*; either may be empty."""
        page = self.new.page(now) if now else self.old.page(was)
        url, _, anchor = now.partition("#")
        if not now:  # the page may still be there, without the thing
            url = self.new.url(self.old.page(was))
        return Change(kind, subject, name, section_of(page), about, what, url, anchor)

    def came_or_went(self, subject: str, name: str, about: str, was: Json | None, now: Json | None) -> Iterator[Change]:
        """The change of a thing that only one of the versions has; nothing for what both have."""
        if was is None and now is not None:
            yield self.change(Kind.ADDED, subject, name, about, "new", now=now["url"])
        elif now is None and was is not None:
            yield self.change(Kind.REMOVED, subject, name, about, "removed", was["url"])

    def titled(self, kind: str, name: str) -> str:
        """What a procedure or a tree is called, in the newer version if it is there."""
        for edition in (self.new, self.old):
            if found := edition.named(kind).get(name):
                return str(found["title"])
        return name


def _placed(whole: Json, parts: str) -> Json:
    """With an address for each part: data of an earlier toolkit has that of the whole alone."""
    return whole | {parts: [{"url": whole["url"], **part} for part in whole[parts]]}


def section_of(page: str) -> str:
    """The folder of a page, by the page's name."""
    folder, inside, _ = page.partition("/")
    return folder if inside else TOP


def side_by_side(
    old: Iterable[Item], new: Iterable[Item], key: Callable[[Item], str]
) -> Iterator[tuple[str, Item | None, Item | None]]:
    """The items of both with the same key together, first those of *new*; the second with one key is another thing."""
    before, after = _keyed(old, key), _keyed(new, key)
    for name in dict.fromkeys((*after, *before)):
        yield name, before.get(name), after.get(name)


def _keyed(items: Iterable[Item], key: Callable[[Item], str]) -> dict[str, Item]:
    counted: Counter[str] = Counter()
    found: dict[str, Item] = {}
    for item in items:
        name = key(item)
        counted[name] += 1
        found[name if counted[name] == 1 else f"{name} ({counted[name]})"] = item
    return found


def reordered(stayed: Iterable[Item], old: Sequence[Item]) -> bool:
    """Whether the items of *old* that *stayed*, in their order now, had another one."""
    numbers = {id(item): number for number, item in enumerate(old)}
    order = [numbers[id(item)] for item in stayed]
    return order != sorted(order)


def became(old: str, new: str) -> str:
    """``30 s → 60 s``; of long texts the new one alone."""
    if len(old) + len(new) > _LONG and new:
        return f"now {new}"
    return f"{old or 'none'} → {new or 'none'}"


def quoted(text: str) -> str:
    """In quotation marks, without the full stop, as it stands in a sentence; nothing has none."""
    return f"“{text.removesuffix('.')}”" if text else ""


def typed(old: str, new: str) -> str:
    """Two commands, or that they differ, when they are too long to compare by eye."""
    if "\n" in old + new or "`" in old + new or len(old) + len(new) > _LONG:
        return "changed"
    return f"`{old}` → `{new}`"


def came_and_went(old: Sequence[str], new: Sequence[str]) -> str:
    """What a list has more and less; empty when it has the same in any order."""
    more, less = (", ".join(one for one in a if one not in b) for a, b in ((new, old), (old, new)))
    return "; ".join(filter(None, (more and f"new {more}", less and f"gone {less}")))
