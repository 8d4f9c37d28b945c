"""Collectors on their own: the conventions that other teams rely on, and that they need no Sphinx."""

import argparse
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Info, Summary
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from drillbook.live.alerts import collect_rules
from drillbook.live.collect import Sources, collect
from drillbook.live.commands import collect_commands
from drillbook.live.facts import LiveFacts, Place
from drillbook.live.metrics import collect_metrics
from drillbook.live.routes import collect_routes
from drillbook.live.settings import collect_settings
from drillbook.pages.entries.rules import duration


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An empty module that sources can name."""
    made = ModuleType("shop")
    monkeypatch.setitem(sys.modules, "shop", made)
    return made


def test_live_needs_no_sphinx() -> None:
    ext = Path(__file__).parents[2] / "ext"
    code = "import sys, drillbook.live.facts, drillbook.live.sources; print('sphinx' in sys.modules)"
    # the package's own __init__ is the door for Sphinx, so live/ is put in its place here
    stub = f"import types, sys; m = types.ModuleType('drillbook'); m.__path__ = [{str(ext / 'drillbook')!r}]; "
    everything = "sys.modules['drillbook'] = m; import drillbook.live.collect, drillbook.live.settings; "
    done = subprocess.run(
        [sys.executable, "-c", stub + everything + code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "False\n"


def test_a_mapping_of_settings_classes_is_one_source(module: ModuleType) -> None:
    class Till(BaseSettings):
        drawers: int = Field(1, description="Drawers.", json_schema_extra={"unit": "drawers"})

    module.SETTINGS = {"till": Till}  # type: ignore[attr-defined]
    (fact,) = collect_settings("shop:SETTINGS")
    assert (fact.name, fact.env, fact.default, fact.unit) == ("till.drawers", "DRAWERS", "1", "drawers")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (SecretStr("s3cret"), "not shown"),
        (SecretStr(""), "empty"),
        ("postgresql://u:s3cret@db/x", "postgresql://u:***@db/x"),
        ("redis://:s3cret@db/0", "redis://:***@db/0"),
        (True, "true"),
        (2.0, "2"),
        (0.1, "0.1"),
        ([], "empty"),
        (("a", "b"), "a, b"),
        ({"b", "a"}, "a, b"),
        (None, "not set"),
    ],
)
def test_a_default_is_shown_as_people_write_it(module: ModuleType, value: Any, shown: str) -> None:
    made = type("S", (BaseSettings,), {"__annotations__": {"x": type(value)}, "x": value, "__module__": "shop"})
    module.SETTINGS = {"c": made}  # type: ignore[attr-defined]
    (fact,) = collect_settings("shop:SETTINGS")
    assert fact.default == shown
    assert "s3cret" not in repr(fact)


def test_a_default_that_is_worked_out_is_not_worked_out_here(module: ModuleType) -> None:
    class Till(BaseSettings):
        name: str = Field(default_factory=lambda: "this machine")
        tags: list[str] = Field(default_factory=list)
        key: SecretStr = Field(default_factory=lambda: SecretStr("s3cret"))

    module.SETTINGS = {"till": Till}  # type: ignore[attr-defined]
    defaults = [fact.default for fact in collect_settings("shop:SETTINGS")]
    assert defaults == ["worked out at the start", "empty", "not shown"]


def test_metrics_by_module_list_and_custom_collector(module: ModuleType) -> None:
    registry = CollectorRegistry()

    class Custom:
        def collect(self) -> list[Any]:
            from prometheus_client.core import GaugeMetricFamily

            family = GaugeMetricFamily("shop_custom_bytes", "Made when asked.", labels=["shelf"])
            family.add_metric(["a"], 1)
            return [family]

    module.SALES = Counter("shop_sales", "Sales.", registry=registry)  # type: ignore[attr-defined]
    module.INFO = Info("shop", "The shop.", registry=registry)  # type: ignore[attr-defined]
    module.TIMES = Summary("shop_time_seconds", "Times.", ["till"], registry=registry)  # type: ignore[attr-defined]
    module.LIST = [Gauge("shop_gauge", "A gauge.", registry=registry)]  # type: ignore[attr-defined]
    registry.register(Custom())  # type: ignore[arg-type]
    module.REGISTRY = registry  # type: ignore[attr-defined]
    assert [fact.name for fact in collect_metrics("shop")] == [
        "shop_sales_total",
        "shop_info",
        "shop_time_seconds",
    ]
    assert [fact.name for fact in collect_metrics("shop:LIST")] == ["shop_gauge"]
    facts = {fact.name: fact for fact in collect_metrics("shop:REGISTRY")}
    assert facts["shop_time_seconds"].labels == ("till",)
    assert facts["shop_time_seconds"].series == ("shop_time_seconds_sum", "shop_time_seconds_count")
    assert (facts["shop_custom_bytes"].labels, facts["shop_custom_bytes"].unit) == (("shelf",), "bytes")


@pytest.mark.parametrize(
    ("epilog", "statuses", "rest"),
    [
        (
            "exit status:\n  0  good\n     indeed\n  130  stopped\n\nMore.",
            (("0", "good indeed"), ("130", "stopped")),
            "More.",
        ),
        (
            "Exit status: 0 done (x: y), 1 not, 2 wrong use.",
            (("0", "done (x: y)"), ("1", "not"), ("2", "wrong use")),
            "",
        ),
        ("Exit statuses\n 0: fine\n 1: bad", (("0", "fine"), ("1", "bad")), ""),
        ("Nothing here.", (), "Nothing here."),
    ],
)
def test_exit_statuses_are_read_from_the_epilog(
    module: ModuleType, epilog: str, statuses: tuple[tuple[str, str], ...], rest: str
) -> None:
    module.parser = lambda: argparse.ArgumentParser(epilog=epilog)  # type: ignore[attr-defined]
    (fact,) = collect_commands({"./x": "shop:parser"})
    assert (fact.exit_statuses, fact.epilog) == (statuses, rest)


def test_a_usage_does_not_depend_on_the_terminal(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def parser() -> argparse.ArgumentParser:
        made = argparse.ArgumentParser(prog="other")
        for number in range(9):
            made.add_argument(f"--long-option-{number}")
        return made

    module.parser = parser  # type: ignore[attr-defined]
    usages = []
    for columns in ("40", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        (fact,) = collect_commands({"./shop.py": "shop:parser"})
        usages.append(fact.usage)
    assert usages[0] == usages[1]
    first, second, *_ = usages[0].splitlines()
    assert first.startswith("./shop.py [-h]")
    assert second.startswith(" " * len("./shop.py ") + "[")


def test_a_default_does_not_say_where_the_project_lies(module: ModuleType, tmp_path: Path) -> None:
    def parser() -> argparse.ArgumentParser:
        made = argparse.ArgumentParser()
        made.add_argument("--of", default=tmp_path / "system", help="the folder (default: %(default)s)")
        made.add_argument("--all", default=[str(tmp_path / "a"), f"{Path.home()}/b", f"{tmp_path}-c"])
        return made

    module.parser = parser  # type: ignore[attr-defined]
    (fact,) = collect_commands({"./x": "shop:parser"}, tmp_path)
    shown = {option.flags: (option.default, option.help) for option in fact.options}
    assert shown["--of",] == ("system", "the folder (default: system)")
    assert shown["--all",] == (f"a, ~/b, {tmp_path}-c", "")


def test_openapi_circles_and_dead_references_end(module: ModuleType) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    circle = {"$ref": "#/components/schemas/Circle"}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}
    module.DOCUMENT = {  # type: ignore[attr-defined]
        "paths": {
            "/x": {
                "parameters": [{"$ref": "#/nowhere"}],
                "post": {
                    "requestBody": {"content": content},
                    "responses": {"default": {"content": {"application/json": {"schema": circle}}}},
                },
            }
        },
        "components": {"schemas": {"Node": node, "Circle": circle}},
    }
    (fact,) = collect_routes("shop:DOCUMENT")
    assert [field.name for field in fact.bodies[0].fields] == ["next", "next.next", "next.next.next"]
    assert fact.responses[0].failed
    assert fact.name == "POST /x"


def test_rules_of_a_kubernetes_object_are_read(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(
        "kind: PrometheusRule\nspec:\n  groups:\n    - name: g\n      rules:\n        - {alert: A, expr: up == 0}\n"
    )
    (fact,) = collect_rules(file, tmp_path)
    assert (fact.name, fact.group, fact.place) == ("A", "g", Place(str(file), 6))


def test_a_digest_changes_with_what_is_said_and_not_with_where() -> None:
    from drillbook.live.facts import ErrorFact

    fact = ErrorFact("code", "", "404", "Title", "Text", Place("a.py", 1))
    digest = LiveFacts(errors=(fact,)).digest("error")
    assert LiveFacts(errors=(fact._replace(place=Place("b.py", 9)),)).digest("error") == digest
    assert LiveFacts(errors=(fact._replace(title="Other"),)).digest("error") != digest
    assert LiveFacts(errors=(fact,)).digest("error", "gone") == LiveFacts().digest("error")


def test_a_property_that_raises_is_one_problem(module: ModuleType, tmp_path: Path) -> None:
    class Broken:
        @property
        def code(self) -> str:
            raise RuntimeError("no code today")

    module.ERRORS = [SimpleNamespace(code="ok", title="T", description="D"), Broken()]  # type: ignore[attr-defined]
    facts = collect(Sources(tmp_path, errors="shop:ERRORS"), lambda kind: Place("conf.py", 7))
    assert [fact.name for fact in facts.errors] == ["ok"]
    (problem,) = facts.problems
    assert (problem.kind, problem.place) == ("source", Place("conf.py", 7))
    assert "cannot read the errors: RuntimeError: no code today" in problem.message


@pytest.mark.parametrize(
    ("text", "shown"),
    [("5m", "5 min"), ("1h30m", "1 h 30 min"), ("250ms", "250 ms"), ("soon", "soon"), ("2w", "2 weeks")],
)
def test_durations_have_units_for_people(text: str, shown: str) -> None:
    assert duration(text) == shown
