"""``scripts/restore.sh``: put a backup back in place."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import redis

from audio_enhancement.deployment.fleet import STOP_MARGIN_S, Fleet, is_ours, load_settings
from audio_enhancement.deployment.journal import lock
from audio_enhancement.deployment.probes import wait_until
from audio_enhancement.deployment.state import load_state
from audio_enhancement.operations import backup
from audio_enhancement.operations.command import OperationError, environment_of, execute, make_parser
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import CacheSettings, DeploySettings, StorageSettings
from audio_enhancement.stack.supervise import Supervisor
from audio_enhancement.storage import cache

AUDIO = "audio"


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "restore",
        "Replace the database and the audio by those of a backup. The backup is verified first, and what is there now "
        "is backed up, so a restore can be undone by another one. The database is replaced in one transaction. Jobs "
        "that had not ended are queued again. API keys are part of the database: keys made since the backup are gone, "
        "and keys that have ended since work again.",
        """0  restored; also when it had been restored before
        1  refused, or failed: the message says what holds now
        2  wrong usage""",
    )
    made.add_argument("backup", metavar="BACKUP", help="name of the backup, as `./scripts/backup.sh --list` shows it")
    made.add_argument(
        "--force",
        action="store_true",
        help="restore although the system serves: stop its gateways, workers and monitor, restore, and start them again",
    )
    return made


def _run(options: argparse.Namespace, run: RunDir) -> int:
    source = backup.find(run, options.backup)
    content = backup.verify(run, source)
    with lock(run, f"restore {source.name}"):
        supervisor = Supervisor(run)
        serving = [name for name, process in supervisor.status().items() if is_ours(name) and process.pid]
        if serving and not options.force:
            raise OperationError(
                f"the system serves ({len(serving)} processes). Nothing was changed. "
                "With --force it is stopped for the time of the restore"
            )
        before = backup.create(run)
        print(f"what is there now is in {before}; `./scripts/restore.sh {before.name}` brings it back")
        data_dir = StorageSettings().data_dir
        restoring = _prepare_audio(source, data_dir)
        try:
            _stop(run, serving)
            _restore_database(run, source)
            _exchange_audio(restoring, data_dir)
            _purge_cache()
        finally:
            # Whatever went wrong: what is in place now, the old or the new, is served again.
            if options.force:
                _start(run)
    if not options.force:
        print("nothing was started: `make up` does")
    print("API keys are those of the backup: look at `./scripts/rotate_api_key.sh --list`")
    print(f"restored {source.name}: {len(content['files'])} files, written by {content['version']}")
    return 0


def _stop(run: RunDir, names: list[str]) -> None:
    fleet = Fleet(run, environment_of(run))
    fleet.ask_to_stop(names)
    seconds = fleet.worker.shutdown_timeout_s + 2 * STOP_MARGIN_S

    def stopped() -> bool:
        return not any(process.pid for name, process in fleet.supervisor.status().items() if name in names)

    if not wait_until(stopped, seconds):
        raise OperationError(f"processes still run after {seconds} s; nothing was restored: ./deploy.py --status")


def _start(run: RunDir) -> None:
    state = load_state(run)
    if state is not None:
        fleet = Fleet(run, state.environment)
        fleet.start(list(state.programs()))
        fleet.wait_ready(fleet.readiness(state), load_settings(DeploySettings, run, state.environment).health_timeout_s)


def _restore_database(run: RunDir, source: Path) -> None:
    """Replace the whole schema in one transaction: tables that came after the backup go, too."""
    with tempfile.TemporaryDirectory(dir=run.tmp, prefix="restore-") as scratch:
        script = f"{scratch}/restore.sql"
        backup.postgres_tool(
            run, "pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(source / backup.DUMP)
        )
        backup.postgres_tool(
            run,
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--single-transaction",
            "--command=SET client_min_messages = warning",
            "--command=DROP SCHEMA public CASCADE",
            "--command=CREATE SCHEMA public",
            f"--file={script}",
            # Redis knows nothing of these jobs: back to the outbox, from where the relay queues them.
            "--command=UPDATE public.jobs SET status = 'queued', attempts = 0, enqueued_at = NULL "
            "WHERE status IN ('queued', 'running')",
        )


def _prepare_audio(source: Path, data_dir: Path) -> Path:
    """Build the backup's audio beside its place: what can fail for want of room fails before anything is replaced."""
    restoring = data_dir / ".restoring"
    shutil.rmtree(restoring, ignore_errors=True)
    backup.place_audio(source / AUDIO, restoring)
    return restoring


def _exchange_audio(restoring: Path, data_dir: Path) -> None:
    """Put the prepared folders in place; what was there is in the backup made before."""
    for kept in backup.KEPT:
        replaced = data_dir / f".replaced-{kept}"
        shutil.rmtree(replaced, ignore_errors=True)
        if (data_dir / kept).exists():
            (data_dir / kept).replace(replaced)
        (restoring / kept).replace(data_dir / kept)
        shutil.rmtree(replaced, ignore_errors=True)
    shutil.rmtree(restoring)


def _purge_cache() -> None:
    """Forget results: they may name jobs that are not there any more."""
    try:
        cache.purge(CacheSettings())
    except redis.RedisError as error:
        print(f"the result cache was not purged ({error}): run ./scripts/purge_cache.sh when Redis answers")


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
