"""The one way in which an operation changes its state: version, audit entry and reason in one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from backend.contracts.dead_letter_operations import (
    FINISHED_STATES,
    OperationKind,
    OperationOptions,
    OperationState,
)
from backend.services.dlq_manager.transitions import Connection

ENGINE = "dlq-manager"

_LOCK: LiteralString = """
SELECT id, kind, state, version, options, author, reason, total, undoes, state_reason, started_at
FROM dead_letters.operations WHERE id = %s FOR UPDATE
"""
_CHANGE: LiteralString = """
UPDATE dead_letters.operations SET state = %(state)s, version = version + 1, state_reason = %(reason)s,
    started_at = CASE WHEN %(starts)s THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
    finished_at = CASE WHEN %(ends)s THEN clock_timestamp() END,
    lease = CASE WHEN %(ends)s THEN NULL ELSE lease END,
    lease_until = CASE WHEN %(ends)s THEN NULL ELSE lease_until END
WHERE id = %(id)s
"""
_NOTE: LiteralString = """
INSERT INTO dead_letters.operation_audit (operation_id, action, actor, reason, to_state)
VALUES (%s, %s, %s, %s, %s)
"""
_STARTED = frozenset({OperationState.CANARY, OperationState.RUNNING})


@dataclass(frozen=True)
class HeldOperation:
    """An operation locked by this transaction."""

    id: UUID
    kind: OperationKind
    state: OperationState
    version: int
    options: OperationOptions
    author: str
    reason: str
    total: int
    undoes: UUID | None
    state_reason: str
    started_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Nothing more will happen to it."""
        return self.state in FINISHED_STATES


async def hold_operation(connection: Connection, operation_id: UUID) -> HeldOperation | None:
    """Lock it until the transaction ends; none when there is no such one."""
    cursor = connection.cursor(row_factory=dict_row)
    row = await (await cursor.execute(_LOCK, (operation_id,))).fetchone()
    return None if row is None else _held(row)


async def change_operation(
    connection: Connection,
    held: HeldOperation,
    state: OperationState,
    action: str,
    actor: str = ENGINE,
    reason: str = "",
) -> HeldOperation:
    """Put it into `state` and audit that."""
    arguments = {
        "id": held.id,
        "state": state.value,
        "reason": reason,
        "starts": state in _STARTED,
        "ends": state in FINISHED_STATES,
    }
    await connection.execute(_CHANGE, arguments)
    await connection.execute(_NOTE, (held.id, action, actor, reason, state.value))
    return replace(held, state=state, version=held.version + 1, state_reason=reason)


async def note_operation(
    connection: Connection, operation_id: UUID, action: str, actor: str, reason: str, state: OperationState
) -> None:
    """Audit something that changed no state."""
    await connection.execute(_NOTE, (operation_id, action, actor, reason, state.value))


async def pause_at_work(connection: Connection, operation_id: UUID, reason: str) -> bool:
    """Pause an operation that is at work, because of what its transaction has found; whether it was."""
    held = await hold_operation(connection, operation_id)
    if held is None or held.state not in _STARTED:
        return False
    await change_operation(connection, held, OperationState.PAUSED, "paused", reason=reason)
    return True


def _held(row: dict[str, Any]) -> HeldOperation:
    return HeldOperation(
        **{
            **row,
            "kind": OperationKind(row["kind"]),
            "state": OperationState(row["state"]),
            "options": OperationOptions.model_validate(row["options"]),
        }
    )
