"""The rows of the outbox: handed over before they are published, and settled by what the broker said.

Letters are locked in the order of their ids, over all queues of a batch, and after their operations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager import item_outcomes
from backend.services.dlq_manager.item_outcomes import Ended
from backend.services.dlq_manager.operation_changes import pause_at_work
from backend.services.dlq_manager.transitions import Act, Connection, change, hold

_ACTOR = "outbox"
_WAITING: LiteralString = "SELECT EXISTS (SELECT FROM dead_letters.outbox WHERE finished_at IS NULL)"
_HAND_OVER: LiteralString = """
WITH due AS (
    SELECT id, handed_at IS NULL AS is_new FROM dead_letters.outbox
    WHERE finished_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE dead_letters.outbox AS o SET handed_at = coalesce(o.handed_at, clock_timestamp())
FROM due WHERE o.id = due.id RETURNING o.id, due.is_new
"""
_TAKE: LiteralString = """
SELECT o.id, o.message_id, o.generation, o.operation_id, m.routing_key, m.correlation_id,
    coalesce(r.body, p.body) AS body, p.content_type, p.headers
FROM dead_letters.outbox AS o
JOIN dead_letters.messages AS m USING (message_id)
JOIN dead_letters.payloads AS p USING (message_id)
LEFT JOIN dead_letters.revisions AS r ON r.message_id = o.message_id AND r.number = o.revision
WHERE o.finished_at IS NULL AND o.id = ANY(%s) ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
"""
_KEEP: LiteralString = (
    "UPDATE dead_letters.outbox SET handed_at = NULL WHERE id = ANY(%s) AND finished_at IS NULL"
)
_LOCK: LiteralString = """
SELECT 1 FROM dead_letters.messages WHERE message_id = ANY(%s) ORDER BY message_id FOR UPDATE
"""
# The outcome of some may have been faster than this transaction; then there is nothing left to change.
_SENT: LiteralString = """
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
_FINISH: LiteralString = """
UPDATE dead_letters.outbox SET finished_at = clock_timestamp(), error = %s WHERE id = %s
"""


@dataclass(frozen=True)
class Intent:
    """A letter to be sent, as it will be sent."""

    id: int
    message_id: str
    generation: int
    operation_id: UUID
    routing_key: str
    correlation_id: str | None
    body: bytes
    content_type: str
    headers: dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """An intent that the broker did not take, and why."""

    intent: Intent
    why: str


async def is_waiting(connection: Connection) -> bool:
    """Whether anything is to be sent."""
    return await (await connection.execute(_WAITING)).fetchone() == (True,)


async def hand_over(connection: Connection, most: int) -> dict[int, bool]:
    """Mark the next ones as handed over; their ids, and whether the broker cannot have had them before."""
    rows = await (await connection.execute(_HAND_OVER, (most,))).fetchall()
    return {row[0]: row[1] for row in rows}


async def take(connection: Connection, ids: Sequence[int]) -> list[Intent]:
    """Lock them until the transaction ends; what another replica is sending is left out."""
    cursor = connection.cursor(row_factory=class_row(Intent))
    return await (await cursor.execute(_TAKE, (list(ids),))).fetchall()


async def keep(connection: Connection, ids: Sequence[int]) -> None:
    """The broker surely has none of these: they may be recalled again."""
    await connection.execute(_KEEP, (list(ids),))


async def settle(connection: Connection, sent: Sequence[Intent], refused: Sequence[Refusal]) -> None:
    """Write down what the broker said: operations first, then all letters, each in one order."""
    stopped = {one.intent.operation_id: one for one in refused}
    for operation, one in sorted(stopped.items()):
        await pause_at_work(
            connection, operation, f"The queue {one.intent.routing_key} takes no letter: {one.why}."
        )
    letters = [intent.message_id for intent in (*sent, *(one.intent for one in refused))]
    await connection.execute(_LOCK, (letters,))
    if sent:
        await connection.execute(_SENT, {"ids": [intent.id for intent in sent], "actor": _ACTOR})
    for one in refused:
        await _refused(connection, one.intent, one.why)


async def _refused(connection: Connection, intent: Intent, why: str) -> None:
    await connection.execute(_FINISH, (why, intent.id))
    held = await hold(connection, intent.message_id)
    # The outcome may have been faster than this transaction; then there is nothing left to change.
    if held is None or (held.state, held.generation) != (DeadLetterState.PUBLISHING, intent.generation):
        return
    act = Act("refused by the broker", _ACTOR, why, intent.operation_id)
    await change(connection, held, DeadLetterState.FAILED, act)
    ended = Ended(intent.message_id, intent.generation, detail=f"refused by the broker: {why}")
    await item_outcomes.returned(connection, [ended])
