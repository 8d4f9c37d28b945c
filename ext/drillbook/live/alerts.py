"""Alerting and recording rules from Prometheus rule files, each with the line where it stands.

Format: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ ; the ``PrometheusRule`` objects of
Kubernetes, which hold the same under ``spec``, are read too.
"""

import glob
import os
from collections.abc import Iterator
from pathlib import Path

import yaml

from drillbook.live.facts import AlertFact, Pairs, Place, RecordingFact
from drillbook.live.sources import SourceError

_LINE = "\0line"  # no YAML key can hold it by accident


class _LineLoader(yaml.SafeLoader):
    """Gives every mapping the number of its first line."""


def _mapping_with_line(loader: _LineLoader, node: yaml.MappingNode) -> dict[object, object]:
    mapping: dict[object, object] = loader.construct_mapping(node, deep=True)
    mapping[_LINE] = node.start_mark.line + 1
    return mapping


_LineLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_with_line)


def rule_files(pattern: str, base: Path) -> list[Path]:
    """The files that match *pattern*, a glob below *base*; :exc:`SourceError` if there are none."""
    # not Path.glob: it refuses patterns that are absolute
    matches = sorted(glob.glob(pattern, root_dir=base, recursive=True))  # noqa: PTH207
    if not matches:
        raise SourceError(f"no rule file matches {pattern!r}")
    return [base / match for match in matches]


def collect_rules(path: Path, base: Path) -> Iterator[AlertFact | RecordingFact]:
    """The rules of one file; *base* is what its name is shown relative to."""
    file = Path(os.path.relpath(path, base)).as_posix()
    for document in _documents(path):
        top = _mapping(document, path, 1, "a rule file")
        spec = _mapping(top["spec"], path, 1, "'spec'") if "spec" in top else top
        for group_value in _list(spec.get("groups"), path, _line(spec), "'groups'"):
            group = _mapping(group_value, path, _line(spec), "a group")
            for rule_value in _list(group.get("rules"), path, _line(group), "'rules'"):
                rule = _mapping(rule_value, path, _line(group), "a rule")
                yield _rule(rule, str(group.get("name", "")), file, Place(str(path), _line(rule)))


def _rule(rule: dict[object, object], group: str, file: str, place: Place) -> AlertFact | RecordingFact:
    name = rule.get("alert", rule.get("record"))
    if not name or "expr" not in rule:
        raise SourceError("a rule needs 'alert' or 'record', and 'expr'", place)
    expr = str(rule["expr"]).strip()
    labels = _pairs(rule, "labels", place)
    if "record" in rule:
        return RecordingFact(str(name), group, expr, labels, file, place)
    annotations = _pairs(rule, "annotations", place)
    notes = dict(annotations)
    return AlertFact(
        name=str(name),
        group=group,
        expr=expr,
        for_=str(rule.get("for") or ""),
        severity=dict(labels).get("severity", ""),
        summary=notes.get("summary", ""),
        description=notes.get("description", ""),
        runbook_url=notes.get("runbook_url", ""),
        labels=labels,
        annotations=annotations,
        file=file,
        place=place,
    )


def _documents(path: Path) -> list[object]:
    try:
        with path.open(encoding="utf-8") as stream:
            return [document for document in yaml.load_all(stream, Loader=_LineLoader) if document is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(str(path), mark.line + 1 if mark else 0)
        raise SourceError(f"not valid YAML: {error.problem}", place) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SourceError(f"cannot read the rule file: {error}", Place(str(path))) from error


def _line(mapping: dict[object, object]) -> int:
    line = mapping[_LINE]
    assert isinstance(line, int)
    return line


def _mapping(value: object, path: Path, line: int, what: str) -> dict[object, object]:
    if not isinstance(value, dict):
        raise SourceError(f"{what} must be a mapping, not {_shown(value)}", Place(str(path), line))
    return value


def _list(value: object, path: Path, line: int, what: str) -> list[object]:
    if not isinstance(value, list):
        raise SourceError(f"{what} must be a list, not {_shown(value)}", Place(str(path), line))
    return value


def _pairs(rule: dict[object, object], key: str, place: Place) -> Pairs:
    mapping = rule.get(key) or {}
    if not isinstance(mapping, dict):
        raise SourceError(f"{key!r} must be a mapping, not {_shown(mapping)}", place)
    return tuple((str(name), str(value).strip()) for name, value in mapping.items() if name != _LINE)


def _shown(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
