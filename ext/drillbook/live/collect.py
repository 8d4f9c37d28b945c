"""The door to what is true: named sources in, frozen facts and located problems out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from drillbook.live.alerts import collect_rules, rule_files
from drillbook.live.commands import collect_commands
from drillbook.live.facts import AlertFact, LiveFacts, MetricFact, Place, Problem, RecordingFact, SettingFact
from drillbook.live.gaps import gaps
from drillbook.live.listed import collect_components, collect_errors, collect_faults
from drillbook.live.metrics import collect_metrics
from drillbook.live.routes import collect_routes
from drillbook.live.sources import SourceError, explain
from drillbook.live.tables import collect_tables


class Sources(NamedTuple):
    """Where each kind of fact comes from; what is empty is not collected. ``base`` is where globs start."""

    base: Path
    settings: str | Mapping[str, str] = ""
    alerts: Sequence[str] = ()
    metrics: Sequence[str] = ()
    commands: Mapping[str, str] = {}
    routes: str = ""
    errors: str = ""
    components: str = ""
    faults: str = ""
    tables: Mapping[str, str] = {}


def collect(sources: Sources, named_at: Callable[[str], Place]) -> LiveFacts:
    """Collect from all *sources*. *named_at* gives the place where a kind is named (``"settings"`` in conf.py).

    Never raises for what a source is or does: a source that cannot be read is one problem, and only its own facts
    are missing.
    """
    problems: list[Problem] = []

    def read(kind: str, collector: Callable[[Any], Iterable[Any]], parts: Iterable[Any]) -> tuple[Any, ...]:
        facts: list[Any] = []
        for part in parts:
            try:
                facts.extend(collector(part))
            except SourceError as error:
                problems.append(Problem("source", str(error), error.place or named_at(kind)))
            except Exception as error:  # foreign objects were read: a property or a __str__ of theirs may raise
                problems.append(Problem("source", f"cannot read the {kind}: {explain(error)}", named_at(kind)))
        return tuple(_placed(fact, named_at(kind)) for fact in facts)

    files = read("alerts", lambda pattern: rule_files(pattern, sources.base), sources.alerts)
    rules = read("alerts", lambda file: collect_rules(file, sources.base), dict.fromkeys(files))
    facts = LiveFacts(
        settings=read("settings", _settings, _each(sources.settings)),
        alerts=tuple(rule for rule in rules if isinstance(rule, AlertFact)),
        recordings=tuple(rule for rule in rules if isinstance(rule, RecordingFact)),
        metrics=_once(read("metrics", collect_metrics, sources.metrics)),
        commands=read("commands", lambda part: collect_commands(part, sources.base.resolve()), _each(sources.commands)),
        routes=read("routes", collect_routes, _each(sources.routes)),
        errors=read("errors", collect_errors, _each(sources.errors)),
        components=read("components", collect_components, _each(sources.components)),
        faults=read("faults", collect_faults, _each(sources.faults)),
        tables=read("tables", collect_tables, _each(sources.tables)),
    )
    return facts._replace(problems=(*problems, *gaps(facts)))


def _each(source: str | Mapping[str, str]) -> Iterable[Any]:
    """The parts of a source that can fail one by one."""
    return [{key: value} for key, value in source.items()] if isinstance(source, Mapping) else filter(None, [source])


def _once(metrics: tuple[MetricFact, ...]) -> tuple[MetricFact, ...]:
    """Each metric once: a registry and the module that fills it may both be named."""
    return tuple({metric.name: metric for metric in reversed(metrics)}.values())[::-1]


def _settings(source: str | Mapping[str, str]) -> Iterator[SettingFact]:
    # here and not above: pydantic-settings is needed by those who document such settings, not by all
    try:
        from drillbook.live.settings import collect_settings
    except ImportError as error:
        raise SourceError(f"settings need pydantic-settings (pip install 'drillbook[settings]'): {error}") from error
    return collect_settings(source)


def _placed(fact: Any, default: Place) -> Any:
    """The fact, at the place where its source is named if its own is not known."""
    return fact if not hasattr(fact, "place") or fact.place.file else fact._replace(place=default)
