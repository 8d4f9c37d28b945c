"""The feeds: valid Atom, the same from the same versions, with an entry for each change that leads to its step."""

import copy
import html
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.toolkit.editions import book, data_of

from drillbook.model.change import changes
from drillbook.portal.feeds import Published, file_name, write_feeds

URL = "https://manual.example/feeds"
ATOM = "{http://www.w3.org/2005/Atom}"
DAY = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return data_of(book(tmp_path_factory.mktemp("old") / "book"))


@pytest.fixture
def versions(data: dict[str, Any]) -> list[Published]:
    """Three versions: a threshold is raised, then a step is put in and a page gets an owner."""
    second = copy.deepcopy(data)
    second["facts"]["alerts"][1]["thresholds"] = ["<800 & more> ms"]
    third = copy.deepcopy(second)
    third["procedures"][0]["steps"][0]["action"]["text"] = "Look."
    third["contents"][-1]["owner"] = "bell \x07 & <b>keeper</b>"
    days = (DAY + timedelta(days=number) for number in range(3))
    named = zip(("v1", "v2", "v3"), days, (data, second, third), strict=True)
    return [Published(name, day, found, f"https://manual.example/{name}/en") for name, day, found in named]


def read(file: Path) -> etree._Element:
    """The root of a feed that has all that RFC 4287 demands."""
    root = etree.fromstring(file.read_bytes(), etree.XMLParser(resolve_entities=False))
    assert root.tag == f"{ATOM}feed"
    for whole in (root, *root.iter(f"{ATOM}entry")):
        for needed in ("id", "title", "updated"):
            [found] = whole.findall(f"{ATOM}{needed}")
            assert found.text and found.text.strip()
        assert datetime.fromisoformat(whole.findtext(f"{ATOM}updated", "")).tzinfo
        assert ":" in whole.findtext(f"{ATOM}id", "")
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    assert [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"] == [
        f"{URL}/{file.name}"
    ]
    ids = [one.text for one in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))
    return root


def titles(file: Path) -> list[str]:
    return [entry.findtext(f"{ATOM}title", "") for entry in read(file).iter(f"{ATOM}entry")]


def test_each_section_has_a_feed_and_all_have_one(versions: list[Published], tmp_path: Path) -> None:
    written = write_feeds(tmp_path / "feeds", URL, versions)
    assert [file.name for file in written] == [
        "alerts.xml",
        "all.xml",
        "manual.xml",
        "procedures.xml",
    ]
    assert sorted(file.name for file in (tmp_path / "feeds").iterdir()) == [file.name for file in written]
    everything = titles(tmp_path / "feeds" / "all.xml")
    assert everything == [
        "Step 1 of Restart station, “Restart it”: text changed.",
        "Owner of Look up: none → bell \ufffd & <b>keeper</b>.",
        "Threshold of SlowReports: 500 ms → <800 & more> ms.",
    ]
    assert titles(tmp_path / "feeds" / "alerts.xml") == everything[2:]


def test_an_entry_leads_to_the_step_in_its_version_at_its_time(versions: list[Published], tmp_path: Path) -> None:
    write_feeds(tmp_path, URL + "/", versions)
    root = read(tmp_path / "procedures.xml")
    [entry] = root.iter(f"{ATOM}entry")
    [link] = entry.findall(f"{ATOM}link")
    assert link.get("href") == (
        "https://manual.example/v3/en/procedures/restart.html#procedure-restart-station-Restart-it"
    )
    assert entry.findtext(f"{ATOM}updated") == root.findtext(f"{ATOM}updated") == "2026-11-03T12:00:00+00:00"
    assert entry.findtext(f"{ATOM}id", "").startswith("tag:manual.example,2026-11-03:")
    assert entry.findtext(f"{ATOM}content", "").endswith("Version v3, since v2.")
    assert root.findtext(f"{ATOM}title") == "Stations: Procedures: what has changed"


def test_the_same_versions_make_the_same_files(versions: list[Published], tmp_path: Path) -> None:
    one, two = (write_feeds(tmp_path / name, URL, copy.deepcopy(versions)) for name in ("one", "two"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]


def test_an_entry_keeps_its_name_when_another_version_follows(versions: list[Published], tmp_path: Path) -> None:
    write_feeds(tmp_path / "before", URL, versions[:2])
    write_feeds(tmp_path / "after", URL, versions)
    before, after = (
        [entry.findtext(f"{ATOM}id") for entry in read(tmp_path / name / "all.xml").iter(f"{ATOM}entry")]
        for name in ("before", "after")
    )
    assert after[-len(before) :] == before and len(after) > len(before)


def test_what_comes_from_outside_is_text(versions: list[Published], tmp_path: Path) -> None:
    write_feeds(tmp_path, URL, versions)
    text = (tmp_path / "all.xml").read_text()
    assert "<b>" not in text and html.escape("<b>keeper</b>") in text and "\x07" not in text


def test_a_section_can_be_followed_before_anything_changes(versions: list[Published], tmp_path: Path) -> None:
    written = write_feeds(tmp_path, URL, versions[:1])
    assert len(written) == 4 and all(titles(file) == [] for file in written)
    assert write_feeds(tmp_path / "none", URL, []) == [] and not (tmp_path / "none").exists()


def test_names_of_files_are_safe_and_none_is_that_of_the_whole() -> None:
    assert [file_name(section) for section in ("alerts", "all", "war room", "..", "../x")] == [
        *("alerts", "all-", "war-room", "-", "-x"),
    ]


def test_times_in_other_zones_and_many_versions(versions: list[Published], tmp_path: Path) -> None:
    east = versions[1]._replace(made=DAY.astimezone(timezone(timedelta(hours=9))))
    write_feeds(tmp_path, URL, [versions[0], east])
    assert titles(tmp_path / "alerts.xml") == [changes(versions[0].data, east.data)[0].says]
