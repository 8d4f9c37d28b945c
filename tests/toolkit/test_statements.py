"""What counts as a statement of a page, and the verdict on it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, FIX, GOOD, PROCEDURE, handbook, tree

from drillbook.model.sentence import OPAQUE, spans
from drillbook.model.statement import Kind, Statement, Verdict, accuracy, excerpt

BUILDER = "ops-coverage"
Statements = Callable[[str], list[dict[str, Any]]]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("One.\nTwo", ["One.", "Two"]),
        ("Is it? It is! (Surely.) So", ["Is it?", "It is!", "(Surely.)", "So"]),
        ("Use a tool, e.g. Sphinx, or i.e. this. And so on.", ["Use a tool, e.g. Sphinx, or i.e. this.", "And so on."]),
        ("Version 1.2.3 is out: v2.0. Next", ["Version 1.2.3 is out: v2.0.", "Next"]),
        ("It waits... Then it goes.", ["It waits...", "Then it goes."]),
        ("It waits ... then it goes.", ["It waits ... then it goes."]),
        (f"Type {OPAQUE * 9}. {OPAQUE * 3} follows.", [f"Type {OPAQUE * 9}.", f"{OPAQUE * 3} follows."]),
        ("See Fig. 3 and approx. 20. Dr. Who knows.", ["See Fig. 3 and approx. 20.", "Dr. Who knows."]),
        ('He said "Stop." Then he went.', ['He said "Stop."', "Then he went."]),
        ("in the U.S. Army. Yes.", ["in the U.S. Army.", "Yes."]),
        ("水が低い。 次", ["水が低い。 次"]),
        ("  \n ", []),
        ("", []),
    ],
)
def test_sentences_are_split(text: str, sentences: list[str]) -> None:
    assert [text[start:stop] for start, stop in spans(text)] == sentences


def test_accuracy_counts_all_but_what_is_for_people_to_sign() -> None:
    def said(verdict: Verdict, *, justified: bool = False) -> Statement:
        return Statement(Kind.STEP, "page", "page.md", 1, "text", verdict, "", justified)

    counts = accuracy([said(verdict) for verdict in Verdict] + [said(Verdict.UNPROVEN, justified=True)])
    assert (counts.proven, counts.judged, counts.signed, counts.unproven, counts.justified) == (3, 5, 1, 2, 1)
    assert counts.unsigned == 1
    assert counts.percent == 60.0
    assert counts.vouched == 57.1  # four of seven: nobody's signature proves nothing
    assert accuracy([]).percent == 100.0
    many = [said(Verdict.DERIVED)] * 1999 + [said(Verdict.UNPROVEN)]
    assert accuracy(many).percent == 99.9  # 100 means all of them


def test_an_excerpt_is_one_line() -> None:
    assert excerpt("a\n  b") == "a b"
    assert len(excerpt("word " * 100)) <= 100


@pytest.fixture
def weather(project: Callable[[str], Path], build: Callable[..., Build]) -> Callable[[str], dict[str, Any]]:
    """The report on the weather station's manual with one more page."""

    def report(page: str) -> dict[str, Any]:
        source = project("weather")
        (source / "index.md").write_text(
            "# Start\n\n```{toctree}\npages/settings\npages/reference\npages/python\nnew\n```\n"
        )
        (source / "new.md").write_text(f"# New HighLatency\n\n{page}")
        built = build(source, BUILDER, confoverrides={"drillbook_check_numbers": False})
        loaded: dict[str, Any] = json.loads(built.text("report.json"))
        return loaded

    return report


def of_new(report: dict[str, Any]) -> dict[str, int]:
    """The counts of the new page that are not zero."""
    [page] = [page for page in report["pages"] if page["page"] == "new"] or [{}]
    return {name: count for name, count in page.items() if count and name not in ("page", "percent")}


