"""Commands from argparse parsers, under the name that the operator types.

argparse knows nothing of exit statuses. The convention: the epilog, which ``--help`` prints, has a line
``Exit status:`` and then one line for each, ``  0  meaning``; or all on one line, ``Exit status: 0 done, 1 not done.``
"""

import argparse
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from drillbook.live.facts import NOT_SHOWN, CommandFact, OptionFact, Pairs, Place
from drillbook.live.sources import SourceError, call, load, place_of

_SECRET = re.compile(r"password|passwd|secret|token|api[-_]?key", re.IGNORECASE)
_EXIT_HEADING = re.compile(r"^\s*exit status(es)?\s*:?\s*$", re.IGNORECASE)
_EXIT_LINE = re.compile(r"^\s*(\d+(?:[-–]\d+)?)\s*[:=–-]?\s+(\S.*)$")
_EXIT_INLINE = re.compile(r"^\s*exit status(?:es)?\s*:\s+(\d.*)$", re.IGNORECASE)
_NEXT_INLINE = re.compile(r"[,;]\s+(?=\d+\s)")
_USAGE_COLUMNS = 78


def collect_commands(sources: Mapping[str, str], base: Path | None = None) -> Iterator[CommandFact]:
    """The command of each parser and its subcommands; *sources* maps what the operator types to its parser.

    Defaults below *base*, where the project happens to lie, are shown relative to it.
    """
    for name, source in sources.items():
        parser = call(source, load(source))
        if not isinstance(parser, argparse.ArgumentParser):
            raise SourceError(f"{source!r} gives no argparse.ArgumentParser: {type(parser).__name__}")
        yield from _commands(parser, name, name, place_of(source) or Place(""), base)


def _commands(
    parser: argparse.ArgumentParser, name: str, group: str, place: Place, base: Path | None, summary: str = ""
) -> Iterator[CommandFact]:
    subparsers = dict(_subparsers(parser))
    actions = [action for action in _actions(parser) if not isinstance(action, argparse._SubParsersAction)]
    epilog, statuses = _split_epilog(_expand(parser.epilog or "", name))
    yield CommandFact(
        name=name,
        group=group,
        usage=_usage(parser, name),
        description=_expand(parser.description or summary, name),
        options=tuple(_option(action, name, base) for action in actions),
        subcommands=tuple(f"{name} {sub}" for sub in subparsers),
        exit_statuses=statuses,
        epilog=epilog,
        place=place,
    )
    for sub, (child, help_text) in subparsers.items():
        yield from _commands(child, f"{name} {sub}", group, place, base, help_text)


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    # argparse has no public list of arguments; every tool that documents parsers reads this one
    return [action for action in parser._actions if action.help != argparse.SUPPRESS]


def _subparsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, tuple[argparse.ArgumentParser, str]]]:
    for action in _actions(parser):
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._get_subactions()}
            seen: set[int] = set()  # an alias is the same parser again
            for name, child in action.choices.items():
                if id(child) not in seen:
                    seen.add(id(child))
                    yield name, (child, helps.get(name, ""))


def _usage(parser: argparse.ArgumentParser, name: str) -> str:
    original = parser.prog
    with _columns(_USAGE_COLUMNS):
        try:
            parser.prog = name
            usage = parser.format_usage()
        finally:
            parser.prog = original
    word = "usage: "
    return "\n".join(line.removeprefix(word).removeprefix(" " * len(word)) for line in usage.strip().splitlines())


@contextmanager
def _columns(width: int) -> Iterator[None]:
    """Make argparse fold its usage at *width*, whatever the terminal: a page must not depend on it."""
    original = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(width)
    try:
        yield
    finally:
        if original is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = original


def _option(action: argparse.Action, prog: str, base: Path | None) -> OptionFact:
    metavar = action.metavar or (action.dest if not action.option_strings else action.dest.upper())
    takes_value = action.nargs != 0
    name = " ".join(action.option_strings) or action.dest
    return OptionFact(
        flags=tuple(action.option_strings),
        metavar=("" if not takes_value else " ".join(metavar) if isinstance(metavar, tuple) else metavar),
        default=NOT_SHOWN if action.default and _SECRET.search(name) else _default(action, base),
        choices=tuple(map(str, action.choices or ())),
        required=action.required,
        help=_expand(action.help or "", prog, action, base),
    )


def _default(action: argparse.Action, base: Path | None) -> str:
    value = action.default
    if value is None or value is argparse.SUPPRESS or isinstance(value, bool) or value == []:
        return ""
    values = value if isinstance(value, list | tuple) else [value]
    return ", ".join(_anywhere(str(one), base) for one in values)


def _anywhere(text: str, base: Path | None) -> str:
    """A path without the part that is another on each machine."""
    if base and text.startswith(f"{base}/"):
        return text.removeprefix(f"{base}/")
    home = str(Path.home())
    return "~" + text.removeprefix(home) if text.startswith(f"{home}/") else text


def _expand(text: str, prog: str, action: argparse.Action | None = None, base: Path | None = None) -> str:
    """Fill in ``%(prog)s`` and ``%(default)s``; text that argparse itself could not fill stays as it is."""
    values = {key: getattr(value, "__name__", value) for key, value in vars(action).items()} if action else {}
    if isinstance(values.get("default"), str | Path):
        values["default"] = _anywhere(str(values["default"]), base)
    try:
        return (text % (values | {"prog": prog})).strip()
    except (KeyError, TypeError, ValueError):
        return text.strip()


def _split_epilog(epilog: str) -> tuple[str, Pairs]:
    """What the epilog says, and its table of exit statuses."""
    kept: list[str] = []
    statuses: list[tuple[str, str]] = []
    inside = False
    for line in epilog.splitlines():
        if match := _EXIT_INLINE.match(line):
            parts = (part.split(None, 1) for part in _NEXT_INLINE.split(match[1].rstrip(" .")))
            statuses += [(status, "".join(meaning)) for status, *meaning in parts]
        elif _EXIT_HEADING.match(line):
            inside = True
        elif inside and (match := _EXIT_LINE.match(line)):
            statuses.append((match[1], match[2].strip()))
        elif inside and statuses and line.startswith("  "):  # the line before goes on
            statuses[-1] = (statuses[-1][0], f"{statuses[-1][1]} {line.strip()}")
        else:
            inside = inside and not line.strip()
            kept.append(line)
    return "\n".join(kept).strip(), tuple(statuses)
