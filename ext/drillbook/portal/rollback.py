"""Back to a release that readers had, and the list of those that are kept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from drillbook.portal.plan import PortalError
from drillbook.portal.release import LOCK, RELEASES, current, damages, lead_to, locked
from drillbook.portal.site import VERSIONS

_MOST_PROBLEMS: Final = 50


class Kept(NamedTuple):
    """A release: its name, whether readers have it, and the titles of its versions; none where it is damaged."""

    name: str
    served: bool
    versions: tuple[str, ...]


def releases(site: Path) -> list[Kept]:
    """The releases, the newest first."""
    here, folder = current(site), site / RELEASES
    there = [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
    return [Kept(path.name, path == here, tuple(_versions(path))) for path in sorted(there, reverse=True)]


def roll_back(site: Path, name: str = "") -> tuple[Kept, str]:
    """Serve the release *name*, or the one before; answers it, and what was served until now.

    Raises:
        PortalError: Nothing was switched: it is not there or not whole, or another process publishes.
    """
    with locked(site / LOCK, "goes back to another release"):
        kept = releases(site)
        served = next((one.name for one in kept if one.served), "")
        found = next((one for one in kept if (one.name == name if name else one.name < served)), None)
        if found is None:
            what = repr(name) if name else f"before {served or 'none'}"
            others = ", ".join(one.name for one in kept if one.name != served)
            raise PortalError(f"there is no release {what}; there are: {others or 'no others'}")
        release = site / RELEASES / found.name
        if problems := damages(release):
            raise PortalError("\n".join([f"release {found.name} is not whole:", *problems[:_MOST_PROBLEMS]]))
        lead_to(site, release)
        return found, served


def _versions(release: Path) -> Iterator[str]:
    try:
        data = json.loads((release / VERSIONS).read_text(encoding="utf-8"))
        yield from [str(one["title"]) for one in data["versions"]]
    except (OSError, ValueError, LookupError, TypeError):
        return
