"""Measurements: a script measures, evidence keeps it, a page shows it, and what has changed since is said to be old."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.toolkit.building import Build
from tests.toolkit.mill import copy

from drillbook.cli import main
from drillbook.model.measurement import MeasurementError, measurement, shown
from drillbook.output.plot import plot

GRIND: dict[str, Any] = {
    "title": "Flour <of> a day",
    "columns": [["Stones", "stones"], ["Flour", "kg/h"], ["Noise", "dB"]],
    "rows": [[1, 1200.5, 60], [2, 2401, 63], [4, 2390, -66]],
    "before": {"row": 0, "column": 1, "case": "with one stone"},
    "after": {"row": 1, "column": 1, "case": "with two"},
}
CONF = '\ndrillbook_measurements = {"grind": {"command": "sh grind.sh", "code": ["grind.sh"]}}\n'
PAGE = "---\norphan: true\n---\n\n# Tuning\n\n```{ops:measurement} grind\n```\n"


def script(book: Path, data: Any = GRIND, more: str = "") -> None:
    (book / "measured.json").write_text(json.dumps(data))
    (book / "grind.sh").write_text(f"echo stone by stone >&2\ntr -d '\\n' < measured.json; echo\n{more}")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The mill's manual, with a page of measurements."""
    made = copy(tmp_path)
    (made / "conf.py").write_text((made / "conf.py").read_text() + CONF)
    (made / "tuning.md").write_text(PAGE)
    script(made)
    return made


def measure(book: Path, *arguments: str) -> int:
    return main(["measure", "--conf", str(book), "--source", ".", *arguments])


