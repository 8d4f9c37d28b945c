"""What is left of drills: a report for machines, a table for people, and a log of each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_NAME_OF_WHOLE: Final = "no-fault"
_COLUMNS: Final = ("fault", "alert", "fires", "clears", "took", "end")


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    """Write ``report.json``: all but the timelines, which are in the logs."""
    drills = [_without_timeline(drill) for drill in report["drills"]]
    whole = report["whole"] and _without_timeline(report["whole"])
    text = json.dumps({**report, "drills": drills, "whole": whole}, indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(f"{text}\n", encoding="utf-8")


def _without_timeline(result: Mapping[str, Any]) -> dict[str, Any]:
    verdict = "failed" if result["problems"] else "passed"
    return {"verdict": verdict, **{name: value for name, value in result.items() if name != "timeline"}}


def write_log(folder: Path, result: Mapping[str, Any]) -> Path:
    """Write the log of a drill: its whole timeline if it failed, else what came of it."""
    file = log_file(folder, result)
    lines = result["timeline"] if result["problems"] else _summary(result)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def log_file(folder: Path, result: Mapping[str, Any]) -> Path:
    """Where the log of a drill is."""
    return folder / f"{result['fault'] or _NAME_OF_WHOLE}.log"


def _summary(result: Mapping[str, Any]) -> list[str]:
    said = [_row(result)] if result["fault"] else [f"all trees, and no fault, in {result['seconds']:.0f} s"]
    return [*said, *(f"  {tree}: {end}" for tree, end in sorted(result["rows"].items()))]


def table(report: Mapping[str, Any], folder: Path) -> str:
    """The report, for people; *folder* has the logs."""
    rows = [_COLUMNS, *(_cells(drill) for drill in report["drills"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    results: Sequence[Mapping[str, Any]] = [*report["drills"], *filter(None, [report["whole"]])]
    for result in results:
        name = result["fault"] or "without a fault"
        lines += [f"FAILED {name}: {problem}" for problem in result["problems"]]
        lines += [f"  see {log_file(folder, result)}"] if result["problems"] else []
    lines += [f"NOT RUN {name}" for name in report["not_run"]]
    lines += [f"ERROR {error}" for error in report["errors"]]
    lines += [f"not drilled: {one['tree']}/{one['fix']}: {one['reason']}" for one in report["not_drilled"]]
    failed = sum(bool(drill["problems"]) for drill in report["drills"])
    passed = len(report["drills"]) - failed
    return "\n".join([*lines, f"{passed} drills passed, {failed} failed, in {report['seconds']:.0f} s"])


def _cells(result: Mapping[str, Any]) -> tuple[str, ...]:
    fired, cleared = (_seconds(result[name]) for name in ("fired_s", "cleared_s"))
    return (result["fault"], result["alert"], fired, cleared, _seconds(result["seconds"]), result["end"])


def _row(result: Mapping[str, Any]) -> str:
    fault, alert, fired, cleared, took, end = _cells(result)
    return f"{fault}: {alert} after {fired}, clear {cleared} after the fix began, all in {took}: {end}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} s"
