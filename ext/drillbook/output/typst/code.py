"""Code on paper: lines of pieces, each with the one look that it has in black and white.

What a person types is bold, and what a machine answers is not. In other languages keywords are bold and comments
oblique. A blank, ``{{ name }}``, is a piece of its own, which gets a frame.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Name
from pygments.util import ClassNotFound

from drillbook.model.console import LANGUAGES

BOLD: Final = (Keyword, Name.Tag, Generic.Heading, Generic.Strong)
OBLIQUE: Final = (Comment, Generic.Emph)
_BLANK: Final = re.compile(r"\{\{\s*([A-Za-z][\w-]*)\s*\}\}")
_WORD: Final = "opsblank{}x"  # stands for a blank while a lexer looks: it would cut `{{ name }}` in pieces
_WORDS: Final = re.compile(r"opsblank(\d+)x")
_TAB: Final = 8
Piece = tuple[str, str]  # a look (`typed`, `strong`, `oblique`, `blank`, or none of these) and its text


def lines(source: str, language: str) -> list[list[Piece]]:
    """The lines of *source*, each as its pieces."""
    names: list[str] = []

    def word(match: re.Match[str]) -> str:
        names.append(match[1])
        return _WORD.format(len(names) - 1)

    text = _BLANK.sub(word, source.expandtabs(_TAB).rstrip("\n"))
    pieces = _session(text) if language in LANGUAGES else _highlighted(text, language)
    return [list(_joined(line)) for line in _split(_with_blanks(pieces, names))]


def _session(text: str) -> Iterator[Piece]:
    """A console session: commands with all their lines, and what they answer."""
    typing, until = False, ""
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            typing, until = True, ""
        look = "typed" if typing or until else ""
        yield look, line
        if until:
            until = "" if line.strip() == until else until
            typing = False
        elif typing:
            here = re.search(r"<<-?\s*['\"]?(\w+)", line)
            until = here[1] if here else ""
            typing = line.rstrip("\n").endswith("\\")


def _highlighted(text: str, language: str) -> Iterator[Piece]:
    lexer = _lexer(language)
    if lexer is None:
        yield "", text
        return
    for kind, piece in lexer.get_tokens(text):
        look = "strong" if _is(kind, BOLD) else "oblique" if _is(kind, OBLIQUE) else ""
        yield look, piece


def _lexer(language: str) -> Lexer | None:
    try:
        made: Lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return made


def _is(kind: object, of: Iterable[object]) -> bool:
    return any(kind in parent for parent in of)  # type: ignore[operator]  # token types say so themselves


def _with_blanks(pieces: Iterable[Piece], names: Sequence[str]) -> Iterator[Piece]:
    """Put the blanks back, each as a piece of its own."""
    for look, text in pieces:
        end = 0
        for match in _WORDS.finditer(text):
            if int(match[1]) < len(names):  # else it was written so
                yield look, text[end : match.start()]
                yield "blank", names[int(match[1])]
                end = match.end()
        yield look, text[end:]


def _split(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    line: list[Piece] = []
    for look, text in pieces:
        first, *rest = text.split("\n")
        line.append((look, first))
        for other in rest:
            yield line
            line = [(look, other)]
    yield line


def _joined(line: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of one look as one piece, without empty ones."""
    last: Piece | None = None
    for look, text in line:
        if last and last[0] == look and look != "blank":
            last = (look, last[1] + text)
        elif text:
            if last:
                yield last
            last = (look, text)
    if last:
        yield last
