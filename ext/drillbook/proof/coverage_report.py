"""The report of coverage: text for people, JSON for machines.

``report.json`` has: ``schema``; ``ok`` and ``failures`` (lines of text); ``accuracy`` (the counts, ``percent`` and
``gate``); ``written`` (the counts without generated entries); ``kinds`` and ``pages`` (the same counts for each kind of statement, and for each page, worst first);
``unproven``, ``signed`` and ``unsigned`` (statements: ``kind``, ``page``, ``file``, ``line``, ``text``, ``why``, ``justified``);
``contract`` (for each kind of clause ``checked`` and ``missing``); and ``missing`` (``item``, ``problem``, ``place``,
and ``listed``: whether conf.py knows of it).
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from drillbook.model.statement import Accuracy, Kind, Statement, Verdict, accuracy
from drillbook.proof.contract import counted
from drillbook.proof.gates import Coverage, worst_first

SCHEMA: Final = 1
SUMMARY: Final = "Summary"  # the heading of the last part of the text, which `make coverage` prints
_COUNTS: Final = ("derived", "executed", "drilled", "unproven", "signed", "unsigned")


def as_data(found: Coverage) -> dict[str, Any]:
    """The report as JSON values."""
    listed = set(found.gates.missing)
    kinds = {kind: accuracy(said for said in found.statements if said.kind is kind) for kind in Kind}
    return {
        "schema": SCHEMA,
        "ok": not found.failures,
        "failures": found.failures,
        "accuracy": _counts(found.accuracy) | {"gate": found.gates.accuracy},
        "written": _counts(found.written),
        "kinds": {kind.value: _counts(count) for kind, count in kinds.items()},
        "pages": [{"page": page} | _counts(count) for page, count in worst_first(found.statements)],
        **{
            verdict.value: [_statement(said) for said in found.statements if said.verdict is verdict]
            for verdict in (Verdict.UNPROVEN, Verdict.SIGNED, Verdict.UNSIGNED)
        },
        "contract": {
            kind: {"checked": checked, "missing": missing}
            for kind, (checked, missing) in counted(found.clauses).items()
        },
        "missing": [clause._asdict() | {"listed": clause.item in listed} for clause in found.missing],
    }


def as_json(found: Coverage) -> str:
    """``report.json``."""
    return json.dumps(as_data(found), indent=1, ensure_ascii=False) + "\n"


def as_text(found: Coverage) -> str:
    """``output.txt``."""
    return "\n".join([*_details(found), *_summary(found), ""])


def _details(found: Coverage) -> Iterator[str]:
    yield from _heading("Pages, worst first")
    yield from _table("page", worst_first(found.statements))
    unproven = [said for said in found.statements if said.verdict is Verdict.UNPROVEN]
    for title, justified in (("Unproven", False), ("Unproven, with the reason given", True)):
        yield from _heading(title)
        listed = [said for said in unproven if said.justified is justified]
        yield from (f"{said.file}:{said.line}: {said.kind}: {said.text}\n    {said.why}" for said in listed)
        yield from () if listed else ("none",)
    for title, known in (("Missing", False), ("Missing, and listed in conf.py", True)):
        yield from _heading(title)
        items = [clause for clause in found.missing if (clause.item in found.gates.missing) is known]
        yield from (f"{clause.item}\n    {clause.place}: {clause.problem}" for clause in items)
        yield from () if items else ("none",)


def _summary(found: Coverage) -> Iterator[str]:
    yield from _heading(SUMMARY)
    kinds = [(kind.value, accuracy(said for said in found.statements if said.kind is kind)) for kind in Kind]
    yield from _table("statement", [*kinds, ("all", found.accuracy)])
    yield ""
    for kind, (checked, missing) in counted(found.clauses).items():
        yield f"{kind:<18}{checked:>6}{f', {missing} missing' if missing else ''}"
    yield ""
    total = found.accuracy
    reasons = f", {total.justified} of them with the reason given" if total.justified else ""
    yield f"accuracy {total.percent} %: {total.proven} of {total.judged} statements proven, {total.unproven} not{reasons}"
    yield f"{found.written.percent} % of what is written, without generated entries"
    if total.signed or total.unsigned:
        people = total.signed + total.unsigned
        yield f"{people} more are for people to sign: {total.signed} signed, {total.unsigned} not yet"
        yield f"{total.vouched} % of all statements are proven or signed"
    yield from (f"FAILED: {failure}" for failure in found.failures)


def _heading(title: str) -> list[str]:
    return ["", title, "-" * len(title)]


def _table(what: str, rows: list[tuple[str, Accuracy]]) -> Iterator[str]:
    width = max([len(what), *(len(name) for name, _ in rows)])
    yield f"{what:<{width}}" + "".join(f"{name:>10}" for name in (*_COUNTS, "accuracy"))
    for name, count in rows:
        percent = f"{count.percent} %" if count.judged else "-"
        yield f"{name:<{width}}" + "".join(f"{getattr(count, verdict):>10}" for verdict in _COUNTS) + f"{percent:>10}"


def _counts(count: Accuracy) -> dict[str, Any]:
    return count._asdict() | {"percent": count.percent}


def _statement(said: Statement) -> dict[str, Any]:
    data = said._asdict() | {"kind": said.kind.value}
    del data["verdict"]
    return data
