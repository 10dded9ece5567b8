"""Causes with open letters, and the time strip: from the tallies, as quick for a million as for a hundred."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from psycopg.rows import dict_row

from backend.contracts.dead_letter_views import (
    Cause,
    CauseList,
    CauseNote,
    Explanation,
    Interval,
    TimeSlice,
    TimeStrip,
)
from backend.contracts.dead_letters import OPEN_STATES, PENDING_STATES
from backend.services.common.database import Pool
from backend.services.dlq_manager.cause_words import cause_detail, cause_title
from backend.services.dlq_manager.transitions import Connection

MOST_CAUSES = 500
TREND_SLICES = 12
TREND_MINUTES = 60
SLICES = 240
"""The strip has about so many; whole minutes below a day or two, whole hours above."""
_OPEN = [state.value for state in OPEN_STATES]

_CAUSES: LiteralString = """
WITH tallied AS (
    SELECT fingerprint, state, sum(count)::bigint AS count, max(latest) AS latest FROM (
        SELECT fingerprint, state, count, last_failed_at AS latest FROM dead_letters.cause_tally
        UNION ALL SELECT fingerprint, state, change, latest FROM dead_letters.deltas
    ) AS t GROUP BY 1, 2 HAVING sum(count) > 0
), by_cause AS (
    SELECT fingerprint, jsonb_object_agg(state, count) AS by_state, max(latest) AS last_seen,
        sum(count) FILTER (WHERE state = ANY(%(open)s))::bigint AS open
    FROM tallied GROUP BY 1
)
SELECT c.*, b.by_state, b.last_seen, b.open, count(*) OVER () AS causes,
    EXISTS (
        SELECT FROM dead_letters.messages AS m
        WHERE m.fingerprint = c.fingerprint AND m.retry_count >= 2
            AND m.state NOT IN ('resolved', 'discarded', 'purged')
            AND (
                SELECT count(*) FROM dead_letters.attempts AS a
                WHERE a.message_id = m.message_id AND a.fingerprint = m.fingerprint AND a.generation > 0
            ) >= 2
    ) AS bounces,
    n.version, n.owner, n.note, n.runbook, n.last_outcome, n.changed_by, n.changed_at
FROM by_cause AS b JOIN dead_letters.causes AS c USING (fingerprint)
LEFT JOIN dead_letters.cause_notes AS n USING (fingerprint)
WHERE b.open > 0 ORDER BY b.open DESC, b.last_seen DESC, c.fingerprint LIMIT %(most)s
"""
_TREND: LiteralString = """
SELECT fingerprint, minute, sum(count)::bigint AS count FROM (
    SELECT fingerprint, state, minute, count FROM dead_letters.minute_tally WHERE minute >= %(since)s
    UNION ALL SELECT fingerprint, state, minute, change FROM dead_letters.deltas WHERE minute >= %(since)s
) AS t WHERE state = ANY(%(open)s) GROUP BY 1, 2
"""
_EXPLAINED: LiteralString = """
SELECT t.fingerprint, i.id, sum(t.count)::bigint AS count
FROM dead_letters.intervals AS i
JOIN (
    SELECT fingerprint, state, minute, count FROM dead_letters.minute_tally
    UNION ALL SELECT fingerprint, state, minute, change FROM dead_letters.deltas
) AS t ON t.minute >= date_trunc('minute', i.started_at) AND t.minute <= coalesce(i.ended_at, now())
JOIN dead_letters.causes AS c USING (fingerprint)
WHERE i.id = ANY(%(intervals)s) AND t.state = ANY(%(open)s)
    AND (i.kind = 'deployment' OR i.subject = c.provider)
GROUP BY 1, 2 HAVING sum(t.count) > 0
"""
_INTERVALS: LiteralString = """
SELECT id, kind, subject, source_key, started_at, ended_at, detail FROM dead_letters.intervals
WHERE started_at < %(until)s AND (ended_at IS NULL OR ended_at >= %(from)s)
ORDER BY started_at DESC LIMIT 200
"""
_STRIP: LiteralString = """
SELECT floor(extract(epoch FROM at - %(from)s) / %(seconds)s)::int AS slice, sum(count)::bigint AS count
FROM (
    SELECT minute AS at, fingerprint, state, count FROM dead_letters.minute_tally
    WHERE NOT %(by_hour)s AND minute >= %(from)s AND minute < %(until)s
    UNION ALL SELECT hour, fingerprint, state, count FROM dead_letters.hour_tally
    WHERE %(by_hour)s AND hour >= %(from)s AND hour < %(until)s
    UNION ALL SELECT CASE WHEN %(by_hour)s THEN date_trunc('hour', minute) ELSE minute END, fingerprint,
        state, change FROM dead_letters.deltas
) AS t
WHERE at >= %(from)s AND at < %(until)s AND state = ANY(%(open)s)
    AND (%(fingerprint)s::text IS NULL OR fingerprint = %(fingerprint)s)
