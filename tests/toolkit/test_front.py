"""What a start page is made of: the search in the page, the alerts by severity, and how much is proven."""

from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from tests.toolkit.building import Build
from tests.toolkit.handbook import GOOD, RULES, handbook

BuildIt = Callable[..., Build]
SLOW = "https://manual.example/book/pages/slow.html"


def book(folder: Path, page: str, **pages: str) -> Path:
    """The manual, in which the alert SlowReports has a page."""
    made = handbook(folder, page, **{"other": "# Other\n\nText.\n", **pages})
    (made / "rules.yml").write_text(RULES.replace("slow.html", SLOW))
    (made / "pages").mkdir()
    (made / "pages" / "slow.md").write_text("---\norphan: true\n---\n# When reports are slow\n")
    return made


LIST = "# Start\n\n```{ops:alert-list}\n```\n"


def test_alerts_stand_under_their_severity_and_lead_to_their_pages(tmp_path: Path, build: BuildIt) -> None:
    soup = BeautifulSoup(build(book(tmp_path / "book", LIST)).text("index.html"), "html.parser")
    listed = soup.select_one(".ops-alert-list")
    assert listed is not None
    assert [term.get_text() for term in listed.select("dt")] == ["SEV1", "SEV2"]
    said = [item.get_text() for item in listed.select("li")]
    assert said == ["Silent: No reports", "SlowReports: Reports are slow"]
    [link] = listed.select("a")
    assert (link["href"], link.get_text()) == ("pages/slow.html", "SlowReports"), "its name, and not the page's title"


def test_they_read_well_as_text(tmp_path: Path, build: BuildIt) -> None:
    page = f"{LIST}\n```{{ops:search}}\n```\n\n```{{ops:proof}} trees\n:summary:\n```\n"
    text = build(book(tmp_path / "book", page), "text").text("index.txt")
    assert '"SEV1"\n   * "Silent": No reports\n' in text and '* "SlowReports": Reports are slow' in text
    assert "search" not in text.lower()


def test_a_list_follows_the_live_rules(tmp_path: Path, build: BuildIt) -> None:
    folder = book(tmp_path / "book", LIST)
    build(folder)
    (folder / "rules.yml").write_text((folder / "rules.yml").read_text().replace("No reports", "Nobody reports"))
    assert "Nobody reports" in build(folder).text("index.html")


def test_a_manual_without_alerts_is_told_so(tmp_path: Path, build: BuildIt) -> None:
    folder = handbook(tmp_path / "book", LIST)
    (folder / "rules.yml").write_text("groups: []\n")
    done = build(folder, warns=True)
    assert "index.md:3: WARNING: there are no alerts: is drillbook_alerts in conf.py right?" in done.warnings


def test_rules_may_say_what_a_lint_would_refuse(tmp_path: Path, build: BuildIt) -> None:
    folder = book(tmp_path / "book", LIST)
    (folder / "rules.yml").write_text(RULES.replace("No reports", "None for 5 min <b>"))
    assert "None for 5 min &lt;b&gt;" in build(folder).text("index.html")


def test_a_page_has_the_search_if_the_manual_has_one(tmp_path: Path, build: BuildIt) -> None:
    folder = book(tmp_path / "book", "# Start\n\n```{ops:search}\n```\n")
    assert '<div data-ops-search="field">' in build(folder).text("index.html")
    without = build(folder, confoverrides={"drillbook_search": False}, freshenv=True)
    assert "data-ops-search" not in without.text("index.html")


@pytest.mark.parametrize("kind", ["", "trees"])
def test_a_summary_counts_what_the_tables_list(kind: str, tmp_path: Path, build: BuildIt) -> None:
    page = f"# Proof\n\n```{{ops:proof}} {kind}\n:summary:\n```\n\n```{{toctree}}\ngood\n```\n"
    soup = BeautifulSoup(build(book(tmp_path / "book", page, good=GOOD)).text("index.html"), "html.parser")
    proof = soup.select_one(".ops-proof")
    assert proof is not None and not proof.select("table")
    said = [line.get_text() for line in proof.select("p.ops-stamp")]
    assert "0 of 1 trees are proven." in said and (kind == "trees") == (said == ["0 of 1 trees are proven."])
