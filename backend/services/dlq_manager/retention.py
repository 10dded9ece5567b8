"""Purging: by retention, from resolved and discarded letters alone, with a tombstone each."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letters import DeadLetterState
from backend.services.common.database import Pool
from backend.services.dlq_manager.repetition import forget_keys

LOOK_SECONDS = 300.0
_BATCH = 500
_KEYS_DAYS = 7
_ACTOR = "retention"
_log = structlog.get_logger()

# Letters that an unfinished operation has yet to touch are left to it: its undo must find the bytes. Whoever
# changes a letter at this moment has it locked, and it is skipped until the next look.
_PURGE = """
WITH due AS (
    SELECT message_id FROM dead_letters.messages AS m
    WHERE state = %(state)s AND changed_at < clock_timestamp() - make_interval(days => %(days)s)
        AND NOT EXISTS (
            SELECT 1 FROM dead_letters.operation_items AS i
            JOIN dead_letters.operations AS o ON o.id = i.operation_id
            WHERE i.message_id = m.message_id AND i.outcome = 'pending' AND o.finished_at IS NULL
        )
    ORDER BY changed_at LIMIT %(batch)s FOR UPDATE OF m SKIP LOCKED
)
SELECT dead_letters.purge(ids, %(actor)s, %(why)s)
FROM (SELECT array_agg(message_id) AS ids FROM due) AS found WHERE ids IS NOT NULL
"""


@dataclass(frozen=True)
class Retention:
    """For how many days the bytes of letters are kept once they are over."""

    resolved_days: int
    discarded_days: int

    def days(self, state: DeadLetterState) -> int | None:
        """Days in this state until its bytes go; none: they stay."""
        return {
            DeadLetterState.RESOLVED: self.resolved_days,
            DeadLetterState.DISCARDED: self.discarded_days,
        }.get(state)

    def purge_at(self, state: DeadLetterState, changed_at: datetime) -> datetime | None:
        """When its bytes go, by retention; none while it is open, or when they are gone."""
        days = self.days(state)
        return None if days is None else changed_at + timedelta(days=days)


class Purge:
    """The background task. Several replicas may run it: each batch is locked by one of them."""

    def __init__(self, pool: Pool, retention: Retention) -> None:
        self._pool = pool
        self._retention = retention

    async def run(self) -> None:
        """Purge what is due, for ever; a database that is away is tried again."""
        while True:
            try:
                if purged := await self.purge_due():
                    _log.info("dead_letters_purged", letters=purged)
            except (psycopg.Error, PoolTimeout, PoolClosed) as error:
                _log.warning("nothing_purged", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def purge_due(self) -> int:
        """Purge all that is due now, a batch a transaction; how many letters."""
        purged = 0
        for state in (DeadLetterState.RESOLVED, DeadLetterState.DISCARDED):
            while batch := await self._batch(state):
                purged += batch
        async with self._pool.connection() as connection:
            await forget_keys(connection, _KEYS_DAYS)
        return purged

    async def _batch(self, state: DeadLetterState) -> int:
        days = self._retention.days(state)
        row = {
            "state": state.value,
            "days": days,
            "batch": _BATCH,
            "actor": _ACTOR,
            "why": f"{state.value} more than {days} days ago",
        }
        async with self._pool.connection() as connection:
            found = await (await connection.execute(_PURGE, row)).fetchone()
        return 0 if found is None else int(found[0])
