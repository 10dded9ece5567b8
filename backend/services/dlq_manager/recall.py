"""Takes letters back that the broker does not have yet, when their operation is paused or cancelled.

What was handed to the broker is never taken back: nobody knows whether it arrived, so its outcome is
waited for.
"""

from typing import LiteralString
from uuid import UUID

from backend.services.dlq_manager.operation_changes import ENGINE
from backend.services.dlq_manager.transitions import Connection

_HOLD: LiteralString = """
SELECT o.id, o.message_id
FROM dead_letters.outbox AS o JOIN dead_letters.operations AS p ON p.id = o.operation_id
WHERE o.finished_at IS NULL AND o.handed_at IS NULL AND p.state IN ('paused', 'scheduled', 'cancelled')
    AND p.id = coalesce(%(operation)s, p.id)
ORDER BY o.id FOR UPDATE OF o
"""
_LOCK: LiteralString = """
SELECT 1 FROM dead_letters.messages WHERE message_id = ANY(%(letters)s) ORDER BY message_id FOR UPDATE
"""
# Where it was before: quarantined letters are again, with the reason they had.
_RECALL: LiteralString = """
WITH intents AS (
    UPDATE dead_letters.outbox SET finished_at = clock_timestamp(), error = 'recalled' WHERE id = ANY(%(ids)s)
    RETURNING message_id, generation, operation_id, revision, revision_before
), known AS (
    SELECT n.*, p.state AS operation_state, coalesce(i.state_before, 'failed') AS state_before, coalesce((
        SELECT a.reason FROM dead_letters.audit AS a
        WHERE i.state_before = 'quarantined' AND a.message_id = n.message_id AND a.to_state = 'quarantined'
            AND a.reason <> '' ORDER BY a.id DESC LIMIT 1
    ), '') AS reason
    FROM intents AS n JOIN dead_letters.operations AS p ON p.id = n.operation_id
    JOIN dead_letters.operation_items AS i ON i.operation_id = p.id AND i.message_id = n.message_id
), changed AS (
    UPDATE dead_letters.messages AS m SET version = m.version + 1, changed_at = clock_timestamp(),
        state = k.state_before, reason = k.reason,
        revision = CASE WHEN m.revision = k.revision THEN k.revision_before ELSE m.revision END
    FROM known AS k
    WHERE m.message_id = k.message_id AND m.generation = k.generation AND m.state = 'publishing'
    RETURNING m.message_id, m.state, m.version, k.operation_id, k.operation_state
), audited AS (
    INSERT INTO dead_letters.audit
        (message_id, action, actor, reason, operation_id, from_state, to_state, version)
    SELECT message_id, 'recalled', %(actor)s, 'not handed to the broker yet: the operation is '
        || operation_state, operation_id, 'publishing', state, version FROM changed
)
UPDATE dead_letters.operation_items AS i SET changed_at = clock_timestamp(), generation = NULL,
    outcome = CASE c.operation_state WHEN 'cancelled' THEN 'cancelled' ELSE 'pending' END,
    detail = 'recalled before the broker had it'
FROM changed AS c
WHERE i.operation_id = c.operation_id AND i.message_id = c.message_id AND i.outcome = 'claimed'
"""


async def recall(connection: Connection, operation: UUID | None = None, actor: str = ENGINE) -> int:
    """Take back what was not handed over, of this operation or of all that do not send now; how many letters.

    Call it after the operation's state is changed, in the same transaction: once that is committed, nothing
    new is sent. psycopg errors pass.
    """
    held = await (await connection.execute(_HOLD, {"operation": operation})).fetchall()
    if not held:
        return 0
    arguments = {
        "ids": [row[0] for row in held],
        "letters": [row[1] for row in held],
        "actor": actor,
    }
    await connection.execute(_LOCK, arguments)
    return (await connection.execute(_RECALL, arguments)).rowcount
