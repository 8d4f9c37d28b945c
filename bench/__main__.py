"""`make bench`: measure, print, write build/bench/report.json, and fail when a promise is broken."""

import argparse
import json
import platform
import sys
from pathlib import Path

from bench import build, feedback, pages, paper, search

PROMISES_S = {"build": 120.0, "page load": 2.0}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog="Exit status: 0 the promises hold, 1 one does not, 2 wrong usage.",
    )
    parser.add_argument("--loads", type=int, default=5, help="times that each page is loaded (default: 5)")
    parser.add_argument(
        "--sizes", type=_sizes, default=(), metavar="50,500,2000", help="also measure search and PDF at these"
    )
    parser.add_argument(
        "--only", choices=("feedback",), help="100 answers of readers a second for a minute, and nothing else"
    )
    arguments = parser.parse_args()
    if arguments.only:
        return feedback.main(())

    cold = build.seconds(fresh=True)
    warm = build.seconds(fresh=False)
    print(f"build from nothing {cold:6.1f} s\nbuild with no change {warm:4.1f} s", flush=True)
    loads = pages.load_seconds(Path("build/html"), arguments.loads)
    worst = max(loads, key=lambda load: load.slowest_s)
    print(
        f"slowest page load  {worst.slowest_s:6.3f} s  {worst.page} ({len(loads)} pages, {arguments.loads} loads each)"
    )

    report = {
        "machine": {"cpu_count": build.cpus(), "python": platform.python_version()},
        "build_s": {"from_nothing": round(cold, 2), "no_change": round(warm, 2)},
        "search": search.measure(arguments.sizes),
        "pdf": paper.measure(arguments.sizes),
        "page_load_s": {load.page: {"median": load.median_s, "slowest": load.slowest_s} for load in loads},
    }
    target = Path("build/bench/report.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(f"The report is in {target}")

    broken = [
        f"{what}: {measured:.2f} s, promised under {PROMISES_S[what]:.0f} s"
        for what, measured in (("build", cold), ("page load", worst.slowest_s))
        if measured >= PROMISES_S[what]
    ]
    print("\n".join(f"BROKEN PROMISE: {line}" for line in broken), file=sys.stderr, end="\n" if broken else "")
    return 1 if broken else 0


def _sizes(text: str) -> tuple[int, ...]:
    if not all(part.isdecimal() and int(part) > 0 for part in text.split(",")):
        raise argparse.ArgumentTypeError(f"numbers of pages with commas between, not {text!r}")
    return tuple(map(int, text.split(",")))


if __name__ == "__main__":
    sys.exit(main())
