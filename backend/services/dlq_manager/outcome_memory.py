"""Writes how an operation ended to the notes of the causes it acted on, for the day the cause comes back."""

import asyncio
from typing import LiteralString

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.services.common.database import Pool

LOOK_SECONDS = 10.0
_log = structlog.get_logger()

_NEXT: LiteralString = """
SELECT id FROM dead_letters.operations
WHERE finished_at IS NOT NULL AND remembered_at IS NULL ORDER BY finished_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
# A letter that came back has its new failure's fingerprint; it was sent for that of the sending before.
_REMEMBER: LiteralString = """
WITH sent AS (
    SELECT coalesce(a.fingerprint, m.fingerprint) AS fingerprint, count(*) AS sent,
        count(*) FILTER (WHERE i.outcome = 'resolved') AS resolved,
        count(*) FILTER (WHERE i.outcome = 'returned') AS returned
    FROM dead_letters.operation_items AS i
    JOIN dead_letters.messages AS m USING (message_id)
    LEFT JOIN dead_letters.attempts AS a ON a.message_id = i.message_id AND a.generation = i.generation - 1
    WHERE i.operation_id = %(id)s AND i.outcome IN ('sent', 'returned', 'resolved')
    GROUP BY 1
)
INSERT INTO dead_letters.cause_notes AS n (fingerprint, version, changed_by, last_outcome)
SELECT s.fingerprint, 0, o.author, jsonb_build_object(
    'operation_id', o.id, 'kind', o.kind, 'state', o.state, 'author', o.author, 'reason', o.reason,
    'sent', s.sent, 'resolved', s.resolved, 'returned', s.returned, 'finished_at', o.finished_at
)
FROM sent AS s, dead_letters.operations AS o WHERE o.id = %(id)s
ON CONFLICT (fingerprint) DO UPDATE SET last_outcome = excluded.last_outcome
WHERE coalesce((n.last_outcome ->> 'finished_at')::timestamptz, '-infinity')
    <= (excluded.last_outcome ->> 'finished_at')::timestamptz
"""
_DONE: LiteralString = """
UPDATE dead_letters.operations SET remembered_at = clock_timestamp() WHERE id = %s
"""


class OutcomeMemory:
    """The background task. Several replicas may run it: each operation is locked by one of them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def run(self) -> None:
        """Remember finished operations, for ever; a database that is away is tried again."""
        while True:
            try:
                while await self.remember_next():
                    pass
            except (psycopg.Error, PoolTimeout, PoolClosed) as error:
                _log.warning("outcomes_not_remembered", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def remember_next(self) -> bool:
        """Remember one operation; False when none is left. The version of a note stays: nobody edited it."""
        async with self._pool.connection() as connection:
            found = await (await connection.execute(_NEXT)).fetchone()
            if found is None:
                return False
            await connection.execute(_REMEMBER, {"id": found[0]})
            await connection.execute(_DONE, (found[0],))
        return True
