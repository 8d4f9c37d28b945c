"""PromQL as far as rules are compared: its tokens, and its durations.

Grammar: https://prometheus.io/docs/prometheus/latest/querying/basics/ . What is no token of PromQL is a token of its own
kind, so that two texts can be compared whatever is in them.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Kind = Literal["string", "duration", "number", "name", "operator", "other"]
COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")
NUMBER: Final = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
DURATION: Final = r"(?:\d+(?:ms|[smhdwy]))+"
_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
_TOKEN = re.compile(
    rf"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<duration>{DURATION})(?![\w.])
    |(?P<number>0[xX][0-9a-fA-F]+|{NUMBER})(?![\w.])
    |(?P<name>[A-Za-z_:]*[A-Za-z_][\w:]*)
    |(?P<operator>==|!=|<=|>=|=~|!~|[-+*/%^<>=(){{}}\[\],:@])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A token, as written."""

    kind: Kind
    text: str


def tokens(expression: str) -> Iterator[Token]:
    """The tokens of *expression*, without space and comments."""
    for match in _TOKEN.finditer(expression):
        if match.lastgroup != "space":
            yield Token(match.lastgroup, match[0])  # type: ignore[arg-type]  # the groups are the kinds


def duration_s(text: str) -> float | None:
    """The seconds of a duration as Prometheus writes it (``5m``, ``1h30m``); ``None`` if it is none."""
    if not re.fullmatch(DURATION, text):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))
