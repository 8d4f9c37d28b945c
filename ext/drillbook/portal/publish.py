"""From a repository to a published folder: choose the versions, build them, put them together, check it all, switch."""

import json
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from drillbook import process
from drillbook.portal import nginx
from drillbook.portal.building import Build, Builder, BuildError, Say
from drillbook.portal.look import is_page
from drillbook.portal.moved import Edition, check_moved, read_moved
from drillbook.portal.plan import Plan, PortalError
from drillbook.portal.release import (
    CURRENT,
    LOCK,
    Manifest,
    check_site,
    current,
    damages,
    locked,
    new_release,
    prune,
    seal,
    switch,
)
from drillbook.portal.repository import outside_environment, repository_of, versions_of
from drillbook.portal.site import VERSIONS, Parts, assemble, stray_links
from drillbook.portal.versions import Version, Versions, is_named, ordered

_DEPLOYED_S: Final = 60
_MOST_PROBLEMS: Final = 50


class Order(NamedTuple):
    """What is asked for: where to, which of the versions alone, and how."""

    site: Path
    cache: Path
    only: Sequence[str] = ()
    worktree: bool = False
    keep_going: bool = False
    check: bool = False


class Done(NamedTuple):
    """What came of it; ``release`` is ``None`` when it was a check alone, ``configured`` when nginx has to be reloaded."""

    release: Path | None
    changed: bool
    configured: bool
    versions: Versions
    pages: int
    left_out: Sequence[str]
    removed: Sequence[str]


def publish(plan: Plan, order: Order, told: Callable[[Version, Sequence[Build]], None], say: Say) -> Done:
    """Publish; readers have the old release until the new one is whole.

    Args:
        told: is called with each version that is ready.
        say: is given a line for each step that takes time, and for what was left out.

    Raises:
        PortalError: Nothing was switched; the message says why.
    """
    check_site(order.site)
    site = order.site.resolve()
    with locked(site / LOCK, "publishes"), locked(order.cache / LOCK, "builds") as lock:
        deployed = _deployed(plan)
        repository = repository_of(plan.confdir)
        found = ordered(versions_of(repository, plan, deployed, worktree=order.worktree))
        chosen = _chosen(found, order.only)
        worktree = found.all[0].name if order.worktree and found.all else ""
        builder = Builder(repository, plan, order.cache.resolve(), found.before, worktree, lock, say)
        # the oldest first: each is compared with the one before
        builds, left_out = _built(builder, chosen[::-1], told, say, keep_going=order.keep_going)
        builds.sort(key=lambda build: chosen.index(build.version))
        versions = _with_deployed(ordered(_there(builds)), deployed, plan, partial=bool(order.only or left_out))
        moved = read_moved(plan)
        check_moved(plan, moved, builds, [] if order.worktree else list(_published(site)))
        parts = Parts(plan, versions, builds, moved, site / CURRENT)
        digest, old = _digest(parts), current(site)
        pages = sum(len(build.look.pages) for build in builds)
        if old and not order.check and _plan_of(old) == digest:
            return Done(old, False, False, versions, pages, left_out, prune(site, plan.keep_releases))
        with new_release(site) as folder:
            say("putting it together")
            manifest = seal(folder, assemble(folder, parts, _by_content(old)), digest)
            say("checking")
            if problems := [*stray_links(folder, parts), *damages(folder)]:
                raise PortalError("\n".join(problems[:_MOST_PROBLEMS]))
            if order.check:
                return Done(None, False, False, versions, pages, left_out, ())
            release = switch(site, folder, manifest)
        if not (order.only or left_out):
            builder.forget(builds)
        configured = _nginx_of(old) != _nginx_of(release)
        return Done(release, True, configured, versions, pages, left_out, prune(site, plan.keep_releases))


def _deployed(plan: Plan) -> str:
    """The version that conf.py says is deployed, or what its command prints."""
    said = plan.deployed.strip()
    if not set(said) & {" ", "/"}:
        return said
    done = process.run(["sh", "-c", said], timeout_s=_DEPLOYED_S, cwd=plan.confdir, env=outside_environment())
    printed = done.stdout.decode("utf-8", "replace").strip()
    if done.status != 0 or not printed or "\n" in printed:
        story = done.stderr.decode("utf-8", "replace").strip() or printed
        raise PortalError(
            f"{plan.place}: 'deployed' is to be a version, or a command that prints one line with it; "
            f"{said!r} ended with {done.status}: {story}"
        )
    return printed


