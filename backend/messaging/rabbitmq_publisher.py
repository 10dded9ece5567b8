"""Publishes with confirms: a message counts as sent when RabbitMQ says that a queue has it durably."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from aio_pika import Message as AmqpMessage
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelPreconditionFailed, DeliveryError, PublishError

from backend.messaging.port import (
    BrokerError,
    BrokerUnavailableError,
    MessageRefusedError,
    PublishRejectedError,
    UnknownQueueError,
)
from backend.messaging.rabbitmq_connection import ANSWER_SECONDS, RabbitConnection, translated_errors

WINDOW = 200
"""Messages on the way at a time in one call; more gain nothing."""
_CHANNELS = 16


class RabbitPublisher:
    """Every call has a channel to itself: the message that makes RabbitMQ close one harms no other call.

    It also keeps apart what the client library cannot: it finds the publish that a returned message belongs
    to by the message's id, so two messages of one id must never be on the way in one channel.
    """

    def __init__(self, connection: RabbitConnection) -> None:
        self._connection = connection
        self._idle: list[AbstractChannel] = []
        self._room = asyncio.Semaphore(_CHANNELS)

    async def publish(self, queue: str, messages: Sequence[AmqpMessage]) -> None:
        """Returns when every message is confirmed. The errors are those of the port's `publish`."""
        is_begun = False
        for window in _windows(messages):
            try:
                async with self._channel() as channel:
                    is_begun = True
                    await _confirmed(channel, queue, window)
            except BrokerUnavailableError as error:
                error.nothing_sent = not is_begun
                raise

    @asynccontextmanager
    async def _channel(self) -> AsyncIterator[AbstractChannel]:
        async with self._room:
            channel = await self._take()
            try:
                yield channel
            except BaseException:
                # Answers that are still under way must not be taken for those of the next messages.
                self._connection.retire(channel)
                raise
            self._idle.append(channel)

    async def _take(self) -> AbstractChannel:
        while self._idle:
            if not (channel := self._idle.pop()).is_closed:
                return channel
        return await self._connection.channel(confirms=True)


def _windows(messages: Sequence[AmqpMessage]) -> Iterator[list[AmqpMessage]]:
    """In their order, so cut that no window holds an id twice."""
    window: dict[str | None, AmqpMessage] = {}
    for message in messages:
        if message.message_id in window or len(window) == WINDOW:
            yield list(window.values())
            window = {}
        window[message.message_id] = message
    if window:
        yield list(window.values())


async def _confirmed(channel: AbstractChannel, queue: str, messages: Sequence[AmqpMessage]) -> None:
    exchange = channel.default_exchange
    sending = [exchange.publish(message, queue, mandatory=True) for message in messages]
    with translated_errors():
        async with asyncio.timeout(ANSWER_SECONDS):
            answers = await asyncio.gather(*sending, return_exceptions=True)
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    if failures:
        error = min((_as_port_error(queue, failure) for failure in failures), key=_weight)
        if isinstance(error, BrokerError) and all(isinstance(one, DeliveryError) for one in failures):
            named = zip(messages, answers, strict=True)
            error.refused_ids = frozenset(
                str(message.message_id) for message, answer in named if isinstance(answer, DeliveryError)
            )
        raise error


def _as_port_error(queue: str, failure: BaseException) -> BaseException:
    match failure:
        case PublishError():
            return UnknownQueueError(f"the queue {queue} was never declared; RabbitMQ returned the message")
        case DeliveryError():
            return PublishRejectedError(f"RabbitMQ takes no more into the queue {queue} for now")
        case ChannelPreconditionFailed():
            return MessageRefusedError(f"RabbitMQ cannot hold the message: {failure}")
        case asyncio.CancelledError():
            return BrokerUnavailableError("the connection to RabbitMQ ended")
    try:
        with translated_errors():
            raise failure
    except BrokerError as error:
        return error


def _weight(error: BaseException) -> int:
    """The error that leaves the most open comes first."""
    order = (BrokerUnavailableError, MessageRefusedError, PublishRejectedError, UnknownQueueError)
    return next((number for number, kind in enumerate(order) if isinstance(error, kind)), -1)