GROUP BY 1 HAVING sum(count) > 0
"""


class CauseReader:
    """Reads causes and the strip. psycopg errors pass."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def causes(self) -> CauseList:
        """As of one moment; explained by whole minutes of what was known to be wrong in the last 30 days."""
        now = datetime.now(UTC)
        since = _minute(now) - timedelta(minutes=TREND_MINUTES - 1)
        async with self._pool.connection() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            rows = await _rows(connection, _CAUSES, {"open": _OPEN, "most": MOST_CAUSES})
            trend = await _rows(connection, _TREND, {"open": _OPEN, "since": since})
            span = {"from": now - timedelta(days=30), "until": now}
            intervals = await _rows(connection, _INTERVALS, span)
            wanted = {"open": _OPEN, "intervals": [row["id"] for row in intervals]}
            explained = await _rows(connection, _EXPLAINED, wanted)
        trends = _trends(trend, since)
        known = {row["id"]: Interval.model_validate(row) for row in intervals}
        causes = [_cause(row, trends[row["fingerprint"]], explained, known) for row in rows]
        return CauseList(causes=causes, more=_more(rows), at=now)

    async def strip(self, begin: datetime, end: datetime, fingerprint: str | None) -> TimeStrip:
        """Slices of whole minutes or hours that cover the time asked for, quiet ones included."""
        seconds = _slice_seconds((end - begin).total_seconds())
        first = datetime.fromtimestamp(begin.timestamp() // seconds * seconds, UTC)
        number = max(1, -int(-(end - first).total_seconds() // seconds))
        arguments = {
            "from": first,
            "until": first + timedelta(seconds=number * seconds),
            "seconds": seconds,
            "by_hour": seconds >= 3600,
            "open": _OPEN,
            "fingerprint": fingerprint,
        }
        async with self._pool.connection() as connection:
            counted = {row["slice"]: row["count"] for row in await _rows(connection, _STRIP, arguments)}
            intervals = await _rows(connection, _INTERVALS, arguments)
        slices = [
            TimeSlice(start=first + timedelta(seconds=place * seconds), count=counted.get(place, 0))
            for place in range(number)
        ]
        return TimeStrip(
            slice_seconds=seconds,
            slices=slices,
            intervals=[Interval.model_validate(row) for row in reversed(intervals)],
        )


def _cause(
    row: dict[str, Any],
    trend: list[int],
    explained: list[dict[str, Any]],
    intervals: dict[int, Interval],
) -> Cause:
    parts = [
        Explanation(
            interval=intervals[one["id"]], count=one["count"], share=min(1.0, one["count"] / row["open"])
        )
        for one in explained
        if one["fingerprint"] == row["fingerprint"]
    ]
    pending = sum(row["by_state"].get(state.value, 0) for state in PENDING_STATES)
    note = {name: row[name] for name in CauseNote.model_fields if row[name] is not None}
    return Cause.model_validate(
        {
            **row,
            "title": cause_title(row),
            "detail": cause_detail(row),
            "pending": pending,
            "trend": trend,
            "explained": sorted(parts, key=_share, reverse=True)[:5],
            "note": CauseNote.model_validate(note),
        }
    )


def _share(explanation: Explanation) -> float:
    return explanation.share


def _more(rows: list[dict[str, Any]]) -> int:
    return int(rows[0]["causes"]) - len(rows) if rows else 0


def _trends(rows: list[dict[str, Any]], since: datetime) -> dict[str, list[int]]:
    trends: dict[str, list[int]] = defaultdict(lambda: [0] * TREND_SLICES)
    width = TREND_MINUTES // TREND_SLICES
    for row in rows:
        place = int((row["minute"] - since).total_seconds() // 60) // width
        trends[row["fingerprint"]][min(place, TREND_SLICES - 1)] += row["count"]
    return trends


def _slice_seconds(span: float) -> int:
    for seconds in (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400):
        if span / seconds <= SLICES:
            return seconds
    return 86_400


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


async def _rows(
    connection: Connection, statement: LiteralString, arguments: dict[str, Any]
) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(statement, arguments)).fetchall()
