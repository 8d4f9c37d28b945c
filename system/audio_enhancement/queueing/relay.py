"""The relay: no job that was accepted stays outside the queue.

A job is a row first and a message second. Two things can separate them: the message was never sent (Redis was down
when the job came, or when an attempt was to be repeated), or it was lost (Redis lost its data). The relay finds both.
"""

from audio_enhancement.queueing.queue import JobQueue
from audio_enhancement.settings import QueueSettings, WorkerSettings
from audio_enhancement.storage import jobs
from audio_enhancement.storage.database import Database

RELAY_LOCK = 4_210_002
"""Advisory lock in PostgreSQL that lets one relay work at a time. Any fixed number serves."""
MOST_MESSAGES = 10_000
"""Messages (about 300 bytes each) that one call of the relay reads at most."""


def relay(database: Database, queue: JobQueue, settings: QueueSettings, worker: WorkerSettings) -> int:
    """Queue what was left behind; returns how many jobs. Does nothing while another relay works.

    A job that was queued twice in the end is finished once (`storage.jobs`), so a wrong guess costs time, not a result.

    Raises:
        DatabaseUnavailable, QueueUnavailable: some jobs wait for the next call.
    """
    with database.try_lock(RELAY_LOCK) as ours:
        if not ours:
            return 0
        found = list(jobs.outbox(database, settings.relay_after_s))
        suspects = jobs.left_behind(database, settings.relay_after_s, worker.time_limit_s + settings.relay_after_s)
        # The rows were read first: a job whose message goes away in between has ended. With a long queue the oldest
        # rows are suspects at each call, so the look at all messages is left until the queue has become shorter.
        if suspects and sum(queue.counts()) <= MOST_MESSAGES:
            present = queue.job_ids()
            found += [job_id for job_id in suspects if job_id not in present]
        for job_id in found:
            queue.put(job_id)
            jobs.mark_enqueued(database, [job_id])
    return len(found)
