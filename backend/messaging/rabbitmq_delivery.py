"""A message in the hands of a consumer, and how it is settled on RabbitMQ."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Protocol

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from backend.messaging.port import BrokerError, DeliveryLostError, Message, checked_delay
from backend.messaging.rabbitmq_connection import ANSWER_SECONDS, translated_errors
from backend.messaging.rabbitmq_messages import delivery_count, received


class Subscription(Protocol):
    """What a delivery needs of the subscription that it came through."""

    limits: Mapping[str, int]

    @property
    def limit(self) -> int | None:
        """How often a message of this queue may be delivered, when that is known."""
        ...

    def forget(self, delivery: "RabbitDelivery") -> None:
        """A delivery is settled or lost."""
        ...

    def interrupted(self, channel: AbstractChannel) -> None:
        """The channel cannot be used any more."""
        ...

    async def let_wait(self, message: Message, count: int, delay_seconds: float) -> bool:
        """Whether a copy of the message is where it waits."""
        ...


class RabbitDelivery:
    """A message that RabbitMQ keeps for this consumer until it is settled or its channel is gone."""

    def __init__(
        self,
        subscription: Subscription,
        channel: AbstractChannel,
        incoming: AbstractIncomingMessage,
    ) -> None:
        self._subscription = subscription
        self._channel = channel
        self._incoming = incoming
        self._message = received(incoming, subscription.limits)
        self._count = delivery_count(incoming)
        self._settled = False

    @property
    def message(self) -> Message:
        """The message."""
        return self._message

    @property
    def delivery_count(self) -> int:
        """Which delivery this is, from 1."""
        return self._count

    @property
    def is_spent(self) -> bool:
        """Whether it had been delivered as often as it may be before this time."""
        limit = self._subscription.limit
        return limit is not None and self._count > limit

    async def ack(self) -> None:
        """Take the message off the queue. DeliveryLostError when its channel is gone."""
        self._settle()
        await self._answer(self._incoming.ack())

    async def nack(self, delay_seconds: float = 0.0) -> None:
        """Put it back, to be delivered again not before the delay. DeliveryLostError as for `ack`.

        With a delay a copy waits elsewhere, confirmed before the original is acknowledged: dying in between
        leaves two. When it cannot wait, it is put back without a delay.
        """
        delay = checked_delay(delay_seconds)
        self._settle()
        limit = self._subscription.limit
        if limit is not None and self._count >= limit:
            await self.move()
        elif delay and await self._subscription.let_wait(self._message, self._count, delay):
            await self._answer(self._incoming.ack())
        else:
            # Not basic.nack: from 4.3 on RabbitMQ does not count that as a delivery that failed.
            await self._answer(self._incoming.reject(requeue=True))

    async def move(self) -> None:
        """Let RabbitMQ move it to the dead-letter queue of its queue."""
        await self._answer(self._incoming.reject(requeue=False))

    def _settle(self) -> None:
        if self._settled:
            raise DeliveryLostError(f"message {self._message.message_id} was settled before")
        self._settled = True
        self._subscription.forget(self)

    async def _answer(self, answer: Awaitable[None]) -> None:
        try:
            with translated_errors():
                async with asyncio.timeout(ANSWER_SECONDS):
                    await answer
        except BrokerError as error:
            # Should the channel still be open, RabbitMQ would keep the message for it.
            self._subscription.interrupted(self._channel)
            raise DeliveryLostError(
                f"the connection under message {self._message.message_id} ended; it is delivered again"
            ) from error
