"""The repository of a manual: which versions it holds, and a checkout of each in a folder of its own."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from drillbook.portal.plan import Plan, PortalError
from drillbook.portal.versions import ALIASES, Kind, Version, is_named, number
from drillbook.process import Completed, run

_GIT_S: Final = 300
_FOLDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
# What belongs to whoever started us, and would lead a version's own tools astray.
_OURS: Final = ("GIT_", "MAKE", "MFLAGS", "PYTHON", "VIRTUAL_ENV")


class Repository(NamedTuple):
    """The repository at *top*."""

    top: Path

    def git(self, *arguments: str) -> str:
        """What git answers. Raises :exc:`PortalError`."""
        return _git(self.top, *arguments)

    def tags(self, patterns: Iterable[str]) -> list[str]:
        """The tags that match one of *patterns*, the newest number first."""
        found = [tag for tag in self.git("tag", "--list").splitlines() if any(fnmatchcase(tag, p) for p in patterns)]
        for tag in found:
            try:
                number(tag)
            except ValueError:
                raise PortalError(
                    f"the tag {tag} matches {', '.join(patterns)} and holds no version number such as 2.1.0: "
                    "narrow 'tags' of drillbook_portal"
                ) from None
        return sorted(found, key=number, reverse=True)

    def version(self, ref: str, kind: Kind, plan: Plan) -> Version:
        """The version that a tag or a branch names."""
        commit, _, seconds = self.git("log", "-1", "--format=%H %ct", ref, "--").strip().partition(" ")
        title = ref.removeprefix("refs/tags/").removeprefix("refs/heads/").removeprefix("refs/remotes/origin/")
        catalogues = f"{self.below(plan.confdir / plan.source)}/locales/".removeprefix("./")
        listed = self.git("ls-tree", "--name-only", "-z", commit, "--", catalogues).split("\0")
        return _version(title, kind, commit, int(seconds), plan, {name.rpartition("/")[2] for name in listed})

    def branch(self, name: str) -> str:
        """The full name of a branch, which a fresh clone has as its origin's alone."""
        for ref in (f"refs/heads/{name}", f"refs/remotes/origin/{name}"):
            if _succeeds(self.top, "rev-parse", "--quiet", "--verify", ref):
                return ref
        raise PortalError(f"{self.top} has no branch {name}, which 'branches' of drillbook_portal names")

    def working_tree(self, title: str, plan: Plan) -> Version:
        """The files as they are now, as a version; its commit says what they are based on, and what is in them."""
        head, _, seconds = self.git("log", "-1", "--format=%H %ct").strip().partition(" ")
        folder = plan.confdir / plan.source / "locales"
        languages = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
        changed = self.git("status", "--porcelain", "--untracked-files=all").strip()
        commit = f"{head}+{self._digest()[:12]}" if changed else head
        return _version(title, Kind.BRANCH, commit, int(seconds), plan, languages)

    def _digest(self) -> str:
        listed = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        whole = sha256()
        for name in sorted(filter(None, set(listed))):
            file = self.top / name
            if file.is_file():  # git lists what was removed, until that is committed
                whole.update(f"{name}\0{sha256(file.read_bytes()).hexdigest()}\0".encode())
        return whole.hexdigest()

    def below(self, folder: Path) -> str:
        """A folder of the repository, relative to its top."""
        return folder.relative_to(self.top).as_posix()

    def checkout(self, version: Version, folder: Path) -> None:
        """Make *folder* a checkout of the version. What a version's setup left there before stays, if git ignores it."""
        origin = _run(folder, "remote", "get-url", "origin").stdout.decode() if (folder / ".git").is_dir() else ""
        if origin.strip() != str(self.top):  # a copy of a whole project has checkouts that belong to another one
            new = folder.with_name(f"{folder.name}.new")
            for old in (folder, new):
                shutil.rmtree(old, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            # A clone, and no worktree: what is done in it leaves no trace in the repository itself.
            _git(folder.parent, "clone", "--quiet", "--shared", "--no-checkout", str(self.top), new.name)
            new.rename(folder)
        (folder / ".git" / "index.lock").unlink(missing_ok=True)  # of a git that was killed
        there = _succeeds(folder, "cat-file", "-e", f"{version.commit}^{{commit}}")
        if not there:  # a shallow repository shares nothing
            _git(folder, "fetch", "--quiet", "--force", "origin", "+refs/*:refs/published/*")
        _git(folder, "checkout", "--quiet", "--force", "--detach", version.commit)
        _git(folder, "clean", "-ffdq")


def repository_of(folder: Path) -> Repository:
    """The repository that *folder* is in. Raises :exc:`PortalError`."""
    return Repository(Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n")))


def versions_of(repository: Repository, plan: Plan, deployed: str, *, worktree: bool) -> Iterator[Version]:
    """The branches of conf.py and the newest releases, with the one that is *deployed* however old it is.

    With *worktree* the first branch is what the working tree holds.
    """
    for at, branch in enumerate(plan.branches):
        if worktree and at == 0:
            yield repository.working_tree(branch, plan)
        else:
            yield repository.version(repository.branch(branch), Kind.BRANCH, plan)
    for at, tag in enumerate(repository.tags(plan.tags)):
        if at < plan.keep_versions or is_named(tag, deployed):
            yield repository.version(f"refs/tags/{tag}", Kind.RELEASE, plan)


def outside_environment() -> dict[str, str]:
    """Our environment without what is ours alone: a version is built with its own tools."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def _version(title: str, kind: Kind, commit: str, seconds: int, plan: Plan, catalogues: set[str]) -> Version:
    name = title.replace("/", "-")
    if not _FOLDER.fullmatch(name) or name in ALIASES:
        raise PortalError(f"{title} cannot be the name of a version's folder: use letters, digits, and . _ + -")
    first, *others = plan.languages
    languages = (first, *(language for language in others if language in catalogues))
    made = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Version(name, title, kind, commit, made, languages)


def _git(folder: Path, *arguments: str) -> str:
    done = _run(folder, *arguments)
    if done.status != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise PortalError(f"git {arguments[0]} failed in {folder}: {said}")
    return done.stdout.decode("utf-8", "surrogateescape")


def _succeeds(folder: Path, *arguments: str) -> bool:
    return _run(folder, *arguments).status == 0


def _run(folder: Path, *arguments: str) -> Completed:
    try:
        return run(["git", *arguments], timeout_s=_GIT_S, cwd=folder, env=outside_environment())
    except OSError as error:
        raise PortalError(f"git cannot be started in {folder}: {error}") from error
