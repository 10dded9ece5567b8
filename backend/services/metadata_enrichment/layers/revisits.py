"""Tracks that a missing provider made worse or left empty, and the runs in which they are done again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from backend.contracts.enrichment import EnrichRequest, RevisitRun
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.layers.batches import stored_request

SOURCE = "revisit"
"""In `enrichment_requests.source`: asked for here, by nobody else."""
_AWAY = ["throttled", "quota", "breaker_open", "failure", "contract", "empty_suspect", "waited_for"]
"""Outcomes of a step whose source may have a better value at another time."""

# Tracks in Gold that are degraded, and those for which nothing was found so far.
_TRACKS: LiteralString = """(
    SELECT track_id, request_id, requested_artist, requested_title, isrc, provider_ids, enriched_at
    FROM enriched_tracks WHERE degraded
    UNION ALL
    SELECT known.track_id, asked.id, asked.artist_name, asked.track_title, NULL, '{}'::jsonb,
        asked.finished_at
    FROM known_tracks AS known CROSS JOIN LATERAL (
        SELECT id, artist_name, track_title, finished_at FROM enrichment_requests
        WHERE track_id = known.track_id AND status = 'partial' ORDER BY received_at DESC LIMIT 1
    ) AS asked
    WHERE NOT EXISTS (SELECT FROM enriched_tracks AS gold WHERE gold.track_id = known.track_id)
) AS track
"""
# A value taken from a later source names the ones that were missed; a field without any value has only steps.
_BY: LiteralString = """(
    EXISTS (SELECT FROM field_provenance AS value
        WHERE value.track_id = track.track_id AND value.degraded_by @> ARRAY[%(provider)s])
    OR EXISTS (SELECT FROM enrichment_transformations AS step
        WHERE step.request_id = track.request_id AND step.provider = %(provider)s
            AND step.outcome = ANY(%(away)s)))
"""
_COUNTS: LiteralString = f"""
SELECT provider, count(*)::int AS tracks FROM (
    SELECT track_id, unnest(value.degraded_by) AS provider
    FROM enriched_tracks AS track JOIN field_provenance AS value USING (track_id)
    WHERE track.degraded AND value.degraded_by <> '{{}}'
    UNION
    SELECT track.track_id, step.provider
    FROM {_TRACKS} JOIN enrichment_transformations AS step USING (request_id)
    WHERE step.outcome = ANY(%(away)s)
) AS missed GROUP BY provider
"""  # noqa: S608 - constants only
# What degraded while it was revisited does not call for another run: it would for ever. The next real outage
# does, be it in the middle of another provider's revisit, and a run that the provider's absence broke off.
_DUE: LiteralString = f"""
WITH newest AS (
    SELECT id, started_at, run_status FROM enrichment_pipeline_runs
    WHERE run_type = 'backfill' AND source_filter = ARRAY[%(provider)s] ORDER BY started_at DESC LIMIT 1
)
SELECT EXISTS (
    SELECT FROM {_TRACKS} JOIN enrichment_requests AS request ON request.id = track.request_id
        LEFT JOIN newest ON true
    WHERE {_BY} AND (newest.started_at IS NULL OR newest.run_status = 'partial'
        OR (request.finished_at >= newest.started_at AND (request.source <> '{SOURCE}'
            OR (request.correlation_id <> 'revisit-' || newest.id
                AND EXISTS (SELECT FROM enrichment_transformations AS step
                    WHERE step.request_id = request.id AND step.provider = %(provider)s
                        AND step.outcome IN ('breaker_open', 'quota'))))))
) AS due
"""  # noqa: S608 - constants only
_TURN: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('revisit ' || %s, 3))"
_OPEN: LiteralString = """
INSERT INTO enrichment_pipeline_runs (run_type, config_version, source_filter, triggered_by, started_at)
SELECT 'backfill', version, ARRAY[%(provider)s], %(by)s, clock_timestamp() FROM waterfall_config_in_force
WHERE NOT EXISTS (SELECT FROM enrichment_pipeline_runs
    WHERE run_type = 'backfill' AND run_status = 'running' AND source_filter = ARRAY[%(provider)s])
RETURNING *
"""
_RUNNING: LiteralString = """
SELECT id, source_filter[1] AS provider, started_at, total_tracks AS queued FROM enrichment_pipeline_runs
WHERE run_type = 'backfill' AND run_status = 'running' ORDER BY started_at
"""
_NEWEST: LiteralString = """
SELECT * FROM enrichment_pipeline_runs WHERE run_type = 'backfill' ORDER BY started_at DESC LIMIT %s
"""
_CANDIDATES: LiteralString = f"""
SELECT track_id, requested_artist, requested_title, isrc, provider_ids FROM {_TRACKS}
WHERE {_BY} AND NOT track_id = ANY(%(queued)s) AND NOT EXISTS (SELECT FROM enrichment_requests AS request
    WHERE request.track_id = track.track_id AND request.received_at >= %(since)s)
