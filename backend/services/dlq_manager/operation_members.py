"""Freezes the members of an operation: exactly the letters that the selection matched at that moment."""

from typing import LiteralString
from uuid import UUID

from psycopg import sql

from backend.contracts.dead_letter_operations import OperationKind, OperationRequest
from backend.services.dlq_manager.operation_rules import acting_states
from backend.services.dlq_manager.selection_sql import compile_selection
from backend.services.dlq_manager.transitions import Connection

_DRAWN = 5_000
"""The sample is drawn from so many members at most, themselves drawn at random."""

_FREEZE = sql.SQL("""
INSERT INTO dead_letters.operation_items (operation_id, position, message_id)
SELECT %(operation)s, row_number() OVER (ORDER BY m.failed_at DESC, m.message_id DESC), m.message_id
FROM dead_letters.messages AS m WHERE {chosen} AND m.state = ANY(%(acting)s)
""")
_FREEZE_UNDO: LiteralString = """
INSERT INTO dead_letters.operation_items (operation_id, position, message_id)
SELECT %(operation)s, row_number() OVER (ORDER BY position), message_id
FROM dead_letters.operation_items WHERE operation_id = %(undoes)s AND outcome = 'done'
"""
# One of each cause, provider and age in turn, so that a rare kind of failure is in the sample too.
_CANARY: LiteralString = """
WITH drawn AS (
    SELECT DISTINCT 1 + floor(random() * %(total)s)::int AS position FROM generate_series(1, %(drawn)s)
    WHERE %(total)s > %(drawn)s
    UNION ALL SELECT generate_series(1, %(total)s) WHERE %(total)s <= %(drawn)s
), within_cause AS (
    SELECT i.position, m.fingerprint, row_number() OVER (
        PARTITION BY m.fingerprint, m.provider, m.failed_at > now() - interval '1 hour',
            m.failed_at > now() - interval '1 day' ORDER BY random()
    ) AS turn
    FROM drawn JOIN dead_letters.operation_items AS i USING (position)
    JOIN dead_letters.messages AS m USING (message_id)
    WHERE i.operation_id = %(operation)s
), ranked AS (
    SELECT position, row_number() OVER (PARTITION BY fingerprint ORDER BY turn, random()) AS turn
    FROM within_cause
)
UPDATE dead_letters.operation_items SET is_canary = true
WHERE operation_id = %(operation)s
    AND position IN (SELECT position FROM ranked ORDER BY turn, random() LIMIT %(canary)s)
"""


async def freeze(
    connection: Connection,
    operation: UUID,
    request: OperationRequest,
    undone: OperationKind | None,
) -> int:
    """Write the members; how many. `undone` is the kind that an undo takes back. RefusedError for a query."""
    if request.kind is OperationKind.UNDO:
        arguments = {"operation": operation, "undoes": UUID(request.undoes)}
        return (await connection.execute(_FREEZE_UNDO, arguments)).rowcount
    chosen, selected = compile_selection(request.selection)
    acting = sorted(state.value for state in acting_states(request, undone))
    statement = _FREEZE.format(chosen=chosen)
    cursor = await connection.execute(statement, {**selected, "operation": operation, "acting": acting})
    return cursor.rowcount


async def draw_canary(connection: Connection, operation: UUID, total: int, size: int) -> None:
    """Mark the members that go first: `size` of them, of every kind of failure."""
    arguments = {"operation": operation, "total": total, "drawn": _DRAWN, "canary": size}
    await connection.execute(_CANARY, arguments)
