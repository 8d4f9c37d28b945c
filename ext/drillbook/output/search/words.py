"""Words of a text, as the search compares them. ``search.js`` has the same rules; a test compares them.

Letters are compared without accents and without case. A name such as ``worker.concurrency`` or ``HighLatency`` is a word
as a whole, and so are its parts. Chinese, Japanese and Korean have no spaces: each pair of neighbours is a word.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

_CHUNK: Final = re.compile(r"[^\W_](?:[\w.:/@+-]*[^\W_])?")
_PARTS: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+")
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_MARKS: Final = re.compile(r"[\u0300-\u036f]")
LONGEST: Final = 60  # letters of a word; what is longer is a digest or a path, and found by its parts


def plain(text: str) -> str:
    """*text* without case and accents."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.lower())).replace("ß", "ss")


def words(text: str) -> Iterator[str]:
    """The words of *text*, a name before its parts."""
    for chunk in _CHUNK.findall(text):
        parts = _PARTS.findall(chunk)
        if len(parts) > 1 and len(chunk) <= LONGEST:
            yield plain(chunk)
        for part in parts:
            yield from _of(part)


def with_pairs(text: str) -> Iterator[str]:
    """The words of a title, and each two neighbours as one: some write ``rollback`` for *roll back*."""
    found = list(words(text))
    yield from found
    yield from (one + other for one, other in pairwise(found) if one.isalpha() and other.isalpha())


def _of(part: str) -> Iterator[str]:
    end = 0
    for run in _CJK.finditer(part):
        yield from _latin(part[end : run.start()])
        letters = run[0]
        yield from (letters[at : at + 2] for at in range(len(letters) - 1)) if len(letters) > 1 else [letters]
        end = run.end()
    yield from _latin(part[end:])


def _latin(part: str) -> Iterator[str]:
    if not part or len(part) > LONGEST:
        return
    yield plain(part)
    humps = _CAMEL.findall(part) if part.isascii() else []
    if len(humps) > 1:
        yield from (hump.lower() for hump in humps if len(hump) > 1)
