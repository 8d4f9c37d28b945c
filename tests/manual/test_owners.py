"""Each page has somebody who keeps it right: the forge asks them, and the review can tell them."""

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def drillbook(manual: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command with the data of the manual, in a process of its own, as it reads conf.py."""
    command = [sys.executable, "-m", "drillbook", *arguments, "--data", str(manual / "ops.json")]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "ext"), **variables}
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=120)


def test_codeowners_is_up_to_date_and_no_owner_lacks_a_handle(manual: Path) -> None:
    done = drillbook(manual, "owners", "--check")
    assert done.returncode == 0, f"`drillbook owners` writes it:\n{done.stdout}{done.stderr}"


def test_each_page_has_somebody_who_must_look_at_a_change(manual: Path) -> None:
    rules = [line.split() for line in (REPOSITORY / "CODEOWNERS").read_text().splitlines() if not line.startswith("#")]
    named = {one["file"] for one in json.loads((manual / "ops.json").read_text())["owners"]}
    pages = [path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "source").rglob("*.md")]
    assert len(pages) > 90 and named <= set(pages)
    for page in pages:
        matching = [rule for rule in rules if f"/{page}" == rule[0] or f"/{page}".startswith(f"{rule[0].rstrip('/')}/")]
        assert matching, page
        pattern, *handles = matching[-1]  # of several, a forge takes the last
        assert handles and (pattern == f"/{page}") == (page in named), page


def test_each_owner_has_an_address_for_messages(manual: Path) -> None:
    """One message for each who has something to do, and nobody left out."""
    done = drillbook(manual, "remind", "--dry-run", "--evidence", "nowhere", "--within", "10000")
    told = [line for line in done.stdout.splitlines() if line.startswith("To ")]
    assert done.returncode == 0 and "not told" not in done.stderr, done.stderr
    assert told and all("($NOTIFY_" in line for line in told)
