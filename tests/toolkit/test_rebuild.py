"""Builds after a change: of the live system, of pages; in one process or two. Each build is a process of its own."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.toolkit.building import Build

Builder = Callable[..., Build]
Project = Callable[[str], Path]


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_changed_fact_changes_the_page_that_shows_it(project: Project, build_apart: Builder) -> None:
    source = project("weather")
    build_apart(source)
    change(source / "station" / "settings.py", "le=3600", "le=7200")
    change(source / "rules" / "weather.yml", "for: 1m30s", "for: 2h")
    change(source / "station" / "metrics.py", "Last temperature.", "Newest temperature.")
    change(source / "station" / "errors.py", "Clean the sensor", "Dry the sensor")
    change(source / "station" / "cli.py", "port to use", "port to listen on")
    change(source / "station" / "api.py", "Number of the reading.", "Its number.")
    change(source / "station" / "components.py", "Reads the sensor.", "Asks the sensor.")
    done = build_apart(source)
    assert "0.5 to 7200 s" in done.text("pages/settings.html")
    assert "0.5 to 7200 s" in done.text("pages/python.html")
    reference = done.text("pages/reference.html")
    for fact in ("2 h", "Newest temperature", "Dry the", "port to listen on", "Its number", "Asks the"):
        assert fact in reference, fact


def test_pages_whose_facts_did_not_change_are_not_read_again(project: Project, build_apart: Builder) -> None:
    source = project("weather")
    build_apart(source)
    before = {path: path.stat().st_mtime_ns for path in (source / "_build").rglob("*.doctree")}
    settings = source / "station" / "settings.py"
    settings.write_text("# a line more moves every field, and says nothing new\n" + settings.read_text())
    change(source / "rules" / "weather.yml", "Few readings", "Very few readings")
    build_apart(source)
    read = {path.stem for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert read == {"reference", "python"}  # python: autodoc watches the file itself


def test_a_renamed_object_fails_every_build_until_the_page_follows(project: Project, build_apart: Builder) -> None:
    source = project("weather")
    build_apart(source)
    change(source / "station" / "settings.py", "interval_s", "pause_s")
    change(source / "rules" / "weather.yml", "SensorSilent", "SensorMute")
    change(source / "station" / "api.py", "/readings/{id}", "/readings/{number}")
    change(source / "station" / "errors.py", "`sensor.interval_s`", "`sensor.pause_s`")
    for _ in range(2):  # the second build has nothing new to read, and must not pass for that
        done = build_apart(source, warns=True)
        assert done.status == 1
        for line, message in (
            (3, "unknown setting: sensor.interval_s is described on no page [ref.setting]"),
            (4, "unknown alert: SensorSilent is described on no page [ref.alert]"),
            (6, "unknown route: GET /readings/{id} is described on no page [ref.route]"),
        ):
            assert re.search(rf"^index\.md:\d+: WARNING: {re.escape(message)}$", done.warnings, re.MULTILINE), (
                line,
                done.warnings,
            )
    assert "sensor.pause_s" in done.text("pages/settings.html").replace("</span>", "").replace(
        '<span class="pre">', ""
    ).replace('<span class="sig-name descname">', "")
    index = source / "index.md"
    for old, new in (
        ("sensor.interval_s", "sensor.pause_s"),
        ("WS_SENSOR_INTERVAL_S", "WS_SENSOR_PAUSE_S"),
        ("SensorSilent", "SensorMute"),
        ("{id}", "{number}"),
    ):
        change(index, old, new)
    done = build_apart(source)
    assert "pages/settings.html#setting-sensor.pause_s" in done.text("index.html")


def test_links_follow_an_entry_that_moves_to_another_page(project: Project, build_apart: Builder) -> None:
    source = project("weather")
    build_apart(source)
    change(source / "pages" / "settings.md", "```{ops:settings} sensor\n```", "See below.")
    reference = source / "pages" / "reference.rst"
    reference.write_text(reference.read_text() + "\nSensor\n------\n\n.. ops:settings:: sensor\n")
    done = build_apart(source)
    assert "pages/reference.html#setting-sensor.interval_s" in done.text("index.html")


def test_a_runbook_leads_to_its_page_once_there_is_one(project: Project, build_apart: Builder) -> None:
    source = project("weather")
    address = "https://manual.example/alerts/sensor-silent"
    assert f'href="{address}"' in build_apart(source).text("pages/reference.html")
    page = source / "alerts" / "sensor-silent.md"
    page.parent.mkdir()
    page.write_text("---\norphan: true\n---\n# The sensor is silent\n")
    done = build_apart(source).text("pages/reference.html")
    assert 'href="../alerts/sensor-silent.html">The sensor is silent</a>' in done.replace("<span>", "").replace(
        "</span>", ""
    )
    page.unlink()
    assert f'href="{address}"' in build_apart(source).text("pages/reference.html")


def test_a_deleted_page_takes_its_objects_along(project: Project, build_apart: Builder) -> None:
    source = project("weather")
    build_apart(source)
    (source / "pages" / "reference.rst").unlink()
    change(source / "index.md", "pages/reference\n", "")
    done = build_apart(source, warns=True)
    assert "unknown alert: SensorSilent is described on no page" in done.warnings


def test_a_page_with_a_warning_is_read_until_it_is_right(project: Project, build_apart: Builder) -> None:
    source = project("weather")
    change(source / "pages" / "settings.md", "{ops:settings} sender", "{ops:settings} sendr")
    for _ in range(2):
        assert "[drillbook.unknown]" in build_apart(source, warns=True).warnings
    change(source / "pages" / "settings.md", "{ops:settings} sendr", "{ops:settings} sender")
    build_apart(source)


def test_a_parallel_build_writes_the_same(project: Project, build_apart: Builder) -> None:
    source = project("weather")
    for number in range(8):  # enough pages for Sphinx to share them out
        (source / "pages" / f"more{number}.md").write_text(
            f"---\norphan: true\n---\n# Page {number}\n\n{{ops:setting}}`sensor.average`, {{ops:alert}}`SensorSilent`\n"
        )
    serial = build_apart(source)
    written = {path.name: path.read_bytes() for path in sorted(serial.output.rglob("*.html"))}
    inventory = (serial.output / "objects.inv").read_bytes()
    parallel = build_apart(source, "-E", "-a", "-j", "2")
    assert {path.name: path.read_bytes() for path in sorted(parallel.output.rglob("*.html"))} == written
    assert (parallel.output / "objects.inv").read_bytes() == inventory
    change(source / "station" / "settings.py", "le=3600", "le=7200")
    assert "0.5 to 7200 s" in build_apart(source, "-j", "2").text("pages/settings.html")
