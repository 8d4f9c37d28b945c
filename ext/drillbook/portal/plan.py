"""What conf.py says of publishing, with every default filled in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from sphinx.config import Config
from sphinx.errors import ConfigError

from drillbook.config import option_place, read_conf
from drillbook.config.readers import PORTAL, is_redirects
from drillbook.live.facts import Place

OPTION = "drillbook_portal"


class PortalError(Exception):
    """The manual cannot be published; the message says where and why."""


class Plan(NamedTuple):
    """What is published, and how; the place is that of the option in conf.py, for messages."""

    title: str
    url: str  # without a slash at its end; empty when nobody said
    tags: tuple[str, ...]
    branches: tuple[str, ...]
    keep_versions: int
    languages: tuple[str, ...]  # the first is that of the source
    setup: str
    python: str
    deployed: str
    keep_releases: int
    redirects: Mapping[str, str | None]
    feedback: str  # where pages send what readers think of them
    confdir: Path
    source: Path  # relative to the folder of conf.py
    suffixes: tuple[str, ...]  # of the files that are pages
    excluded: tuple[str, ...]  # patterns of files that are none all the same
    place: Place
    redirects_place: Place


def read_plan(confdir: Path, source: Path) -> Plan:
    """Read conf.py in *confdir*; the pages are in *source*, relative to it.

    Raises:
        PortalError: conf.py cannot be read, or says what cannot be.
    """
    confdir = confdir.resolve()
    try:
        config = read_conf(confdir)
    except ConfigError as error:
        raise PortalError(str(error)) from error
    place = option_place(confdir, OPTION)
    said: dict[str, Any] = {**PORTAL, **config[OPTION]}
    versions: dict[str, Any] = {**PORTAL["versions"], **said["versions"]}  # type: ignore[dict-item]
    redirects, redirects_place = said["redirects"], place
    if isinstance(redirects, str):
        redirects, redirects_place = _read_redirects(confdir / redirects, place)
    return Plan(
        title=str(config.project),
        url=said["url"].rstrip("/"),
        tags=_list(versions["tags"]),
        branches=_list(versions["branches"]),
        keep_versions=versions["keep"],
        languages=tuple(dict.fromkeys(said["languages"])),
        setup=said["setup"],
        python=said["python"],
        deployed=said["deployed"],
        keep_releases=said["keep"],
        redirects=dict(redirects),
        feedback=_feedback(config),
        confdir=confdir,
        source=source,
        suffixes=_suffixes(config),
        excluded=tuple(config.exclude_patterns),
        place=place,
        redirects_place=redirects_place,
    )


def _list(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _suffixes(config: Config) -> tuple[str, ...]:
    """Those that conf.py says, and that of Markdown: MyST declares it when it is set up, which needs a build."""
    said = config.source_suffix
    markdown = [".md"] if any(name.startswith("myst_") for name in config.extensions) else []
    return tuple(dict.fromkeys([*([said] if isinstance(said, str) else said), *markdown]))


def _feedback(config: Config) -> str:
    return str(config["drillbook_feedback"]) if "drillbook_feedback" in config else ""


def _read_redirects(file: Path, place: Place) -> tuple[Mapping[str, str | None], Place]:
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise PortalError(f"{place}: 'redirects' names {file}, which cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise PortalError(f"{file}: this is no YAML: {error}") from error
    if problem := is_redirects(read):
        raise PortalError(f"{file}: {problem}")
    return read, Place(str(file))
