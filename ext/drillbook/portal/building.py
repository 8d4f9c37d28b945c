"""Each version in each language, built by the tools of that version; what has been built is kept."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from drillbook.model.change import read_edition
from drillbook.model.data import DataError
from drillbook.output.data import FILE as DATA
from drillbook.pages.changes import SINCE
from drillbook.portal.look import Look, look
from drillbook.portal.plan import Plan, PortalError
from drillbook.portal.repository import Repository, outside_environment
from drillbook.portal.versions import Kind, Version
from drillbook.process import run

RECIPE: Final = (
    1  # to be raised when builds are made in another way, or another thing is looked for: then all are made again
)
_SETUP_S: Final = 1800
_BUILD_S: Final = 3600
_NEW: Final = ".new"
_LOOK: Final = "look.json"
_MOST_PROBLEMS: Final = 50
Say = Callable[[str], None]


class BuildError(PortalError):
    """A version cannot be built; the message is its whole story."""


class Build(NamedTuple):
    """A version in a language, built: the folder, and what was found in it."""

    version: Version
    language: str
    folder: Path
    look: Look
    seconds: float  # 0 for one that was kept


class Builder:
    """Builds into the folder *cache*, whose lock is held by the descriptor *lock*: by all that is started here, too, so
    that nobody begins again while a build still runs whose publisher was killed.

    The version that is called *worktree* is built where it stands. *before* has by the name of a version the one whose
    pages it is compared with, if that is built by then."""

    def __init__(
        self,
        repository: Repository,
        plan: Plan,
        cache: Path,
        before: Mapping[str, Version],
        worktree: str,
        lock: int,
        say: Say,
    ) -> None:
        self._repository, self._plan, self._cache, self._before = repository, plan, cache, before
        self._worktree, self._lock, self._say = worktree, lock, say
        self._ready: set[str] = set()
        self._comparable: dict[Path, bool] = {}  # the folders of builds

    def build(self, version: Version) -> list[Build]:
        """The version in all its languages. Raises :exc:`BuildError`."""
        return [self._kept(version, language) or self._made(version, language) for language in version.languages]

    def forget(self, used: list[Build]) -> None:
        """Remove builds that nobody uses any more, and the checkouts of releases, which need not be built again."""
        builds = {build.folder.parent for build in used}
        names = {build.version.name for build in used if build.version.kind is Kind.BRANCH}
        for folder in [*_folders(self._cache / "builds"), *_folders(self._cache / "checkouts")]:
            if folder not in builds and not (folder.parent.name == "checkouts" and folder.name in names):
                shutil.rmtree(folder, ignore_errors=True)

    def _key(self, version: Version, language: str) -> str:
        plan = self._plan
        since = self._since(version, language)
        said = [RECIPE, version.commit, language, plan.url, str(plan.source), plan.setup, plan.python]
        said += [since.parents[1].name] if since else []
        return sha256(json.dumps(said).encode()).hexdigest()[:16]

    def _place(self, version: Version, language: str) -> Path:
        return self._cache / "builds" / f"{version.name}-{language}-{self._key(version, language)}"

    def _since(self, version: Version, language: str) -> Path | None:
        """The data of the manual before this version, if its toolkit wrote any that ours can compare with.

        In the same language, or the titles of all pages would count as changed.
        """
        before = self._before.get(version.name)
        kept = self._kept(before, language) if before and language in before.languages else None
        if kept is None:
            return None
        if kept.folder not in self._comparable:
            try:
                self._comparable[kept.folder] = bool(read_edition(kept.folder))
            except DataError:
                self._comparable[kept.folder] = False
        return kept.folder / DATA if self._comparable[kept.folder] else None

    def _kept(self, version: Version, language: str) -> Build | None:
        place = self._place(version, language)
        try:
            return Build(version, language, place / "html", Look.read(place / _LOOK), 0)
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def _made(self, version: Version, language: str) -> Build:
        began = time.monotonic()
        top = self._top(version)
        place = self._place(version, language)
        new = place.with_name(f"{place.name}{_NEW}")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        self._say(f"{version.title} {language}: building")
        conf = self._repository.below(self._plan.confdir)
        argv = [self._python(top), "-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-a", "-b", "html", "-c", conf]
        argv += ["-d", str(new / "doctrees"), "-D", f"language={language}"]
        if self._plan.url:
            argv += ["-D", f"html_baseurl={self._plan.url}/{version.name}/{language}/"]
        argv += [(Path(conf) / self._plan.source).as_posix(), str(new / "html")]
        since = self._since(version, language)
        # no option: the toolkit of an old version would refuse one that it does not know
        told = {SINCE: str(since)} if since else {}
        self._do(argv, top, _BUILD_S, f"{version.title} {language}: it cannot be built", told)
        shutil.rmtree(new / "doctrees", ignore_errors=True)
        found = look(new / "html")
        if found.problems:
            raise BuildError(f"{version.title} {language}: it is built, and cannot be published:\n{_listed(found)}")
        (new / _LOOK).write_text(found.as_json(), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        new.replace(place)
        return Build(version, language, place / "html", found, time.monotonic() - began)

    def _top(self, version: Version) -> Path:
        """A checkout of the version that is set up."""
        if version.name == self._worktree:
            return self._repository.top
        top = self._cache / "checkouts" / version.name
        if version.name not in self._ready:
            self._repository.checkout(version, top)
            if self._plan.setup:
                self._say(f"{version.title}: setting up")
                setup = ["sh", "-c", self._plan.setup]
                self._do(setup, top, _SETUP_S, f"{version.title}: its setup failed ({self._plan.setup})")
            self._ready.add(version.name)
        return top

    def _python(self, top: Path) -> str:
        python = self._plan.python
        return str(top / python) if "/" in python else python

    def _do(
        self, argv: list[str], top: Path, timeout_s: float, failed: str, told: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        environment = {**outside_environment(), **told}
        try:
            done = run(argv, timeout_s=timeout_s, cwd=top, env=environment, pass_fds=(self._lock,))
        except OSError as error:
            raise BuildError(f"{failed}: {error}") from error
        if done.status != 0:
            why = f"no end after {timeout_s:g} s" if done.timed_out else f"exit {done.status}"
            story = b"\n".join(filter(None, (done.stdout.strip(), done.stderr.strip()))).decode("utf-8", "replace")
            raise BuildError(f"{failed} ({why}) in {top}:\n{story}")


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if path.is_dir())


def _listed(found: Look) -> str:
    more = len(found.problems) - _MOST_PROBLEMS
    return "\n".join([*found.problems[:_MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])])
