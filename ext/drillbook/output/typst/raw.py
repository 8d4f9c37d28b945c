"""What a reader would see of what an author wrote for another format, ``html`` or ``latex``."""

import re
from html.parser import HTMLParser
from typing import Final

REPLACED: Final = frozenset({"audio", "embed", "iframe", "img", "input", "object", "video"})  # say nothing between tags
TELLING: Final = ("alt", "title", "value", "src", "data")  # attributes of theirs that do, the best first
HIDDEN: Final = frozenset({"script", "style", "template"})
_COMMANDS: Final = re.compile(r"(\\[A-Za-z@]+\*?\s*)*")  # of TeX, such as \newpage: they show nothing


def visible(text: str, formats: list[str]) -> str:
    """The words that *text* shows, or what names its pictures; empty when there is nothing to see."""
    if "html" in formats:
        seen = _Seen()
        seen.feed(text)
        seen.close()
        return " ".join(" ".join(seen.words).split())
    return "" if _COMMANDS.fullmatch(text.strip()) else text.strip()


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in HIDDEN
        if tag in REPLACED and not self._hidden:
            given = dict(attrs)
            self.words.append(next((said for name in TELLING if (said := given.get(name))), ""))

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in HIDDEN and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)
