"""The Python face: pages that build and say what they were given, a judgement with places, publishing as a whole."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import GOOD, handbook

from drillbook.documentation import (
    DocumentationError,
    DocumentationGenerator,
    DocumentationPublisher,
    ProductionDocumentation,
)
from drillbook.model.blank import Blank, BlankType
from drillbook.model.console import Command
from drillbook.model.data import procedure_data, read_procedure
from drillbook.model.procedure import Part, Procedure, Step

PROCEDURE = Procedure(
    name="fill-tank",
    title="Fill the tank",
    purpose="Keep the *lamp* burning for 10 min_utes, <b>always</b> # and [ever](x).",
    when="The tank is `nearly` empty: less than 20 % is left.",
    who="the keeper",
    takes="10 min",
    risk="None. {brace} | pipe $x$ ~",
    needs="a barrel",
    undone_by="",
    undone_text="nothing, oil is never too much",
    steps=(
        Step(
            "Fill it from *one* barrel",
            Part("Do not smoke.\n\n- first\n- second", (Command("./fill {{ barrel }}", "filled\n", 0),)),
            Part("Confirm: it is full.", (Command("./status", "full\n...\n", 0),)),
            Part("Undo: nothing to undo."),
            9,
        ),
    ),
    blanks=(
        Blank(
            "barrel", "Which one.", BlankType.CHOICE, choices=("north", "south"), default="north", command="cat barrels"
        ),
    ),
    line=1,
    leaves=("oil.*", "log"),
    unproven="It *burns*.",
)


def without_lines(procedure: Procedure) -> Procedure:
    steps = tuple(step._replace(line=0) for step in procedure.steps)
    return procedure._replace(line=0, steps=steps)


def test_a_runbook_says_what_it_was_given(tmp_path: Path, build: Callable[..., Build]) -> None:
    folder = handbook(tmp_path / "book", "# Start\n")
    page = ProductionDocumentation(folder).create_runbook([PROCEDURE, procedure_data(PROCEDURE._replace(name="again"))])
    assert page == folder / "runbook.md"
    found = json.loads(build(folder).text("ops.json"))["procedures"]
    read = {data["name"]: without_lines(read_procedure(data)) for data in found}
    assert read["fill-tank"] == without_lines(PROCEDURE)
    assert read["again"] == without_lines(PROCEDURE)._replace(name="again")


def test_a_runbook_of_nothing_is_refused() -> None:
    with pytest.raises(DocumentationError, match="needs a procedure"):
        DocumentationGenerator().runbook([])


def test_two_blanks_of_one_name_are_refused() -> None:
    other = PROCEDURE._replace(name="other", blanks=(PROCEDURE.blanks[0]._replace(default="south"),))
    with pytest.raises(DocumentationError, match="the blank 'barrel' of other differs"):
        DocumentationGenerator().runbook([PROCEDURE, other])


def test_an_architecture_page_builds(tmp_path: Path, build: Callable[..., Build]) -> None:
    folder = handbook(tmp_path / "book", "# Start\n")
    with (folder / "conf.py").open("a") as conf:
        conf.write("extensions.append('sphinxcontrib.plantuml')\n")
    components = [
        {"name": "tank", "title": 'The "tank"', "description": "Holds *oil*."},
        {"name": "lamp", "kind": "part", "description": "Burns it.", "depends_on": ["tank"]},
    ]
    ProductionDocumentation(folder).generate_architecture_docs(components)
    page = build(folder).text("architecture.html")
    assert "<svg" in page and "Holds *oil*." in page and "Needs: tank." in page


@pytest.mark.parametrize(
    ("components", "says"),
    [
        ([{"title": "x"}], "each component needs a name"),
        ([{"name": "a", "depends_on": ["b"]}], "a depends on b, which is no component"),
    ],
)
def test_an_impossible_architecture_is_refused(components: list[dict[str, object]], says: str) -> None:
    with pytest.raises(DocumentationError, match=says):
        DocumentationGenerator().architecture(components)


def test_a_good_manual_is_ok(tmp_path: Path) -> None:
    folder = handbook(tmp_path / "book", GOOD)
    before = sorted(folder.rglob("*"))
    report = ProductionDocumentation(folder).validate_documentation()
    assert report.ok and not report.problems
    assert (report.procedures, report.trees) == (1, 1)
    assert sorted(folder.rglob("*")) == before, "nothing is written there"


def test_what_is_wrong_has_its_place(tmp_path: Path) -> None:
    folder = handbook(tmp_path / "book", GOOD.replace("-> restart", "-> restrat"))
    report = ProductionDocumentation(folder).validate_documentation(folder)
    assert not report.ok
    wrong = next(problem for problem in report.problems if "restrat" in problem.message)
    assert (wrong.file, wrong.kind) == ("index.md", "drillbook.tree")
    assert "restrat" in GOOD.replace("-> restart", "-> restrat").splitlines()[wrong.line - 1]


def test_a_configuration_that_fails_is_a_problem(tmp_path: Path) -> None:
    folder = handbook(tmp_path / "book", GOOD)
    (folder / "conf.py").write_text("1 / 0\n")
    report = ProductionDocumentation(folder).validate_documentation()
    assert not report.ok and "division by zero" in report.problems[0].message


def test_without_a_manual_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentationError, match="there is no folder"):
        ProductionDocumentation(tmp_path / "none").validate_documentation()


def test_a_manual_is_published_as_a_whole_and_the_old_one_stays_until_then(tmp_path: Path) -> None:
    folder, site = handbook(tmp_path / "book", GOOD), tmp_path / "www" / "site"
    first = DocumentationPublisher().publish(folder, site)
    assert site.resolve() == first.resolve() and (site / "index.html").is_file()
    (folder / "index.md").write_text("# Broken\n\n{ops:alert}`Nothing`\n")
    with pytest.raises(DocumentationError, match="nothing was published"):
        DocumentationPublisher().publish(folder, site)
    assert site.resolve() == first.resolve()
    assert sorted(path.name for path in site.parent.iterdir()) == sorted([first.name, "site"]), "no half-built folder"
    (folder / "index.md").write_text(GOOD)
    assert DocumentationPublisher().publish(folder, site) != first and site.resolve() != first.resolve()


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    with pytest.raises(DocumentationError, match="is no link"):
        DocumentationPublisher().publish(handbook(tmp_path / "book"), tmp_path / "site")
