"""Holds a letter for somebody who looked at it in one version, and says who was first when it changed."""

from psycopg.rows import dict_row

from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.refusals import ConflictError, NotFoundError
from backend.services.dlq_manager.transitions import Connection, Held, hold

_LAST = """
SELECT action, actor, happened_at, operation_id FROM dead_letters.audit
WHERE message_id = %s ORDER BY id DESC LIMIT 1
"""
_ENTERED = """
SELECT a.from_state, (
    SELECT q.reason FROM dead_letters.audit AS q
    WHERE q.message_id = a.message_id AND q.id < a.id AND q.to_state = a.from_state
        AND q.from_state IS DISTINCT FROM q.to_state ORDER BY q.id DESC LIMIT 1
) AS reason
FROM dead_letters.audit AS a
WHERE a.message_id = %s AND a.to_state = %s AND a.from_state <> a.to_state AND a.action <> 'undo'
ORDER BY a.id DESC LIMIT 1
"""


async def hold_seen(connection: Connection, message_id: str, version: int) -> Held:
    """Lock the letter as it was seen. NotFoundError; ConflictError when it is no longer in that version."""
    held = await hold(connection, message_id)
    if held is None:
        raise NotFoundError(f"There is no dead letter {message_id[:200]}.")
    if held.version != version:
        raise ConflictError(await _who_was_first(connection, held))
    return held


async def state_before(connection: Connection, held: Held) -> tuple[DeadLetterState, str] | None:
    """The state it had before this one, and why it was in that; none when it came in in this one.

    An undo brings a letter back to what it was, so what counts is the act before it.
    """
    cursor = connection.cursor(row_factory=dict_row)
    row = await (await cursor.execute(_ENTERED, (held.message_id, held.state.value))).fetchone()
    return None if row is None else (DeadLetterState(row["from_state"]), row["reason"] or "")


def words(state: DeadLetterState) -> str:
    """The state in a sentence."""
    return state.value.replace("_", " ")


async def _who_was_first(connection: Connection, held: Held) -> str:
    cursor = connection.cursor(row_factory=dict_row)
    last = await (await cursor.execute(_LAST, (held.message_id,))).fetchone()
    name, state = held.message_id[:200], words(held.state)
    told = f"Dead letter {name} has changed since you looked at it and is {state} now"
    if last is not None:
        at = last["happened_at"].strftime("%Y-%m-%d %H:%M:%S UTC")
        told += f" (last: {last['action']}, by {last['actor']}, {at})"
    return f"{told}. Nothing was done. Look at it again, then decide."
