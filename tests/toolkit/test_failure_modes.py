"""`ops:failure-modes`: a row for each fault of each component, and none that a reader would miss."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, PROCEDURE, tree
from tests.toolkit.test_faults import DRILLED, drilled
from tests.toolkit.test_stamps import DRILL, edited, prove  # noqa: F401  the fixture

SYSTEM = """
from types import SimpleNamespace as Any

FAULTS = [
    Any(name="cut-cable", title="a cable is cut", description="North is silent.", alert="SlowReports", component="mast"),
    Any(name="flat-battery", title="a battery is flat", description="All is silent.", alert="Silent", component="mast"),
]
COMPONENTS = [
    Any(name="mast", title="Mast", description="Holds the sensors.", kind="outside"),
    Any(name="office", title="Office", description="Reads reports.", undrilled="it has no alert. Do `restart-station`."),
]
"""
PAGE = "# Failures\n\n```{ops:failure-modes}\n```\n\n```{ops:components}\n```\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A tree and its procedure, two components with two faults, and a page with the table."""
    made = drilled(
        tmp_path / "book",
        "# Stations\n\n" + tree(CHECK, DRILLED, CALL),
        SYSTEM,
        other="# Restart\n\n" + PROCEDURE,
        failures=PAGE,
    )
    with (made / "conf.py").open("a") as conf:
        conf.write('drillbook_components = "station:COMPONENTS"\nrelease = "2.1.0"\n')
        conf.write('exclude_patterns = ["evidence", "_build"]\n')
    return made


def rows(built: Build) -> list[list[str]]:
    """The cells of the table, without their markup."""
    body = re.findall(r"<tbody>(.*?)</tbody>", built.text("failures.html"), re.DOTALL)[0]
    plain = [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]
    return [[" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in plain]


def test_each_fault_has_a_row_and_each_other_component_says_why(book: Path, build: Callable[..., Build]) -> None:
    built = build(book)
    assert rows(built) == [
        [
            "Mast",
            "A cable is cut",
            "SlowReports",
            "SlowReports",
            "Restart station with station=north Not proven yet.",
        ],
        [
            "Mast",
            "A battery is flat",
            "Silent",
            "none: no alert leads to one",
            "no fix names it Not proven yet.",
        ],
        [
            "Office",
            "none: it has no alert. Do restart-station .",
            "none: no fault raises one",
            "none: no alert leads to one",
            "none: it is not drilled",
        ],
    ]
    page = built.text("failures.html")
    for target in ("index.html#tree-SlowReports", "other.html#procedure-restart-station", "#component-mast"):
        assert f'href="{target}"' in page, target
    assert "stamps.css" in page


def test_components_say_the_same(book: Path, build: Callable[..., Build]) -> None:
    said = " ".join(build(book, "text").text("failures.txt").split())
    assert "Faults: a cable is cut, a battery is flat" in said
    assert 'Faults: none: it has no alert. Do "restart-station".' in said


def test_a_drill_that_comes_is_on_the_next_build(
    book: Path,
    prove: Callable[..., Path],  # noqa: F811
    build: Callable[..., Build],
) -> None:
    build(book)
    prove("drill", "cut-cable", **DRILL)
    assert "Proven 2026-11-23 against v2.1.0: alert in 9 s, cleared in 8 s." in rows(build(book))[0][4]


def test_a_tree_that_moves_is_followed(book: Path, build_apart: Callable[..., Build]) -> None:
    build_apart(book)
    (book / "moved.md").write_text((book / "index.md").read_text())
    (book / "index.md").write_text("# Start\n")
    assert 'href="moved.html#tree-SlowReports"' in build_apart(book).text("failures.html")


def test_it_shows_one_component_or_kind(book: Path, build: Callable[..., Build]) -> None:
    for selector in ("mast", "outside"):
        edited(book, "failures.md", "{ops:failure-modes}", f"{{ops:failure-modes}} {selector}")
        assert {row[0] for row in rows(build(book))} == {"Mast"}
        edited(book, "failures.md", f"{{ops:failure-modes}} {selector}", "{ops:failure-modes}")


REFUSED = {  # title: what is changed in the system, and what is said at its line
    "a component with neither": (
        (', undrilled="it has no alert. Do `restart-station`."', ""),
        "station.py:8: WARNING: no fault harms component office: add one, or say why there is none, as its 'undrilled'"
        " [drillbook.undescribed]",
    ),
    "a component with both": (
        ('kind="outside"', 'undrilled="it never falls"'),
        "station.py:8: WARNING: component mast says why no fault harms it, and fault cut-cable does [drillbook.source]",
    ),
    "a fault of no component": (
        ('alert="Silent", component="mast"', 'alert="Silent"'),
        "station.py:4: WARNING: fault flat-battery does not say which component it harms: give it a component"
        " [drillbook.undescribed]",
    ),
    "a fault of an unknown component": (
        ('alert="Silent", component="mast"', 'alert="Silent", component="pole"'),
        "station.py:4: WARNING: fault flat-battery harms pole, which is no component [drillbook.source]",
    ),
}


@pytest.mark.parametrize("title", REFUSED)
def test_what_would_be_missing_is_located(title: str, book: Path, build: Callable[..., Build]) -> None:
    (old, new), said = REFUSED[title]
    edited(book, "station.py", old, new)
    assert said in build(book, warns=True).warnings.splitlines()


def test_no_cell_is_empty_when_nothing_is_known(book: Path, build: Callable[..., Build]) -> None:
    edited(book, "station.py", 'alert="Silent"', 'alert=""')
    edited(book, "station.py", 'undrilled="it has no alert. Do `restart-station`."', 'undrilled=""')
    assert all(all(row) for row in rows(build(book, warns=True)))


def test_it_refuses_what_it_does_not_know(book: Path, build: Callable[..., Build]) -> None:
    edited(book, "failures.md", "{ops:failure-modes}", "{ops:failure-modes} roof")
    said = "failures.md:3: WARNING: no component or kind of components is called 'roof'; there are: mast, office"
    assert said in build(book, warns=True).warnings