def words(built: Build, file: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", built.text(file)).split())


def test_it_is_measured_kept_and_shown(book: Path, build: Callable[..., Build], capsys: Any) -> None:
    assert "Not measured yet." in words(build(book, warns=True), "tuning.html")
    assert measure(book) == 0
    assert "s  stone by stone" in capsys.readouterr().out
    kept = json.loads((book / "evidence" / "measurement" / "grind.json").read_text())
    assert kept["details"]["rows"] == GRIND["rows"] and kept["version"] == "1.0"
    said = words(built := build(book, warns=True), "tuning.html")
    assert built.warnings == "" and 'id="measurement-grind"' in built.text("tuning.html")
    assert re.search(
        r"Measured \d{4}-\d\d-\d\d against v1\.0: on \d+ processors? \(.+\), in \d+ s\. Measure again by", said
    )
    assert "Before, with one stone: 1,200.5 kg/h. After, with two: 2,401 kg/h, 2 times as much." in said
    assert "Flour (kg/h)" in said and "−66" in said
    assert "Flour &lt;of&gt; a day" in built.text("tuning.html")


@pytest.mark.parametrize(("builder", "file"), [("text", "tuning.txt"), ("man", "mill.1"), ("latex", "mill.tex")])
def test_every_builder_writes_the_table(builder: str, file: str, book: Path, build: Callable[..., Build]) -> None:
    (book / "index.md").write_text(f"# Mill\n\n```{{ops:measurement}} grind\n```\n\n{(book / 'index.md').read_text()}")
    (book / "tuning.md").unlink()
    assert measure(book) == 0
    built = build(book, builder, warns=True)
    written = built.text(file) if (built.output / file).exists() else built.everything()
    for word in ("2,401", "with one stone", "kg/h"):
        assert word in written


def test_it_is_not_measured_again_until_something_changes(book: Path, capsys: Any) -> None:
    assert measure(book) == 0
    capsys.readouterr()
    assert measure(book) == 0
    assert "Nothing is due" in capsys.readouterr().out
    assert measure(book, "--all") == 0
    assert "grind: measured in" in capsys.readouterr().out
    script(book, more="# another\n")
    assert measure(book) == 0
    assert "grind: measured in" in capsys.readouterr().out


@pytest.mark.parametrize(("file", "says"), [("grind.sh", "it"), ("mill.py", "the system")])
def test_what_changed_since_is_said(file: str, says: str, book: Path, build: Callable[..., Build]) -> None:
    assert measure(book) == 0
    build(book, warns=True)
    (book / file).write_text(f"{(book / file).read_text()}\n# more\n")
    said = words(build(book, warns=True), "tuning.html")
    assert f"Not measured since {says} changed. Last measured" in said
    assert "with two: 2,401 kg/h" in said


@pytest.mark.parametrize(
    ("data", "more", "says"),
    [
        (GRIND, "exit 3\n", "its exit status is 3"),
        (GRIND, "echo done\n", "Expecting value"),
        ({**GRIND, "rows": []}, "", "each row must have a value for each column"),
        ({**GRIND, "rows": [[1, 2]]}, "", "each row must have a value for each column"),
        ({**GRIND, "after": {"row": 9, "column": 1, "case": "x"}}, "", "after has 9, which is none of 3"),
        ({**GRIND, "drawn": [0]}, "", "column 0 cannot be drawn"),
        ({**GRIND, "log": ["z"]}, "", "the axes are x and y"),
        ({**GRIND, "rows": [[1, True, 1]]}, "", "True is neither a text nor a number"),
        ({"title": "x"}, "", "it has no columns"),
        ([1], "", "it is no mapping"),
        (GRIND, "echo '# more' >> grind.sh\n", "the code changed meanwhile"),
    ],
)
def test_what_is_no_measurement_is_not_kept(data: Any, more: str, says: str, book: Path, capsys: Any) -> None:
    script(book, data, more)
    if more.startswith("echo '#"):
        lines = (book / "grind.sh").read_text().splitlines()
        (book / "grind.sh").write_text("\n".join((lines[0], lines[2], lines[1])) + "\n")
    assert measure(book) == 1
    said = capsys.readouterr().err
    assert says in said and "not measured: grind" in said
    assert not (book / "evidence" / "measurement").exists()


def test_an_unknown_name_and_a_wrong_option_are_said(book: Path, build: Callable[..., Build], capsys: Any) -> None:
    assert measure(book, "grinding") == 2
    assert "conf.py has no measurement grinding; there are: grind" in capsys.readouterr().err
    (book / "tuning.md").write_text(PAGE.replace("grind", "grinding"))
    assert (
        "tuning.md:7: WARNING: conf.py has no measurement 'grinding'; there are: grind"
        in build(book, warns=True).warnings
    )
    conf = book / "conf.py"
    for wrong, says in (
        ("['grind']", "must map names to"),
        ("{'../x': {'command': 'true'}}", "has the name '../x'"),
        ("{'x': {'code': []}}", "must have a command"),
        ("{'x': {'command': 'true', 'code': 'a'}}", "has for the code of 'x'"),
    ):
        conf.write_text(re.sub(r"drillbook_measurements = .*", f"drillbook_measurements = {wrong}", conf.read_text()))
        assert measure(book) == 2
        assert says in capsys.readouterr().err


def test_damaged_evidence_is_one_located_warning(book: Path, build: Callable[..., Build]) -> None:
    assert measure(book) == 0
    file = book / "evidence" / "measurement" / "grind.json"
    kept = json.loads(file.read_text())
    del kept["details"]["rows"]
    file.write_text(json.dumps(kept))
    built = build(book, warns=True)
    assert built.warnings.count("this is no measurement, and counts as none: it has no rows") == 1, built.warnings
    assert "grind.json:1: WARNING" in built.warnings
    assert "Not measured yet." in words(built, "tuning.html")


def test_the_plot_has_a_panel_for_each_unit_the_colours_of_the_page_and_is_the_same_each_time() -> None:
    made = measurement(GRIND)
    drawn = plot(made)
    assert drawn == plot(made)
    svg = ElementTree.fromstring(drawn.replace("xlink:href", "href"))
    texts = ["".join(node.itertext()) for node in svg.iter() if node.tag.endswith("text")]
    for text in ("Flour (kg/h)", "Noise (dB)", "Stones (stones)"):
        assert text in texts
    assert "currentColor" in drawn
    for word in ("#010203", "font-family", "style", "<metadata"):
        assert word not in drawn
    ids = re.findall(r' id="([^"]+)"', drawn)
    assert sorted(set(ids)) == sorted({*re.findall(r'href="#([^"]+)"', drawn), *re.findall(r"url\(#([^)]+)\)", drawn)})
    assert svg.get("aria-label") == f"{made.title}. {made.compared}"


def test_words_are_bars_and_numbers_are_lines() -> None:
    bars = {**GRIND, "rows": [["one", 1, 2], ["two", 2, 3], ["<b>", 3, 4]], "log": ["y"]}
    assert "&lt;b&gt;" in plot(measurement(bars)) and "<b>" not in plot(measurement(bars))
    assert plot(measurement(bars)) != plot(measurement({**bars, "log": []}))
    lines = plot(measurement({**GRIND, "log": ["x", "y"]}))
    assert "mathdefault" not in lines and "{" not in lines, "numbers of a logarithmic axis are numbers"


@pytest.mark.parametrize(
    ("before", "after", "unit", "says"),
    [
        (10, 40, "s", "40 s, 4 times as much."),
        (40, 10, "s", "10 s, 4 times less."),
        (10, 10.01, "s", "10.01 s, the same."),
        (-3, 4, "s", "4 s."),
        (0, 4, "s", "4 s."),
        (3, 6, "dB", "6 dB."),
        ("fast", "slow", "", "slow."),
    ],
)
def test_before_and_after_are_compared(before: Any, after: Any, unit: str, says: str) -> None:
    rows = [["a", before], ["b", after]]
    cells = {name: {"row": row, "column": 1, "case": name} for row, name in enumerate(("before", "after"))}
    data = {"title": "x", "columns": [["x", ""], ["y", unit]], "rows": rows, "drawn": [], **cells}
    assert measurement(data).compared.endswith(says)


def test_values_are_shown_as_people_read_them() -> None:
    assert [shown(value) for value in (1000000, 0.5, -12, "a")] == ["1,000,000", "0.5", "−12", "a"]
    with pytest.raises(MeasurementError):
        measurement({**GRIND, "rows": [[1, float("inf"), 1]]})
