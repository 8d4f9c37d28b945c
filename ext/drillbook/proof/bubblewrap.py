"""The walls of a box, as arguments of bubblewrap: what is seen in it, what may be written, and that nothing leads out.

Seen are the system's programs, the repository, Python and what conf.py names, all read-only; homes, other users' files,
sockets, devices and the network are not there. One folder may be written. As root, PostgreSQL and the like run as other
users, so root stays root in the box, with the few capabilities that this needs; anybody else gets a namespace of users.
"""

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from drillbook.process import run

SCRATCH: Final = "/tmp/box"  # noqa: S108 - in the box, where /tmp is its own
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CAPABILITIES: Final = ("SETUID", "SETGID", "CHOWN", "FOWNER", "DAC_OVERRIDE", "KILL")
_SYSTEM: Final = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# Where root could change the kernel that all share, or read what is in its memory.
_KERNEL_FOLDERS: Final = ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/scsi")
_KERNEL_FILES: Final = ("/proc/sysrq-trigger", "/proc/kcore", "/proc/keys", "/proc/timer_list")
_TEMPORARY_BYTES: Final = 512 * 1024 * 1024
_PROBE_S: Final = 20


class BoxError(Exception):
    """There can be no box; the message says why, and what to type."""


class Room(NamedTuple):
    """What a box shows: *shown* folders, each at its place, and *scratch*, which is writable as :data:`SCRATCH`."""

    shown: tuple[tuple[Path, Path], ...]  # (folder here, its place in the box)
    scratch: Path


def arguments(room: Room, *, root: bool) -> list[str]:
    """The command line, up to the program that is run."""
    return [
        "bwrap",
        *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--hostname", "box", "--die-with-parent", "--new-session", "--clearenv"),
        *(_root() if root else ("--unshare-user", "--disable-userns")),
        *("--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"),
        *_system(),
        *_masks(Path("/etc")),
        *("--dev", "/dev", "--proc", "/proc"),
        *(_kernel() if root else ()),
        *_temporary("/tmp", "/var/tmp", "/run"),  # noqa: S108
        *_binds(room),
        *("--bind", str(room.scratch), SCRATCH),
        *("--remount-ro", "/", "--chdir", SCRATCH),
        *(
            "--setenv",
            "PATH",
            PATH,
            "--setenv",
            "HOME",
            SCRATCH,
            "--setenv",
            "LANG",
            "C.UTF-8",
            "--setenv",
            "TZ",
            "UTC",
        ),
    ]


def python_folders() -> Iterator[tuple[Path, Path]]:
    """What this interpreter and its packages need to be seen, beside the system's own: (folder, its place)."""
    for prefix in sorted({sys.prefix, sys.base_prefix, sys.exec_prefix}):
        folder = Path(prefix).resolve()
        for place in {folder, Path(prefix)}:  # it may be reached by a link
            if not place.is_relative_to("/usr"):
                yield folder, place


def check(room: Room) -> None:
    """See that a box can be made here. Raises :exc:`BoxError`."""
    if not shutil.which("bwrap"):
        raise BoxError(
            "pages are run in a box, and bubblewrap, which makes it, is not here. Type:\n\n"
            "    sudo apt-get install --yes bubblewrap\n"
        )
    root = os.geteuid() == 0
    tried = run([*arguments(room, root=root), "true"], timeout_s=_PROBE_S)
    if tried.status == 0:
        return
    why = tried.stderr.decode("utf-8", "replace").strip()
    if root:
        raise BoxError(
            f"pages are run in a box, and this machine does not let root make one ({why}). In a container, start it "
            "with the right to (docker run --privileged), or run as an ordinary user."
        )
    raise BoxError(
        f"pages are run in a box, and this machine does not let an ordinary user make one ({why}). Type the one that "
        "it has:\n\n    sudo sysctl kernel.unprivileged_userns_clone=1\n"
        "    sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0\n"
    )


def _root() -> Iterator[str]:
    yield from ("--cap-drop", "ALL")
    for capability in _CAPABILITIES:
        yield from ("--cap-add", f"CAP_{capability}")


def _system() -> Iterator[str]:
    """The links into /usr, or on older systems the folders."""
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)


def _masks(folder: Path, depth: int = 2) -> Iterator[str]:
    """Empty things in the place of those in *folder* that not everybody may read: passwords, keys."""
    for path in sorted(folder.iterdir()):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            if not mode & stat.S_IROTH:
                yield from ("--perms", "0755", "--tmpfs", str(path), "--remount-ro", str(path))
            elif depth > 1:
                yield from _masks(path, depth - 1)
        elif stat.S_ISREG(mode) and not mode & stat.S_IROTH:
            yield from ("--ro-bind", "/dev/null", str(path))


def _kernel() -> Iterator[str]:
    for name in _KERNEL_FOLDERS:
        yield from ("--ro-bind-try", name, name)
    for name in _KERNEL_FILES:
        if Path(name).exists():
            yield from ("--ro-bind", "/dev/null", name)


def _temporary(*folders: str) -> Iterator[str]:
    for folder in folders:
        yield from ("--perms", "1777", "--size", str(_TEMPORARY_BYTES), "--tmpfs", folder)


def _binds(room: Room) -> Iterator[str]:
    """Outer folders before those in them."""
    for here, place in sorted(_once(room.shown), key=lambda bound: len(bound[1].parts)):
        yield from ("--ro-bind", str(here), str(place))


def _once(shown: Iterable[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """The first of those with the same place."""
    places: dict[Path, Path] = {}
    for here, place in shown:
        places.setdefault(place, here)
    return [(here, place) for place, here in places.items()]
