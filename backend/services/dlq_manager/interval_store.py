"""Keeps the times in which something was known to be wrong."""

from datetime import datetime
from typing import LiteralString

from backend.contracts.dead_letter_views import Interval, IntervalKind
from backend.services.common.database import Pool

# One that lasts is not begun again, whatever it is called by now.
_LASTS: LiteralString = """
INSERT INTO dead_letters.intervals (kind, subject, source_key, started_at, detail)
SELECT %(kind)s, %(subject)s, %(source_key)s, %(started_at)s, %(detail)s
WHERE NOT EXISTS (
    SELECT FROM dead_letters.intervals
    WHERE kind = %(kind)s AND subject = %(subject)s AND ended_at IS NULL
)
ON CONFLICT (source_key) DO NOTHING
"""
# What the providers' present state says no more has ended; when exactly is not known better than now.
_END_OTHERS: LiteralString = """
UPDATE dead_letters.intervals SET ended_at = greatest(started_at, %(at)s)
WHERE ended_at IS NULL AND kind = ANY(%(kinds)s) AND subject = ANY(%(subjects)s)
    AND kind || '/' || subject <> ALL(%(present)s)
"""


class IntervalStore:
    """Writes intervals; each is recorded once, under its `source_key`. psycopg errors pass."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep_present(
        self, present: list[Interval], subjects: list[str], kinds: list[IntervalKind], at: datetime
    ) -> None:
        """These intervals last; all others of `subjects` and `kinds` have ended by `at`."""
        arguments = {
            "at": at,
            "kinds": [kind.value for kind in kinds],
            "subjects": subjects,
            "present": [f"{interval.kind.value}/{interval.subject}" for interval in present],
        }
        async with self._pool.connection() as connection:
            for interval in present:
                await connection.execute(_LASTS, interval.model_dump(mode="json"))
            await connection.execute(_END_OTHERS, arguments)
