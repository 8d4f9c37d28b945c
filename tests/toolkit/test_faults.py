"""Faults of the live system, and what pages say of how they are proven: fixes, procedures and blanks."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, FIX, GOOD, PROCEDURE, handbook, tree

from drillbook.live.digest import code_digest
from drillbook.model.data import procedure_data, read_procedure, read_tree, tree_data

FAULTS = """
from types import SimpleNamespace as Fault

FAULTS = [
    Fault(name="cut-cable", title="A cable is cut", description="North is silent.", alert="SlowReports", core=True),
    Fault(name="flat-battery", title="A battery is flat", description="All is silent.", alert="Silent", alone=True),
]
"""
DRILLED = FIX.replace(":within:", ":faults: cut-cable\n:within:")


def drilled(folder: Path, page: str, faults: str = FAULTS, **pages: str) -> Path:
    """The handbook of a system that lists its faults."""
    made = handbook(folder, page, **pages)
    with (made / "conf.py").open("a") as conf:
        conf.write('drillbook_faults = "station:FAULTS"\n')
    (made / "station.py").write_text(faults)
    return made


def page(fix: str = DRILLED, procedure: str = PROCEDURE) -> str:
    return "# Stations\n\n" + tree(CHECK, fix, CALL) + "\n# Restart\n\n" + procedure


def with_option(option: str) -> str:
    return PROCEDURE.replace(":purpose:", f"{option}\n:purpose:")


SOUTH = tree(CHECK, DRILLED.replace("station=north", "station=south"), CALL, name="Silent")
REFUSED: dict[str, tuple[str, str, str]] = {  # title: page, the words at whose line it is refused, what is said
    "a fix that no drill ends at": (
        page(FIX),
        "{ops:fix}",
        "fix restart needs ':faults: name', whose drills must end here, or ':not-drilled: reason'",
    ),
    "a fix that is drilled and is not": (
        page(DRILLED.replace(":within:", ":not-drilled: It breaks.\n:within:")),
        "{ops:fix}",
        "':faults:' says by what it is drilled, and ':not-drilled:' that it is not",
    ),
    "a fix for an unknown fault": (
        page(DRILLED.replace("cut-cable", "cut-cable, cut-rope")),
        "{ops:fix}",
        ":faults: there is no fault 'cut-rope' in the live system; there are: cut-cable, flat-battery",
    ),
    "one fault with two cures": (
        page() + "\n# Silent\n\n" + SOUTH,
        "{ops:tree} Silent",
        "the fault cut-cable ends at restart-station with station=south here, and at restart-station with "
        "station=north in tree SlowReports: one fault has one cure",
    ),
    "a procedure proven in an unknown fault": (
        page(procedure=with_option(":given: flood")),
        "{ops:procedure}",
        ":given: there is no fault 'flood'",
    ),
    "a procedure proven in two faults": (
        page(procedure=with_option(":given: cut-cable, flat-battery")),
        "{ops:procedure}",
        "':given:' names one fault",
    ),
    "a procedure that is proven and is not": (
        page(procedure=with_option(":given: cut-cable\n:unproven: It is dangerous.")),
        "{ops:procedure}",
        "':given:' says how it is proven, and ':unproven:' that it is not",
    ),
    "a blank that is found by changing something": (
        page(procedure=PROCEDURE.replace(":default:", ":command: rm -rf stations\n:default:")),
        "{ops:blank}",
        "the blank station: rm is not known to change nothing",
    ),
}


@pytest.mark.parametrize("title", REFUSED)
def test_the_build_refuses(title: str, tmp_path: Path, build: Callable[..., Build]) -> None:
    text, at, says = REFUSED[title]
    built = build(drilled(tmp_path / "book", text), warns=True)
    found = [line for line in built.warnings.splitlines() if says in line]
    assert found, built.warnings or "no warning at all"
    where = re.match(r"index\.md:(\d+): ", found[0])
    line = next(number for number, written in enumerate(text.splitlines(), 1) if at in written)
    assert where and int(where[1]) >= line, found[0]
    assert int(where[1]) == line or "Silent" in at, found[0]


def test_a_system_without_faults_asks_for_none(tmp_path: Path, build: Callable[..., Build]) -> None:
    build(handbook(tmp_path / "book", GOOD))
    build(handbook(tmp_path / "named", page()))


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        (FAULTS.replace('description="North is silent."', 'description=""'), "fault cut-cable has no description"),
        (FAULTS.replace('alert="Silent"', 'alert="Mute"'), "fault flat-battery raises Mute, which is no alert"),
        (FAULTS.replace('"flat-battery"', '"cut-cable"'), "fault cut-cable is defined twice"),
        ("FAULTS = 3\n", "is no list of objects: int"),
    ],
)
def test_faults_that_lack_something_are_reported(
    faults: str, says: str, tmp_path: Path, build: Callable[..., Build]
) -> None:
    warnings = build(drilled(tmp_path / "book", page(), faults), warns=True).warnings
    assert says in warnings, warnings


@pytest.mark.parametrize(("builder", "file"), [("html", "index.html"), ("text", "index.txt")])
def test_the_reader_is_told(builder: str, file: str, tmp_path: Path, build: Callable[..., Build]) -> None:
    text = page(
        FIX.replace(":within:", ":not-drilled: Nobody can cut *that* cable.\n:within:"),
        with_option(":leaves: log:*, reports\n:unproven: It needs a ladder.").replace(
            ":default:", ":command: ./stations status\n:default:"
        ),
    )
    shown = build(drilled(tmp_path / "book", text), builder).text(file)
    said = " ".join(re.sub(r"<[^>]+>|[*`\"]", "", shown).split())
    for words in (
        "Not drilled: Nobody can cut that cable.",
        "Leaves changed: log:, reports",
        "Not proven: It needs a ladder.",
        "Find it: $ ./stations status",
    ):
        assert words in said, said


def test_it_is_in_the_data_and_is_read_back(tmp_path: Path, build: Callable[..., Build]) -> None:
    procedure = with_option(":given: flat-battery\n:leaves: log:*").replace(":default:", ":command: ls\n:default:")
    built = build(drilled(tmp_path / "book", page(procedure=procedure)))
    data: dict[str, Any] = json.loads(built.text("ops.json"))
    jsonschema.validate(data, json.loads(built.text("ops.schema.json")))
    [told], [shown] = data["procedures"], data["trees"]
    assert (told["given"], told["leaves"], told["blanks"][0]["command"]) == ("flat-battery", ["log:*"], "ls")
    assert shown["nodes"][1]["faults"] == ["cut-cable"] and shown["nodes"][1]["not_drilled"] == ""
    for part in (*told["steps"], *shown["nodes"]):
        assert part.pop("url"), "where it stands, which its model does not know"
    assert procedure_data(read_procedure(told)).items() <= told.items()
    assert tree_data(read_tree(shown)).items() <= shown.items()
    for name in ("given", "leaves", "unproven"):  # as a manual of an older toolkit has it
        del told[name]
    assert read_procedure(told).leaves == ()


def test_a_page_is_read_again_when_its_faults_change(tmp_path: Path, build_apart: Callable[..., Build]) -> None:
    book = drilled(tmp_path / "book", page())
    build_apart(book)
    (book / "station.py").write_text(FAULTS.replace("cut-cable", "torn-cable"))
    again = build_apart(book, warns=True)
    assert again.status and "there is no fault 'cut-cable'" in again.warnings


def test_the_digest_of_the_code_is_that_of_its_files(tmp_path: Path) -> None:
    def digest() -> str:
        return code_digest(tmp_path, ["code/**/*", "*.sh"])

    assert digest() == ""
    (tmp_path / "code" / "deep").mkdir(parents=True)
    code = tmp_path / "code" / "deep" / "a.py"
    code.write_text("1")
    first = digest()
    assert first
    for name in ("code/__pycache__/a.pyc", "code/b.pyc", "other.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert digest() == first
    code.write_text("22")
    second = digest()
    assert second != first
    code.rename(code.with_name("b.py"))
    assert digest() not in (first, second)
    (tmp_path / "run.sh").write_text("")
    (tmp_path / "code" / "deep" / "b.py").rename(code)
    assert digest() not in (first, second)
