"""The broker in PostgreSQL: durable queues in the schema `broker`, for stacks without RabbitMQ.

Confirms are commits, deliveries are rows claimed with SKIP LOCKED under a lease, news travel by NOTIFY with
polling behind it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import structlog

from backend.messaging.port import (
    PROBLEM_SECONDS,
    BrokerUnavailableError,
    Delivery,
    Message,
    QueueSpec,
    TopologyConflictError,
)
from backend.messaging.postgres_queue import Connection, Pool, PostgresQueue, connected
from backend.messaging.postgres_subscription import PostgresSubscription

_log = structlog.get_logger()

_DECLARE = """
INSERT INTO broker.queues (name, delivery_limit, dead_letter_queue, lease_seconds)
VALUES (%s, %s, %s, %s) ON CONFLICT (name) DO NOTHING
"""
_DECLARED = "SELECT name, delivery_limit, dead_letter_queue, lease_seconds FROM broker.queues WHERE name = %s"


class PostgresBroker:
    """The port over a connection pool of the operations database, which the caller opens and closes.

    Each open subscription keeps one connection of the pool for listening.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._hindered: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to close: the pool belongs to the caller."""

    async def declare(self, queues: Sequence[QueueSpec]) -> None:
        """Make the queues, or check that they are as described (TopologyConflictError). Idempotent."""
        async with connected(self._pool) as connection:
            for spec in queues:
                wanted = (spec.name, spec.delivery_limit, spec.dead_letter_queue, spec.lease_seconds)
                await connection.execute(_DECLARE, wanted)
                cursor = await connection.execute(_DECLARED, (spec.name,))
                if (found := await cursor.fetchone()) != wanted:
                    raise TopologyConflictError(f"queue {spec.name} exists as {found}, wanted is {wanted}")
            await _warn_if_forgetful(connection)

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Returns when the messages are committed, all or none."""
        await PostgresQueue(self._pool, queue).publish(messages)

    @asynccontextmanager
    async def consume(self, queue: str, *, prefetch: int) -> AsyncIterator[AsyncIterator[Delivery]]:
        """Deliveries, oldest first, at most `prefetch` unsettled at a time; endless."""
        rows = PostgresQueue(self._pool, queue)
        subscription = PostgresSubscription(
            self._pool, rows, prefetch, await rows.lease_seconds(), self._hindered
        )
        helpers = [
            asyncio.create_task(subscription.listen(), name=f"listen {queue}"),
            asyncio.create_task(subscription.keep_leases(), name=f"leases {queue}"),
        ]
        try:
            yield subscription
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await subscription.close()
            self._hindered.pop(queue, None)

    async def depth(self, queue: str) -> int:
        """Messages in the queue, those at a consumer included."""
        return await PostgresQueue(self._pool, queue).depth()

    async def problem(self) -> str:
        """Why the broker cannot be used now, in a short sentence; empty when it answers."""
        try:
            async with connected(self._pool, PROBLEM_SECONDS) as connection:
                await connection.execute("SELECT 1")
        except BrokerUnavailableError as error:
            return str(error)
        return ""

    def hindered(self) -> Mapping[str, str]:
        """Queues whose consumer here gets nothing at present, with why."""
        return self._hindered

    def unchecked(self) -> str:
        """Nothing: these queues are what they were declared to be."""
        return ""


async def _warn_if_forgetful(connection: Connection) -> None:
    """A confirm is a commit; with these settings off, a commit may be forgotten in a crash of the server."""
    cursor = await connection.execute(
        "SELECT name FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off'"
    )
    if weak := [row[0] for row in await cursor.fetchall()]:
        _log.warning("broker_may_forget_messages", off=weak, remedy="switch them on in postgresql.conf")
