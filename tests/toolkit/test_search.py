"""What can be found: the records of pages, and the index that a build leaves, whatever happened to builds before it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build
from tests.toolkit.handbook import GOOD, handbook

from drillbook.output.search.words import with_pairs, words

BuildIt = Callable[..., Build]


def found(build: Build) -> dict[tuple[str, str], str]:
    """The text of each record by its kind and title."""
    return {(kind, title): text for kind, title, _, _, text, _ in build.index()["records"]}


def addresses(build: Build) -> set[str]:
    """Where records lead to."""
    return {record[3] for record in build.index()["records"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Worker down", ["worker", "down"]),
        ("HighLatency", ["highlatency", "high", "latency"]),
        ("worker.concurrency", ["worker.concurrency", "worker", "concurrency"]),
        ("AE_QUEUE_URL", ["ae_queue_url", "ae", "queue", "url"]),
        ("./deploy.py --scale", ["deploy.py", "deploy", "py", "scale"]),
        ("Größe Straße", ["grosse", "strasse"]),
        ("水道技師", ["水道", "道技", "技師"]),
        ("p95 v2.1.0", ["p95", "v2.1.0", "v2", "1", "0"]),
        ("x" * 61, []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    got = list(words(text))
    assert [word for word in got if word in expected] == expected and set(got) - set(expected) <= {"v", "p", "2", "95"}


def test_titles_have_their_neighbours_as_one_word() -> None:
    assert list(with_pairs("Roll back")) == ["roll", "back", "rollback"]


def test_each_section_and_each_object_can_be_found(build: BuildIt) -> None:
    built = build("weather")
    kinds = {kind for kind, _ in found(built)}
    assert {"page", "setting"} <= kinds
    for address in addresses(built):
        page, _, anchor = address.partition("#")
        assert not anchor or f'id="{anchor}"' in built.text(page), address


def test_a_tree_and_a_procedure_are_what_their_pages_are(tmp_path: Path, build: BuildIt) -> None:
    built = build(handbook(tmp_path / "book", GOOD))
    assert any(kind == "procedure" for kind, _ in found(built))
    said = " ".join(found(built).values())
    assert "Do all stations answer?" in said and "./stations status" in said


def test_authors_give_other_words_and_take_pages_out(tmp_path: Path, build: BuildIt) -> None:
    page = "---\nkeywords: reboot, turn off and on\n---\n# Restart\n\nText.\n\n```{toctree}\nhidden\n```\n"
    built = build(handbook(tmp_path / "book", page, hidden="---\nnosearch: true\n---\n# Hidden\n\nSecret.\n"))
    [record] = built.index()["records"]
    assert record[5] == "reboot, turn off and on"
    assert dict(built.index()["index"]["index"])["reboot"] == {"3": {"0": 1}}
    assert "Secret" not in built.text("search-index.js")


def test_sphinx_search_is_replaced_or_kept(tmp_path: Path, build: BuildIt) -> None:
    folder = handbook(tmp_path / "book", "# Page\n\nText.\n")
    built = build(folder)
    assert "data-ops-search" in built.text("search.html") and not (built.output / "searchindex.js").exists()
    kept = build(handbook(tmp_path / "other", "# Page\n\nText.\n"), confoverrides={"drillbook_search": False})
    assert (kept.output / "searchindex.js").exists() and not (kept.output / "search-index.js").exists()


def test_a_page_that_is_not_written_again_is_still_found(tmp_path: Path, build: BuildIt) -> None:
    folder = handbook(
        tmp_path / "book", "# First\n\nAlpha.\n\n```{toctree}\nsecond\n```\n", second="# Second\n\nBeta.\n"
    )
    before = build(folder).index()
    (folder / "second.md").write_text("# Second\n\nGamma.\n")
    built = build(folder)
    assert found(built)["page", "First"].startswith("Alpha") and found(built)["page", "Second"] == "Gamma."
    assert len(built.index()["records"]) == len(before["records"])


def test_a_page_that_is_gone_is_not_found(tmp_path: Path, build: BuildIt) -> None:
    folder = handbook(tmp_path / "book", "# First\n\nAlpha.\n", second="---\norphan: true\n---\n# Second\n\nBeta.\n")
    build(folder)
    (folder / "second.md").unlink()
    assert set(found(build(folder))) == {("page", "First")}


@pytest.mark.parametrize("harm", ["lost", "damaged", "old"])
def test_what_was_kept_may_be_lost_damaged_or_of_a_build_that_was_killed(
    harm: str, tmp_path: Path, build: BuildIt
) -> None:
    folder = handbook(
        tmp_path / "book", "# First\n\nAlpha.\n\n```{toctree}\nsecond\n```\n", second="# Second\n\nBeta.\n"
    )
    whole = build(folder).text("search-index.js")
    [kept] = (folder / "_build").rglob("*drillbook-search.json")
    if harm == "lost":
        kept.unlink()
    elif harm == "damaged":
        kept.write_text(kept.read_text()[:40])
    else:
        old = json.loads(kept.read_text())
        old["second"] = [1, [["page", "Old", "", "second.html", "Old text", ""]]]
        kept.write_text(json.dumps(old))
    assert build(folder).text("search-index.js") == whole


def test_two_builds_give_the_same_index(tmp_path: Path, build: BuildIt) -> None:
    texts = [build(handbook(tmp_path / name, GOOD)).text("search-index.js") for name in ("one", "two")]
    assert texts[0] == texts[1]


def test_what_pages_say_cannot_end_the_script(tmp_path: Path, build: BuildIt) -> None:
    built = build(handbook(tmp_path / "book", "# Page\n\n`</script><script>alert(1)</script>` \u2028\n"))
    assert "</" not in built.text("search-index.js") and "\u2028" not in built.text("search-index.js")
    assert "</script>" in json.dumps(built.index())
