"""The statements of the PostgreSQL broker on one queue, with its errors translated to the port's."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from backend.messaging.port import (
    HEADER_DEATH_COUNT,
    HEADER_DEATH_QUEUE,
    LONGEST_DELAY_SECONDS,
    BrokerUnavailableError,
    DeliveryLostError,
    Message,
    MessageRefusedError,
    UnknownQueueError,
)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Pool = AsyncConnectionPool[Connection]

CHANNEL = "broker_messages"
"""Notification channel; the payload is the name of the queue that has something new."""

_PUBLISH = """
INSERT INTO broker.messages (queue, message_id, correlation_id, content_type, headers, body)
SELECT %(queue)s, message.* FROM unnest(
    %(ids)s::text[], %(correlations)s::text[], %(types)s::text[], %(headers)s::jsonb[], %(bodies)s::bytea[]
) AS message
"""

# A row whose deliveries are used up is moved instead of delivered, in the same statement.
_CLAIM = f"""
WITH due AS (
    SELECT m.id, q.dead_letter_queue, q.lease_seconds,
        coalesce(m.delivery_count >= q.delivery_limit, false) AS spent
    FROM broker.messages AS m JOIN broker.queues AS q ON q.name = m.queue
    WHERE m.queue = %(queue)s AND m.visible_at <= clock_timestamp()
    ORDER BY m.visible_at, m.id LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
), claimed AS (
    UPDATE broker.messages AS m SET
        queue = CASE WHEN spent THEN dead_letter_queue ELSE queue END,
        delivery_count = CASE WHEN spent THEN 0 ELSE delivery_count + 1 END,
        lease = CASE WHEN spent THEN NULL ELSE gen_random_uuid() END,
        visible_at = clock_timestamp() + CASE WHEN spent THEN 0 ELSE lease_seconds END * interval '1 second',
        headers = CASE WHEN spent THEN headers || jsonb_build_object(
            '{HEADER_DEATH_QUEUE}', queue, '{HEADER_DEATH_COUNT}', delivery_count) ELSE headers END
    FROM due WHERE m.id = due.id
    RETURNING m.id, queue, message_id, correlation_id, content_type, headers, body, delivery_count, lease
)
SELECT claimed.*, CASE WHEN lease IS NULL THEN pg_notify('{CHANNEL}', queue) END FROM claimed ORDER BY id
"""  # noqa: S608 - constants only
# The clock of the server went back: times that it wrote before lie further ahead than any delay or lease.
_MEND = f"""
UPDATE broker.messages AS m SET visible_at = clock_timestamp()
    + CASE WHEN lease IS NULL THEN 0 ELSE q.lease_seconds END * interval '1 second'
FROM broker.queues AS q WHERE q.name = m.queue AND m.queue = %(queue)s AND m.visible_at > clock_timestamp()
    + greatest(q.lease_seconds, {LONGEST_DELAY_SECONDS}) * interval '1 second'
