"""A consumer of RabbitMQ: takes deliveries as they come, and subscribes again after an interruption."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from backend.messaging.port import (
    BrokerError,
    BrokerUnavailableError,
    DeliveryLostError,
    Message,
)
from backend.messaging.rabbitmq_connection import ANSWER_SECONDS, RabbitConnection, translated_errors
from backend.messaging.rabbitmq_delivery import RabbitDelivery

RETRY_SECONDS = 1.0
"""Pause between two attempts to subscribe while RabbitMQ is away."""

PutBack = Callable[[str, Message, int, float], Awaitable[None]]
"""Lets a message wait: its queue, the message, how often it was delivered, and the delay in seconds."""

_log = structlog.get_logger()


class RabbitSubscription:
    """An endless iterator of deliveries; `RabbitBroker.consume` makes and ends it.

    `limits` are the known delivery limits by queue. Deliveries above the limit of this queue are moved to
    its dead-letter queue instead of handed out; RabbitMQ does not count those before a delay. `hindered`
    tells under the queue's name why there is no subscription.
    """

    def __init__(
        self,
        connection: RabbitConnection,
        queue: str,
        prefetch: int,
        limits: Mapping[str, int],
        put_back: PutBack,
        hindered: dict[str, str],
    ) -> None:
        self.limits = limits
        self._connection = connection
        self._queue = queue
        self._prefetch = prefetch
        self._put_back = put_back
        self._hindered = hindered
        self._channel: AbstractChannel | None = None
        self._waiting: deque[RabbitDelivery] = deque()
        self._handed_out: set[RabbitDelivery] = set()
        self._news = asyncio.Event()

    @property
    def limit(self) -> int | None:
        """How often a message of this queue may be delivered, when that is known."""
        return self.limits.get(self._queue)

    @property
    def unsettled(self) -> int:
        """Deliveries that RabbitMQ keeps for this consumer."""
        return len(self._waiting) + len(self._handed_out)

    def __aiter__(self) -> "RabbitSubscription":
        return self

    async def __anext__(self) -> RabbitDelivery:
        """The next delivery; waits for one as long as it takes, also while RabbitMQ is away."""
        while True:
            if not self._waiting:
                await self._more()
                continue
            delivery = self._waiting.popleft()
            if not delivery.is_spent:
                self._handed_out.add(delivery)
                return delivery
            await self._move(delivery)

    async def open(self) -> None:
        """Subscribe. UnknownQueueError, BrokerUnavailableError."""
        channel = await self._connection.channel()
        try:
            with translated_errors():
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._subscribe(channel)
        except BaseException:
            self._connection.retire(channel)
            raise
        self._channel = channel
        if channel.is_closed:
            self.interrupted(channel)

    async def close(self) -> None:
        """Give back what was not settled; RabbitMQ counts all of it as delivered, also what was not seen."""
        channel, self._channel = self._channel, None
        self._lose_deliveries()
        if channel is not None:
            self._connection.retire(channel)

    async def let_wait(self, message: Message, count: int, delay_seconds: float) -> bool:
        """Whether a copy of the message is where it waits."""
        try:
            await self._put_back(self._queue, message, count, delay_seconds)
        except BrokerError as error:
            _log.warning("message_cannot_wait", queue=self._queue, reason=str(error))
            return False
        return True

    def forget(self, delivery: RabbitDelivery) -> None:
        """A delivery is settled or lost."""
        self._handed_out.discard(delivery)

    async def _subscribe(self, channel: AbstractChannel) -> None:
        await channel.set_qos(prefetch_count=self._prefetch)

        def ended(*_: object) -> None:
            self.interrupted(channel)

        channel.close_callbacks.add(ended)
        underlay = await channel.get_underlay_channel()
        underlay.on_consumer_cancel_callbacks.add(ended)
        queue = await channel.get_queue(self._queue, ensure=False)

        async def arrived(incoming: AbstractIncomingMessage) -> None:
            if not channel.is_closed:
                self._waiting.append(RabbitDelivery(self, channel, incoming))
                self._news.set()

        await queue.consume(arrived)

    def interrupted(self, channel: AbstractChannel) -> None:
        """The channel cannot be used any more, or its consumer ended because the queue was deleted."""
        if channel is self._channel:
            self._channel = None
            self._lose_deliveries()
            self._connection.retire(channel)
            self._news.set()

    def _lose_deliveries(self) -> None:
        """RabbitMQ delivers them again; what was handed out finds that out when it is settled."""
        self._waiting.clear()
        self._handed_out.clear()

    async def _more(self) -> None:
        self._news.clear()
        if self._channel is not None:
            await self._news.wait()
            return
        try:
            await self.open()
            self._hindered.pop(self._queue, None)
        except BrokerUnavailableError as error:
            self._hindered[self._queue] = str(error)
            _log.warning("broker_unavailable", queue=self._queue, reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _move(self, delivery: RabbitDelivery) -> None:
        try:
            await delivery.move()
        except DeliveryLostError as error:
            _log.warning("delivery_lost", queue=self._queue, reason=str(error))
