"""The command `drillbook changes`: what has changed between two versions of the manual."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from drillbook.model.change import FILE, Change, changes, read_edition, section_title, sections
from drillbook.model.data import DataError

EPILOG: Final = """\
examples:
  drillbook changes old/ops.json build/html            what the last build changes for its readers
  drillbook changes build/site build/html --since v2.0.0
                                                       the same, since a version that was published
  drillbook changes old new --json                     for other tools

exit status:
  0  the changes were listed, or there are none
  1  with --fail: there are changes
  2  usage, or a version cannot be read
"""
DONE, CHANGED = 0, 1
Json = dict[str, Any]


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "changes",
        help="list what has changed between two versions of the manual",
        description="List what a reader of an older version must know of a newer one, the most important first.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_versions(made)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.add_argument("--fail", action="store_true", help="exit with 1 when there are changes")
    made.set_defaults(handler=run)


def add_versions(made: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """The arguments that name two versions."""
    place = f"{FILE}, or a folder that has it"
    made.add_argument("old", type=Path, metavar="OLD", nargs=nargs, help=f"the older version: {place}")
    made.add_argument("new", type=Path, metavar="NEW", nargs=nargs, help=f"the newer version: {place}")
    made.add_argument(
        "--since", metavar="VERSION", help="the version to compare with, when OLD is the folder of a published manual"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    old, new = versions(options)
    found = changes(old, new)
    if options.json:
        told = [change._asdict() | {"says": change.says} for change in found]
        print(
            json.dumps({"since": version(old), "version": version(new), "changes": told}, indent=1, ensure_ascii=False)
        )
    else:
        print("\n".join(as_text(found, old, new)))
    return CHANGED if options.fail and found else DONE


def versions(options: argparse.Namespace) -> tuple[Json, Json]:
    """The data of both versions. Raises :exc:`~drillbook.model.data.DataError`."""
    new = read_edition(options.new)
    old = _published(options.old, options.since, str(new["manual"]["language"])) if options.since else options.old
    return read_edition(old), new


def _published(site: Path, wanted: str, language: str) -> Path:
    """Where a version lies in a published manual, in the language that is wanted or in any that it has."""
    if "/" in wanted or wanted in (".", ".."):
        raise DataError(f"--since names a version, such as v2.0.0, not {wanted!r}")
    folders = (site / "current" / wanted, site / wanted)
    found = [folder / name for folder in folders for name in (f"{language}/{FILE}", FILE)]
    found += [file for folder in folders for file in sorted(folder.glob(f"*/{FILE}"))]
    for file in found:
        if file.exists():
            return file
    known = sorted({file.parts[-3] for file in [*site.glob(f"*/*/{FILE}"), *site.glob(f"current/*/*/{FILE}")]})
    raise DataError(f"{site} has no version {wanted!r}; it has: {', '.join(known) or 'none'}")


def as_text(found: Sequence[Change], old: Json, new: Json) -> list[str]:
    """The lines that a terminal shows."""
    lines = [f"{counted(found)} {since(old, new)}."]
    for section, those in sections(found).items():
        lines += ["", section_title(section, new), *(f"  {change.says}" for change in those)]
    return lines


def counted(found: Sequence[Change]) -> str:
    """``12 changes``."""
    return "1 change" if len(found) == 1 else f"{len(found) or 'No'} changes"


def since(old: Json, new: Json) -> str:
    """``since v2.0.0``, if the two have versions that differ."""
    was, now = version(old), version(new)
    return f"from {was} to {now}" if was and now and was != now else "since then"


def version(data: Json) -> str:
    """The version of a manual, as it calls itself."""
    return str(data["manual"]["version"])
