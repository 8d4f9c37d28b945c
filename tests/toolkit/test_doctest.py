"""`make doctest` as its user sees it: what is proven, what is not, what is wrong, and what is kept of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.toolkit.building import Build
from tests.toolkit.mill import copy

Run = Callable[..., tuple[Build, dict[str, Any]]]


@pytest.fixture
def run(build: Callable[..., Build]) -> Run:
    """Build the examples of a project; gives what was left behind, and the report."""

    def run(project: Path, **options: Any) -> tuple[Build, dict[str, Any]]:
        done = build(project, "doctest", warns=True, confoverrides=options)
        return done, json.loads(done.text("report.json"))

    return run


def found(report: dict[str, Any]) -> list[tuple[str, int, str, str]]:
    return [(each["file"], each["line"], each["kind"], each["verdict"]) for each in report["examples"]]


def page(project: Path, text: str, name: str = "index") -> Path:
    """Replace the manual by one page."""
    for other in ("index.md", "water.md"):
        (project / other).unlink(missing_ok=True)
    (project / f"{name}.md").write_text(f"# Page\n\n{text}")
    return project


def test_all_kinds_of_examples_are_proven_and_evidence_is_kept(run: Run, tmp_path: Path) -> None:
    project = copy(tmp_path)
    done, report = run(project)
    assert (done.status, done.warnings) == (0, "")
    assert report["verdict"] == "proven" and report["errors"] == []
    assert report["counts"] == {"proven": 19, "unproven": 1, "failed": 0, "skipped": 0}
    assert {kind: counts["proven"] for kind, counts in report["kinds"].items()} == {
        "config": 3,
        "console": 10,
        "http": 1,
        "promql": 2,
        "python": 1,
        "rules": 1,
        "sql": 1,
        "text": 0,
    }
    (unproven,) = [each for each in report["examples"] if each["verdict"] == "unproven"]
    assert (unproven["line"], unproven["why"], unproven["declared"]) == (66, "it is a poem", True)
    assert ("index.md", 4, "console", "proven") in found(report)
    undoing = (project / "water.md").read_text().splitlines().index("$ mill set wheel frozen") + 1
    assert ("water.md", undoing, "console", "proven") in found(report)
    assert {f"{each['kind']} {each['name']}": each["verdict"] for each in report["subjects"]} == dict.fromkeys(
        ["page index", "tree WaterLow", "procedure thaw", "procedure close", "procedure open"], "proven"
    )
    text = done.text("output.txt")
    assert "index.md:66: The mill goes round.: it is a poem" in text
    assert "grist-to-the-mill" not in done.everything()
    kept = sorted(str(file.relative_to(project / "evidence")) for file in (project / "evidence").rglob("*.json"))
    procedures = [f"procedure/{name}.json" for name in ("close", "open", "thaw")]
    assert kept == ["checks/WaterLow.json", "page/index.json", *procedures]
    evidence = json.loads((project / "evidence" / "page" / "index.json").read_text())
    assert evidence["details"]["unproven"] == [{"text": "The mill goes round.", "why": "it is a poem"}]


def test_only_what_is_named_is_run(run: Run, tmp_path: Path) -> None:
    project = copy(tmp_path)
    done, report = run(project, drillbook_only="open, WaterLow")
    assert {each["name"] for each in report["subjects"]} == {"open", "WaterLow"}
    assert {file.name for file in (project / "evidence").rglob("*.json")} == {"open.json", "WaterLow.json"}
    assert done.status == 0


def test_what_is_named_must_be_there(build: Callable[..., Build], tmp_path: Path) -> None:
    with pytest.raises(Exception, match="there is no page, procedure or tree called gone"):
        build(copy(tmp_path), "doctest", warns=True, confoverrides={"drillbook_only": "gone"})


BAD = {
    "another output": (
        "```console\n$ mill status | head -1\nwheel   stands\n$ echo next\nnext\n```\n",
        {(4, "console"): ("failed", "- wheel   stands\n+ wheel   turns"), (6, "console"): ("skipped", "not run, because")},
    ),
    "an output of dots only": ("```console\n$ mill status\n...\n```\n", {(4, "console"): ("unproven", "...")}),
    "an output that is not shown": ("```console\n$ mill status\n```\n", {(4, "console"): ("unproven", "does not show it")}),
    "a query that is none": ("```promql\nmax(mill_water_metres\n```\n", {(4, "promql"): ("failed", "unclosed left")}),
    "a query without data": ("```promql\nmax(mill_flour)\n```\n", {(4, "promql"): ("failed", "gave no data")}),
    "sql that is none": ("```sql\nSELECT flour FROM orders\n```\n", {(4, "sql"): ("failed", "no such column: flour")}),
    "sql without rows": ("```sql\nSELECT 1 FROM orders WHERE sacks > 9\n```\n", {(4, "sql"): ("failed", "gave no rows")}),
    "another answer": (
        "```http\nGET /health\n\nHTTP/1.1 200 OK\n\n{\"wheel\": \"stands\"}\n```\n",
        {(4, "http"): ("failed", '- {"wheel": "stands"}\n+ {"wheel": "turns"}')},
    ),
    "another status": (
        "```http\nPOST /orders\n\n{}\n\nHTTP/1.1 202 Accepted\n```\n",
        {(4, "http"): ("failed", "- HTTP 202 Accepted\n+ HTTP 401 Unauthorized")},
    ),
    "a request with a variable that nobody set": (
        "```http\nGET /health?$nothing\n\nHTTP/1.1 200 OK\n```\n", {(4, "http"): ("failed", "nothing: unbound variable")},
    ),
    "no request": ("```http\nhello\n```\n", {(4, "http"): ("failed", "it must begin with a request")}),
    "rules that are none": (
        "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: sum(a\n```\n",
        {(4, "rules"): ("failed", "unclosed left parenthesis")},
    ),
    "a setting that does not exist": ("```ini\nMILL_SPEED='1'\n```\n", {(4, "config"): ("failed", "line 4: MILL_SPEED is no setting")}),
    "a value out of range": (
        "```ini\n# fast\nMILL_WHEEL_SPEED='40'\n```\n",
        {(4, "config"): ("failed", "line 5: MILL_WHEEL_SPEED: Input should be less than or equal to 30")},
    ),
    "a nested setting that does not exist": (
        "```toml\n[wheel]\nspeed = 3\npaint = 'red'\n```\n", {(4, "config"): ("failed", "line 6: paint is no setting of WheelSettings")},
    ),
    "yaml that is none": ("```yaml\nwheel: [\n```\n", {(4, "config"): ("failed", "it cannot be read")}),
    "a python example": (
        "```{doctest}\n>>> 1 + 1\n3\n```\n",
        {(4, "python"): ("failed", "- 3\n    + 2")},
    ),
    "a block that nothing looks at": ("```text\nhello\n```\n", {(4, "text"): ("failed", "nothing proves a block in text")}),
}  # fmt: skip


def test_what_is_wrong_is_told_with_its_file_and_line(run: Run, tmp_path: Path) -> None:
    project = page(copy(tmp_path), "```{toctree}\n:glob:\nbad*\n```\n")
    for number, (text, _) in enumerate(BAD.values()):
        page(project, text, f"bad{number:02}")
    page(project, "```{toctree}\n:glob:\nbad*\n```\n")
    done, report = run(project)
    wrong: list[str] = []
    for number, (name, (_, expected)) in enumerate(BAD.items()):
        mine = [each for each in report["examples"] if each["file"] == f"bad{number:02}.md"]
        came = {(each["line"], each["kind"]): (each["verdict"], each["why"]) for each in mine}
        if came.keys() != expected.keys() or any(
            came[place][0] != verdict or why not in came[place][1] for place, (verdict, why) in expected.items()
        ):
            wrong.append(f"{name}: {came}")
    assert not wrong, "\n".join(wrong)
    assert done.status == 1 and report["verdict"] == "failed"
    story = "bad00.md:4: console of page bad00\n    mill status | head -1\n    its output is another (- expected, + came):\n    - wheel   stands\n"
    assert story in done.text("output.txt")
    assert not (project / "evidence").exists()


PROCEDURE = """\
:::::{{ops:procedure}} mend
:purpose: Mend it.
:when: It is broken.
:who: the miller
:takes: 1 min
:risk: Low.
{options}
::::{{ops:step}} Mend it
```console
$ mill set {thing} {value}
{thing} is {value}
```