@pytest.mark.parametrize(
    "prose",
    [
        "Set {ops:setting}`sensor.interval_s` higher. Plain prose is not counted.",
        "It looks each {ops:fact}`sensor.interval_s`.",
        "{ops:alert}`SensorSilent` looks at {ops:metric}`ws_readings_total`.",
        "Type {ops:command}`./station.py --port 80 <./station.py>`.",
        "Type it with {option}`./station.py --port`.",
        "Ask {ops:route}`GET /readings/{id}`: the answer may be {ops:error}`bad_reading`.",
        "| The | table |\n| - | - |\n| of | {ops:component}`sender` |",
        "- An item about *the {ops:component}`sender`*.",
        "> {ops:component}`sender`, quoted.",
    ],
)
def test_a_sentence_whose_names_are_roles_is_derived(prose: str, weather: Callable[[str], dict[str, Any]]) -> None:
    assert of_new(weather(prose)) == {"derived": 1}


@pytest.mark.parametrize(
    ("prose", "why"),
    [
        ("Set `sensor.interval_s`.", "names 'sensor.interval_s' as text: write {ops:setting}`sensor.interval_s`"),
        ("Set `WS_SENSOR_INTERVAL_S=3`.", "write {ops:setting}`sensor.interval_s`"),
        ("Then SensorSilent fires.", "write {ops:alert}`SensorSilent`"),
        ("Look at `sum(ws_send_seconds_count)`.", "write {ops:metric}`ws_send_seconds`"),
        ("It is **ws:readings:rate5m**.", "write {ops:metric}`ws:readings:rate5m`"),
        ("Type `./station.py read roof`.", "names './station.py read' as text"),
        ("With `--port` one says where.", "write {option}`./station.py --port`"),
        ("Ask `/readings/{id}`.", "write {ops:route}`GET /readings/{id}`"),
        ("It says bad_reading.", "write {ops:error}`bad_reading`"),
        ("The `sender` is slow.", "write {ops:component}`sender`"),
        ("It takes 10 min.", "'10 min' is typed, and no code keeps it true"),
        ("Type {ops:command}`./station.py --prot 80 <./station.py>`.", "./station.py has no option --prot"),
        ("{ops:setting}`sensor.interval_s` and SensorSilent.", "names 'SensorSilent' as text"),
    ],
)
def test_a_sentence_that_names_something_as_text_is_unproven(
    prose: str, why: str, weather: Callable[[str], dict[str, Any]]
) -> None:
    report = weather(f"Plain.\nPlain too. {prose}\n")
    assert of_new(report) == {"unproven": 1}
    [found] = [said for said in report["unproven"] if said["page"] == "new"]
    assert why in found["why"]
    assert (found["kind"], found["file"], found["line"], found["justified"]) == ("sentence", "new.md", 4, False)


def test_its_line_is_found_where_parsers_tell_none(tmp_path: Path, build: Callable[..., Build]) -> None:
    table = "| A | B |\n| - | - |\n| one | two |\n| Look at `SlowReports` | three |\n"
    procedure = PROCEDURE.replace(":when: A station does not answer.", ":when: SlowReports fires.")
    page = f"# A\n\n{table}\n{procedure}"
    found = json.loads(build(handbook(tmp_path / "book", page), BUILDER).text("report.json"))
    lines = [number for number, line in enumerate(page.splitlines(), 1) if "SlowReports" in line]
    assert [said["line"] for said in found["unproven"] if said["kind"] == "sentence"] == lines


def test_a_number_that_the_author_marks_is_unproven_with_a_reason(weather: Callable[[str], dict[str, Any]]) -> None:
    report = weather("It takes {ops:unproven}`10 min`.")
    assert of_new(report) == {"unproven": 1, "justified": 1}


@pytest.mark.parametrize(
    "prose",
    [
        "The sender is a word here, and so is silent.",
        "See {doc}`index`, `sensor` and `x.interval_s`.",
        "Write `` {ops:fact}`sensor.interval_s` ``.",
        "`WS_SENSOR_INTERVAL_SECONDS`, `my_ws_readings_total`, other/./station.py",
        "Twenty minutes, 3 apples, version 2.1.0.",
        "% SensorSilent in a comment",
    ],
)
def test_plain_prose_is_not_counted(prose: str, weather: Callable[[str], dict[str, Any]]) -> None:
    assert of_new(weather(prose)) == {}


