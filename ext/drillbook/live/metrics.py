"""Metrics from prometheus_client: a registry, a module whose metrics stand at its top, or a list of metrics.

Nothing here imports prometheus_client: a metric is what has ``describe()``, as its ``Collector`` asks for.
"""

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from drillbook.live.facts import MetricFact, Place
from drillbook.live.sources import SourceError, call, load, place_of

# the base units of https://prometheus.io/docs/practices/naming/ , which end a metric's name
_UNITS = (
    "seconds",
    "bytes",
    "ratio",
    "celsius",
    "meters",
    "volts",
    "amperes",
    "joules",
    "grams",
    "hertz",
    "db",
)
_SERIES = {
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
    "gaugehistogram": ("_bucket",),
}


def collect_metrics(source: str) -> Iterator[MetricFact]:
    """The metrics of one source; a registry's in the order in which they were registered."""
    value: Any = call(source, load(source))
    module, _, _ = source.partition(":")
    place = place_of(source) or Place("")
    if isinstance(value, ModuleType):
        for name, item in vars(value).items():
            if not name.startswith("_") and _is_metric(item):
                yield from _facts(item, module, place_of(f"{module}:{name}") or place)
        return
    collectors = _collectors(value)
    if collectors is None:
        raise SourceError(f"{source!r} is no registry, module or list of metrics: {type(value).__name__}")
    for collector in collectors:
        yield from _facts(collector, module, place)


def _is_metric(value: object) -> bool:
    return not isinstance(value, type) and hasattr(value, "describe") and hasattr(value, "collect")


def _collectors(value: Any) -> Iterable[Any] | None:
    registered = getattr(value, "_collector_to_names", None)  # a registry has no public list of its collectors
    if registered is not None:
        return list(registered)
    if isinstance(value, list | tuple | set | frozenset) and all(map(_is_metric, value)):
        return value
    return None


def _facts(collector: Any, group: str, place: Place) -> Iterator[MetricFact]:
    describe = getattr(collector, "describe", None) or collector.collect  # a custom collector may only collect
    for metric in describe():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        name = f"{metric.name}_info" if metric.type == "info" else name
        yield MetricFact(
            name=name,
            kind=metric.type,
            labels=_labels(collector, metric),
            help=metric.documentation.strip(),
            buckets=_buckets(collector),
            unit=metric.unit or next((unit for unit in _UNITS if metric.name.endswith(f"_{unit}")), ""),
            series=tuple(metric.name + suffix for suffix in _SERIES.get(metric.type, ())),
            group=group,
            place=place,
        )


def _labels(collector: Any, metric: Any) -> tuple[str, ...]:
    # label names are public only once a child exists, so ask the attribute that all metric classes keep them in
    declared = getattr(collector, "_labelnames", None)
    if declared is not None:
        return tuple(declared)
    return tuple(sorted({label for sample in metric.samples for label in sample.labels} - {"le", "quantile"}))


def _buckets(collector: Any) -> tuple[float, ...]:
    bounds = getattr(collector, "_upper_bounds", ())  # absent from labelled parents in old versions
    return tuple(float(bound) for bound in bounds if bound != float("inf"))
