"""What the manual says is what the live code has: all of it, and nothing else."""

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from bs4 import BeautifulSoup
from sphinx.util.inventory import InventoryFile
from tests.manual.building import build

from audio_enhancement.components import COMPONENTS
from audio_enhancement.errors import ERRORS
from audio_enhancement.settings import SETTINGS

REPOSITORY = Path(__file__).resolve().parents[2]
SYSTEM = REPOSITORY / "system"


@pytest.fixture(scope="session")
def described(manual: Path) -> dict[str, set[str]]:
    """Names of the described objects by their kind, as other projects find them in objects.inv."""
    inventory = InventoryFile.load((manual / "objects.inv").open("rb"), "", lambda base, name: base + name)
    return {kind.removeprefix("ops:"): set(names) for kind, names in inventory.items() if kind.startswith("ops:")}


def test_every_setting_is_described(described: dict[str, set[str]]) -> None:
    live = {f"{name}.{field}" for name, cls in SETTINGS.items() for field in cls.model_fields}
    assert described["setting"] >= live


UNITS = {"s": "s", "ms": "ms", "mb": "MB", "hz": "Hz", "db": "dB", "dbfs": "dBFS", "lufs": "LUFS"}


def test_the_unit_of_a_setting_is_the_one_in_its_name() -> None:
    units = {
        f"{name}.{field}": (UNITS[suffix], info.json_schema_extra.get("unit"))
        for name, cls in SETTINGS.items()
        for field, info in cls.model_fields.items()
        if (suffix := field.rpartition("_")[2]) in UNITS and isinstance(info.json_schema_extra, dict)
    }
    assert len(units) > 20
    assert {name: pair for name, pair in units.items() if pair[0] != pair[1]} == {}


def test_every_component_and_error_is_described(described: dict[str, set[str]]) -> None:
    assert described["component"] == {component.name for component in COMPONENTS}
    assert described["error"] == {error.code for error in ERRORS}


def test_every_script_is_described(described: dict[str, set[str]]) -> None:
    scripts = {f"./scripts/{file.name}" for file in (REPOSITORY / "system" / "scripts").glob("*.sh")}
    assert described["command"] >= scripts | {"./deploy.py", "./stack.py"}


def test_every_alert_has_the_page_that_its_runbook_url_names(manual: Path, described: dict[str, set[str]]) -> None:
    pages = {page.stem for page in (manual / "alerts").glob("*.html")} - {"index"}
    assert pages == described["alert"]


def modules() -> set[str]:
    """The modules of the system that another program may import: not those that run as programs of their own."""
    files = [file.relative_to(SYSTEM).with_suffix("") for file in (SYSTEM / "audio_enhancement").rglob("*.py")]
    apart = {"__init__", "__main__", "decode_child", "routes"}  # the routes are in the HTTP API
    return {".".join(file.parts) for file in files if file.name not in apart and "migrations" not in file.parts}


def test_every_module_of_the_system_is_described_with_its_types(manual: Path) -> None:
    inventory = InventoryFile.load((manual / "objects.inv").open("rb"), "", lambda base, name: base + name)
    assert len(modules()) > 60
    assert modules() - set(inventory["py:module"]) == set()
    assert "drillbook.documentation.ProductionDocumentation" in inventory["py:class"]
    page = BeautifulSoup((manual / "reference" / "python-modules.html").read_text(), "html.parser")
    (said,) = page.select("[id='audio_enhancement.deployment.deploy.deploy']")
    assert "RunDir" in said.get_text()


def clicks(manual: Path) -> dict[str, int]:
    """How many links away from the start page each page is, when one follows what is written and not the sidebar."""
    start = manual / "index.html"
    found, edge = {start: 0}, [start]
    while edge:
        page = edge.pop(0)
        links = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select("article a[href]")
        for link in links:
            target = (page.parent / urldefrag(str(link["href"])).url).resolve()
            if target.suffix == ".html" and target.is_file() and target not in found:
                found[target] = found[page] + 1
                edge.append(target)
    return {page.relative_to(manual).with_suffix("").as_posix(): count for page, count in found.items()}


def test_every_page_is_at_most_three_clicks_from_the_start(manual: Path) -> None:
    source = REPOSITORY / "source"
    pages = {page.relative_to(source).with_suffix("").as_posix() for page in source.rglob("*.md")}
    found = clicks(manual.resolve())
    assert len(pages) > 100
    assert {page: found.get(page) for page in pages if found.get(page, 99) > 3} == {}


def test_a_page_that_nothing_leads_to_is_not_reached(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<article><a href="one.html#there">One</a></article><a href="lost.html">x</a>')
    (tmp_path / "one.html").write_text('<article><a href="https://example.org/two.html">away</a></article>')
    (tmp_path / "lost.html").write_text("<article></article>")
    assert clicks(tmp_path.resolve()) == {"index": 0, "one": 1}


def rename(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        path = project / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


def test_renaming_in_the_live_code_changes_the_page_or_fails_the_build(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("source", "system"):
        shutil.copytree(REPOSITORY / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "conf.py", project)
    (project / "ext").symlink_to(REPOSITORY / "ext")
    first = build(project, "text", tmp_path / "build")
    assert first.status == 0, first.messages

    # Named on a page only by the reference: the page follows.
    rename("system/audio_enhancement/settings.py", "    keep_releases:", "    releases_kept:")(project)
    rename("system/audio_enhancement/api/routes.py", '"/healthz"', '"/alive"')(project)
    second = build(project, "text", tmp_path / "build")
    assert second.status == 0, second.messages
    settings = (second.output / "reference" / "settings.txt").read_text()
    assert "releases_kept" in settings and "keep_releases" not in settings
    routes = map(str.strip, (second.output / "reference" / "http-api.txt").read_text().splitlines())
    assert {"GET /alive", "GET /healthz"} & set(routes) == {"GET /alive"}  # a sample is for `make doctest` to refuse

    # Named in a sentence or by a page of its own: the build fails and says where.
    rename("system/audio_enhancement/settings.py", "    relay_after_s:", "    relay_later_s:")(project)
    rename("system/monitoring/rules/alerts.yml", "- alert: HighLatency", "- alert: Slow")(project)
    third = build(project, "text", tmp_path / "build")
    assert third.status != 0
    assert "architecture/request-path.md:" in third.messages and "queue.relay_after_s" in third.messages
    assert "alerts/HighLatency.md:" in third.messages
    # And it stays failed: a warning that is given once is a warning that is overlooked.
    fourth = build(project, "text", tmp_path / "build")
    assert fourth.status != 0
    assert "alerts/HighLatency.md:" in fourth.messages
