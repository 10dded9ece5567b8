"""The broker in RabbitMQ: quorum queues, publisher confirms, dead letters that move at least once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from backend.messaging.port import (
    PROBLEM_SECONDS,
    BrokerError,
    Delivery,
    Message,
    QueueSpec,
    UnknownQueueError,
)
from backend.messaging.rabbitmq_connection import RabbitConnection
from backend.messaging.rabbitmq_messages import outgoing, wait_queue
from backend.messaging.rabbitmq_publisher import RabbitPublisher
from backend.messaging.rabbitmq_subscription import RabbitSubscription
from backend.messaging.rabbitmq_topology import WAITS, declare_queue, declare_wait, wait_step, work_arguments


class RabbitBroker:
    """The port over RabbitMQ 3.10 or newer at an `amqp://` or `amqps://` address.

    Opens its two connections when they are needed, so a service starts before its broker does. It must
    be told the queues (`declare`) before it consumes: RabbitMQ does not say what limit a queue has.
    """

    def __init__(self, url: str, *, name: str) -> None:
        self._publishing = RabbitConnection(url, f"{name}: publishing")
        self._consuming = RabbitConnection(url, f"{name}: consuming")
        self._publisher = RabbitPublisher(self._publishing)
        self._limits: dict[str, int] = {}
        self._waits: set[tuple[str, int]] = set()
        self._subscriptions: list[tuple[str, RabbitSubscription]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._consuming.close()
        await self._publishing.close()

    async def declare(self, queues: Sequence[QueueSpec]) -> None:
        """Make the queues, or check that they are as described (TopologyConflictError). Idempotent."""
        async with self._consuming.short_channel() as channel:
            for spec in queues:
                await declare_queue(channel, spec.name, work_arguments(spec))
        self._limits |= {spec.name: spec.delivery_limit for spec in queues if spec.delivery_limit is not None}

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Returns when RabbitMQ has confirmed every message."""
        await self._publisher.publish(queue, [outgoing(message) for message in messages])

    @asynccontextmanager
    async def consume(self, queue: str, *, prefetch: int) -> AsyncIterator[AsyncIterator[Delivery]]:
        """Deliveries, oldest first, at most `prefetch` unsettled at a time; endless."""
        subscription = RabbitSubscription(self._consuming, queue, prefetch, self._limits, self._put_back)
        await subscription.open()
        entry = (queue, subscription)
        self._subscriptions.append(entry)
        try:
            yield subscription
        finally:
            self._subscriptions.remove(entry)
            await subscription.close()

    async def depth(self, queue: str) -> int:
        """Messages that are ready, wait for their delay, or are at a consumer of this object."""
        held = sum(subscription.unsettled for name, subscription in self._subscriptions if name == queue)
        waiting = [await self._ready(wait_queue(queue, seconds)) for seconds in WAITS]
        return await self._ready(queue) + sum(waiting) + held

    async def problem(self) -> str:
        """Why RabbitMQ cannot be used now, in a short sentence; empty when it answers."""
        try:
            async with asyncio.timeout(PROBLEM_SECONDS):
                for connection in (self._consuming, self._publishing):
                    async with connection.short_channel():
                        pass
        except BrokerError as error:
            return str(error)
        except TimeoutError:
            return f"RabbitMQ did not answer within {PROBLEM_SECONDS:g} s"
        return ""

    async def _put_back(self, queue: str, message: Message, deliveries: int, delay_seconds: float) -> None:
        seconds = wait_step(delay_seconds)
        if (queue, seconds) not in self._waits:
            async with self._consuming.short_channel() as channel:
                await declare_wait(channel, queue, seconds)
            self._waits.add((queue, seconds))
        try:
            await self._publisher.publish(wait_queue(queue, seconds), [outgoing(message, deliveries)])
        except UnknownQueueError:
            self._waits.discard((queue, seconds))
            raise

    async def _ready(self, queue: str) -> int:
        """Messages that nobody holds; 0 for a queue that does not exist, as in PostgreSQL."""
        try:
            async with self._consuming.short_channel() as channel:
                declared = await channel.declare_queue(queue, passive=True)
        except UnknownQueueError:
            return 0
        return declared.declaration_result.message_count or 0
