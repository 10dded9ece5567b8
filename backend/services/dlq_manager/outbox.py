"""Sends what operators asked to send again: the original bytes, to the original queue."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg.rows import class_row
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letters import DeadLetterState
from backend.messaging.port import (
    HEADER_DEAD_LETTER_ID,
    HEADER_DEATH_COUNT,
    HEADER_DEATH_QUEUE,
    HEADER_FAILURE,
    HEADER_GENERATION,
    HEADER_OPERATION,
    Broker,
    BrokerError,
    BrokerUnavailableError,
    HeaderValue,
    Message,
)
from backend.services.common.database import Pool
from backend.services.dlq_manager import item_outcomes
from backend.services.dlq_manager.item_outcomes import Ended
from backend.services.dlq_manager.operation_changes import pause_at_work
from backend.services.dlq_manager.transitions import Act, Connection, change, hold

POLL_SECONDS = 1.0
_BATCH = 100
_ACTOR = "outbox"
_STRIPPED = frozenset({HEADER_FAILURE, HEADER_DEATH_QUEUE, HEADER_DEATH_COUNT})
_log = structlog.get_logger()

_DUE = """
SELECT o.id, o.message_id, o.generation, o.operation_id, m.routing_key, m.correlation_id,
    coalesce(r.body, p.body) AS body, p.content_type, p.headers
FROM dead_letters.outbox AS o
JOIN dead_letters.messages AS m USING (message_id)
JOIN dead_letters.payloads AS p USING (message_id)
LEFT JOIN dead_letters.revisions AS r ON r.message_id = o.message_id AND r.number = o.revision
WHERE o.finished_at IS NULL ORDER BY o.id LIMIT %s FOR UPDATE OF o SKIP LOCKED
"""
# Always in the order of their ids, as everywhere, so that no two transactions wait for each other.
_LOCK = """
SELECT 1 FROM dead_letters.messages WHERE message_id = ANY(%(letters)s) ORDER BY message_id FOR UPDATE
"""
# The outcome of some may have been faster than this transaction; then there is nothing left to change.
_SENT = """
WITH intents AS (
    UPDATE dead_letters.outbox SET finished_at = clock_timestamp() WHERE id = ANY(%(ids)s)
    RETURNING message_id, generation, operation_id
), changed AS (
    UPDATE dead_letters.messages AS m SET state = 'in_flight', version = m.version + 1,
        changed_at = clock_timestamp()
    FROM intents AS i
    WHERE m.message_id = i.message_id AND m.generation = i.generation AND m.state = 'publishing'
    RETURNING m.message_id, m.version, i.operation_id
), audited AS (
    INSERT INTO dead_letters.audit (message_id, action, actor, operation_id, from_state, to_state, version)
    SELECT message_id, 'sent', %(actor)s, operation_id, 'publishing', 'in_flight', version FROM changed
)
UPDATE dead_letters.operation_items AS i SET outcome = 'sent', changed_at = clock_timestamp()
FROM intents AS s
WHERE i.operation_id = s.operation_id AND i.message_id = s.message_id AND i.generation = s.generation
    AND i.outcome = 'claimed'
"""
_FINISH = "UPDATE dead_letters.outbox SET finished_at = clock_timestamp(), error = %s WHERE id = %s"


@dataclass(frozen=True)
class _Due:
    id: int
    message_id: str
    generation: int
    operation_id: UUID
    routing_key: str
    correlation_id: str | None
    body: bytes
    content_type: str
    headers: dict[str, Any]


class Outbox:
    """Publishes intents. Dying between confirm and commit means sending the same generation once more."""

    def __init__(self, pool: Pool, broker: Broker) -> None:
        self._pool = pool
        self._broker = broker
        self._asked = asyncio.Event()

    def wake(self) -> None:
        """There is something to send: do not wait for the next poll."""
        self._asked.set()

    async def run(self) -> None:
        """Background task: send for ever; an unavailable broker or database is tried again."""
        while True:
            self._asked.clear()
            try:
                while await self.send_due():
                    pass
            except (BrokerUnavailableError, psycopg.Error, PoolTimeout, PoolClosed) as error:
                _log.warning("outbox_waits", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), POLL_SECONDS)

    async def send_due(self) -> int:
        """Send what is due, up to one batch; gives how many intents were finished."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(_Due))
            due = await (await cursor.execute(_DUE, (_BATCH,))).fetchall()
            for queue in {intent.routing_key for intent in due}:
                await self._send(connection, queue, [one for one in due if one.routing_key == queue])
        return len(due)

    async def _send(self, connection: Connection, queue: str, intents: Sequence[_Due]) -> None:
        """Together; when the broker refuses, one by one, to learn which. A generation may go twice then."""
        try:
            await self._broker.publish(queue, [_replayed(intent) for intent in intents])
        except BrokerUnavailableError:
            raise
        except BrokerError as error:
            if len(intents) == 1:
                await self._refused(connection, intents[0], str(error))
                return
            for intent in intents:
                await self._send(connection, queue, [intent])
        else:
            await self._sent(connection, intents)

    async def _sent(self, connection: Connection, intents: Sequence[_Due]) -> None:
        arguments = {
            "ids": [intent.id for intent in intents],
            "letters": [intent.message_id for intent in intents],
            "generations": [intent.generation for intent in intents],
            "actor": _ACTOR,
        }
        await connection.execute(_LOCK, arguments)
        await connection.execute(_SENT, arguments)

    async def _refused(self, connection: Connection, intent: _Due, error: str) -> None:
        await connection.execute(_FINISH, (error, intent.id))
        # The operation before its letters, as the runner locks them.
        await pause_at_work(
            connection, intent.operation_id, f"The queue {intent.routing_key} takes no letter: {error}."
        )
        held = await hold(connection, intent.message_id)
        # The outcome may have been faster than this transaction; then there is nothing left to change.
        if held is None or (held.state, held.generation) != (DeadLetterState.PUBLISHING, intent.generation):
            return
        act = Act("refused by the broker", _ACTOR, error, intent.operation_id)
        await change(connection, held, DeadLetterState.FAILED, act)
        ended = Ended(intent.message_id, intent.generation, detail=f"refused by the broker: {error}")
        await item_outcomes.returned(connection, [ended])


def _replayed(intent: _Due) -> Message:
    """The original message under its own id; our headers say which dead letter and which sending it is."""
    headers: dict[str, HeaderValue] = {
        name: value for name, value in intent.headers.items() if name not in _STRIPPED
    }
    headers[HEADER_DEAD_LETTER_ID] = intent.message_id
    headers[HEADER_GENERATION] = intent.generation
    headers[HEADER_OPERATION] = str(intent.operation_id)
    return Message(
        message_id=intent.message_id,
        body=bytes(intent.body),
        content_type=intent.content_type,
        correlation_id=intent.correlation_id,
        headers=headers,
    )
