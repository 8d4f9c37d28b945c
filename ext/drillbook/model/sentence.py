"""Where one sentence ends and the next begins.

What is no prose (code, roles, images) is given as ``OPAQUE`` characters, so that no dot in it is taken for an end.
"""

import re
from collections.abc import Iterator
from typing import Final

OPAQUE: Final = "\ufffc"
_END: Final = re.compile(r"(?<=\S)[.!?…]+[\"'”’)\]*]*(?=\s)")
_BEFORE: Final = re.compile(r"[\"'“‘(\[*☐\s]+")
_ABBREVIATED: Final = re.compile(
    r"(?:^|[\s(\"'“‘\[])(?:e\.g|i\.e|cf|vs|approx|resp|incl|Dr|Mr|Mrs|Ms|Prof|St|Fig|Eq|Sec|No|Nr|pp|vol|ca|viz|"
    r"(?:\w\.)+\w)\.$"
)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Beginning and end of each sentence of *text*, without the white space around it."""
    start = 0
    for end in (*(found.end() for found in _END.finditer(text) if _ends(text, found)), len(text)):
        sentence = text[start:end]
        begin = start + len(sentence) - len(sentence.lstrip())
        stop = start + len(sentence.rstrip())
        if begin < stop:
            yield begin, stop
        start = end


def _ends(text: str, found: re.Match[str]) -> bool:
    """Whether a sentence ends here: the next word could begin one, and the last one is no abbreviation."""
    if _ABBREVIATED.search(text[max(0, found.start() - 20) : found.start() + 1]):
        return False
    rest = text[found.end() :].lstrip()
    skipped = _BEFORE.match(rest)
    following = rest[skipped.end() :] if skipped else rest
    return not following or not following[0].islower()
