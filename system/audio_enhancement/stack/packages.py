"""Debian's server programs: those of the system, else unpacked from Debian's packages into a cache.

Unpacking needs no root and starts no service, which installing a server package would. The packages are fetched and
checked by apt itself, with lists and archives of its own where the system has none. A cache entry is unpacked beside
its final place and moved there in one step, so it is there whole or not at all.
"""

import fcntl
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from audio_enhancement.rundir import RunDir


class Server(NamedTuple):
    """One server's packages, the programs that we use from them, and the arguments that show that one runs."""

    packages: tuple[str, ...]
    programs: tuple[str, ...]
    probe: tuple[str, ...]


SERVERS: dict[str, Server] = {
    "redis": Server(("redis-server",), ("redis-server", "redis-cli"), ("redis-server", "--version")),
    "postgres": Server(
        ("postgresql",),
        ("postgres", "initdb", "psql", "pg_dump", "pg_restore", "pg_isready", "pg_ctl"),
        ("postgres", "--version"),
    ),
    "prometheus": Server(("prometheus",), ("prometheus", "promtool"), ("prometheus", "--version")),
    "alertmanager": Server(("prometheus-alertmanager",), ("alertmanager", "amtool"), ("alertmanager", "--version")),
    "nginx": Server(("nginx",), ("nginx",), ("nginx", "-v")),
}

# Needed by maintainer scripts, web pages or the optional JIT compiler, never by the programs that we run. libc6 has to
# be the system's own: a second one beside the system's dynamic loader does not start.
_NOT_UNPACKED = ("libc6", "libc-bin", "libllvm", "libz3", "libclang", "perl", "libperl", "libjs-", "fonts-", "node-")
# Debian's Alertmanager reads its notification templates from a fixed folder, with no option to name another. In the
# unpacked copy this is made a path of the same length, relative to the folder that it runs in: see `servers`.
_FIXED_TEMPLATES = b"/usr/share/prometheus/alertmanager"
TEMPLATES = "templates"
# Debian's names where they differ from the program's own.
_ALIASES = {"alertmanager": ("prometheus-alertmanager",)}


class Program(NamedTuple):
    """An executable and the folders of the shared libraries that came with it (empty when the system has them)."""

    path: Path
    library_path: str = ""


class PackageError(RuntimeError):
    """Programs are missing and could not be fetched; the message ends with the line to type."""


def cache_folder() -> Path:
    """Where packages are unpacked.

    As root this is a folder that other users can reach whatever root's environment says, because PostgreSQL refuses to
    run as root and its programs are then run by another user.
    """
    if os.geteuid() == 0:
        return Path("/var/cache/drillbook")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "drillbook"


def find_all(say: Callable[[str], None]) -> dict[str, Program]:
    """Return every program by its name, fetching what the machine does not have.

    Args:
        say: is given one line for each step that takes time.

    Raises:
        PackageError: something is missing and can neither be unpacked nor installed.
    """
    programs: dict[str, Program] = {}
    missing: dict[str, Server] = {}
    for name, server in SERVERS.items():
        found = _on_the_system(server) or _unpacked(_shelf() / name, server)
        if found is None:
            missing[name] = server
        programs |= found or {}
    return programs | _fetch(missing, say) if missing else programs