"""  # noqa: S608 - constants only
_HOLDS = "FROM unnest(%(ids)s::bigint[], %(leases)s::uuid[]) AS held (id, lease)"


@dataclass(frozen=True)
class ClaimedRow:
    """A message with the lease under which it is held."""

    row_id: int
    lease: UUID
    delivery_count: int
    message: Message


class PostgresQueue:
    """One queue in `broker.messages`: publish, claim, settle."""

    def __init__(self, pool: Pool, name: str) -> None:
        self._pool = pool
        self.name = name

    async def publish(self, messages: Sequence[Message]) -> None:
        """Add the messages, all or none, and wake the consumers."""
        columns = {
            "queue": self.name,
            "ids": [message.message_id for message in messages],
            "correlations": [message.correlation_id for message in messages],
            "types": [message.content_type for message in messages],
            "headers": [Jsonb(dict(message.headers)) for message in messages],
            "bodies": [message.body for message in messages],
        }
        async with connected(self._pool) as connection:
            await connection.execute(_PUBLISH, columns)
            await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self.name))

    async def claim(self, limit: int) -> list[ClaimedRow]:
        """Take up to `limit` due messages under a lease; those delivered too often are moved instead."""
        async with connected(self._pool) as connection:
            cursor = await connection.execute(_CLAIM, {"queue": self.name, "limit": limit})
            rows = await cursor.fetchall()
        return [_claimed(row) for row in rows if row[8] is not None]

    async def mend_times(self) -> int:
        """Make messages due that wait because the server's clock went back; how many.

        What a consumer holds is due a lease from now, for it may be alive and will prolong it.
        """
        async with connected(self._pool) as connection:
            return (await connection.execute(_MEND, {"queue": self.name})).rowcount

    async def remove(self, held: Sequence[ClaimedRow]) -> set[int]:
        """Delete acknowledged messages; the rows of those whose lease still held."""
        statement = f"""DELETE FROM broker.messages AS m USING {_HOLDS.removeprefix("FROM ")}
            WHERE m.id = held.id AND m.lease = held.lease RETURNING m.id"""  # noqa: S608 - a constant
        async with connected(self._pool) as connection:
            cursor = await connection.execute(statement, _held_columns(held))
            return {row[0] for row in await cursor.fetchall()}

    async def put_back(self, held: ClaimedRow, delay_seconds: float) -> None:
        """End the lease and make the message due after the delay."""
        statement = """UPDATE broker.messages
            SET lease = NULL, visible_at = clock_timestamp() + %s * interval '1 second'
            WHERE id = %s AND lease = %s"""
        await self._settle(statement, held, (delay_seconds,))

    async def give_back_unseen(self, held: Sequence[ClaimedRow]) -> None:
        """Give back messages that no handler has seen: as if they had never been delivered."""
        statement = f"""UPDATE broker.messages AS m
            SET lease = NULL, visible_at = published_at, delivery_count = delivery_count - 1
            {_HOLDS} WHERE m.id = held.id AND m.lease = held.lease"""  # noqa: S608 - a constant
        async with connected(self._pool) as connection:
            await connection.execute(statement, _held_columns(held))
            await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self.name))

    async def extend(self, held: Sequence[ClaimedRow]) -> None:
        """Begin the leases anew, for messages that are still being worked on."""
        statement = f"""UPDATE broker.messages AS m
            SET visible_at = clock_timestamp() + q.lease_seconds * interval '1 second'
            {_HOLDS}, broker.queues AS q
            WHERE m.id = held.id AND m.lease = held.lease AND q.name = m.queue"""  # noqa: S608 - a constant
        async with connected(self._pool) as connection:
            await connection.execute(statement, _held_columns(held))

    async def lease_seconds(self) -> float:
        """Length of a lease. UnknownQueueError when the queue was never declared."""
        async with connected(self._pool) as connection:
            cursor = await connection.execute(
                "SELECT lease_seconds FROM broker.queues WHERE name = %s", (self.name,)
            )
            row = await cursor.fetchone()
        if row is None:
            raise UnknownQueueError(f"the queue {self.name} was never declared")
        return float(row[0])

    async def depth(self) -> int:
        """Messages in the queue, leased ones included."""
        async with connected(self._pool) as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM broker.messages WHERE queue = %s", (self.name,)
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def _settle(self, statement: str, held: ClaimedRow, arguments: tuple[Any, ...]) -> None:
        async with connected(self._pool) as connection:
            cursor = await connection.execute(statement, (*arguments, held.row_id, held.lease))
            if cursor.rowcount == 0:
                raise DeliveryLostError(
                    f"the lease on message {held.message.message_id} ended; it is delivered again"
                )


@asynccontextmanager
async def connected(pool: Pool, timeout_seconds: float | None = None) -> AsyncIterator[Connection]:
    """A connection in a transaction, with driver errors as the port's errors."""
    try:
        async with pool.connection(timeout_seconds) as connection:
            yield connection
    except psycopg.errors.ForeignKeyViolation as error:
        raise UnknownQueueError("the queue was never declared") from error
    except psycopg.DataError as error:
        raise MessageRefusedError(
            f"PostgreSQL cannot store the message: {error.diag.message_primary}"
        ) from error
    except psycopg.errors.DiskFull as error:
        raise BrokerUnavailableError("PostgreSQL has no space left on its disk") from error
    except (PoolTimeout, PoolClosed, psycopg.OperationalError) as error:
        away = BrokerUnavailableError(f"the broker's database does not answer: {type(error).__name__}")
        away.nothing_sent = isinstance(error, (PoolTimeout, PoolClosed))
        raise away from error


def _claimed(row: tuple[Any, ...]) -> ClaimedRow:
    message = Message(
        message_id=row[2], correlation_id=row[3], content_type=row[4], headers=row[5], body=bytes(row[6])
    )
    return ClaimedRow(row_id=row[0], lease=row[8], delivery_count=row[7], message=message)


def _held_columns(held: Sequence[ClaimedRow]) -> dict[str, Any]:
    return {"ids": [row.row_id for row in held], "leases": [row.lease for row in held]}
