"""Measure one thing about the system, and print it as JSON."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from bench.tuning.stack import say

NAMES: Final = (
    "profile",
    "indexes",
    "connections",
    "cache-ttl",
    "concurrency",
    "scaling",
    "gain-floor",
    "alpha",
    "loudness",
    "capacity",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.tuning", description=__doc__)
    parser.add_argument("name", choices=NAMES, help="what to measure")
    name = parser.parse_args().name
    measure: Callable[[], Mapping[str, Any]] = import_module(f"bench.tuning.{name.replace('-', '_')}").measure
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was started is taken down
    say(f"measure {name}")
    print(json.dumps(measure()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
