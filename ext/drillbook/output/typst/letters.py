"""Which letters the PDF can show. One that no font has would be an empty box on paper, so it is shown by its number.

Besides the fonts of the toolkit and those of the user there is DejaVu Sans Mono, which the engine carries in itself;
its symbols are listed here, because no file says them.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTCollection, TTFont, TTLibError  # type: ignore[import-untyped]  # it has no types

SYMBOLS: Final = """
2000-200a 2010-2023 2026 202f-2037 2039-203a 203c-203f 2045-2049 204b 205f 2070-2071 2074-208e 2090-209c
20a0-20b5 20b8-20b9 2102 2105 210d-210f 2115-2117 2119-211a 211d 2122 2124 2126 212a-212b 212e 2148
2150-2151 2153-215f 2189 2190-2213 2215 2217-2220 2223 2227-222d 2234-223d 2241-2269 226d-228b 228d-22a5
22b2-22b5 22b8 22c2-22c6 22cd-22d1 22da-22e9 22ef 2300-2306 2308-2315 2318-2319 231c-2321 2325-2328 232b
2335-237a 237d 2380-2383 2388-238b 2395 239b-23ae 23ce-23cf 2423 2500-262f 2638-268b 2690-269c 26a0-26a1
26b0-26b1 2701-2704 2706-2709 270c-2727 2729-274b 274d 274f-2752 2756 2758-275e 2761-2775 2794 2798-27af
27b1-27be 27c2 27c5-27c6 27dc 27e0 27e6-27eb 27f5-27f7 2987-2988 2997-2998 29eb 29fa-29fb 2a00 2a2f
2a6a-2a6b 2b05-2b0d 2b12-2b1a
"""  # of U+2000 to U+2BFF what DejaVu Sans Mono 2.37 has, in hexadecimal
UNSEEN: Final = frozenset("\n\t\u00a0\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff")  # have no picture


class Letters:
    """The letters of some fonts, and those that were asked for and are in none."""

    def __init__(self, folders: Iterable[Path], large: Iterable[Path] = ()) -> None:
        self._known = set(UNSEEN).union(*(chr(code) for code in range(0x20, 0x7F)))
        for codes in SYMBOLS.split():
            first, _, last = codes.partition("-")
            self._known.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
        for folder in folders:
            for file in sorted(folder.iterdir()):
                if file.suffix.lower() in (".ttf", ".otf", ".ttc", ".otc"):
                    self._known |= _letters(file)
        self._own = frozenset(self._known)
        for file in large:
            self._known |= _letters(file)
        self.missing: dict[str, None] = {}

    def lacking(self, text: str) -> set[str]:
        """The letters of *text* that only the large fonts have."""
        return {letter for letter in text if letter not in self._own and letter in self._known}

    def shown(self, text: str) -> str:
        """*text* as it can be shown; what cannot is noted."""
        if self._known.issuperset(text):
            return text
        self.missing.update(dict.fromkeys(letter for letter in text if letter not in self._known and letter >= " "))
        return "".join(letter if letter in self._known or letter < " " else f"[U+{ord(letter):04X}]" for letter in text)

    def noted(self) -> list[str]:
        """The letters that were missing since it was last asked."""
        found = list(self.missing)
        self.missing.clear()
        return found


@cache
def _letters(file: Path) -> frozenset[str]:
    """The letters of a font; none if it cannot be read."""
    try:
        fonts = TTCollection(file).fonts if file.suffix.lower() in (".ttc", ".otc") else [TTFont(file, lazy=True)]
        return frozenset(chr(code) for font in fonts for code in font.getBestCmap() or ())
    except (OSError, TTLibError):
        return frozenset()
