"""Operations that send nothing: discard, undo, quarantine, release, resolve. A chunk is one transaction.

Every member ends as done or skipped with the reason; states, audit and outcomes change together. A chunk that
is asked for twice, after a crash or by two replicas, finds its members settled and does nothing.
"""

from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.contracts.dead_letter_operations import OperationKind
from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager import act_statements
from backend.services.dlq_manager.transitions import Connection

S = DeadLetterState
CHUNK = 500
SENDING_NOTHING = frozenset(
    {
        OperationKind.DISCARD,
        OperationKind.UNDO,
        OperationKind.QUARANTINE,
        OperationKind.RELEASE,
        OperationKind.RESOLVE,
    }
)
UNDOABLE = {OperationKind.DISCARD: S.DISCARDED, OperationKind.QUARANTINE: S.QUARANTINED}
"""What an undo takes back, and the state that it takes a letter out of."""


@dataclass(frozen=True)
class Acting:
    """An operation as its acts need it."""

    operation_id: UUID
    kind: OperationKind
    author: str
    reason: str
    undoes: UUID | None = None
    takes_quarantined: bool = False


@dataclass(frozen=True)
class _Change:
    to: DeadLetterState
    action: str
    origin: tuple[DeadLetterState, ...]


_CHANGES = {
    OperationKind.DISCARD: _Change(S.DISCARDED, "discard", (S.FAILED,)),
    OperationKind.QUARANTINE: _Change(S.QUARANTINED, "quarantine", (S.FAILED,)),
    OperationKind.RELEASE: _Change(S.FAILED, "released from quarantine", (S.QUARANTINED,)),
    OperationKind.RESOLVE: _Change(S.RESOLVED, "resolve", (S.IN_FLIGHT,)),
}


async def apply_chunk(connection: Connection, acting: Acting, limit: int = CHUNK) -> int:
    """Act on up to `limit` pending members; how many were settled. 0: none is left.

    Call it in a transaction of its own. ValueError for a kind that sends.
    """
    if acting.kind not in SENDING_NOTHING:
        raise ValueError(f"{acting.kind.value} sends letters; it is not done in chunks of states")
    # Locked first, by a statement of their own, so that the next one sees them as they are under the lock.
    positions = await _held(connection, acting, limit)
    if not positions:
        return 0
    statement, more = _statement(acting)
    arguments = {
        "operation": acting.operation_id,
        "positions": positions,
        "actor": acting.author,
        "reason": acting.reason,
    }
    cursor = await connection.execute(statement, arguments | more)
    if acting.kind is OperationKind.RESOLVE:
        await connection.execute(act_statements.CLOSE_SENT, arguments)
    return cursor.rowcount


async def _held(connection: Connection, acting: Acting, limit: int) -> list[int]:
    """Positions of the members that this transaction has locked; empty when none is pending."""
    arguments = {"operation": acting.operation_id, "limit": limit}
    while True:
        rows = await (await connection.execute(act_statements.HOLD, arguments)).fetchall()
        if rows:
            return [row[0] for row in rows]
        # Another replica may have settled just these while this one waited for them.
        left = await (await connection.execute(act_statements.IS_LEFT, arguments)).fetchone()
        if left != (True,):
            return []


def _statement(acting: Acting) -> tuple[LiteralString, dict[str, Any]]:
    if acting.kind is OperationKind.UNDO:
        return act_statements.UNDO, {"undoes": acting.undoes}
    change = _CHANGES[acting.kind]
    origin = [state.value for state in change.origin]
    if acting.kind is OperationKind.DISCARD and acting.takes_quarantined:
        origin.append(S.QUARANTINED.value)
    proof = None
    if acting.kind is OperationKind.RESOLVE:
        told = {"kind": "operator", "author": acting.author, "reason": acting.reason}
        proof = Jsonb({**told, "operation_id": str(acting.operation_id)})
    return act_statements.CHANGE, {
        "to": change.to.value,
        "action": change.action,
        "origin": origin,
        "proof": proof,
    }
