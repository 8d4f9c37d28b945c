"""Comparing what a command printed with what its page shows."""

import pytest

from drillbook.model.compare import Mode, difference, weakness

FITS = {
    "the same": (Mode.SAME, "one\ntwo\n", "one\ntwo\n"),
    "nothing": (Mode.SAME, "", ""),
    "blanks at the end": (Mode.SAME, "one\n", "one  \n\n\n"),
    "any lines between": (Mode.SAME, "one\n...\nfour\n", "one\ntwo\nthree\nfour\n"),
    "any lines, which are none": (Mode.SAME, "one\n...\ntwo\n", "one\ntwo\n"),
    "any lines at the end": (Mode.SAME, "one\n...\n", "one\ntwo\n"),
    "any lines, and a line that comes twice": (Mode.SAME, "...\nend\n", "end\nmore\nend\n"),
    "anything in a line": (Mode.SAME, "serves ... (blue), ... workers\n", "serves 2.1.0 (blue), 4 workers\n"),
    "anything, which is nothing": (Mode.SAME, "a...b\n", "ab\n"),
    "a part of it": (Mode.CONTAINS, "two\nthree\n", "one\ntwo\nthree\nfour\n"),
    "a part of it with anything in it": (Mode.CONTAINS, "t...\n...\nf...\n", "one\ntwo\nthree\nfour\nfive\n"),
    "lines in any order": (Mode.LINES, "two\none\n", "zero\none\ntwo\n"),
    "the first line": (Mode.FIRST_LINE, "one\n", "one\ntwo\n"),
    "the first line of several": (Mode.FIRST_LINE, "one\nother\n", "one\ntwo\n"),
    "a duration": (Mode.LIKE, "took 3.2 s\n", "took 14 ms\n"),
    "a duration of parts": (Mode.LIKE, "up 1h 2min 3s\n", "up 59s\n"),
    "a time": (Mode.LIKE, "at 2026-11-23T10:00:00Z\n", "at 2027-01-01T00:00:59.123+02:00\n"),
    "a time of the day": (Mode.LIKE, "10:00:00 started\n", "23:59:59,999 started\n"),
    "an address": (Mode.LIKE, "on 127.0.0.1:8000\n", "on 10.0.0.1:31999\n"),
    "an address in memory": (Mode.LIKE, "<Job at 0x7f00>\n", "<Job at 0x55d2aa>\n"),
    "a long id": (
        Mode.LIKE,
        "job 6f1b2f0e-9d3b-4c7e-8a64-0123456789ab\n",
        "job 00000000-1111-2222-3333-444444444444\n",
    ),
    "a short id": (Mode.LIKE, "commit 3ea2e2c\n", "commit 9a51627f0\n"),
    "a failure": (Mode.FAILURE, "error: no\n", "error: no\n"),
}
DIFFERS = {
    "another line": (Mode.SAME, "one\ntwo\n", "one\nthree\n", "  one\n- two\n+ three\n"),
    "a line too much": (Mode.SAME, "one\n", "one\ntwo\n", "  one\n+ two\n"),
    "a line too few": (Mode.SAME, "one\ntwo\n", "one\n", "  one\n- two\n"),
    "no output": (Mode.SAME, "one\n", "", "- one\n"),
    "output where none was expected": (Mode.SAME, "", "one\n", "+ one\n"),
    "another indent": (Mode.SAME, "one\n", "  one\n", "- one\n+   one\n"),
    "what follows any lines": (Mode.SAME, "one\n...\nfour\n", "one\ntwo\nthree\n", "  one\n- four\n  two\n  three\n"),
    "the same parts of a line, too near": (Mode.SAME, "ab...ba\n", "aba\n", "- ab...ba\n+ aba\n"),
    "a line that fits twice is not shown": (
        Mode.SAME,
        "PASS  ...\nPASS  ...\n",
        "PASS  one\nFAIL  two\n",
        "  PASS  one\n- PASS  ...\n+ FAIL  two\n",
    ),
    "any is one line's": (Mode.SAME, "a ... b\n", "a\nb\n", "- a ... b\n+ a\n+ b\n"),
    "parts apart": (Mode.CONTAINS, "one\nthree\n", "one\ntwo\nthree\n", "  one\n+ two\n  three\n"),
    "one of the lines": (Mode.LINES, "one\ntwo\n", "two\nthree\n", "- one\n  two\n+ three\n"),
    "the first line is the second": (Mode.FIRST_LINE, "two\n", "one\ntwo\n", "- two\n+ one\n"),
    "other words around a duration": (
        Mode.LIKE,
        "took 3 s\n",
        "wait 3 s\n",
        "- took <duration>\n+ wait <duration>\n",
    ),
    "a number without a unit": (Mode.LIKE, "3 workers\n", "4 workers\n", "- 3 workers\n+ 4 workers\n"),
    "a word of hexadecimal letters": (Mode.LIKE, "defaced\n", "effaced\n", "- defaced\n+ effaced\n"),
}


@pytest.mark.parametrize("name", FITS)
def test_it_fits(name: str) -> None:
    mode, expected, output = FITS[name]
    assert difference(expected, output, mode) == ""


@pytest.mark.parametrize("name", DIFFERS)
def test_it_differs_and_is_shown_how(name: str) -> None:
    mode, expected, output, shown = DIFFERS[name]
    assert difference(expected, output, mode) == shown


def test_no_expectation_takes_long() -> None:
    assert difference("a...a...a...a...a...a...a...b\n" * 20, ("a" * 5000 + "\n") * 20)
    assert difference("...\na\n" * 50 + "b\n", "a\n" * 2000)


@pytest.mark.parametrize(
    ("mode", "expected", "says"),
    [
        (Mode.SAME, "...\n", "only ... is expected"),
        (Mode.SAME, "... ...\n...\n", "only ... is expected"),
        (Mode.SAME, "---\n...\n", "only ... is expected"),
        (Mode.CONTAINS, "0\n", "nearly any output contains '0'"),
        (Mode.LINES, "OK\n", "nearly any output contains 'OK'"),
        (Mode.CONTAINS, "", "nothing is expected"),
        (Mode.FIRST_LINE, "...\nReal words.\n", "only ... is expected"),
        (Mode.LIKE, "3 s\n2026-11-23T10:00:00Z\n", "all that is expected may be anything"),
        (Mode.SAME, "", ""),
        (Mode.SAME, "0\n", ""),
        (Mode.SAME, "..\n", ""),
        (Mode.CONTAINS, "-\n", "only punctuation is expected"),
        (Mode.CONTAINS, "2 passed\n", ""),
        (Mode.LIKE, "took 3 s\n", ""),
    ],
)
def test_what_proves_nothing_is_said(mode: Mode, expected: str, says: str) -> None:
    assert weakness(expected, mode) == says
