"""What a run of sabotage found: a report for machines, tables for people."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from drillbook.model.sabotage import Catalogue
from drillbook.proof.sabotage import Result


def report(catalogue: Catalogue, results: Sequence[Result], gate: float, seed: int, seconds: float) -> dict[str, Any]:
    """Everything, as JSON values."""
    caught = [result for result in results if result.caught_by]
    tried = [tried for result in results for tried in result.tried]
    return {
        "ok": len(caught) >= gate * len(results),
        "gate": gate,
        "seed": seed,
        "seconds": round(seconds, 1),
        "sown": len(results),
        "caught": len(caught),
        "away": [result.fault.name for result in results if not result.caught_by],
        "classes": _counted(results, lambda result: result.fault.kind),
        "checks": {
            check.name: {
                "tried": sum(one.check == check.name for one in tried),
                "caught": sum(result.caught_by == check.name for result in caught),
                "expected": sum(result.fault.expected == check.name for result in results),
                "seconds": round(sum(one.seconds for one in tried if one.check == check.name), 1),
            }
            for check in catalogue.checks
        },
        "faults": [_fault(result) for result in results],
    }


def _counted(results: Sequence[Result], key: Callable[[Result], str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for result in results:
        count = counts.setdefault(key(result), {"sown": 0, "caught": 0})
        count["sown"] += 1
        count["caught"] += bool(result.caught_by)
    return counts


def _fault(result: Result) -> dict[str, Any]:
    return {
        "name": result.fault.name,
        "class": result.fault.kind,
        "file": result.fault.file,
        "expected": result.fault.expected,
        "caught_by": result.caught_by,
        "why": result.why,
        "seconds": round(result.seconds, 1),
        "diff": result.diff,
        "tried": [
            tried._asdict() | {"seconds": round(tried.seconds, 1), "said": tried.said if tried.failed else ""}
            for tried in result.tried
        ],
    }


def write_report(data: dict[str, Any], file: Path) -> None:
    """Write *data* whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(new, file)  # noqa: PTH105 - says that it is atomic


def lines(data: dict[str, Any]) -> Iterator[str]:
    """The tables, and what got away with its difference."""
    yield from _table("CLASS", ("sown", "caught"), data["classes"])
    yield ""
    yield from _table("CHECK", ("tried", "caught", "expected", "seconds"), data["checks"])
    for fault in data["faults"]:
        if not fault["caught_by"]:
            yield f"\nNOT CAUGHT: {fault['name']} ({fault['class']}): {fault['why']}"
            yield fault["diff"].rstrip()
    yield ""
    verdict = "enough" if data["ok"] else "too few"
    yield f"{data['caught']} of {data['sown']} caught, {verdict}: at least {data['gate']:.0%} are wanted"


def _table(title: str, columns: Sequence[str], rows: dict[str, dict[str, float]]) -> Iterator[str]:
    width = max(map(len, [title, *rows]))
    yield f"{title:<{width}}" + "".join(f"  {column.upper():>8}" for column in columns)
    for name, row in rows.items():
        yield f"{name:<{width}}" + "".join(f"  {row[column]:>8g}" for column in columns)
