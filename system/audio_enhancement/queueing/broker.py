"""The broker: how messages travel, and how soon a dead worker's messages go to another."""

import dramatiq
from dramatiq.middleware import Callbacks, Pipelines, Retries, TimeLimit
from redis import Redis

from audio_enhancement.queueing.consumer import Broker
from audio_enhancement.settings import QueueSettings, WorkerSettings

QUEUE = "enhancements"
"""Name of the only queue."""
ACTOR = "enhance"
"""Name of the only actor; both colours know it, so either can run what the other queued."""

MAINTENANCE_CHANCE = 300_000
"""Of a million commands, how many look for dead workers. An idle worker sends 2 to 3 a second, so a dead worker's jobs
are found about a second after its heartbeat has run out. A look costs Redis some 20 microseconds."""


def make_broker(queue: QueueSettings, worker: WorkerSettings) -> Broker:
    """Make a broker on the queue's Redis. Nothing is sent until it is used.

    The number of attempts is kept in PostgreSQL, where a worker that dies cannot forget it; so dramatiq's own retries
    have no limit here, only a pause that doubles.
    """
    client = Redis.from_url(
        queue.url.get_secret_value(),
        socket_connect_timeout=queue.connect_timeout_s,
        socket_timeout=max(queue.connect_timeout_s, 5.0),
        health_check_interval=15,
    )
    broker = Broker(
        client=client,
        heartbeat_timeout=worker.heartbeat_timeout_s * 1000,
        maintenance_chance=MAINTENANCE_CHANCE,
        middleware=[
            TimeLimit(time_limit=worker.time_limit_s * 1000),
            Callbacks(),
            Pipelines(),
            Retries(
                retry_when=lambda retries, error: True,
                min_backoff=int(worker.retry_backoff_s * 1000),
                max_backoff=60_000,
            ),
        ],
    )
    broker.declare_queue(QUEUE)
    return broker


def message(job_id: str) -> "dramatiq.Message[None]":
    """The message that asks for one attempt at a job."""
    return dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(job_id,), kwargs={}, options={})