def _chosen(found: Versions, only: Sequence[str]) -> list[Version]:
    if not found.all:
        raise PortalError("there is nothing to publish: no branch and no tag is what drillbook_portal says")
    wanted = [found.aliases.get(name, name) for name in only]
    if unknown := [name for name in wanted if name not in {version.name for version in found.all}]:
        names = ", ".join(version.name for version in found.all)
        raise PortalError(f"there is no version {', '.join(unknown)}; there are: {names}")
    return [version for version in found.all if not wanted or version.name in wanted]


def _built(
    builder: Builder,
    chosen: Sequence[Version],
    told: Callable[[Version, Sequence[Build]], None],
    say: Say,
    *,
    keep_going: bool,
) -> tuple[list[Build], list[str]]:
    """All builds, and the names of the versions that are left out because they cannot be built."""
    builds: list[Build] = []
    left_out: list[str] = []
    for version in chosen:
        try:
            ready = builder.build(version)
        except BuildError as error:
            if not keep_going:
                raise
            left_out.append(version.name)
            say(f"{error}\n{version.title} IS LEFT OUT")
            continue
        builds += ready
        told(version, ready)
    if not builds:
        raise PortalError("no version could be built")
    return builds, left_out


def _there(builds: Sequence[Build]) -> list[Version]:
    return list(dict.fromkeys(build.version for build in builds))


def _with_deployed(versions: Versions, deployed: str, plan: Plan, *, partial: bool) -> Versions:
    if not deployed:
        return versions
    for version in versions.all:
        if is_named(version.title, deployed) or version.name == deployed:
            return versions._replace(deployed=version.name)
    if partial:  # it is one of those that are not there
        return versions
    names = ", ".join(version.name for version in versions.all)
    raise PortalError(f"{plan.place}: {deployed} is deployed, and is not among what is published: {names}")


def _published(site: Path) -> Iterator[tuple[Edition, str]]:
    """What readers have now of each version."""
    old = current(site)
    if old is None:
        return
    try:
        files = Manifest.read(old).files
        versions = json.loads((old / VERSIONS).read_text(encoding="utf-8"))["versions"]
    except (
        OSError,
        ValueError,
        LookupError,
    ):  # made by another toolkit, or damaged: then there is nothing to hold on to
        return
    for version in versions:
        for language in version["languages"]:
            place = f"{version['name']}/{language}/"
            pages = {name.removeprefix(place) for name in files if name.startswith(place)}
            yield Edition(version["title"], language, frozenset(filter(is_page, pages))), version["name"]


def _digest(parts: Parts) -> str:
    """Of all that a release is made of: the builds, what conf.py says, and this package."""
    own = {file.name: sha256(file.read_bytes()).hexdigest() for file in _own_files()}
    said = [
        [build.folder.parent.name for build in parts.builds],
        [parts.plan.title, parts.plan.url, parts.plan.languages, parts.plan.feedback],
        parts.versions.as_data(),
        list(parts.moved.to.items()),
        str(parts.root),
        own,
    ]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _own_files() -> list[Path]:
    folder = Path(__file__).parent
    return sorted(file for file in folder.rglob("*") if file.suffix in (".py", ".css", ".js"))


def _plan_of(release: Path) -> str:
    try:
        return Manifest.read(release).plan
    except (OSError, ValueError):
        return ""


def _nginx_of(release: Path | None) -> list[str]:
    """What nginx has read of a release; nothing of one that another toolkit made, or that is damaged."""
    try:
        return (
            [(release / name).read_text(encoding="utf-8") for name in (nginx.FILE, nginx.INCLUDED)] if release else []
        )
    except OSError:
        return []


def _by_content(release: Path | None) -> dict[str, Path]:
    if release is None:
        return {}
    try:
        files = Manifest.read(release).files
    except (OSError, ValueError):
        return {}
    return {one.sha256: release / name for name, one in files.items()}
