"""An answer of a reader: what a page sends, checked field by field, and what it may hold."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, get_args
from uuid import UUID

MAX_BYTES: Final = 8192  # of a whole answer, as JSON
MAX_TEXT: Final = 2000  # characters
MAX_NAME: Final = 300
PAGE: Final = "page"
Verdict = Literal["yes", "no"]
YES, NO = get_args(Verdict)
TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_SUBJECT: Final = re.compile(rf"{PAGE}|fix [^\s/]+/[^\s/]+|procedure [^\s/]+")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*")
_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class FeedbackError(Exception):
    """A database or a file that cannot be used; the text says why, for people."""


class AnswerError(ValueError):
    """What a field holds is no part of an answer; the text says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


class Answer(NamedTuple):
    """What a reader answered. Nothing in it says who the reader is.

    ``subject`` is ``page``, ``fix TREE/NODE`` or ``procedure NAME``; ``key`` is a UUID, made when the reader answered:
    the same key is the same answer, sent again.
    """

    key: str
    page: str
    subject: str
    verdict: str
    text: str
    version: str
    language: str


class Received(NamedTuple):
    """An answer, and the UTC time at which it was stored."""

    at: datetime
    answer: Answer

    def as_json(self) -> dict[str, str]:
        """As exports have it."""
        return {"received": self.at.strftime(TIME), **self.answer._asdict()}


def read_answer(data: object) -> Answer:
    """The answer that *data*, of JSON, holds. Raises :exc:`AnswerError`."""
    if not isinstance(data, Mapping):
        raise AnswerError("", "an answer is a JSON object")
    if unknown := data.keys() - set(Answer._fields):
        raise AnswerError(visible(min(unknown))[:MAX_NAME], f"unknown; an answer has {', '.join(Answer._fields)}")
    given = {name: _text(name, data) for name in Answer._fields}
    try:
        key = str(UUID(given["key"]))
    except ValueError as error:
        raise AnswerError("key", "must be a UUID") from error
    if not _is_page(given["page"]):
        raise AnswerError(
            "page", f"must be the name of a page, such as alerts/HighLatency, of at most {MAX_NAME} characters"
        )
    if len(given["subject"]) > MAX_NAME or not _SUBJECT.fullmatch(given["subject"]) or not _plain(given["subject"]):
        raise AnswerError("subject", "must be 'page', 'fix TREE/NODE' or 'procedure NAME'")
    if given["verdict"] not in (YES, NO):
        raise AnswerError("verdict", "must be 'yes' or 'no'")
    if len(given["text"]) > MAX_TEXT:
        raise AnswerError("text", f"has {len(given['text'])} characters; at most {MAX_TEXT} are stored")
    if len(given["version"]) > 100 or not _plain(given["version"]):
        raise AnswerError("version", "must be a version of at most 100 characters")
    if not _LANGUAGE.fullmatch(given["language"]):
        raise AnswerError("language", "must be the code of a language, such as en or zh_CN")
    return Answer(**given | {"key": key})


def _text(name: str, data: Mapping[str, Any]) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise AnswerError(name, "is missing" if value is None else "must be a text")
    # No database stores half a pair of surrogates, and PostgreSQL no NUL.
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    return "\n".join(whole.splitlines()).strip() if name == "text" else whole


def _is_page(name: str) -> bool:
    parts = name.split("/")
    return len(name) <= MAX_NAME and _plain(name) and "\\" not in name and not {"", ".", ".."} & set(parts)


def _plain(text: str) -> bool:
    return visible(text) == text and "\n" not in text


def visible(text: str) -> str:
    """*text* with what would steer a terminal, or turn the direction of a line, written as its code point."""
    return "".join(
        f"<U+{ord(letter):04X}>"
        if letter in _DIRECTIONS or (letter != "\n" and unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp"))
        else letter
        for letter in text
    )


def now() -> datetime:
    """This moment, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def ago(days: float) -> datetime:
    """The moment *days* ago; no earlier than a century."""
    return now() - timedelta(days=min(days, 36_500))
