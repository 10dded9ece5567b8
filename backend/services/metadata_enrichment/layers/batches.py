"""Batches as runs: how many tracks were queued under a correlation id, and what became of them."""

from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.rows import dict_row

from backend.contracts.enrichment import BatchProgress, EnrichRequest
from backend.services.common.database import Pool

_TRIGGER = "batch "
"""Begins `triggered_by` of a batch's run; the correlation id follows."""

_BEFORE_THE_RUN = timedelta(minutes=1)
"""The first tracks may be finished before the run is written: they are queued first."""

_RECORD: LiteralString = """
INSERT INTO enrichment_pipeline_runs AS run (id, run_type, config_version, total_tracks, triggered_by)
SELECT %(id)s, 'manual', version, %(tracks)s, %(triggered_by)s FROM waterfall_config_in_force
ON CONFLICT (id) DO UPDATE SET total_tracks = run.total_tracks + excluded.total_tracks,
    run_status = 'running', completed_at = NULL
"""
_FIND: LiteralString = """
SELECT id, triggered_by, total_tracks, started_at FROM enrichment_pipeline_runs WHERE id = %s
"""
_OPEN: LiteralString = """
SELECT id, triggered_by, total_tracks, started_at FROM enrichment_pipeline_runs
WHERE run_status = 'running' AND run_type = 'manual' AND starts_with(triggered_by, %s)
"""
# The newest request of each message counts, a replayed dead letter's instead of the one that failed. What is
# not finished stands in the small index of unfinished requests, the rest behind the start of the run.
_COUNT: LiteralString = """
WITH made AS (
    SELECT status, message_id, dead_letter_id, received_at, finished_at FROM enrichment_requests
    WHERE correlation_id = %(correlation)s AND message_id IS NOT NULL AND finished_at >= %(since)s
    UNION ALL
    SELECT status, message_id, dead_letter_id, received_at, finished_at FROM enrichment_requests
    WHERE correlation_id = %(correlation)s AND message_id IS NOT NULL AND status = 'in_progress'
), newest AS (
    SELECT DISTINCT ON (split_part(message_id, '/', 1)) status, dead_letter_id, finished_at FROM made
    ORDER BY split_part(message_id, '/', 1), received_at DESC
)
SELECT count(*) FILTER (WHERE status = 'completed') AS completed,
    count(*) FILTER (WHERE status = 'partial') AS partial,
    count(*) FILTER (WHERE status = 'cached') AS cached,
    count(*) FILTER (WHERE status = 'failed' AND dead_letter_id IS NOT NULL) AS dead_lettered,
    count(*) FILTER (WHERE status = 'in_progress') AS in_progress, max(finished_at) AS last
FROM newest
"""
_CLOSE: LiteralString = """
UPDATE enrichment_pipeline_runs SET completed_at = greatest(%(finished)s, started_at),
    run_status = CASE WHEN %(failed)s > 0 THEN 'partial' ELSE 'completed' END,
    successful_tracks = %(done)s, failed_tracks = %(failed)s
WHERE id = %(id)s AND run_status = 'running' AND total_tracks = %(tracks)s
"""
# Incomplete or degraded, the longest untouched first; what was just looked at has nothing new to tell.
_UNSETTLED: LiteralString = """
SELECT track_id, requested_artist, requested_title, isrc, provider_ids FROM enriched_tracks
WHERE (degraded OR NOT is_complete) AND enriched_at < clock_timestamp() - interval '1 hour'
ORDER BY enriched_at LIMIT %s
"""


class Batches:
    """The runs of `/enrich/batch` and of imports. psycopg errors pass through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def record(self, correlation_id: str, tracks: int) -> None:
        """So many tracks were queued under this correlation id, maybe more than once."""
        run = {
            "id": _run_id(correlation_id),
            "tracks": tracks,
            "triggered_by": f"{_TRIGGER}{correlation_id}",
        }
        async with self._pool.connection() as connection:
            await connection.execute(_RECORD, run)

    async def progress(self, correlation_id: str) -> BatchProgress | None:
        """How far it is; None when nothing was queued under it."""
        runs = await self._rows(_FIND, (_run_id(correlation_id),))
        return await self._progress(runs[0]) if runs else None

    async def close_finished(self) -> None:
        """End the runs whose tracks have all been dealt with."""
        for run in await self._rows(_OPEN, (_TRIGGER,)):
            progress = await self._progress(run)
            if not progress.is_finished:
                continue
            closing = {
                "id": run["id"],
                "finished": progress.finished_at,
                "tracks": progress.tracks,
                "done": progress.tracks - progress.dead_lettered,
                "failed": progress.dead_lettered,
            }
            async with self._pool.connection() as connection:
                await connection.execute(_CLOSE, closing)

    async def unsettled(self, limit: int) -> list[EnrichRequest]:
        """Requests for stored tracks for which more may be found."""
        return [stored_request(row) for row in await self._rows(_UNSETTLED, (limit,))]

    async def _progress(self, run: dict[str, Any]) -> BatchProgress:
        correlation = run["triggered_by"].removeprefix(_TRIGGER)
        asked = {"correlation": correlation, "since": run["started_at"] - _BEFORE_THE_RUN}
        (counts,) = await self._rows(_COUNT, asked)
        last: datetime | None = counts.pop("last")
        # The same message may have been queued twice, after a broker that did not answer in time.
        waiting = max(0, run["total_tracks"] - sum(counts.values()))
        finished = not waiting and not counts["in_progress"]
        return BatchProgress(
            correlation_id=correlation,
            is_finished=finished,
            tracks=run["total_tracks"],
            **counts,
            waiting=waiting,
            started_at=run["started_at"],
            finished_at=last if finished else None,
        )

    async def _rows(self, statement: LiteralString, arguments: Any) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return await (await cursor.execute(statement, arguments)).fetchall()


def stored_request(row: dict[str, Any]) -> EnrichRequest:
    """The request that enriches a stored track again, with the identifiers known by now."""
    return EnrichRequest(
        track_id=row["track_id"],
        artist_name=row["requested_artist"],
        track_title=row["requested_title"],
        existing_isrc=row["isrc"],
        existing_spotify_id=row["provider_ids"].get("spotify"),
        existing_musicbrainz_id=row["provider_ids"].get("musicbrainz"),
    )


def _run_id(correlation_id: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"{_TRIGGER}{correlation_id}")
