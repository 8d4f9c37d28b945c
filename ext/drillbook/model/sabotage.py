"""Faults to be sown into a copy of a project, one at a time, and the checks that ought to catch them.

The catalogue is a YAML file: ``checks`` in the order of their cost, ``faults``, and ``links``: what is not kept in git
and yet is needed by checks. A check that has ``{only}`` in its command is for those faults that say what to put there.
"""

import difflib
import random
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

import yaml

from drillbook.live.quantity import parse_duration

ONLY: Final = "{only}"


class SabotageError(Exception):
    """The catalogue is wrong, or nothing can be concluded from a run; the text says why."""


class Check(NamedTuple):
    """A command that fails when the project is wrong. It is tried for faults of *classes* in files like *reads*, or all."""

    name: str
    command: str
    limit_s: float
    reads: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


class Fault(NamedTuple):
    """A fault: *text* in *file* becomes *becomes*; or, without a *text*, the whole file is gone.

    ``expected`` is the cheapest check that ought to catch it; ``only`` says what each ``{only}`` is.
    """

    name: str
    kind: str
    file: str
    text: str
    becomes: str
    expected: str
    only: Mapping[str, str]


class Catalogue(NamedTuple):
    """All checks, cheapest first, and all faults."""

    checks: tuple[Check, ...]
    faults: tuple[Fault, ...]
    links: tuple[str, ...]


def tries(catalogue: Catalogue, fault: Fault) -> list[Check]:
    """The checks that are tried for *fault*: the one that ought to catch it, then the others, cheapest first."""
    able = [
        check
        for check in catalogue.checks
        if (ONLY not in check.command or check.name in fault.only)
        and (not check.classes or fault.kind in check.classes)
        and (not check.reads or any(fnmatchcase(fault.file, pattern) for pattern in check.reads))
    ]
    return sorted(able, key=lambda check: check.name != fault.expected)


def sow(fault: Fault, root: Path) -> str:
    """Put *fault* into the project in *root*, and answer the difference. Raises :exc:`SabotageError` if it does not apply."""
    file = root / fault.file
    try:
        before = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SabotageError(f"fault {fault.name}: {fault.file} cannot be read: {error}") from None
    if not fault.text:
        file.unlink()
        return f"--- {fault.file}\n+++ gone\n"
    if (found := before.count(fault.text)) != 1:
        raise SabotageError(
            f"fault {fault.name}: its text must stand once in {fault.file}, not {found} times:\n{fault.text}"
        )
    after = before.replace(fault.text, fault.becomes)
    file.write_text(after, encoding="utf-8")
    return "".join(
        difflib.unified_diff(before.splitlines(True), after.splitlines(True), fault.file, fault.name, n=1),
    )


def choose(catalogue: Catalogue, *, sample: int = 0, seed: int = 0, only: str = "") -> list[Fault]:
    """The faults to sow: all, those whose names *only* names (``a,b``), or *sample* of them.

    A sample has at least one fault for each check that ought to catch any, the costliest first. Raises
    :exc:`SabotageError` for a name that there is not.
    """
    if only:
        names = [name.strip() for name in only.split(",")]
        known = {fault.name: fault for fault in catalogue.faults}
        if unknown := [name for name in names if name not in known]:
            raise SabotageError(f"there is no fault {', '.join(unknown)}; there are: {', '.join(known)}")
        return [known[name] for name in names]
    if not 0 < sample < len(catalogue.faults):
        return list(catalogue.faults)
    mixed = random.Random(seed).sample(catalogue.faults, len(catalogue.faults))  # noqa: S311 - repeatable, not secret
    first: list[Fault] = []
    for check in reversed(catalogue.checks):
        first += [fault for fault in mixed if fault.expected == check.name][:1]
    rest = [fault for fault in mixed if fault not in first]
    return [*first, *rest][:sample]


