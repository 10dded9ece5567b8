"""The intent to send one dead letter again, in the transaction of whoever decided it."""

from dataclasses import replace
from uuid import UUID

from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.transitions import Act, Connection, Held, change, note

# Sent for itself now: no operation holds it any longer, or sent it last.
_PUBLISHING = """
UPDATE dead_letters.messages SET state = 'publishing', version = version + 1, generation = generation + 1,
    operation_id = NULL, lease_until = NULL, scheduled_for = NULL, reason = '', changed_at = clock_timestamp()
WHERE message_id = %s AND version = %s RETURNING revision
"""
_INTENT = """
INSERT INTO dead_letters.outbox (message_id, generation, operation_id, revision) VALUES (%s, %s, %s, %s)
"""


async def intend(connection: Connection, held: Held, actor: str, reason: str, operation: UUID) -> Held:
    """Record that it is to be sent again: the revision chosen for it, else its original bytes.

    It has to be failed or quarantined. The outbox sends it; `operation` is what its headers will say.
    """
    if held.state is DeadLetterState.QUARANTINED:
        act = Act("released from quarantine", actor, reason, operation)
        held = await change(connection, held, DeadLetterState.FAILED, act)
    cursor = await connection.execute(_PUBLISHING, (held.message_id, held.version))
    row = await cursor.fetchone()
    revision = None if row is None else row[0]
    sent = replace(
        held,
        state=DeadLetterState.PUBLISHING,
        version=held.version + 1,
        generation=held.generation + 1,
    )
    await note(connection, sent, Act("replay", actor, reason, operation), before=held.state)
    await connection.execute(_INTENT, (held.message_id, sent.generation, operation, revision))
    return sent
