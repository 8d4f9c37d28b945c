"""What a translation must not change: roles, literals, links, places that are filled in, numbers and their units. No Sphinx."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

_CODE: Final = re.compile(r"(?P<role>\{[\w:.+-]+\})?(?P<ticks>`+)(?P<text>.+?)(?<!`)(?P=ticks)(?!`)")
_TARGET: Final = re.compile(r"<([^<>]+)>$")
_LINK: Final = re.compile(r"\]\(<?([^()\s>]+)>?[^()]*\)|<((?:https?|mailto):[^<>\s]+)>")
_PLACE: Final = re.compile(r"\{\{.*?\}\}|\{\w*\}|(?<!\w)\$\{?[A-Za-z_]\w*\}?")
_NUMBER: Final = re.compile(r"(\d+(?:[.,:]\d+)*)(?:[\s-]?(%|[^\W\d_]+))?")
_BLOCK: Final = re.compile(r"(?:#+ |[-*+] |\d+[.)] |> |`{3}|:{3}|\|)")
_TYPED: Final = ("ops:command", "option")  # roles whose text is what one types, and no words
_ENGLISH: Final = "en"

# Units by what CLDR calls them, which knows how each is written in all languages. No years: 2026 年 is a date.
_UNITS: Final = {
    "ns": "duration-nanosecond",
    "µs": "duration-microsecond",
    "ms": "duration-millisecond",
    "s": "duration-second",
    "min": "duration-minute",
    "h": "duration-hour",
    "d": "duration-day",
    "weeks": "duration-week",
    "months": "duration-month",
    "B": "digital-byte",
    "kB": "digital-kilobyte",
    "MB": "digital-megabyte",
    "GB": "digital-gigabyte",
    "TB": "digital-terabyte",
    "%": "concentr-percent",
    "Hz": "frequency-hertz",
    "kHz": "frequency-kilohertz",
    "MHz": "frequency-megahertz",
}
_SYMBOLS: Final = ("KiB", "MiB", "GiB", "TiB", "dB", "LUFS")  # the same in every language, and unknown to CLDR
_COUNTS: Final = (1, 2, 5)  # after which a noun has its forms, in most languages
_IDEOGRAPHS: Final = "\u2e7f"  # letters beyond it stand in scripts that put no spaces between words
_INFLECTION: Final = 2  # letters that a case may add: Tag, Tagen

Parts = dict[str, "Counter[str]"]


class _Names(NamedTuple):
    """The names of units in a language: those that are written so and not otherwise, and nouns; each with its symbol."""

    exact: Mapping[str, str]
    nouns: Mapping[str, str]

    def symbol(self, word: str) -> str:
        """Of the unit that *word*, which follows a number, is or begins with; empty when it is none."""
        if word in self.exact:
            return self.exact[word]
        lower = word.casefold()
        return next((symbol for noun, symbol in self.nouns.items() if _is_form(lower, noun)), "")


def _is_form(word: str, noun: str) -> bool:
    return word.startswith(noun) and (noun > _IDEOGRAPHS or len(word) - len(noun) <= _INFLECTION)


@cache
def _names(language: str) -> _Names:
    exact = {symbol: symbol for symbol in _SYMBOLS}
    nouns: dict[str, str] = {}
    for symbol, unit in _UNITS.items():
        short, long = set(_written(unit, "short", language)), set(_written(unit, "long", language))
        english = {name for length in ("short", "long") for name in _written(unit, length, _ENGLISH)}
        exact |= dict.fromkeys((symbol, *english, *short, *long), symbol)
        free = {name for name in short | long if name > _IDEOGRAPHS} | (long - english)
        nouns |= {name.casefold(): symbol for name in free}
    return _Names(exact, dict(sorted(nouns.items(), key=lambda item: -len(item[0]))))  # the longest that fits counts


def _written(unit: str, length: str, language: str) -> Iterator[str]:
    """How a unit is written behind a number; not at all in a language of which no names are known."""
    from babel.core import UnknownLocaleError  # here: a manual in one language needs none of it
    from babel.units import format_unit

    for count in _COUNTS:
        try:
            said = format_unit(count, unit, length, locale=language)  # type: ignore[arg-type]  # one of its lengths
        except (UnknownLocaleError, ValueError):
            return
        name = said.removeprefix(str(count)).strip(" .\u00a0\u202f")
        if name != said and unit not in name:  # else the number stands elsewhere, or the language has no such form
            yield name


def parts(text: str, language: str = _ENGLISH) -> Parts:
    """What a passage in *language* has that is the same in every language, by what it is called."""
    found: Parts = {name: Counter() for name in ("role", "literal", "link", "place", "number")}

    def code(match: re.Match[str]) -> str:
        role, inner = (match["role"] or "").strip("{}"), match["text"].strip()
        target = _TARGET.search(inner)
        if role:
            shown = inner if role in _TYPED or target is None else target[1]
            found["role"][f"{{{role}}}`{shown}`"] += 1
            return f" {inner[: target.start()]} " if target and role not in _TYPED else " "
        found["literal"][f"`{inner}`"] += 1
        return " "

    rest = _CODE.sub(code, text)
    for kind, pattern in (("link", _LINK), ("place", _PLACE)):
        found[kind].update(next(filter(None, match.groups()), match[0]) for match in pattern.finditer(rest))
        rest = pattern.sub(" ", rest)
    names = _names(language)
    found["number"].update(f"{number} {names.symbol(word)}".rstrip() for number, word in _NUMBER.findall(rest))
    return found


def differences(source: str, said: str, language: str) -> Iterator[str]:
    """What a translation into *language* has changed, in words."""
    if _BLOCK.match(said) and not _BLOCK.match(source):
        yield f"it begins with {said.split()[0]!r}, which makes more of it than a paragraph"
    there = parts(said, language)
    for kind, wanted in parts(source).items():
        for word in (wanted - there[kind]).elements():
            yield f"the {kind} {word} is missing"
        for word in (there[kind] - wanted).elements():
            yield f"the {kind} {word} is not in the original"