def test_entries_are_derived_and_what_they_say_is_not_counted_again(weather: Callable[[str], dict[str, Any]]) -> None:
    shown = "```{ops:alerts} SensorSilent\n:no-index:\n```\n\n```{ops:commands} ./station.py read\n:no-index:\n```\n"
    assert of_new(weather(shown)) == {"derived": 5}  # two rules, and a command with two arguments


def test_a_diagram_is_a_statement_and_one_of_the_live_system_is_derived(build: Callable[..., Build]) -> None:
    pytest.importorskip("sphinxcontrib.plantuml")
    found = json.loads(build("diagrams", BUILDER).text("report.json"))
    counts = {page["page"]: (page["derived"], page["unproven"]) for page in found["pages"]}
    assert counts["pages/live"] == (4, 0)  # three components, and what they need
    [drawn] = [said for said in found["unproven"] if said["text"] == "A asks B."]
    assert (drawn["kind"], drawn["page"], drawn["file"]) == ("block", "pages/markdown", "pages/markdown.md")


def kinds(built: Build) -> dict[str, dict[str, int]]:
    report = json.loads(built.text("report.json"))
    names = [verdict.value for verdict in Verdict]
    return {
        kind: {name: counts[name] for name in names if counts[name]}
        for kind, counts in report["kinds"].items()
        if any(counts[name] for name in names)
    }


def test_what_no_run_has_proven_is_unproven(tmp_path: Path, build: Callable[..., Build]) -> None:
    built = build(handbook(tmp_path / "book", GOOD), BUILDER)
    assert kinds(built) == {
        "fact": {"unproven": 1},  # how long the procedure takes
        "block": {"unproven": 3},  # two of its one step, one of the check
        "step": {"unproven": 1},
        "way": {"unproven": 1},
        "contact": {"unsigned": 1},
        "sentence": {"derived": 1},  # the alerts of the tree
    }


TOLD = """\
::::{ops:step} Tell the owner of the station
Say when it was silent.
::::
:::::
"""


def test_what_only_a_person_can_vouch_for_is_unsigned_until_somebody_does(
    tmp_path: Path, build: Callable[..., Build]
) -> None:
    levels = "\n:::{ops:severity}\nSEV1: Bad\n: It wakes people.\n\nSEV2: Less bad\n: It does not.\n:::\n"
    page = GOOD.removesuffix(":::::\n") + TOLD + levels
    built = build(handbook(tmp_path / "book", page), BUILDER)
    found = json.loads(built.text("report.json"))
    assert not found["signed"] and {said["why"] for said in found["unsigned"]} == {"not signed yet"}
    assert "\n4 more are for people to sign: 0 signed, 4 not yet\n" in built.text("output.txt")
    assert [(said["kind"], said["text"]) for said in found["unsigned"]] == [
        ("contact", "Call the platform team, with the output of the check in hand: All answer, and reports are slow."),
        ("severity", "SEV1 means: Bad It wakes people."),
        ("severity", "SEV2 means: Less bad It does not."),
        ("step", "Restart station: Tell the owner of the station Say when it was silent."),
    ]


def test_reasons_given_are_counted(tmp_path: Path, build: Callable[..., Build]) -> None:
    procedure = PROCEDURE.replace(":purpose:", ":unproven: It needs a ladder.\n:purpose:")
    fix = FIX.replace(":within:", ":not-drilled: Nobody can cut that cable.\n:within:")
    plain = "```{ops:example} text\n:unproven: It is a sketch.\n\n(o)\n```\n"
    book = handbook(tmp_path / "book", "# A\n\n" + tree(CHECK, fix, CALL) + procedure + plain)
    report = json.loads(build(book, BUILDER).text("report.json"))
    reasons = {(said["kind"], said["why"]) for said in report["unproven"] if said["justified"]}
    assert reasons == {
        ("fact", "It needs a ladder."),
        ("block", "It needs a ladder."),
        ("step", "It needs a ladder."),
        ("way", "Nobody can cut that cable."),
        ("block", "It is a sketch."),
    }
    assert [said["kind"] for said in report["unproven"] if not said["justified"]] == ["block"]  # that of the check
