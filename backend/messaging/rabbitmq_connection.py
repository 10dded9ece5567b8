"""A connection to RabbitMQ that is opened when it is needed, with its errors translated to the port's."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import (
    CONNECTION_EXCEPTIONS,
    AuthenticationError,
    ChannelNotFoundEntity,
    ProbableAuthenticationError,
)
from yarl import URL

from backend.messaging.port import BrokerError, BrokerUnavailableError, UnknownQueueError

HEARTBEAT_SECONDS = 10
"""RabbitMQ gives up a consumer whose machine is gone after two of these."""
ANSWER_SECONDS = 10.0
"""How long an answer is waited for; RabbitMQ answers nobody while it is short of memory or disk."""

CLIENT_ERRORS = (*CONNECTION_EXCEPTIONS, TimeoutError)
"""What the client raises when a connection ends; RuntimeError for a channel that was closed is among it."""


class RabbitConnection:
    """One connection, opened at its first use and again after it was lost; nothing reconnects by itself.

    Publishing and consuming have one each: RabbitMQ stops reading from publishers when memory or disk run
    short, and acknowledgements must get through then.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AbstractConnection | None = None
        self._opening = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()

    async def channel(self, *, confirms: bool = False) -> AbstractChannel:
        """A new channel; with `confirms` a message that no queue takes raises. BrokerUnavailableError."""
        with translated_errors():
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = await self._opened()
                channel = connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
                await channel.initialize()
                return channel

    @asynccontextmanager
    async def short_channel(self) -> AsyncIterator[AbstractChannel]:
        """A channel for a few questions; its answers have a deadline."""
        channel = await self.channel()
        try:
            with translated_errors():
                async with asyncio.timeout(ANSWER_SECONDS):
                    yield channel
        finally:
            self.retire(channel)

    def retire(self, channel: AbstractChannel) -> None:
        """Close a channel that nobody uses any more, without waiting for it."""
        if channel.is_closed:
            return
        task = asyncio.create_task(_close(channel), name=f"close a channel of {self._name}")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def close(self) -> None:
        """Close the connection; RabbitMQ gives back what its consumers had not settled."""
        await self._drop()
        await asyncio.gather(*self._retiring, return_exceptions=True)

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _opened(self) -> AbstractConnection:
        async with self._opening:
            if self._connection is not None and _works(self._connection):
                return self._connection
            await self._drop()
            self._connection = await aio_pika.connect(
                self._url,
                heartbeat=HEARTBEAT_SECONDS,
                client_properties={"connection_name": self._name},
            )
            return self._connection


def _works(connection: AbstractConnection) -> bool:
    """Whether it reads and writes; the client's own flag follows only when it has finished closing."""
    transport = connection.transport
    return transport is not None and transport.connection.is_opened


def virtual_host(url: str) -> str:
    """The virtual host that an address names, `/` when it names none."""
    return URL(url).path.removeprefix("/") or "/"


async def _close(channel: AbstractChannel) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await channel.close()
    except CLIENT_ERRORS:
        return  # it is gone with its connection


@contextmanager
def translated_errors() -> Iterator[None]:
    """What the client raises, as the port's errors; without the address, which holds the password."""
    try:
        yield
    except asyncio.CancelledError as error:
        # The client cancels whoever waits for a connection that died of silence: no wish of our caller.
        if (task := asyncio.current_task()) is None or task.cancelling():
            raise
        raise BrokerUnavailableError("the connection to RabbitMQ ended") from error
    except ChannelNotFoundEntity as error:
        raise UnknownQueueError(f"the queue was never declared: {error}") from error
    except (AuthenticationError, ProbableAuthenticationError) as error:
        raise BrokerUnavailableError("RabbitMQ refused the user or the password") from error
    except CLIENT_ERRORS as error:
        if "ACCESS_REFUSED" in str(error):
            raise BrokerError(f"RabbitMQ does not permit it: {error}") from error
        raise BrokerUnavailableError(f"RabbitMQ does not answer: {type(error).__name__}") from error
