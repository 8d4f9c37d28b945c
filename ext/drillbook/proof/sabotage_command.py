"""``drillbook sabotage``: the catalogue that conf.py names, sown; the report written; the verdict as an exit status."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from sphinx.errors import ConfigError

from drillbook.config import read_conf
from drillbook.model.sabotage import SabotageError, choose, read_catalogue
from drillbook.proof.sabotage import run_sabotage
from drillbook.proof.sabotage_report import lines, report, write_report

ENOUGH: Final = 0
TOO_FEW: Final = 1
NO_VERDICT: Final = 2


def sabotage(confdir: Path, *, sample: int, seed: int, only: str, jobs: int, report_file: Path) -> int:
    """Sow faults of the project in *confdir*; answers the exit status."""
    began = time.monotonic()
    try:
        config = read_conf(confdir.resolve())
        if not config.drillbook_sabotage:
            raise SabotageError(f"{confdir / 'conf.py'} names no catalogue: drillbook_sabotage is empty")
        catalogue = read_catalogue(confdir / config.drillbook_sabotage)
        faults = choose(catalogue, sample=sample, seed=seed, only=only)
        with tempfile.TemporaryDirectory(prefix="drillbook-sabotage-") as scratch:
            results = run_sabotage(confdir.resolve(), catalogue, faults, Path(scratch), jobs=jobs, say=_say)
    except (SabotageError, ConfigError) as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return NO_VERDICT
    data = report(catalogue, results, config.drillbook_sabotage_gate, seed, time.monotonic() - began)
    write_report(data, report_file)
    print("", *lines(data), f"The report is in {report_file}", sep="\n")
    return ENOUGH if data["ok"] else TOO_FEW


def _say(line: str) -> None:
    print(line, flush=True)
