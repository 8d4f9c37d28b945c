"""Conditions of answers: read as written, true as meant, and never two at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drillbook.live.quantity import Quantity, parse_duration, parse_quantity, quantities, readable
from drillbook.model.condition import ConditionError, Observation, choose, clashes, holds, parse_condition, words

FACTS = {"Slow.threshold": Quantity(500, "ms")}


def condition(text: str):  # type: ignore[no-untyped-def]
    return parse_condition(text, FACTS.get)


@pytest.mark.parametrize(
    ("text", "seen", "holds_"),
    [
        ("exit 0", Observation(0), True),
        ("exit 0", Observation(1), False),
        ("exit != 0", Observation(-9), True),
        ("exit 1..3", Observation(3), True),
        ("number > 80 %", Observation(output="/dev/sda1  81% /"), True),
        ("number > 80 %", Observation(output="used 80 of 100"), False),
        ("number > 500 ms", Observation(output="took 0.6 s"), True),
        ("number > 500 ms", Observation(output="took 400 ms"), False),
        ("number > 500 ms", Observation(output="took 600"), True),
        ("number > 500 ms", Observation(output="took 600 MB"), False),
        ("number > Slow.threshold", Observation(output="0.501 s"), True),
        ('number after "p95" < 2', Observation(output="p50 9\np95 1.5"), True),
        ('number after "p99" < 2', Observation(output="p50 1"), False),
        ("number = 3", Observation(output="v2.1.0 at 10:30 on 2026-11-24, node-7, 3 workers"), True),
        ("number < 0", Observation(output="-3"), True),
        ("value > 500 ms", Observation(values=(0.6,)), True),
        ("value > 80 %", Observation(values=(0.81,)), True),
        ("value > 1", Observation(values=(2.0, 3.0)), False),
        ("value > 1", Observation(values=()), False),
        ("value <= 1", Observation(values=(float("nan"),)), False),
        ("no data", Observation(values=()), True),
        ("no data", Observation(output=""), False),
        ("/^up$/", Observation(output="a\nup\nb"), True),
        ("not /down/", Observation(output="up"), True),
        ("exit 0 and not /down/ and number >= 2", Observation(0, "2 up"), True),
        ("exit 0 and not /down/ and number >= 2", Observation(1, "2 up"), False),
        ("/a and b/", Observation(output="a and b"), True),
        ("otherwise", Observation(7), True),
    ],
)
def test_a_condition_means_what_it_says(text: str, seen: Observation, holds_: bool) -> None:
    assert holds(condition(text), seen) is holds_


@pytest.mark.parametrize(
    "text",
    ["", "exit", "exit zero", "exit 1.5", "exit -1", "exit 3..1", "exit > 1..2", "number", "number > 5 s..", "value after 'x' > 1",
     "number 1 s..2 B", "status 0", "/(/", "number > Fast.threshold", "exit 0 or exit 1", "not otherwise", "exit 0 s"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_words(text: str) -> None:
    with pytest.raises(ConditionError) as refused:
        condition(text)
    assert len(str(refused.value)) > 5


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["exit 0", "exit != 0"], None),
        (["exit 0", "exit 1..255"], None),
        (["exit 0", "exit 2..255"], "no answer is for exit 1"),
        (["exit 0", "exit >= 0"], "'exit 0' and 'exit >= 0' can both hold: exit 0"),
        (["number < 5", "number >= 5"], None),
        (["number < 5", "number > 5"], "no answer is for number 5"),
        (["number <= 0.5 s", "number >= 400 ms"], "can both hold"),
        (["number < 500 ms", "number >= 0.5 s"], None),
        (["exit != 0", "exit 0 and number > 5", "exit 0 and number <= 5"], None),
        (["exit 0", "number > 5"], "can both hold"),
        (["exit 0", "number > 5", "otherwise"], "can both hold"),
        (["/a/", "exit 0"], "no answer is for 'otherwise'"),
        (["/a/", "/b/", "otherwise"], None),
        (["no data", "value > 0"], "no answer is for 'otherwise'"),
        (["otherwise", "otherwise", "exit 0"], "'otherwise' stands twice"),
        (["/a/", "/a/", "otherwise"], "stands twice"),
        (["exit 0", "otherwise"], None),
    ],
)
def test_answers_that_clash_are_refused_with_an_example(texts: list[str], says: str | None) -> None:
    found = clashes([condition(text) for text in texts])
    assert (not found) if says is None else any(says in one for one in found), found


numbers = st.integers(-20, 20)
ranges = st.tuples(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), numbers).map(
    lambda part: f"number {part[0]} {part[1]}"
)


@given(st.lists(ranges, min_size=2, max_size=3, unique=True), st.integers(-50, 50))
def test_without_a_clash_exactly_one_answer_fits_every_number(texts: list[str], doubled: int) -> None:
    conditions = [condition(text) for text in texts]
    number = doubled / 2  # the numbers named, and those between them
    fitting = sum(holds(one, Observation(output=f"{number}")) for one in conditions)
    if not clashes(conditions):
        assert fitting == 1
    elif fitting > 1:
        assert any("can both hold" in one for one in clashes(conditions))


def test_conditions_on_too_much_are_refused_and_not_tried_for_ever() -> None:
    texts = [" and ".join(f'number after "{name}" > {limit}' for name in "abcdefgh") for limit in range(8)]
    assert "too many numbers" in clashes([condition(text) for text in texts])[0]


def test_otherwise_is_taken_last_wherever_it_stands() -> None:
    conditions = [condition(text) for text in ("otherwise", "exit 0")]
    assert choose(conditions, Observation(0)) == 1
    assert choose(conditions, Observation(1)) == 0
    assert choose(conditions[1:], Observation(1)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("exit 0", "the exit status is 0"),
        ("exit 1..3", "the exit status is from 1 to 3"),
        ('number after "p95" > 500 ms', 'the number after "p95" is above 500 ms'),
        ("value <= 80 %", "the value is at most 80 %"),
        ("/FATAL/", 'the output has "FATAL"'),
        ("not /a|b/", "the output does not have a match of /a|b/"),
        ("no data", "the query gives nothing"),
        ("exit 0 and /up/", 'the exit status is 0 and the output has "up"'),
        ("otherwise", "anything else"),
    ],
)
def test_a_condition_in_words(text: str, says: str) -> None:
    assert words(condition(text)) == says


@pytest.mark.parametrize(
    ("base", "dimension", "says"),
    [(0.5, "s", "500 ms"), (120, "s", "2 min"), (90, "s", "90 s"), (60, "s", "60 s"), (0.001, "ratio", "0.1 %"), (0.8, "ratio", "80 %"),
     (2**20, "B", "1 MiB"), (1500, "B", "1500 B"), (1000, "", "1000"), (0, "s", "0 s")],
)  # fmt: skip
def test_a_number_in_the_unit_that_people_use(base: float, dimension: str, says: str) -> None:
    assert str(readable(base, dimension)) == says


def test_durations_need_a_unit_of_time() -> None:
    assert parse_duration("5 min") == Quantity(5, "min")
    assert [parse_duration(text) for text in ("5", "5 MB", "0 s", "-1 s", "soon", "")] == [None] * 6


def test_quantities_are_read_as_written() -> None:
    assert parse_quantity("80%") == Quantity(80, "%") and parse_quantity("x") is None
    assert [str(found) for found in quantities("v1.2 took 3.5 s, 40% of 1e3 and -2")] == ["3.5 s", "40 %", "1000", "-2"]
