"""What a build of a tiny project left behind, for tests to read."""

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Build:
    """What a build left behind."""

    source: Path
    output: Path
    warnings: str
    status: int = 0

    def text(self, name: str) -> str:
        """The content of an output file."""
        return (self.output / name).read_text(encoding="utf-8")

    def index(self) -> dict[str, Any]:
        """The data of the search: its index and its records."""
        text = self.text("search-index.js").removeprefix("drillbookSearchIndex(").rstrip().removesuffix(");")
        data: dict[str, Any] = json.loads(json.loads(text))  # JSON in a text, which browsers read faster
        return data

    def everything(self) -> str:
        """All that was written, as one text: for what must not be in it."""
        files = (path for path in sorted(self.output.parent.rglob("*")) if path.is_file())
        return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def clean(warnings: str, source: Path) -> str:
    """Warnings without colours, with file names relative to *source*."""
    return _COLOURS.sub("", warnings).replace(f"{source}{os.sep}", "").strip()


def is_gone(pid: int) -> bool:
    """Whether *pid* has ended; its new parent may take a moment to reap it."""
    stat = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False
