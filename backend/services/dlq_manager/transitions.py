"""The one way in which a dead letter changes: state, version and audit entry in one transaction."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from backend.contracts.dead_letters import DeadLetterState

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_LOCK = """
SELECT message_id, state, version, generation, fingerprint,
    extract(epoch FROM clock_timestamp() - first_failed_at)::float AS age_seconds
FROM dead_letters.messages
WHERE message_id = %s FOR UPDATE
"""
_CHANGE = """
UPDATE dead_letters.messages SET state = %(state)s, version = version + 1, generation = %(generation)s,
    reason = %(reason)s, proof = %(proof)s, changed_at = clock_timestamp()
WHERE message_id = %(id)s AND version = %(version)s
"""
_AUDIT = """
INSERT INTO dead_letters.audit
    (message_id, action, actor, reason, operation_id, from_state, to_state, version)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True)
class Held:
    """A dead letter locked by this transaction."""

    message_id: str
    state: DeadLetterState
    version: int
    generation: int
    fingerprint: str
    age_seconds: float
    """Since it failed first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", DeadLetterState(self.state))


@dataclass(frozen=True)
class Act:
    """Who does what, why, and as part of which operation."""

    action: str
    actor: str
    reason: str = ""
    operation_id: UUID | None = None


async def hold(connection: Connection, message_id: str) -> Held | None:
    """Lock a dead letter until the transaction ends; none when there is no such one."""
    cursor = connection.cursor(row_factory=class_row(Held))
    return await (await cursor.execute(_LOCK, (message_id,))).fetchone()


async def change(
    connection: Connection,
    held: Held,
    state: DeadLetterState,
    act: Act,
    *,
    generation: int | None = None,
    proof: dict[str, Any] | None = None,
) -> Held:
    """Put it into `state` and audit that. The database refuses what the state machine has no arrow for."""
    sending = held.generation if generation is None else generation
    row = {
        "id": held.message_id,
        "version": held.version,
        "state": state.value,
        "generation": sending,
        "reason": act.reason,
        "proof": None if proof is None else Jsonb(proof),
    }
    await connection.execute(_CHANGE, row)
    changed = replace(held, state=state, version=held.version + 1, generation=sending)
    await note(connection, changed, act, before=held.state)
    return changed


async def note(
    connection: Connection, held: Held, act: Act, *, before: DeadLetterState | None = None
) -> None:
    """Write an audit entry; without `before` it says that something happened and changed nothing."""
    entry = (held.message_id, act.action, act.actor, act.reason, act.operation_id)
    came_from = None if before is None else before.value
    await connection.execute(_AUDIT, (*entry, came_from, held.state.value, held.version))
