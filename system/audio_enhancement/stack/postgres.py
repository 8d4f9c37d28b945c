"""PostgreSQL for a stack: its user, its data folder made from a template, and the command that starts it.

PostgreSQL refuses to run as root, so as root it runs as another user. The run folder may be closed to that user (a
checkout below ``/root``). So we open the data folder while we are root and start PostgreSQL with the open descriptor:
the data folder is all that has to be its own.
"""

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import psycopg

from audio_enhancement.rundir import RunDir
from audio_enhancement.stack import packages
from audio_enhancement.stack.packages import PackageError, Program

DATABASE = USER = "audio"
CONFIGURATION = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
password_encryption = 'scram-sha-256'
shared_buffers = '64MB'
# Works where /dev/shm is not mounted.
dynamic_shared_memory_type = 'mmap'
jit = off
log_lock_waits = on
log_timezone = 'GMT'
timezone = 'GMT'
"""
"""``postgresql.conf``; the port is given on the command line."""
ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"
"""``pg_hba.conf``: TCP on this machine, with a password."""


class Account(NamedTuple):
    """The user that PostgreSQL runs as; without a name it is ourselves."""

    name: str
    uid: int
    gid: int


def account() -> Account:
    """Ourselves; as root ``postgres`` where that user exists, else ``nobody``."""
    if os.geteuid() != 0:
        return Account("", os.geteuid(), os.getegid())
    for entry in pwd.getpwall():
        if entry.pw_name == "postgres":
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def command(program: Program, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs ``postgres`` on the folder it is started in, and its environment."""
    owner = account()
    drop = f"setpriv --reuid {owner.uid} --regid {owner.gid} --clear-groups " if owner.name else ""
    # The options of --single come first and its database last; a server has options only.
    first = "--single -j " if "--single" in arguments else ""
    rest = shlex.join(argument for argument in arguments if argument != "--single")
    start = f"exec 9<. && cd / && exec {drop}{shlex.quote(str(program.path))} {first}-D /proc/self/fd/9 {rest}"
    return ["/bin/sh", "-c", start], _environment(program)


def prepare(run: RunDir, programs: Mapping[str, Program], password: str, say: Callable[[str], None]) -> Path:
    """Make the data folder from a template (initdb takes a second, a copy does not); returns the folder.

    One that exists keeps its data; its configuration is written again, and the mark of a killed server is removed.
    """
    folder = run.data / "postgres"
    if not folder.exists():
        growing = folder.with_name(".postgres.new")
        shutil.rmtree(growing, ignore_errors=True)
        shutil.copytree(template(programs, say), growing)
        _own(growing)
        _execute(programs["postgres"], growing, DATABASE, f"ALTER ROLE {USER} PASSWORD '{password}';")
        growing.rename(folder)
    _configure(folder)
    _own(folder)  # again: the user may have come with a package since, and our umask is anything
    # The caller has made sure that no server of this folder runs; after a reboot the number in this file may be
    # another process', and PostgreSQL would then refuse to start.
    (folder / "postmaster.pid").unlink(missing_ok=True)
    return folder


def answers(port: int, password: str) -> bool:
    """Whether PostgreSQL lets our user in."""
    parameters = {"host": "127.0.0.1", "port": port, "user": USER, "password": password, "dbname": DATABASE}
    try:
        psycopg.connect(**parameters, connect_timeout=2).close()  # type: ignore[arg-type]
    except psycopg.OperationalError:
        return False
    return True


def template(programs: Mapping[str, Program], say: Callable[[str], None]) -> Path:
    """A new cluster with our role and database, made once for a machine, a version and a user."""
    program, owner = programs["postgres"], account()
    version = _run([str(program.path), "--version"], _environment(program)).split()[2]
    folder = packages.cache_folder() / f"postgres-{version}-{owner.uid}"
    if folder.exists():
        return folder
    say(f"postgres: making the template of a database ({version})")
    packages.make_folder(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".postgres-") as temporary:
        growing = Path(temporary) / "data"
        growing.mkdir(mode=0o700)
        Path(temporary).chmod(0o755)
        _own(growing)
        # Nobody can log in with --auth=trust: pg_hba.conf is replaced before any server runs.
        initdb = [str(programs["initdb"].path), "--locale=C", "--encoding=UTF8", "--username=postgres", "--auth=trust"]
        _run([*initdb, "--no-sync", "-D", str(growing)], _environment(program), user=owner)
        _configure(growing)
        _execute(
            program,
            growing,
            "postgres",
            f"CREATE ROLE {USER} LOGIN IN ROLE pg_monitor;",
            f"CREATE DATABASE {DATABASE} OWNER {USER};",
        )
        try:
            growing.rename(folder)
        except OSError:
            if not folder.exists():  # else another process made it meanwhile
                raise
    return folder


def _configure(folder: Path) -> None:
    for name, text in (("postgresql.conf", CONFIGURATION), ("pg_hba.conf", ACCESS)):
        (folder / name).write_text(text)


def _own(folder: Path) -> None:
    owner = account()
    if owner.name:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.uid, owner.gid)


def _execute(program: Program, folder: Path, database: str, *statements: str) -> None:
    """Run statements without a server, so that a role has its password before anybody can connect."""
    start, environment = command(program, "--single", database)
    # With -j a statement ends at a semicolon and an empty line.
    _run(start, environment, cwd=folder, text="".join(f"{statement}\n\n" for statement in statements))


def _environment(program: Program) -> dict[str, str]:
    return {"LD_LIBRARY_PATH": program.library_path} if program.library_path else {}


def _run(
    command: list[str],
    environment: Mapping[str, str],
    *,
    cwd: Path = Path("/"),
    text: str = "",
    user: Account | None = None,
) -> str:
    drop = user is not None and bool(user.name)
    result = subprocess.run(  # noqa: S603  (programs that we found, arguments of ours)
        command,
        cwd=cwd,
        input=text,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", **environment},
        capture_output=True,
        text=True,
        check=False,
        user=user.uid if user and drop else None,
        group=user.gid if user and drop else None,
        extra_groups=[] if drop else None,
    )
    # In single-user mode an error does not show in the exit status.
    if result.returncode != 0 or "ERROR:" in result.stderr:
        raise PackageError(f"{Path(command[0]).name} failed: {(result.stderr or result.stdout).strip()}")
    return result.stdout
