"""The command ``drillbook job``: the monthly review as a script of the repository, and what starts it each month."""

import argparse
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any, Final, NamedTuple

from drillbook.model.evidence import write_text
from drillbook.portal.feedback.taking import VARIABLE
from drillbook.review.owners import OwnersError, read_owners

EPILOG: Final = """\
examples:
  drillbook job github                          a workflow that ends in a pull request and an issue
  drillbook job cron --day 2 --time 04:30       a line for crontab
  drillbook job systemd --folder ~/manual       a service and a timer
  drillbook job github --remind                 and each owner gets a message, as drillbook_owners in conf.py says

Each writes the script that they start, too, unless it is there: it is yours to change.

exit status:
  0  the files are there
  2  usage, conf.py cannot be read, or a file cannot be written
"""
TEMPLATES: Final = Path(__file__).parents[1] / "templates" / "job"
SCRIPT: Final = Path(".ci/review")
FILES: Final = {
    "github": (Path(".github/workflows/review.yml"),),
    "cron": (Path(".ci/review.cron"),),
    "systemd": (Path(".ci/drillbook-review.service"), Path(".ci/drillbook-review.timer")),
}
NEXT: Final = {
    "github": "Commit them, and push.",
    "cron": "Take it over: (crontab -l; cat {folder}/.ci/review.cron) | crontab -",
    "systemd": "Take them over: systemctl --user link {folder}/.ci/drillbook-review.service && "
    "systemctl --user enable --now {folder}/.ci/drillbook-review.timer",
}
DONE, USAGE = 0, 2
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class JobError(Exception):
    """A job that cannot be written; the text says why."""


class When(NamedTuple):
    """Once a month: the day, and the time of it."""

    day: int
    hour: int
    minute: int


class _Template(Template):
    """As the shell, YAML and systemd have ``$`` and ``%`` for themselves."""

    delimiter = "@@"


def add_parser(commands: Any) -> None:
    """Give the command line this command."""
    made = commands.add_parser(
        "job",
        help="write the monthly job that proves the manual again",
        description="Write the monthly review: a script, and what starts it. It proves all of the manual again, keeps "
        "the evidence on a branch, and reports what is due.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("kind", choices=list(FILES), help="what starts it")
    made.add_argument(
        "--folder", type=Path, default=Path(), metavar="FOLDER", help="the top of the repository (default: here)"
    )
    made.add_argument("--day", type=_day, default=1, metavar="N", help="day of the month, 1 to 28 (default: 1)")
    made.add_argument(
        "--time",
        type=_time,
        default=(3, 0),
        metavar="HH:MM",
        help="in UTC, and for cron in the time of the machine (default: 03:00)",
    )
    made.add_argument(
        "--drillbook", default="drillbook", metavar="COMMAND", help="how it is called there (default: %(default)s)"
    )
    made.add_argument("--remind", action="store_true", help="tell each owner what of theirs is due, too")
    made.add_argument("--conf", type=Path, default=Path(), metavar="FOLDER", help="where conf.py is (default: here)")
    made.add_argument("--force", action="store_true", help="overwrite what is otherwise, the script too")
    made.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    folder = options.folder.resolve()
    try:
        if not folder.is_dir():
            raise JobError(f"there is no folder {options.folder}: name one with --folder")
        if not folder.as_posix().isprintable():
            raise JobError(f"no job can be told of a folder with such a name: {str(folder)!r}")
        variables = _variables(options.conf) if options.remind else ()
        texts = job(options.kind, folder, When(options.day, *options.time), options.drillbook, variables)
        kept = {file for file in texts if _differs(folder / file, texts[file]) and not options.force}
        if strange := kept - {SCRIPT}:
            raise JobError(f"{min(strange)} exists and is another: look at it, and overwrite it with --force")
    except (JobError, OwnersError) as error:
        print(f"drillbook: {error}", file=sys.stderr)
        return USAGE
    for file, text in texts.items():
        if file not in kept:
            write_text(folder / file, text)
        if file == SCRIPT:
            (folder / file).chmod(0o755)
        print(f"{options.folder / file}: {'kept as it is, it is yours' if file in kept else 'written'}")
    print(NEXT[options.kind].format(folder=shlex.quote(folder.as_posix())))
    return DONE


def _variables(conf: Path) -> list[str]:
    """The environment variables with the addresses of owners. Raises :exc:`OwnersError`."""
    known = read_owners(conf)
    found = dict.fromkeys(owner.notify.removeprefix("$") for owner in known.by_name.values() if owner.notify)
    if not found:
        raise OwnersError(f"{known.place}: drillbook_owners names no 'notify', so nobody can be told")
    return list(found)


def job(kind: str, folder: Path, when: When, drillbook: str, variables: Sequence[str] = ()) -> dict[Path, str]:
    """The files of a job and what they say; *folder* is absolute, *drillbook* the toolkit's command for a shell.

    Owners are told where the environment *variables* hold their addresses.
    """
    place = folder.as_posix()
    values = {
        **when._asdict(),
        **{f"{name}2": f"{value:02}" for name, value in when._asdict().items()},
        "drillbook": drillbook,
        "remind": "yes" if variables else "no",
        "secrets": "\n".join(f"      {name}: ${{{{ secrets.{name} }}}}" for name in (VARIABLE, *variables)),
        "crontab_folder": shlex.quote(place).replace("%", r"\%"),  # a bare % ends the command of a crontab
        "unit_folder": place.replace("%", "%%"),
    }
    return {
        file: _Template((TEMPLATES / file.name).read_text(encoding="utf-8")).substitute(values)
        for file in (SCRIPT, *FILES[kind])
    }


def _differs(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") != text


def _day(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:5]) <= 28):
        raise argparse.ArgumentTypeError(f"a day that each month has, 1 to 28, not {text!r}")
    return int(text)


def _time(text: str) -> tuple[int, int]:
    found = _TIME.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"a time such as 03:00, not {text!r}")
    return int(found[1]), int(found[2])
