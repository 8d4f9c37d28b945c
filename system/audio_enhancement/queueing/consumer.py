"""Delivery that survives a broken connection to Redis.

dramatiq's Redis broker delivers a message again when the process that fetched it is dead. It does not when the process
lives and has no message: the answer to a fetch was lost with the connection, or the consumer of delayed messages
dropped those that it had in memory, as it does at a connection error. Redis then counts such a message as in flight for
as long as the process lives. dramatiq makes a new consumer after each error, so that is when we put it right: a new
consumer gives back every message that Redis believes we have and we do not.
"""

from typing import Any

import redis
from dramatiq import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import q_name
from dramatiq.errors import ConnectionClosed

ID = "redis_message_id"


class Broker(RedisBroker):
    """A Redis broker that knows which messages this process has been given and has not answered for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]  # dramatiq leaves its Redis broker untyped
        self.held: set[str] = set()

    @property
    def consumer_class(self) -> type["Consumer"]:
        """The consumers of this broker."""
        return Consumer


class Consumer(_RedisConsumer):
    """Fetches from one queue, and begins by giving back what its process was sent and never got."""

    def __init__(self, broker: Broker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)  # type: ignore[no-untyped-call]
        # Delayed messages live in the memory of their consumer alone: with a new one, none is held.
        held = broker.held if queue_name == q_name(queue_name) else set()
        try:
            ours: Any = broker.client.smembers(f"{broker.namespace}:__acks__.{broker.broker_id}.{queue_name}")
            # A message that is answered for at this moment is left alone: Redis requeues what is in that set only.
            lost = {message_id.decode() for message_id in ours} - held
            if lost:
                self.logger.warning("%d messages were sent and did not arrive; they are queued again.", len(lost))
                broker.do_requeue(queue_name, *lost)
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def __next__(self) -> MessageProxy | None:
        """The next message, or None when there is none now."""
        message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        if message is not None:
            self.broker.held.add(message.options[ID])
        return message

    def ack(self, message: MessageProxy) -> None:
        """Answer that a message is done with."""
        try:
            super().ack(message)  # type: ignore[no-untyped-call]
        finally:
            # Also when Redis did not hear it: better delivered again to a job that has ended than never again.
            self.broker.held.discard(message.options[ID])
