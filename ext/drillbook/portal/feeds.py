"""Atom feeds of what has changed: one of all sections, and one of each, which a reader follows with any feed reader."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from drillbook.model.change import Change, changes, section_title, sections
from drillbook.model.change_words import section_of
from drillbook.output.data import replace_text

FOLDER: Final = "feeds"  # where they are, from the top of what is published
ALL: Final = "all"
SUFFIX: Final = ".xml"
FEED: Final = f"{FOLDER}/{ALL}{SUFFIX}"
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Published(NamedTuple):
    """A version as it was published: what it is called, when it was made (with a time zone), its ``ops.json``, where it is."""

    version: str
    made: datetime
    data: dict[str, Any]
    url: str


class _Entry(NamedTuple):
    """A change, and the version that brought it."""

    change: Change
    since: str
    by: Published

    @property
    def address(self) -> str:
        """Where it leads in that version; to its beginning when what it is about is gone, or is said to be elsewhere."""
        beginning = _folder(self.by.url)
        address = _clean(urljoin(beginning, self.change.address))
        return address if address.startswith(beginning) else beginning

    def identity(self, authority: str) -> str:
        """A tag URI that stays as long as the version says the same."""
        said = "\0".join((self.by.version, self.change.subject, self.change.name, self.change.says))
        digest = sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return f"tag:{authority},{self.by.made:%Y-%m-%d}:{digest}"


def write_feeds(folder: Path, url: str, versions: Sequence[Published]) -> list[Path]:
    """Write ``all.xml`` and one feed a section of the newest version into *folder*, and return their names, sorted.

    *url* is the address of that folder; *versions* are in their order, the oldest first. What each says that it changes
    against the one before it is an entry. The same versions make the same files. A section that has had no change has a
    feed without an entry, so that one can follow it already. Raises :exc:`~drillbook.model.data.DataError`.
    """
    if not versions:
        return []
    entries = [*_entries(versions)][::-1]
    newest = versions[-1]
    names = {section_of(page["name"]) for page in newest.data.get("contents", ())}
    names |= {entry.change.section for entry in entries}
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder, url, newest, ALL, newest.data["manual"]["project"], entries)]
    for name in sorted(names):
        title = f"{newest.data['manual']['project']}: {section_title(name, newest.data)}"
        found = [entry for entry in entries if entry.change.section == name]
        written.append(_write(folder, url, newest, file_name(name), title, found))
    return sorted(written)


def file_name(section: str) -> str:
    """What the feed of a section is called, without its suffix; no section can take the name of the whole."""
    safe = re.sub(r"[^\w.-]", "-", section).lstrip(".") or "-"
    return f"{safe}-" if safe == ALL else safe


def _entries(versions: Sequence[Published]) -> Iterator[_Entry]:
    """The oldest first, and of one version the most important last: they are written the other way round."""
    for before, by in pairwise(versions):
        found = [change for those in sections(changes(before.data, by.data)).values() for change in those]
        yield from (_Entry(change, before.version, by) for change in reversed(found))


def _write(folder: Path, url: str, newest: Published, name: str, title: str, entries: Sequence[_Entry]) -> Path:
    from feedgen.feed import FeedGenerator  # needed by who publishes, and by nobody else

    file = folder / f"{name}{SUFFIX}"
    address = urljoin(_folder(url), quote(file.name))
    authority = urlsplit(address).hostname or "localhost"
    feed = FeedGenerator()
    feed.id(address)
    feed.title(_clean(f"{title}: what has changed"))
    feed.author({"name": _clean(newest.data["manual"]["project"]) or "Operations manual"})
    feed.language(newest.data["manual"]["language"])
    feed.link(href=address, rel="self", type="application/atom+xml")
    feed.link(href=_folder(newest.url), rel="alternate", type="text/html")
    feed.updated(max((entry.by.made for entry in entries), default=newest.made))
    feed.generator("drillbook")
    for entry in entries:
        made = feed.add_entry(order="append")
        made.id(entry.identity(authority))
        made.title(_clean(entry.change.says))
        made.updated(entry.by.made)
        made.link(href=entry.address, rel="alternate", type="text/html")
        made.category(term=_clean(entry.change.section), label=_clean(section_title(entry.change.section, newest.data)))
        made.content(_clean(f"{entry.change.says} Version {entry.by.version}, since {entry.since}."), type="text")
    replace_text(file, feed.atom_str(pretty=True).decode("utf-8"))
    return file


def _folder(url: str) -> str:
    return f"{url.rstrip('/')}/"


def _clean(text: str) -> str:
    """Without the letters that no XML can have."""
    return _NO_XML.sub("\ufffd", text)