def _on_the_system(server: Server) -> dict[str, Program] | None:
    versions = sorted(
        Path("/usr/lib/postgresql").glob("[1-9][0-9]/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    # PostgreSQL's own folder, because /usr/bin/psql is a wrapper that looks for clusters of the system.
    groups = [[folder] for folder in versions] if "postgres" in server.programs else []
    path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    # In an operator's shell the first is a run folder's `bin`: a wrapper that starts itself would never end.
    path = [folder for folder in path if not RunDir(folder.parent).operator_file.exists()]
    groups.append([Path("/usr/bin"), Path("/usr/sbin"), *path])
    return next((found for folders in groups if (found := _programs(server, folders))), None)


def _programs(
    server: Server, folders: list[Path], root: Path = Path("/nonexistent"), library_path: str = ""
) -> dict[str, Program] | None:
    """All of a server's programs in ``folders``, or None; those below ``root`` with their libraries."""
    found = {}
    for program in server.programs:
        candidates = (folder / alias for folder in folders for alias in (program, *_ALIASES.get(program, ())))
        path = next((path for path in candidates if os.access(path, os.X_OK) and path.is_file()), None)
        if path is None:
            return None
        found[program] = Program(path, library_path if path.is_relative_to(root) else "")
    return found


def _shelf() -> Path:
    """The part of the cache for this system: programs of another release of Debian would not start."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    system = "-".join(release.get(key, "").strip('"') for key in ("ID", "VERSION_ID"))
    return cache_folder() / f"{system}-{os.uname().machine}"


def _unpacked(root: Path, server: Server) -> dict[str, Program] | None:
    libraries = {str(path.parent) for part in ("usr/lib", "lib") for path in (root / part).glob("*/*.so.*")}
    folders = [root / "usr/bin", root / "usr/sbin"]
    if "postgres" in server.programs:
        folders = list(root.glob("usr/lib/postgresql/*/bin"))
    # A part may be installed already (a client without its server); it was then not fetched.
    folders += [Path("/") / folder.relative_to(root) for folder in folders]
    return _programs(server, folders, root, os.pathsep.join(sorted(libraries)))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time unpack; the lock is on the folder itself, so no lock file is left behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder of the cache that every user can reach, whatever our umask."""
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir()
            path.chmod(0o755)


def _fetch(missing: Mapping[str, Server], say: Callable[[str], None]) -> dict[str, Program]:
    """Unpack packages into the cache, or install them where that cannot be done."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        wanted = ", ".join(program for server in missing.values() for program in server.programs)
        raise PackageError(f"this machine has no apt: install {wanted} so that they are on PATH")
    shelf = _shelf()
    make_folder(shelf)
    programs: dict[str, Program] = {}
    with _locked(shelf):
        for leftover in shelf.glob(".*"):
            shutil.rmtree(leftover)  # of a run that was killed: we have the lock
        with tempfile.TemporaryDirectory(dir=shelf, prefix=".apt-") as folder:
            apt = _Apt(Path(folder), say)
            for name, server in missing.items():
                try:
                    found = _unpacked(shelf / name, server) or _unpack(shelf / name, server, apt)
                except subprocess.CalledProcessError as error:
                    reason = (error.stderr or error.stdout or str(error)).strip().splitlines()[-1:]
                    say(f"{name}: could not be unpacked: {''.join(reason)}")
                    found = _install(server, say)
                programs |= found
    return programs


class _Apt:
    """apt without root: with the system's lists, or where they do not do, with lists of its own in ``folder``."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.say = say
        self._folder = folder
        self._options = ["-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"]
        self._own_lists = False

    def download(self, server: Server, folder: Path) -> None:
        """Put the server's packages, and all they need that this system lacks, into ``folder``.

        Raises:
            subprocess.CalledProcessError: apt does not find or get them.
        """
        self.say(f"fetching Debian's packages of {', '.join(server.packages)}")
        try:
            self._run(folder, "download", *self._closure(server))
        except subprocess.CalledProcessError:
            if self._own_lists:
                raise
            # No lists, or lists that name files which are gone. The keys and sources stay the system's.
            self.say("reading Debian's package lists")
            for part in ("lists/partial", "cache/archives/partial"):
                (self._folder / part).mkdir(parents=True)
            self._options += ["-o", f"Dir::State::lists={self._folder}/lists", "-o", f"Dir::Cache={self._folder}/cache"]
            self._own_lists = True
            self._run(folder, "update")
            self._run(folder, "download", *self._closure(server))

    def _closure(self, server: Server) -> list[str]:
        """Packages that would be installed, as ``name=version``."""
        packages = []
        simulated = self._run(Path("/"), "--simulate", "install", "--no-install-recommends", *server.packages)
        for line in simulated.splitlines():
            # Inst redis-tools [installed version] (5:7.0.15-1 Debian:12/stable [amd64])
            verb, _, rest = line.partition(" ")
            if verb == "Inst":
                package, version = rest.split()[0], rest.split("(", 1)[1].split()[0]
                if not package.startswith(_NOT_UNPACKED):
                    packages.append(f"{package}={version}")
        if not packages:  # a package may be installed while one of its programs is not there
            raise subprocess.CalledProcessError(1, "apt-get", stderr="apt has no packages to add")
        return packages

    def _run(self, folder: Path, *arguments: str) -> str:
        return _run(["apt-get", *self._options, *arguments], cwd=folder)


def _unpack(entry: Path, server: Server, apt: _Apt) -> dict[str, Program]:
    with tempfile.TemporaryDirectory(dir=entry.parent, prefix=f".{entry.name}-") as temporary:
        root, archives = Path(temporary) / "root", Path(temporary) / "archives"
        for folder in (root, archives):
            folder.mkdir()
        apt.download(server, archives)
        for archive in sorted(archives.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(archive), str(root)])
        for path in (root, *(folder for folder in root.rglob("*") if folder.is_dir() and not folder.is_symlink())):
            path.chmod(0o755)
        found = _unpacked(root, server)
        if found is None:
            raise subprocess.CalledProcessError(1, "dpkg-deb", stderr="the packages do not hold the programs")
        if "alertmanager" in found:
            _relocate_templates(found["alertmanager"].path)
        program = found[server.probe[0]]
        _run([str(program.path), *server.probe[1:]], LD_LIBRARY_PATH=program.library_path)
        root.replace(entry)
    moved = _unpacked(entry, server)
    assert moved is not None  # it has been looked at before it was moved
    return moved


def _relocate_templates(program: Path) -> None:
    """Let an unpacked Alertmanager look for ``templates`` in the folder that it runs in."""
    name = TEMPLATES.encode()
    relative = b".".ljust(len(_FIXED_TEMPLATES) - len(name), b"/") + name  # more than one slash counts as one
    program.write_bytes(program.read_bytes().replace(_FIXED_TEMPLATES, relative))


def _install(server: Server, say: Callable[[str], None]) -> dict[str, Program]:
    """Install as root without starting services: invoke-rc.d does nothing in runlevel 1.

    Raises:
        PackageError: it failed, or we are not root; with the line to type.
    """
    command = ["apt-get", "install", "--no-install-recommends", *server.packages]
    if os.geteuid() != 0:
        raise PackageError(f"{', '.join(server.packages)} is not installed. Type: sudo {shlex.join(command)}")
    say(shlex.join(command))
    try:
        _run(["apt-get", "update"])
        _run([*command, "--yes"], DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1")
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:]
        raise PackageError(f"{shlex.join(command)} failed: {''.join(last)}") from error
    found = _on_the_system(server)
    if found is None:
        raise PackageError(f"{', '.join(server.programs)} are still missing after {shlex.join(command)}")
    return found


def _run(command: list[str], cwd: Path | None = None, **environment: str) -> str:
    result = subprocess.run(  # noqa: S603  (fixed programs, arguments of ours)
        command,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout
