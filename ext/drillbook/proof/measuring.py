"""``drillbook measure``: the measurements that conf.py names, run one after another, and kept as evidence.

They run in the open and not in a box: what is measured is this machine.
"""

import json
import os
import platform
import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sphinx.config import Config
from sphinx.errors import ConfigError

from drillbook.config import read_conf
from drillbook.live.digest import code_digest
from drillbook.model.evidence import MEASUREMENT, Evidence, EvidenceError, State, file_of, now, read, state, write
from drillbook.model.measurement import MeasurementError, measurement, measurement_content
from drillbook.process import LineTimeout, background

DONE, FAILED, USAGE = 0, 1, 2
_SILENT_S: Final = 600.0  # so long without a word, and it is given up
_END_S: Final = 60.0
_SAID_LINES: Final = 20
_MODEL: Final = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)


def measure_all(confdir: Path, source: Path, names: Sequence[str], *, every: bool, toolkit: str) -> int:
    """Measure *names*, or *every* one, or those that are due; answers the exit status. *toolkit* is our version."""
    confdir = confdir.resolve()
    try:
        config = read_conf(confdir)
        made: dict[str, Mapping[str, Any]] = config.drillbook_measurements
        if unknown := [name for name in names if name not in made]:
            raise ConfigError(
                f"conf.py has no measurement {', '.join(unknown)}; there are: {', '.join(made) or 'none'}"
            )
    except ConfigError as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE
    folder = confdir / source / config.drillbook_evidence
    chosen = list(names) or [name for name in made if every or not _holds(confdir, config, folder, name)]
    if not chosen:
        print("Nothing is due: all that is measured still holds. --all measures it again.")
    failed = [name for name in chosen if not _measure(confdir, config, folder, name, toolkit)]
    if failed:
        print(f"drillbook: not measured: {', '.join(failed)}", file=sys.stderr)
    return FAILED if failed else DONE


def _holds(confdir: Path, config: Config, folder: Path, name: str) -> bool:
    try:
        found = read(file_of(folder, MEASUREMENT, name))
        measurement(found.details)
    except (EvidenceError, MeasurementError):
        return False
    digests = _content(confdir, config, name), code_digest(confdir, config.drillbook_code)
    return state(found, *digests, datetime.now(UTC).date(), config.drillbook_proof_days) is State.PROVEN


def _content(confdir: Path, config: Config, name: str) -> str:
    made = config.drillbook_measurements[name]
    return measurement_content(confdir, made["command"], made.get("code", ()))


def _measure(confdir: Path, config: Config, folder: Path, name: str, toolkit: str) -> bool:
    """Run it, and write what it measured; says why when there is nothing to write."""
    command = config.drillbook_measurements[name]["command"]
    print(f"{name}: {command}", flush=True)
    content, system = _content(confdir, config, name), code_digest(confdir, config.drillbook_code)
    began, said = time.monotonic(), list[str]()
    try:
        with background(["bash", "-c", command], cwd=confdir) as process:
            try:
                for line in process.lines(_SILENT_S):
                    said.append(line)
                    if not line.startswith("{"):
                        print(f"  {time.monotonic() - began:5.0f} s  {line}", flush=True)
            except KeyboardInterrupt:
                process.stop(_END_S)  # it takes down what it started
                raise
            status = process.wait(_END_S)
        if status != 0:
            raise MeasurementError(f"its exit status is {status}")
        details = json.loads(said[-1] if said else "")
        measurement(details)
        if (content, system) != (_content(confdir, config, name), code_digest(confdir, config.drillbook_code)):
            raise MeasurementError("the code changed meanwhile")
    except (MeasurementError, LineTimeout, json.JSONDecodeError) as error:
        print(f"drillbook: {name}: {error}", *said[-_SAID_LINES:], sep="\n  ", file=sys.stderr)
        return False
    seconds = round(time.monotonic() - began, 1)
    evidence = Evidence(
        kind=MEASUREMENT,
        name=name,
        content=content,
        system=system,
        version=str(config.release),
        toolkit=toolkit,
        proven=now(),
        log=sha256("\n".join(said).encode("utf-8", "surrogatepass")).hexdigest(),
        details={**details, "seconds": seconds, "machine": machine()},
    )
    print(f"{name}: measured in {seconds:.0f} s: {write(folder, evidence)}", flush=True)
    return True


def machine() -> str:
    """The processors that were measured: how many this process may use, and what they are."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        found = _MODEL.search(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:  # not Linux
        found = None
    model = " ".join(found[1].split()) if found else platform.machine()
    return f"{count} processor{'' if count == 1 else 's'} ({model})"
