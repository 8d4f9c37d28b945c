"""``scripts/requeue.sh``: look at the dead letters and give them another try."""

import argparse
import sys
import uuid

from audio_enhancement.operations.command import OperationError, execute, make_parser, print_json, table
from audio_enhancement.rundir import RunDir
from audio_enhancement.settings import DatabaseSettings, QueueSettings
from audio_enhancement.storage import jobs
from audio_enhancement.storage.database import Database
from audio_enhancement.storage.models import Job


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = make_parser(
        "requeue",
        "Inspect the dead letters (jobs whose attempts all failed) and queue them again. "
        "The monitor's relay puts them into the queue within the setting queue.relay_interval_s.",
        """0  done; also when there was nothing to queue again
        1  a named job does not exist, or the database did not answer
        2  wrong usage""",
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list the dead letters, newest first")
    listing.add_argument("--limit", type=int, default=100, metavar="N", help="most jobs to list (default: %(default)s)")
    listing.add_argument("--json", action="store_true", help="print JSON")
    show = commands.add_parser("show", help="show all that is known of one job")
    show.add_argument("id", type=uuid.UUID, metavar="ID", help="the job's id")
    retry = commands.add_parser("retry", help="queue dead letters again with fresh attempts")
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", nargs="*", type=uuid.UUID, default=[], metavar="ID", help="ids of the jobs")
    which.add_argument("--all", action="store_true", help="all dead letters")
    return made


def _facts(job: Job) -> dict[str, object]:
    return {column.name: getattr(job, column.name) for column in Job.__table__.columns}


def _run(options: argparse.Namespace, _: RunDir) -> int:
    database = Database(DatabaseSettings())
    if options.command == "list":
        dead = jobs.list_dead(database, options.limit)
        if options.json:
            print_json([_facts(job) for job in dead])
        else:
            rows = [(job.id, f"{job.finished_at:%Y-%m-%dT%H:%M:%SZ}", job.attempts, job.detail) for job in dead]
            print(table(rows, ("ID", "ENDED", "ATTEMPTS", "DETAIL")))
    elif options.command == "show":
        job = jobs.get(database, options.id)
        if job is None:
            raise OperationError(f"there is no job {options.id}; `./scripts/requeue.sh list` lists the dead letters")
        print_json(_facts(job))
    else:
        _retry(database, None if options.all else options.ids)
    return 0


def _retry(database: Database, ids: list[uuid.UUID] | None) -> None:
    requeued = jobs.requeue(database, ids)
    print(
        f"{len(requeued)} jobs wait for the queue again; they are in it within {QueueSettings().relay_interval_s:g} s"
    )
    unknown = []
    for job_id in ids or []:
        if job_id not in requeued:
            job = jobs.get(database, job_id)
            print(f"{job_id}: {job.status if job else 'no such job'}; left as it is")
            if job is None:
                unknown.append(job_id)
    if unknown:
        raise OperationError(f"{len(unknown)} of {len(ids or [])} jobs do not exist")


def main() -> int:
    """Run the command; returns its exit status."""
    return execute(parser(), _run)


if __name__ == "__main__":
    sys.exit(main())