Undo: put it back.

```console
$ mill set {thing} {undo}
{thing} is {undo}
```
::::
:::::
"""
UNDO = ":undone-by: nothing, its steps say how"
LEFT = "when it is undone, this is not as before (- before, + now); declare it in :leaves:, or undo it:\n- {}\n+ {}\n"
PROCEDURES = {
    "what is not put back": (
        {"options": UNDO, "thing": "stones", "value": "3", "undo": "4"},
        LEFT.format("stones  2", "stones  4"),
    ),
    "what is declared": ({"options": f":leaves: sto*\n{UNDO}", "thing": "stones", "value": "3", "undo": "4"}, ""),
    "a fault that is unknown": (
        {"options": f":given: fire\n{UNDO}", "thing": "wheel", "value": "turns", "undo": "turns"},
        "`mill hold fire` ended before it held the fault",
    ),
    "what is not run": (
        {"options": f":unproven: it cannot be\n{UNDO}", "thing": "stones", "value": "3", "undo": "4"},
        None,
    ),
    "an undo that does nothing, which the end of its fault would hide": (
        {"options": f":given: ice\n{UNDO}", "thing": "wheel", "value": "turns", "undo": "turns"},
        LEFT.format("wheel  frozen", "wheel  turns"),
    ),
    "an undo in a fault": (
        {"options": f":given: ice\n{UNDO}", "thing": "wheel", "value": "turns", "undo": "frozen"},
        "",
    ),
}


def test_a_procedure_is_run_whole_and_what_it_leaves_behind_is_told(run: Run, tmp_path: Path) -> None:
    project = copy(tmp_path)
    for number, (fields, _) in enumerate(PROCEDURES.values()):
        page(project, PROCEDURE.format(**fields).replace("mend", f"mend-{number}"), f"p{number}")
    page(project, "```{toctree}\n:glob:\np*\n```\n")
    done, report = run(project)
    for number, (name, (_, why)) in enumerate(PROCEDURES.items()):
        mine = [each for each in report["examples"] if each["subject"] == f"procedure mend-{number}"]
        if why is None:
            assert {(each["verdict"], each["why"], each["declared"]) for each in mine} == {
                ("unproven", "it cannot be", True)
            }
        else:
            failures = [each["why"] for each in mine if each["verdict"] == "failed"]
            assert bool(failures) == bool(why) and all(why in each for each in failures), (name, mine)
    assert done.status == 1
    kept = sorted(file.name for file in (project / "evidence").rglob("*.json"))
    assert kept == ["mend-1.json", "mend-5.json"]


def test_procedures_are_proven_where_no_page_has_left_anything(run: Run, tmp_path: Path) -> None:
    project = page(copy(tmp_path), "```console\n$ mill set stones 9\nstones is 9\n```\n")
    steps = {"options": UNDO, "thing": "wheel", "value": "frozen", "undo": "turns"}
    look = "```console\n$ mill snapshot | grep stones\nstones  2\n```\n\nUndo:"
    text = PROCEDURE.format(**steps).replace("Undo:", look, 1)
    for name in ("mend", "more"):  # one for each box, so that one comes after the page
        (project / f"{name}.md").write_text("---\norphan:\n---\n# Mend\n\n" + text.replace("mend", name))
    _, report = run(project)
    assert {each["verdict"] for each in report["examples"]} == {"proven"}, report["examples"]


def test_a_page_that_is_typed_in_a_checkout_may_write_there_and_nowhere_else(run: Run, tmp_path: Path) -> None:
    project = copy(tmp_path)
    text = "```console\n$ echo more >> index.md\n$ tail -n 1 index.md; echo ${RUN_DIR:-no stack}; ls bin\nmore\nno stack\nmill\npromtool\n```\n"
    page(project, text)
    (project / "index.md").write_text(f"---\ntyped-in: checkout\n---\n# Page\n\n{text}")
    before = (project / "index.md").read_text()
    done, report = run(project, drillbook_stack={"up": "false"})
    assert (done.status, [each["verdict"] for each in report["examples"]]) == (0, ["proven", "proven"]), report
    assert (project / "index.md").read_text() == before
