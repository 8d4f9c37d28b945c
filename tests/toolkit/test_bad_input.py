"""Bad input: each is one located warning that says what to do, and the pages are built all the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.toolkit.building import Build

Builder = Callable[..., Build]
Project = Callable[[str], Path]


def warnings(build: Builder, source: Path) -> list[str]:
    done = build(source, warns=True)
    assert (done.output / "index.html").is_file()
    return sorted(set(done.warnings.splitlines()))


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        (
            "settings:: sendr",
            "no setting or group of settings is called 'sendr'; there are: sensor, sender, ",
        ),
        ("alerts:: Gone", "no alert or group of alerts is called 'Gone'; there are: weather, SensorSilent"),
        (
            "metrics:: gone",
            "no metric or group of metrics is called 'gone'; there are: station.metrics, ws_readings",
        ),
        (
            "commands:: ./gone.py",
            "no command or group of commands is called './gone.py'; there are: ./station.py, ",
        ),
        (
            "routes:: GET /gone",
            "no route or group of routes is called 'GET /gone'; there are: readings, GET ",
        ),
        (
            "errors:: gone",
            "no error or group of errors is called 'gone'; there are: bad_reading, sensor_gone",
        ),
        ("components:: gone", "no component or group of components is called 'gone'; there are: process, "),
        (
            "recordings:: gone",
            "no recording or group of recordings is called 'gone'; there are: weather, ws:",
        ),
        ("settings-class:: gone:Settings", "cannot import 'gone': ModuleNotFoundError: No module named 'gone'"),
        ("settings-class:: ../gone", "cannot import '../gone': TypeError: "),
    ],
)
def test_an_unknown_name_is_located(build: Builder, project: Project, directive: str, message: str) -> None:
    source = project("weather")
    (source / "pages" / "wrong.rst").write_text(f":orphan:\n\nWrong\n=====\n\n.. ops:{directive}\n")
    (warning,) = warnings(build, source)
    assert warning.startswith(f"pages/wrong.rst:6: WARNING: {message}")
    assert warning.endswith("[drillbook.unknown]")


def test_the_same_in_markdown(build: Builder, project: Project) -> None:
    source = project("weather")
    (source / "pages" / "wrong.md").write_text("---\norphan: true\n---\n# Wrong\n\n```{ops:settings} gone\n```\n")
    (warning,) = warnings(build, source)
    assert warning.startswith("pages/wrong.md:6: WARNING: no setting or group of settings is called 'gone'")


def test_a_kind_without_a_source_names_the_option(build: Builder, project: Project) -> None:
    source = project("weather")
    conf = source / "conf.py"
    conf.write_text(conf.read_text().replace("drillbook_errors =", "drillbook_other ="))
    (source / "pages" / "wrong.rst").write_text(":orphan:\n\nWrong\n=====\n\n.. ops:errors::\n")
    assert (
        "pages/wrong.rst:6: WARNING: there are no errors: is drillbook_errors in conf.py right? [drillbook.unknown]"
        in warnings(build, source)
    )


def test_an_object_described_twice_is_warned_of_with_both_places(build: Builder, project: Project) -> None:
    source = project("weather")
    twice = source / "pages" / "twice.rst"
    twice.write_text(":orphan:\n\nTwice\n=====\n\n.. ops:errors:: bad_reading\n")
    (warning,) = warnings(build, source)
    assert warning == (
        "pages/twice.rst:6: WARNING: error bad_reading is described twice, also at pages/reference.rst:29: "
        "give one the option no-index [drillbook.duplicate]"
    )
    twice.write_text(twice.read_text() + "   :no-index:\n")
    assert not build(source).warnings


SOURCES = {
    "no such module": (
        "station.errors:ERRORS",
        "station.gone:ERRORS",
        "cannot import 'station.gone': ModuleNotFound",
    ),
    "no such attribute": ("station.errors:ERRORS", "station.errors:GONE", "there is no 'GONE' in it"),
    "no list": (
        "station.errors:ERRORS",
        "station.errors:Error",
        "calling 'station.errors:Error' failed: TypeError",
    ),
    "no settings": (
        "station.settings:SenderSettings",
        "station.cli:parser",
        "are no pydantic-settings class",
    ),
    "no parser": ("station.cli:parser", "station.api:openapi", "gives no argparse.ArgumentParser: dict"),
    "no OpenAPI": ("station.api:openapi", "station.cli:parser", "gives no OpenAPI document"),
    "no registry": (
        "station.metrics:REGISTRY",
        "station.errors:ERRORS",
        "is no registry, module or list of metrics",
    ),
    "no rule file": ("rules/*.yml", "rules/*.gone", "no rule file matches 'rules/*.gone'"),
    "no name": (
        "station.components:COMPONENTS",
        "station.errors:ERRORS",
        "an item of type Error has no 'name'",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), SOURCES.values(), ids=SOURCES.keys())
def test_a_source_that_cannot_be_read_is_one_warning_in_conf(
    build: Builder, project: Project, old: str, new: str, message: str
) -> None:
    source = project("weather")
    conf = source / "conf.py"
    original = conf.read_text()
    conf.write_text(original.replace(old, new))
    lines = zip(original.splitlines(), conf.read_text().splitlines(), strict=True)
    line = next(number for number, (before, after) in enumerate(lines, 1) if before != after)
    own = [warning for warning in warnings(build, source) if warning.endswith("[drillbook.source]")]
    assert len(own) == 1, own
    assert own[0].startswith(f"conf.py:{line}: WARNING: ")
    assert message in own[0]


def test_an_import_that_fails_names_the_line_that_failed(build: Builder, project: Project) -> None:
    source = project("weather")
    (source / "station" / "errors.py").write_text('"""Broken."""\n\nraise SystemExit("not today")\n')
    (own,) = [line for line in warnings(build, source) if line.endswith("[drillbook.source]")]
    assert "cannot import 'station.errors': SystemExit: not today (" in own
    assert "station/errors.py:3)" in own


RULES = {
    "bad YAML": ("groups: [\n", 2, "not valid YAML"),
    "no mapping": ("- a\n", 1, "a rule file must be a mapping, not list"),
    "no groups": ("group: []\n", 1, "'groups' must be a list, not nothing"),
    "no rules": ("groups:\n  - name: x\n", 2, "'rules' must be a list, not nothing"),
    "no expression": (
        "groups:\n  - name: x\n    rules:\n      - alert: A\n",
        4,
        "a rule needs 'alert' or 'record', and 'expr'",
    ),
    "bad labels": (
        "groups:\n  - name: x\n    rules:\n      - alert: A\n        expr: up\n        labels: [a]\n",
        4,
        "'labels' must be a mapping, not list",
    ),
}


@pytest.mark.parametrize(("text", "line", "message"), RULES.values(), ids=RULES.keys())
def test_a_bad_rule_file_is_located_and_the_others_are_read(
    build: Builder, project: Project, text: str, line: int, message: str
) -> None:
    source = project("weather")
    (source / "rules" / "bad.yml").write_text(text)
    (warning,) = warnings(build, source)
    assert warning.startswith(f"rules/bad.yml:{line}: WARNING: {message}"), warning
    assert warning.endswith("[drillbook.source]")


def test_what_nobody_described_is_located_in_the_live_system(build: Builder, project: Project) -> None:
    source = project("weather")
    edits = {
        "settings.py": [
            (
                'description="Pause between two readings.", json_schema_extra={"unit": "s", "restart": True}',
                "",
            ),
        ],
        "metrics.py": [('"Last temperature."', '""')],
        "cli.py": [('help="which sensor"', ""), ('description="Operate the weather station.",', "")],
        "api.py": [('"summary": "One reading",', "")],
        "errors.py": [('"Clean the sensor, then send it again."', '""')],
        "components.py": [('"Sends readings.", ("sensor-reader",)', '"", ("gone",)')],
    }
    for file, replacements in edits.items():
        path = source / "station" / file
        text = path.read_text()
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
    rules = source / "rules" / "weather.yml"
    rules.write_text(rules.read_text().replace("          summary: Few readings.\n", ""))
    found = warnings(build, source)
    for place, message in (
        (
            "station/settings.py:31",
            "setting sensor.interval_s has no description: give its Field a description",
        ),
        ("station/settings.py:31", "setting sensor.interval_s is a number without a unit: give its Field "),
        ("station/metrics.py:5", "metric ws_temperature_celsius has no help: give it a help text"),
        ("station/cli.py:6", "command ./station.py has no description: give its parser a description"),
        ("station/cli.py:6", "argument sensor of command ./station.py read has no help: give it one"),
        ("station/api.py:4", "route GET /readings/{id} has no summary: give its operation a summary"),
        ("station/errors.py:15", "error bad_reading has no description: say what to do about it"),
        ("station/components.py:17", "component sender has no description: say what it is for"),
        ("rules/weather.yml:15", "alert SensorSilent has no summary: give it an annotation 'summary'"),
    ):
        assert any(
            line.startswith(f"{place}: WARNING: {message}") and line.endswith("[drillbook.undescribed]")
            for line in found
        ), (place, message, found)
    assert any("component sender depends on gone, which is no component [drillbook.source]" in line for line in found)
    assert len(found) == 10


OPTIONS = {
    "drillbook_settings": ("3", 'must map names to "package.module:attribute", not 3'),
    "drillbook_alerts": ("{'rules'}", "must be a list of file name patterns, not {'rules'}"),
    "drillbook_metrics": ("'station.metrics'", "must be a list, not 'station.metrics'"),
    "drillbook_commands": ("{'x': 'a b'}", "must be \"package.module:attribute\", not 'a b'"),
    "drillbook_routes": ("7", 'must be "package.module:attribute", not 7'),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_with_a_wrong_value_is_one_warning_in_conf(build: Builder, project: Project, name: str) -> None:
    source = project("weather")
    conf = source / "conf.py"
    value, message = OPTIONS[name]
    conf.write_text(f"{conf.read_text()}{name} = {value}\n")
    last = len(conf.read_text().splitlines())
    own = [line for line in warnings(build, source) if line.endswith("[drillbook.config]")]
    assert own == [f"conf.py:{last}: WARNING: {name} {message} [drillbook.config]"]


def fail(*arguments: object) -> None:
    raise ZeroDivisionError("a fault for this test")


def test_a_fault_of_our_own_is_located_and_the_page_is_built(
    build: Builder, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drillbook.pages.reference.error", fail)
    found = warnings(build, project("weather"))
    assert (
        "pages/reference.rst:29: WARNING: directive ops:errors failed: ZeroDivisionError: a fault for this test "
        "[drillbook.internal]" in found
    )


def test_so_it_is_when_the_pages_are_shared_out(
    build: Builder, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drillbook.pages.reference.error", fail)
    source = project("weather")
    for number in range(8):  # enough pages for Sphinx to start processes
        (source / "pages" / f"more{number}.rst").write_text(f":orphan:\n\nPage {number}\n======\n\n.. ops:errors::\n")
    built = build(source, warns=True, parallel=2)
    assert built.warnings.count("directive ops:errors failed: ZeroDivisionError: a fault for this test") == 9
    assert (built.output / "pages" / "more7.html").is_file()


def test_a_fault_in_a_handler_is_a_warning(build: Builder, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drillbook.pages.domain.OpsDomain.outdated", fail)
    assert warnings(build, project("weather")) == [
        "WARNING: drillbook.pages.rebuild.outdated_documents failed: ZeroDivisionError: a fault for this test "
        "[drillbook.internal]"
    ]
