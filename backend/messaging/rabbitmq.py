"""The broker in RabbitMQ: quorum queues, publisher confirms, dead letters that move at least once."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from backend.messaging.port import (
    PROBLEM_SECONDS,
    BrokerError,
    Delivery,
    Message,
    QueueSpec,
)
from backend.messaging.rabbitmq_connection import RabbitConnection, virtual_host
from backend.messaging.rabbitmq_messages import outgoing, wait_queue
from backend.messaging.rabbitmq_policies import PolicyCheck
from backend.messaging.rabbitmq_publisher import RabbitPublisher
from backend.messaging.rabbitmq_subscription import RabbitSubscription
from backend.messaging.rabbitmq_topology import (
    SETTLE_SECONDS,
    WAITS,
    arguments_by_queue,
    declare_queue,
    ready_messages,
    wait_step,
)


class RabbitBroker:
    """The port over RabbitMQ 3.10 or newer at an `amqp://` or `amqps://` address.

    Opens its two connections when they are needed, so a service starts before its broker does. It must
    be told the queues (`declare`) before it consumes: RabbitMQ does not say what limit a queue has.
    With `management_url` (`http://user:password@host:15672`) it refuses queues that a policy makes unsafe.
    `settle_seconds` is how long making a new queue waits until it is safe; less only where nothing is lost.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        management_url: str | None = None,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._publishing = RabbitConnection(url, f"{name}: publishing")
        self._consuming = RabbitConnection(url, f"{name}: consuming")
        self._policies = PolicyCheck(management_url, virtual_host(url))
        self._settle_seconds = settle_seconds
        self._publisher = RabbitPublisher(self._publishing)
        self._hindered: dict[str, str] = {}
        self._limits: dict[str, int] = {}
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
        wanted = {name: arguments for spec in queues for name, arguments in arguments_by_queue(spec).items()}
        await self._policies.check(wanted)
        made = [await declare_queue(self._consuming, *queue) for queue in wanted.items()]
        if any(made):
            await asyncio.sleep(self._settle_seconds)
        self._limits |= {spec.name: spec.delivery_limit for spec in queues if spec.delivery_limit is not None}

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Returns when RabbitMQ has confirmed every message."""
        await self._publisher.publish(queue, [outgoing(message) for message in messages])

    @asynccontextmanager
    async def consume(self, queue: str, *, prefetch: int) -> AsyncIterator[AsyncIterator[Delivery]]:
        """Deliveries, oldest first, at most `prefetch` unsettled at a time; endless."""
        subscription = RabbitSubscription(
            self._consuming, queue, prefetch, self._limits, self._put_back, self._hindered
        )
        await subscription.open()
        entry = (queue, subscription)
        self._subscriptions.append(entry)
        try:
            yield subscription
        finally:
            self._subscriptions.remove(entry)
            await subscription.close()
            self._hindered.pop(queue, None)

    async def depth(self, queue: str) -> int:
        """Messages that are ready, wait for their delay, or are at a consumer of this object."""
        held = sum(subscription.unsettled for name, subscription in self._subscriptions if name == queue)
        names = [queue, *(wait_queue(queue, seconds) for seconds in WAITS)]
        return held + sum([await ready_messages(self._consuming, name) or 0 for name in names])

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

    def hindered(self) -> Mapping[str, str]:
        """Queues whose consumer here gets nothing at present, with why."""
        return self._hindered

    def unchecked(self) -> str:
        """That nobody could look at RabbitMQ's policies, when that is so."""
        return self._policies.unchecked

    async def _put_back(self, queue: str, message: Message, deliveries: int, delay_seconds: float) -> None:
        waiting_place = wait_queue(queue, wait_step(delay_seconds))
        await self._publisher.publish(waiting_place, [outgoing(message, deliveries)])
