"""What others wrote is carried as they released it: each file has its checksum, its source and its licence."""

import re
import subprocess
from pathlib import Path

OUTPUT = Path(__file__).parents[2] / "ext" / "drillbook" / "output"
LICENCES = OUTPUT / "licences"


def test_their_files_are_as_they_were_released() -> None:
    listed = {line.split("../static/")[1] for line in (LICENCES / "SHA256SUMS").read_text().splitlines()}
    assert listed == {file.name for file in (OUTPUT / "static").iterdir() if re.search(r"-\d+\.\d+\.\d+\.", file.name)}
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
        cwd=LICENCES, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_has_a_source_and_a_licence() -> None:
    rows = re.findall(
        r"^\| `(.+?)` \| `(.+?)` ([\d.]+) \| .+ \| `(.+?)` \|$", (LICENCES / "README.md").read_text(), re.M
    )
    assert {name for name, *_ in rows} == {
        line.split("../static/")[1] for line in (LICENCES / "SHA256SUMS").read_text().splitlines()
    }
    for name, package, version, licence in rows:
        assert name.startswith(f"{package}-{version}.") and (LICENCES / licence).is_file(), name