def read_catalogue(file: Path) -> Catalogue:
    """The catalogue in *file*. Raises :exc:`SabotageError` with what is wrong in it."""
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SabotageError(f"{file}: {error}") from None
    try:
        found = _entry(data, "it", checks=list, faults=list, links=None)
        catalogue = Catalogue(
            tuple(map(_check, found["checks"])),
            tuple(map(_fault, found["faults"])),
            _names(found.get("links", ()), "links"),
        )
        _judge(catalogue)
    except SabotageError as error:
        raise SabotageError(f"{file}: {error}") from None
    return catalogue


def _check(data: Any) -> Check:
    name = _name(data, "check")
    found = _entry(data, f"check {name}", name=str, command=str, limit=str, reads=None, classes=None)
    limit = parse_duration(found["limit"])
    if limit is None:
        raise SabotageError(f"check {name}: its limit is a time like 5 min, not {found['limit']!r}")
    reads, classes = (_names(found.get(key, ()), f"check {name}: {key}") for key in ("reads", "classes"))
    return Check(name, found["command"], limit.base, reads, classes)


def _fault(data: Any) -> Fault:
    name = _name(data, "fault")
    what = f"fault {name}"
    wanted: dict[str, type | None] = {"name": str, "class": str, "file": str, "caught-by": str}
    optional: dict[str, type | None] = {"text": None, "becomes": None, "gone": None, "only": None}
    found = _entry(data, what, **wanted, **optional)
    text, becomes, gone, only = (found.get(key) for key in optional)
    if gone is True and text is becomes is None:
        text = becomes = ""
    elif gone is not None or not isinstance(text, str) or not isinstance(becomes, str) or not text or text == becomes:
        raise SabotageError(f"{what}: it has a text and what that becomes, or else gone: true")
    path = PurePosixPath(found["file"])
    if path.is_absolute() or ".." in path.parts:
        raise SabotageError(f"{what}: its file is outside of the project: {path}")
    if not isinstance(only or {}, Mapping) or not all(isinstance(part, str) for part in (only or {}).values()):
        raise SabotageError(f"{what}: only says for each check what to look at, as a text")
    return Fault(name, found["class"], str(path), text, becomes, found["caught-by"], only or {})


def _judge(catalogue: Catalogue) -> None:
    for what, entries in (("check", catalogue.checks), ("fault", catalogue.faults)):
        names = [entry.name for entry in entries]
        if not names:
            raise SabotageError(f"it has no {what}")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SabotageError(f"two {what}s are called {', '.join(twice)}")
    narrow = {check.name for check in catalogue.checks if ONLY in check.command}
    for fault in catalogue.faults:
        if unknown := sorted(fault.only.keys() - narrow):
            raise SabotageError(f"fault {fault.name}: no check with {ONLY} is called {', '.join(unknown)}")
        tried = [check.name for check in tries(catalogue, fault)]
        if fault.expected not in tried:
            raise SabotageError(f"fault {fault.name}: {fault.expected} is not tried for it, but: {', '.join(tried)}")


def _name(data: Any, what: str) -> str:
    if isinstance(data, Mapping) and isinstance(data.get("name"), str):
        return str(data["name"])
    raise SabotageError(f"a {what} needs a name: {data!r}")


def _entry(data: Any, what: str, **keys: type | None) -> Mapping[str, Any]:
    """*data*, which has *keys* of these types; those without a type may be missing."""
    if not isinstance(data, Mapping):
        raise SabotageError(f"{what} must map {', '.join(keys)} to values")
    if unknown := [str(key) for key in data if key not in keys]:
        raise SabotageError(f"{what}: what is {', '.join(unknown)}? It may have: {', '.join(keys)}")
    for key, kind in keys.items():
        if kind is not None and not (isinstance(data.get(key), kind) and data[key]):
            raise SabotageError(f"{what}: it needs {key}")
    return data


def _names(value: Any, what: str) -> tuple[str, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise SabotageError(f"{what} must be a list of texts, not {value!r}")
