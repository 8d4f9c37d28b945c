"""What the gateway, the monitor and operators do with the queue: put a job in, and count."""

import uuid
from typing import NamedTuple

import redis
from dramatiq import Message
from dramatiq.common import dq_name

from audio_enhancement.queueing.broker import QUEUE, make_broker, message
from audio_enhancement.settings import QueueSettings, WorkerSettings


class QueueUnavailable(Exception):
    """Redis did not take or give a message: it is down, full or too slow."""


class Counts(NamedTuple):
    """Messages in Redis: ``waiting`` for a worker (retries that pause included), and ``in_flight`` in a worker."""

    waiting: int
    in_flight: int


class JobQueue:
    """The queue as seen by those who fill and watch it. Safe to share between threads."""

    def __init__(self, settings: QueueSettings, worker: WorkerSettings | None = None) -> None:
        self.broker = make_broker(settings, worker or WorkerSettings())

    def put(self, job_id: uuid.UUID) -> None:
        """Queue one attempt at a job.

        Raises:
            QueueUnavailable: Redis did not take it.
        """
        try:
            self.broker.enqueue(message(str(job_id)))
        except redis.RedisError as error:
            raise QueueUnavailable(str(error)) from error

    def counts(self) -> Counts:
        """Count the messages.

        Raises:
            QueueUnavailable: Redis did not answer.
        """
        name = f"{self.broker.namespace}:{QUEUE}"
        delayed_name = f"{self.broker.namespace}:{dq_name(QUEUE)}"
        try:
            # without a transaction: a Redis that is full refuses even one that only reads, and then the count matters most
            with self.broker.client.pipeline(transaction=False) as pipeline:
                pipeline.llen(name)
                pipeline.hlen(f"{name}.msgs")
                pipeline.hlen(f"{delayed_name}.msgs")
                waiting, known, delayed = pipeline.execute()
        except redis.RedisError as error:
            raise QueueUnavailable(str(error)) from error
        return Counts(waiting + delayed, max(0, known - waiting))

    def job_ids(self) -> set[uuid.UUID]:
        """Jobs that have a message in Redis: waiting, pausing before a retry, or in a worker.

        Raises:
            QueueUnavailable: Redis did not answer.
        """
        try:
            with self.broker.client.pipeline(transaction=True) as pipeline:
                for queue in (QUEUE, dq_name(QUEUE)):
                    pipeline.hvals(f"{self.broker.namespace}:{queue}.msgs")
                found = pipeline.execute()
        except redis.RedisError as error:
            raise QueueUnavailable(str(error)) from error
        return {uuid.UUID(Message.decode(data).args[0]) for messages in found for data in messages}

    def ping(self) -> None:
        """Ask Redis for an answer.

        Raises:
            QueueUnavailable: there was none.
        """
        try:
            self.broker.client.ping()
        except redis.RedisError as error:
            raise QueueUnavailable(str(error)) from error

    def memory_used_ratio(self) -> float:
        """Share of Redis' ``maxmemory`` that is in use; 0 when there is no limit.

        Raises:
            QueueUnavailable: Redis did not answer.
        """
        try:
            info = self.broker.client.info("memory")
        except redis.RedisError as error:
            raise QueueUnavailable(str(error)) from error
        return info["used_memory"] / info["maxmemory"] if info["maxmemory"] else 0.0

    def close(self) -> None:
        """Close the connections."""
        self.broker.client.close()
