"""Evidence and stamps: what a page says of its proof, and that it says it no longer when something has changed."""

import datetime
import json
import re
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sphinx.testing.util import SphinxTestApp
from tests.toolkit.building import Build
from tests.toolkit.handbook import CALL, CHECK, FIX, PROCEDURE, handbook, tree
from tests.toolkit.test_faults import DRILLED, drilled

from drillbook.model import evidence as model
from drillbook.model.evidence import Evidence, EvidenceError, State
from drillbook.pages.evidence import stamps
from drillbook.proof.record import record

FIRST = "# Stations\n\n" + tree(CHECK, DRILLED, CALL)
OTHER = "# Restart\n\n" + PROCEDURE
DRILL = {"fired_s": 8.6, "cleared_s": 7.9, "tree": "SlowReports", "rows": {"SlowReports": "restart"}}
TOP = r'<div class="ops ops-stamps[^>]*>(.*?)</div>'


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A tree on the first page, its procedure on another, a page with a block, and some code."""
    made = drilled(tmp_path / "book", FIRST, other=OTHER, block="# Look\n\n```console\n$ ls\n```\n")
    with (made / "conf.py").open("a") as conf:
        conf.write('release = "2.1.0"\ndrillbook_code = ["code/*"]\nexclude_patterns = ["evidence", "_build"]\n')
    (made / "code").mkdir()
    (made / "code" / "run.py").write_text("1")
    return made


Prove = Callable[..., Path]


@pytest.fixture
def prove(book: Path, forgotten: None) -> Prove:
    """Write evidence as a run does: with an application that has read all pages; on the day that is asked for."""

    def run(kind: str, name: str, day: str = "2026-11-23", **details: Any) -> Path:
        app = SphinxTestApp("dummy", srcdir=book, builddir=book / "_prove", warning=StringIO())
        try:
            app.build()
            file = record(app, kind, name, details, "what was said")
        finally:
            app.cleanup()
            shutil.rmtree(book / "_prove", ignore_errors=True)
        data = json.loads(file.read_text())
        file.write_text(json.dumps(data | {"proven": f"{day}T04:05:06Z"}))
        return file

    return run


def top(built: Build, page: str = "index.html") -> str:
    """What stands under the title, without its markup."""
    found = re.search(TOP, built.text(page), re.DOTALL)
    assert found, "no stamps"
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split())


def test_a_page_says_that_it_is_not_proven(book: Path, build: Callable[..., Build]) -> None:
    built = build(book)
    for page in ("index.html", "other.html", "block.html"):
        assert top(built, page).startswith("Not proven yet."), page
    assert top(built) == "Not proven yet. Not signed yet. Owner: the weather team."
    assert top(built, "block.html") == "Not proven yet."
    assert built.text("other.html").count("Not proven yet.") == 1, "the only procedure does not say it again"


def test_each_of_several_on_a_page_says_it_for_itself(book: Path, build: Callable[..., Build]) -> None:
    edited(book, "other.md", OTHER, OTHER + "\n" + PROCEDURE.replace("station", "depot"))
    assert build(book).text("other.html").count("Not proven yet.") == 3, "the page, and both"


@pytest.mark.parametrize(("builder", "file"), [("html", "index.html"), ("text", "index.txt")])
def test_a_page_says_when_it_was_proven(
    builder: str, file: str, book: Path, prove: Prove, build: Callable[..., Build]
) -> None:
    prove("drill", "cut-cable", **DRILL)
    prove("procedure", "restart-station", examples=2, unproven=[], seconds=3.2)
    prove("page", "block", examples=1, unproven=[], seconds=0.2)
    built = build(book, builder)
    said = " ".join(re.sub(r"<[^>]+>", "", built.text(file)).split())
    proven = "Proven 2026-11-23 against v2.1.0: alert in 9 s, cleared in 8 s. Prove again by 2026-12-23."
    assert said.count(proven) == 1, said
    said = " ".join(re.sub(r"<[^>]+>", "", built.text(file.replace("index", "other"))).split())
    assert said.count("Proven 2026-11-23 against v2.1.0: 2 examples in 3 s.") == 1, said
    assert "Proven 2026-11-23 against v2.1.0: 1 example in 1 s." in built.text(file.replace("index", "block")).replace(
        '<span class="ops-day">', ""
    ).replace("</span>", "").replace("\n", " ")


def test_a_version_that_has_its_v_is_not_given_another(book: Path, prove: Prove, build: Callable[..., Build]) -> None:
    edited(book, "conf.py", 'release = "2.1.0"', 'release = "v2.1.0"')
    prove("procedure", "restart-station", examples=2, unproven=[], seconds=3.2)
    assert " against v2.1.0: " in build(book).text("other.html")


def edited(book: Path, file: str, old: str, new: str) -> None:
    """Change one thing."""
    text = (book / file).read_text()
    assert old in text
    (book / file).write_text(text.replace(old, new, 1))


CHANGES = {  # what changes: file, from, to, and whether the tree, the procedure and the block are proven all the same
    "one character of a command of the procedure": (
        "other.md",
        "./stations restart",
        "./stations Restart",
        "void void kept",
    ),
    "an expected line": ("other.md", "restarted\n", "restarted!\n", "void void kept"),
    "the command of a check": ("index.md", "./stations status", "./stations status -v", "void kept kept"),
    "an answer": ("index.md", "All answer: `exit 0`", "All do: `exit 0`", "void kept kept"),
    "where an answer leads": ("index.md", "`exit != 0` -> restart", "`exit != 0` -> call", "void kept kept"),
    "a value that a fix fills in": ("index.md", "station=north", "station=south", "void kept kept"),
    "a block": ("block.md", "$ ls", "$ ls -l", "kept kept void"),
    "the code": ("code/run.py", "1", "2", "system system system"),
    "a line above": ("index.md", "# Stations\n", "# Stations\n\nHello.\n", "kept kept kept"),
    "a title": ("index.md", "# Stations\n", "# All stations\n", "kept kept kept"),
}


@pytest.mark.parametrize("title", CHANGES)
def test_what_changes_is_proven_no_longer(title: str, book: Path, prove: Prove, build: Callable[..., Build]) -> None:
    file, old, new, states = CHANGES[title]
    if title == "where an answer leads":  # or nothing would lead to the fix
        edited(book, "index.md", "- All answer", "- None: `exit 3` -> restart\n- All answer")
        edited(book, "index.md", "`exit != 0`", "`otherwise`")
        old, new = "`otherwise` -> restart", "`otherwise` -> call"
    prove("drill", "cut-cable", **DRILL)
    prove("procedure", "restart-station")
    prove("page", "block")
    build(book)
    edited(book, file, old, new)
    built = build(book)  # again, in the same folder: only what must be written is
    says = {
        "kept": "Proven 2026-11-23",
        "void": "Not proven since it changed. Last proven 2026-11-23 against v2.1.0.",
        "system": "Not proven since the system changed. Last proven 2026-11-23",
    }
    for page, word in zip(("index.html", "other.html", "block.html"), states.split(), strict=True):
        assert top(built, page).startswith(says[word]), (page, top(built, page))


def test_evidence_that_comes_changes_and_goes_is_on_the_next_build(
    book: Path, prove: Prove, build_apart: Callable[..., Build]
) -> None:
    (book / "proof.md").write_text("# What is proven\n\n```{ops:proof}\n```\n")
    assert "0 of 1 proven" in build_apart(book).text("proof.html")
    file = prove("procedure", "restart-station")
    built = build_apart(book)
    assert top(built, "other.html").startswith("Proven 2026-11-23") and "1 of 1 proven" in built.text("proof.html")
    edited(book, str(file.relative_to(book)), "2026-11-23", "2026-11-20")
    assert top(build_apart(book), "other.html").startswith("Proven 2026-11-20")
    assert "2026-12-20" in built.text("proof.html")
    file.unlink()
    built = build_apart(book)
    assert top(built, "other.html") == "Not proven yet." and "0 of 1 proven" in built.text("proof.html")


def test_nothing_depends_on_the_day(book: Path, prove: Prove, build: Callable[..., Build]) -> None:
    prove("procedure", "restart-station", day="2001-02-03")
    built = build(book)
    assert "Prove again by 2001-03-05." in top(built, "other.html")
    assert str(datetime.datetime.now(datetime.UTC).date()) not in built.text("other.html")


def test_a_tree_needs_a_drill_of_each_of_its_faults(book: Path, prove: Prove, build: Callable[..., Build]) -> None:
    edited(book, "index.md", ":faults: cut-cable", ":faults: cut-cable, flat-battery")
    prove("drill", "cut-cable", **DRILL)
    assert top(build(book)).startswith("Not proven yet: the drill of flat-battery is missing.")


def test_a_fault_is_drilled_again_when_another_tree_with_a_fix_for_it_has_changed(book: Path, prove: Prove) -> None:
    other = tree(CHECK, DRILLED, CALL, name="Silent")
    (book / "silent.md").write_text(f"---\norphan:\n---\n# Silent\n\n{other}")
    rows = {"SlowReports": "restart", "Silent": "restart"}

    def holds() -> bool:
        app = SphinxTestApp("dummy", srcdir=book, builddir=book / "_again", warning=StringIO())
        try:
            app.build()
            found = stamps(app)
            assert found.drill("cut-cable").state in (State.NONE, State.PROVEN), "its own tree is as it was"
            return found.drilled("cut-cable")
        finally:
            app.cleanup()
            shutil.rmtree(book / "_again", ignore_errors=True)

    assert not holds()
    prove("drill", "cut-cable", **DRILL | {"rows": rows})
    assert holds()
    edited(book, "silent.md", "./stations status", "./stations status north")
    assert not holds()


def test_what_its_author_declares_unproven_is_shown_so(book: Path, build: Callable[..., Build]) -> None:
    edited(book, "other.md", ":purpose:", ":unproven: It needs a ladder.\n:purpose:")
    edited(book, "index.md", ":faults: cut-cable", ":not-drilled: Nobody cuts cables.")
    built = build(book)
    assert top(built, "other.html") == "Not proven: It needs a ladder."
    assert top(built).startswith("Not proven: Nobody cuts cables.")


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "{}", json.dumps({"kind": "procedure"}), "other"],
)
def test_damaged_evidence_is_one_located_warning_and_counts_as_none(
    damage: str, book: Path, prove: Prove, build: Callable[..., Build]
) -> None:
    file = prove("procedure", "restart-station")
    file.write_text(file.read_text().replace("restart-station", "reboot") if damage == "other" else damage)
    built = build(book, warns=True)
    [warning] = built.warnings.splitlines()
    assert warning.startswith("evidence/procedure/restart-station.json:1: WARNING: this is ")
    assert warning.endswith("[drillbook.evidence]")
    assert top(built, "other.html") == "Not proven yet."


def test_a_time_that_is_none_is_damage(book: Path, prove: Prove) -> None:
    file = prove("procedure", "restart-station", day="soon")
    with pytest.raises(EvidenceError, match="counts as none"):
        model.read(file)


def test_a_run_records_what_it_ran_with(book: Path, prove: Prove) -> None:
    found = model.read(prove("drill", "cut-cable", **DRILL))
    assert (found.kind, found.name, found.version, found.day) == (
        "drill",
        "cut-cable",
        "2.1.0",
        datetime.date(2026, 11, 23),
    )
    assert len(found.content) == len(found.system) == len(found.log) == 64
    assert found.details["contents"] == {"SlowReports": found.content}
    with pytest.raises(EvidenceError, match="there is no procedure reboot to prove"):
        prove("procedure", "reboot")
    with pytest.raises(EvidenceError, match="there is no signed index to prove"):
        prove("signed", "index")


@pytest.mark.parametrize("name", ["../x", "/x", ".x", "a/../b", "", "a b", "a//b", "a/"])
def test_evidence_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no file can be called"):
        model.file_of(tmp_path, "page", name)


def test_what_it_is_worth_depends_on_the_day() -> None:
    one = Evidence("page", "a", "c", "s", "1", "1", "2026-11-23T23:59:59Z", "l", {})
    day = datetime.date(2026, 12, 23)
    assert model.state(one, "c", "s", day, 30) is State.PROVEN
    assert model.state(one, "c", "s", day + datetime.timedelta(1), 30) is State.DUE
    assert model.state(one, "d", "s", day, 30) is State.VOID
    assert model.state(one, "c", "t", day + datetime.timedelta(99), 30) is State.VOID
    assert model.state(None, "c", "s", day, 30) is State.NONE


def test_the_dashboard_shows_the_worst_first(book: Path, prove: Prove, build: Callable[..., Build]) -> None:
    second = PROCEDURE.replace("restart-station", "begin").replace("{{ station }}", "north")
    third = PROCEDURE.replace("restart-station", "end").replace("{{ station }}", "north")
    (book / "more.md").write_text(
        "# More\n\n" + second + "\n# Again\n\n" + re.sub("(?s)::::{ops:blank.*?\n::::\n", "", third)
    )
    (book / "proof.md").write_text(
        "# What is proven\n\n```{ops:proof} procedures\n```\n\n## Drills\n\n```{ops:proof} drills\n```\n"
    )
    prove("procedure", "begin")
    prove("procedure", "restart-station")
    edited(book, "other.md", "restarted\n", "restarted!\n")
    text = build(book, "text").text("proof.txt")
    assert re.search(
        "(?s)1 of 3 proven.*Restart station.*Not proven since.*End.*Not proven yet.*Begin.*Proven 2026", text
    )
    assert re.search("(?s)0 of 2 proven.*cut-cable.*Restart station", text) and "no fix names it" in text
    page = build(book).text("proof.html")
    assert re.search('href="other.html#procedure-restart-station"[^>]*>(<span[^>]*>)?Restart station', page)


def test_what_was_proven_longest_ago_comes_first(book: Path, prove: Prove, build: Callable[..., Build]) -> None:
    (book / "more.md").write_text("# More\n\n" + PROCEDURE.replace("restart-station", "begin"))
    (book / "proof.md").write_text("# What is proven\n\n```{ops:proof} procedures\n```\n")
    prove("procedure", "begin", day="2026-11-23")
    prove("procedure", "restart-station", day="2026-11-22")
    assert re.search("(?s)2 of 2 proven.*Restart station.*2026-11-22.*Begin", build(book, "text").text("proof.txt"))


def test_the_dashboard_refuses_what_it_does_not_know(book: Path, build: Callable[..., Build]) -> None:
    (book / "proof.md").write_text("# What is proven\n\n```{ops:proof} everything\n```\n")
    assert "proof.md:3: WARNING: ops:proof shows one of procedures, trees" in build(book, warns=True).warnings


def test_a_fault_says_where_its_drill_ends(book: Path, prove: Prove, build_apart: Callable[..., Build]) -> None:
    (book / "faults.md").write_text("# Faults\n\n```{ops:faults}\n```\n\nAs in {ops:fault}`cut-cable`.\n")
    said = " ".join(build_apart(book, builder="text").text("faults.txt").split())
    assert 'North is silent. Alert: "SlowReports" Drilled: each time that drills are run' in said
    assert 'Ends at: Restart station with "station=north" Not proven yet.' in said and 'As in "cut-cable".' in said
    assert "Ends at: no fix names it" in said
    prove("drill", "cut-cable", **DRILL)
    said = " ".join(build_apart(book, builder="text").text("faults.txt").split())
    assert "Proven 2026-11-23 against v2.1.0: alert in 9 s" in said, "another page's evidence is on the next build"
    page = build_apart(book).text("faults.html")
    assert 'href="other.html#procedure-restart-station"' in page and 'id="fault-cut-cable"' in page
    assert "stamps.css" in page and "stamps.js" in page


def test_two_builds_are_the_same(book: Path, prove: Prove, build_apart: Callable[..., Build]) -> None:
    (book / "proof.md").write_text("# What is proven\n\n```{ops:proof}\n```\n")
    prove("drill", "cut-cable", **DRILL)
    first = {page: build_apart(book).text(page) for page in ("index.html", "other.html", "proof.html")}
    shutil.rmtree(book / "_build")
    again = build_apart(book, "-j", "2")
    assert {page: again.text(page) for page in first} == first


def test_links_lead_to_procedures_and_trees_as_before(tmp_path: Path, build: Callable[..., Build]) -> None:
    page = build(handbook(tmp_path / "book", "# A\n\n" + tree(CHECK, FIX, CALL) + "\n# B\n\n" + PROCEDURE)).text(
        "index.html"
    )
    assert re.search(r'<div class="ops ops-procedure[^>]*id="procedure-restart-station">', page), page
    assert re.search(r'<div class="ops ops-tree[^>]*id="tree-SlowReports">', page), page


def test_stamps_are_not_in_the_search(book: Path, build: Callable[..., Build]) -> None:
    index = build(book).index()
    assert "proven" not in dict(index["index"]["index"])
