"""Keeps the times in which something was known to be wrong."""

from collections.abc import Sequence
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


# Told again, it replaces what was said before; that a deployment is over is never taken back.
_KEEP: LiteralString = """
INSERT INTO dead_letters.intervals AS i (kind, subject, source_key, started_at, ended_at, detail)
VALUES (%(kind)s, %(subject)s, %(source_key)s, %(started_at)s, %(ended_at)s, %(detail)s)
ON CONFLICT (source_key) DO UPDATE SET started_at = excluded.started_at, detail = excluded.detail,
    ended_at = greatest(excluded.started_at, coalesce(excluded.ended_at, i.ended_at))
WHERE i.kind = excluded.kind
"""
# There is one deployment of an environment at a time: what began before the newest one has ended.
_END_EARLIER: LiteralString = """
UPDATE dead_letters.intervals AS i SET ended_at = n.started_at
FROM (
    SELECT subject, max(started_at) AS started_at FROM dead_letters.intervals
    WHERE kind = 'deployment' AND subject = ANY(%s) GROUP BY 1
) AS n
WHERE i.kind = 'deployment' AND i.subject = n.subject AND i.ended_at IS NULL AND i.started_at < n.started_at
"""
# Its engine was killed, and no run since has said when. An end that is told later still counts.
_END_FORGOTTEN: LiteralString = """
UPDATE dead_letters.intervals SET ended_at = started_at + make_interval(hours => %(hours)s)
WHERE kind = 'deployment' AND ended_at IS NULL
    AND started_at < clock_timestamp() - make_interval(hours => %(hours)s)
"""
LONGEST_HOURS = 2
"""A deployment of which nobody says that it ended explains no failures after that."""


class IntervalStore:
    """Writes intervals; each is recorded once, under its `source_key`. psycopg errors pass."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, intervals: Sequence[Interval]) -> None:
        """Record these as their source knows them, in one transaction."""
        async with self._pool.connection() as connection:
            for interval in sorted(intervals, key=_source):
                await connection.execute(_KEEP, interval.model_dump(mode="json"))
            await connection.execute(_END_EARLIER, ([interval.subject for interval in intervals],))

    async def end_forgotten(self) -> None:
        """End deployments that began too long ago to be still at work."""
        async with self._pool.connection() as connection:
            await connection.execute(_END_FORGOTTEN, {"hours": LONGEST_HOURS})

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


def _source(interval: Interval) -> str:
    return interval.source_key
