"""Checks before and after a deployment: each asks one question, and all are asked whatever the others say."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import httpx

from audio_enhancement.operations.command import FAILURES, print_json, table

Verdict = Literal["PASS", "WARN", "FAIL"]
COLOURS: Mapping[Verdict, str] = {"PASS": "32", "WARN": "33", "FAIL": "31"}


class Check(NamedTuple):
    """One answer: what was checked, the verdict, and what was found, with what to do when it is not good."""

    name: str
    verdict: Verdict
    found: str


Answer = tuple[Verdict, str]


def run_checks(questions: Mapping[str, Callable[[], Answer]]) -> list[Check]:
    """Ask every question. One that cannot be answered has failed, and says why."""
    checks = []
    for name, question in questions.items():
        try:
            verdict, found = question()
        except (*FAILURES, httpx.HTTPError, ValueError, KeyError) as error:
            verdict, found = "FAIL", f"{type(error).__name__}: {error}"
        checks.append(Check(name, verdict, found))
    return checks


def show(checks: list[Check], as_json: bool) -> int:
    """Print the answers; returns the exit status: 1 when one has failed."""
    failed = sum(check.verdict == "FAIL" for check in checks)
    warned = sum(check.verdict == "WARN" for check in checks)
    if as_json:
        print_json({"passed": not failed, "checks": [check._asdict() for check in checks]})
    else:
        text = table(
            [(check.verdict, check.name, check.found.replace("\n", " ")) for check in checks], ("", "CHECK", "FOUND")
        )
        if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
            for verdict, colour in COLOURS.items():
                text = text.replace(f"\n{verdict} ", f"\n\033[{colour}m{verdict}\033[0m ")
        print(text)
        print(f"\n{len(checks) - failed - warned} passed, {warned} warnings, {failed} failed")
    return 1 if failed else 0


def firing_alerts(prometheus_url: str) -> list[dict[str, str]]:
    """Alerts that fire now: name, severity and since when (UTC, ISO 8601)."""
    answer = httpx.get(f"{prometheus_url}/api/v1/alerts", timeout=5, trust_env=False)
    answer.raise_for_status()
    return [
        {
            "name": alert["labels"]["alertname"],
            "severity": alert["labels"].get("severity", ""),
            "since": alert["activeAt"],
        }
        for alert in answer.json()["data"]["alerts"]
        if alert["state"] == "firing"
    ]
