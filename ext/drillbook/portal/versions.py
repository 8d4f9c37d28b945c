"""The versions of a manual: which there are, in which order, and which of them is stable."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, NamedTuple

from packaging.version import InvalidVersion
from packaging.version import Version as Number

ALIASES: Final = ("latest", "stable", "deployed")


class Kind(StrEnum):
    """Whether a version is released, or goes on."""

    RELEASE = "release"
    BRANCH = "branch"


class Version(NamedTuple):
    """A version of the manual, in the languages that it has; ``name`` is that of its folder, ``title`` that of its tag or branch."""

    name: str
    title: str
    kind: Kind
    commit: str
    made: str  # UTC, ISO 8601
    languages: tuple[str, ...]

    @property
    def is_final(self) -> bool:
        """Whether it is a release, and no pre-release."""
        return self.kind is Kind.RELEASE and not number(self.title).is_prerelease


def number(tag: str) -> Number:
    """The number in the name of a tag: ``v2.1.0``, ``release-2.1.0rc1``. Raises :exc:`ValueError`."""
    digits = next((at for at, character in enumerate(tag) if character.isdigit()), len(tag))
    try:
        return Number(tag[digits:])
    except InvalidVersion:
        raise ValueError(tag) from None


def is_named(title: str, name: str) -> bool:
    """Whether *name* means the version of this title: it may lack the letters before the number."""
    try:
        return title == name or number(title) == number(name)
    except ValueError:
        return False


class Versions(NamedTuple):
    """All that are published: branches first, then releases from the newest to the oldest, as menus list them."""

    all: tuple[Version, ...]
    latest: str  # the name of the branch that goes on; of the newest version where there is no branch
    stable: str  # the newest release that is no pre-release; empty when there is none
    deployed: str  # empty when nobody said

    @property
    def aliases(self) -> dict[str, str]:
        """The addresses that stay, and which version is there."""
        deployed = self.deployed or self.stable or self.latest
        return {"latest": self.latest, "deployed": deployed} | ({"stable": self.stable} if self.stable else {})

    @property
    def start(self) -> str:
        """The alias that who comes without an address is led to."""
        return "stable" if self.stable else "latest"

    @property
    def before(self) -> dict[str, Version]:
        """By the name of each version the one that readers had before it: of a branch it is the newest release."""
        releases = [version for version in self.all if version.kind is Kind.RELEASE]
        found = {new.name: old for new, old in pairwise(releases)}
        branches = (version.name for version in self.all if version.kind is Kind.BRANCH)
        return found | (dict.fromkeys(branches, releases[0]) if releases else {})

    def named(self, name: str) -> Version:
        """The version of this name."""
        return next(version for version in self.all if version.name == name)

    def as_data(self) -> Mapping[str, Any]:
        """For programs that read ``versions.json``."""
        return {
            "latest": self.latest,
            "stable": self.stable or None,
            "deployed": self.deployed or None,
            "versions": [version._asdict() for version in self.all],
        }


def ordered(found: Iterable[Version]) -> Versions:
    """The versions in their order; which one is deployed is not known yet."""
    every = list(found)
    releases = [version for version in every if version.kind is Kind.RELEASE]
    releases.sort(key=lambda version: number(version.title), reverse=True)
    branches = [version for version in every if version.kind is Kind.BRANCH]
    listed = (*branches, *releases)
    stable = next((version.name for version in releases if version.is_final), "")
    return Versions(listed, listed[0].name if listed else "", stable, "")