ORDER BY enriched_at LIMIT %(limit)s
"""  # noqa: S608 - constants only
_COUNT_QUEUED: LiteralString = (
    "UPDATE enrichment_pipeline_runs SET total_tracks = total_tracks + %s WHERE id = %s"
)
_ENDED: LiteralString = """
SELECT count(*) FILTER (WHERE status <> 'failed')::int AS done,
    count(*) FILTER (WHERE status = 'failed')::int AS failed
FROM enrichment_requests WHERE finished_at >= %s AND correlation_id = %s AND message_id IS NOT NULL
"""
_CLOSE: LiteralString = """
UPDATE enrichment_pipeline_runs SET run_status = %(status)s, completed_at = clock_timestamp(),
    successful_tracks = least(%(done)s, total_tracks),
    failed_tracks = least(%(failed)s, total_tracks - least(%(done)s, total_tracks))
WHERE id = %(id)s AND run_status = 'running'
"""


@dataclass(frozen=True)
class OpenRun:
    """A revisit that goes on."""

    id: UUID
    provider: str
    started_at: datetime
    queued: int
    """Tracks queued so far."""

    @property
    def correlation_id(self) -> str:
        """Of its messages and requests."""
        return f"revisit-{self.id}"


class RevisitRuns:
    """Degraded tracks and revisits on the music database. psycopg errors pass through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def degraded(self) -> dict[str, int]:
        """Tracks that each provider's absence made worse, or kept from having any value."""
        rows = await self._rows(_COUNTS, {"away": _AWAY})
        return {row["provider"]: row["tracks"] for row in rows}

    async def is_due(self, provider: str) -> bool:
        """Whether its absence degraded tracks that no revisit has looked at since."""
        (row,) = await self._rows(_DUE, {"provider": provider, "away": _AWAY})
        return bool(row["due"])

    async def open(self, provider: str, triggered_by: str) -> RevisitRun | None:
        """Begin a revisit; None when one goes on already."""
        async with self._pool.connection() as connection:
            await connection.execute(_TURN, (provider,))
            cursor = connection.cursor(row_factory=dict_row)
            row = await (await cursor.execute(_OPEN, {"provider": provider, "by": triggered_by})).fetchone()
        return None if row is None else _shown(row)

    async def running(self) -> list[OpenRun]:
        """The revisits that go on."""
        return [OpenRun(**row) for row in await self._rows(_RUNNING, ())]

    async def newest(self, limit: int = 20) -> list[RevisitRun]:
        """Revisits, newest first."""
        return [_shown(row) for row in await self._rows(_NEWEST, (limit,))]

    async def candidates(self, run: OpenRun, queued: Sequence[str], limit: int) -> list[EnrichRequest]:
        """Tracks that nobody asked for since the run began, `queued` left out; the oldest first."""
        wanted = {"provider": run.provider, "away": _AWAY, "queued": list(queued)}
        rows = await self._rows(_CANDIDATES, {**wanted, "since": run.started_at, "limit": limit})
        return [stored_request(row) for row in rows]

    async def count_queued(self, run: OpenRun, tracks: int) -> None:
        """So many more tracks were queued."""
        async with self._pool.connection() as connection:
            await connection.execute(_COUNT_QUEUED, (tracks, run.id))

    async def ended(self, run: OpenRun) -> tuple[int, int]:
        """Tracks of the run that were done, and that failed."""
        (row,) = await self._rows(_ENDED, (run.started_at, run.correlation_id))
        return row["done"], row["failed"]

    async def close(self, run: OpenRun, status: str) -> None:
        """End the run: `completed`, or `partial` when it was broken off."""
        done, failed = await self.ended(run)
        closing = {"id": run.id, "status": status, "done": done, "failed": failed}
        async with self._pool.connection() as connection:
            await connection.execute(_CLOSE, closing)

    async def _rows(self, statement: LiteralString, arguments: Any) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return await (await cursor.execute(statement, arguments)).fetchall()


def _shown(row: dict[str, Any]) -> RevisitRun:
    return RevisitRun(
        id=str(row["id"]),
        provider=row["source_filter"][0],
        status=row["run_status"],
        triggered_by=row["triggered_by"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        queued=row["total_tracks"],
        done=row["successful_tracks"],
        failed=row["failed_tracks"],
    )
