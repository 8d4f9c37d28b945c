"""The real manual in three languages: a name leads to its very place, strangers are understood, and nothing typed differs."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import BrowserContext
from tests.browser.conftest import context  # noqa: F401  # a fixture
from tests.browser.searching import searched
from tests.manual.building import build

PROJECT = Path(__file__).resolve().parents[2]
QUERIES: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (PROJECT / "tests" / "data" / "held_out_queries.yml").read_text(encoding="utf-8")
)
FLOORS = {"en": (11, 14), "de": (18, 22), "zh_CN": (18, 20)}  # right at first, and among the first three


@pytest.fixture(scope="module")
def site(manual: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The manual in a language, built once."""

    @cache
    def built(language: str) -> Path:
        if language == "en":
            return manual
        made = build(PROJECT, "html", tmp_path_factory.mktemp(language), "-D", f"language={language}")
        assert made.status == 0, made.messages
        return made.output

    return built


def wanted(ops: dict[str, Any]) -> dict[str, str]:
    """Where each name must lead; an alert to the beginning of its page, as that is what somebody woken by it needs."""
    places = {alert["name"]: alert["page"] for alert in ops["alerts"]}
    for kind in ("settings", "errors", "metrics", "routes", "commands"):
        for fact in ops["facts"][kind]:
            places |= {name: fact["url"] for name in (fact["name"], fact.get("env")) if name}
    return places


def test_a_name_leads_to_its_very_place(
    manual: Path,
    context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    places = wanted(json.loads((manual / "ops.json").read_text(encoding="utf-8")))
    assert len(places) > 150 and sum("#" in place for place in places.values()) > 130
    page = context().new_page()
    page.goto(f"{manual.as_uri()}/search.html")
    first = {name: next(iter(searched(page, name)), "").removeprefix(f"{manual.as_uri()}/") for name in places}
    assert first == places
    anchors = cache(
        lambda name: {one["id"] for one in BeautifulSoup((manual / name).read_bytes(), "lxml").select("[id]")}
    )
    lost = [
        place for place in places.values() if "#" in place and place.split("#")[1] not in anchors(place.split("#")[0])
    ]
    assert lost == []


@pytest.mark.parametrize("language", FLOORS)
def test_who_has_not_read_it_finds_it(
    language: str,
    site: Callable[[str], Path],
    context: Callable[..., BrowserContext],  # noqa: F811
) -> None:
    root = site(language).as_uri()
    page = context().new_page()
    page.goto(f"{root}/search.html")
    ranks = {}
    for query, right in QUERIES[language].items():
        found = [link.partition("#")[0] for link in searched(page, query)]
        ranks[query] = next(
            (rank for rank, one in enumerate(found) if one in {f"{root}/{name}.html" for name in right}), 99
        )
    first, three = (sum(rank < most for rank in ranks.values()) for most in (1, 3))
    assert (first >= FLOORS[language][0]) and (three >= FLOORS[language][1]), (first, three, ranks)


SAME = (
    *(
        "name",
        "alerts",
        "commands",
        "query",
        "written",
        "target",
        "leaves",
        "faults",
        "procedure",
        "values",
        "within_s",
    ),
    *("choices", "default", "minimum", "maximum", "pattern", "given", "undone_by"),
)
PARTS = ("nodes", "answers", "condition", "steps", "action", "confirm", "undo", "blanks")


def same(data: Any) -> Any:
    """What of trees and procedures is typed, compared or followed: no language has another."""
    if isinstance(data, dict):
        parts = {key: same(value) for key, value in data.items() if key in PARTS}
        return parts | {key: value for key, value in data.items() if key in SAME}
    return [same(one) for one in data] if isinstance(data, list) else data


@pytest.mark.parametrize("language", sorted({*FLOORS} - {"en"}))
def test_no_language_types_or_asks_anything_else(language: str, site: Callable[[str], Path]) -> None:
    ours, theirs = (json.loads((site(one) / "ops.json").read_text(encoding="utf-8")) for one in ("en", language))
    assert theirs["manual"]["language"] == language
    for kind in ("trees", "procedures"):
        assert same(ours[kind]) == same(theirs[kind])
    assert (
        "commands" in same(ours["trees"])[0]["nodes"][0]
        and "commands" in same(ours["procedures"])[0]["steps"][0]["action"]
    )
