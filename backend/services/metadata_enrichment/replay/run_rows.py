"""Replay runs as the database keeps them: made, looked at, cancelled."""

from collections.abc import Mapping
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from backend.contracts.replay import ReplayRun, ReplayRunRequest, ValueDifference
from backend.services.common.database import Pool

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_RUNS: LiteralString = """
SELECT queued.id::text, CASE queued.status WHEN 'processing' THEN 'running' ELSE queued.status END AS status,
    queued.config_version, target_layer = 'gold' AS promote, requested_by AS author, reason,
    cardinality(track_ids) AS total_tracks, done_tracks, differing_values, unjudged_values, promoted_tracks,
    error, created_at, started_at, completed_at
FROM pipeline_replay_queue AS queued JOIN replay_progress ON replay_id = queued.id
"""
_NEWEST: LiteralString = _RUNS + "ORDER BY created_at DESC, queued.id LIMIT %s"
_ONE: LiteralString = _RUNS + "WHERE queued.id = %s"
_QUEUE: LiteralString = """
INSERT INTO pipeline_replay_queue (track_ids, target_layer, fields, config_version, requested_by, reason)
SELECT wanted.track_ids, %(layer)s, %(fields)s, %(version)s, %(author)s, %(reason)s
FROM (
    SELECT array_agg(DISTINCT track_id ORDER BY track_id) AS track_ids FROM source_evidence
    WHERE %(tracks)s::text[] IS NULL OR track_id = ANY(%(tracks)s)
) AS wanted
WHERE wanted.track_ids IS NOT NULL
RETURNING id
"""
_PROGRESS: LiteralString = "INSERT INTO replay_progress (replay_id) VALUES (%s)"
_CANCEL: LiteralString = """
UPDATE pipeline_replay_queue SET status = 'cancelled', completed_at = clock_timestamp()
WHERE id = %s AND status IN ('queued', 'processing')
"""
_CLOSE_PIPELINE_RUN: LiteralString = """
UPDATE enrichment_pipeline_runs AS run SET run_status = %s, completed_at = clock_timestamp(),
    successful_tracks = done_tracks, skipped_tracks = run.total_tracks - done_tracks
FROM pipeline_replay_queue AS queued JOIN replay_progress ON replay_id = queued.id
WHERE queued.id = %s AND run.id = assigned_run_id AND run_status = 'running'
"""
_DIFFERENCES: LiteralString = """
SELECT track_id, artist_name, track_title, field, value_before AS before, value_after AS after
FROM replay_differences
WHERE replay_id = %s AND (track_id, field) > (%s, %s) ORDER BY track_id, field LIMIT %s
"""


class ReplayRuns:
    """The queue of replay runs. psycopg errors pass through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, request: ReplayRunRequest) -> ReplayRun | None:
        """Queue a run over those of its tracks that have stored answers; none when no track has any."""
        row = {
            "layer": "gold" if request.promote else "silver",
            "fields": sorted(set(request.fields)),
            "version": request.config_version,
            "author": request.author,
            "reason": request.reason,
            "tracks": request.track_ids,
        }
        async with self._pool.connection() as connection:
            queued = await (await connection.execute(_QUEUE, row)).fetchone()
            if queued is None:
                return None
            await connection.execute(_PROGRESS, queued)
            return await _read(connection, queued[0])

    async def newest(self, limit: int) -> list[ReplayRun]:
        """Runs, newest first."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rows = await (await cursor.execute(_NEWEST, (limit,))).fetchall()
        return [ReplayRun.model_validate(row) for row in rows]

    async def get(self, run_id: UUID) -> ReplayRun | None:
        """One run, if there is such a one."""
        async with self._pool.connection() as connection:
            return await _read(connection, run_id)

    async def cancel(self, run_id: UUID) -> ReplayRun | None:
        """End a run at once, unless it has ended; whoever works on it stops at its next step."""
        async with self._pool.connection() as connection:
            await connection.execute(_CANCEL, (run_id,))
            run = await _read(connection, run_id)
            if run is not None and run.status == "cancelled":
                await close_pipeline_run(connection, run_id, "cancelled")
        return run

    async def differences(self, run_id: UUID, after: tuple[str, str], limit: int) -> list[ValueDifference]:
        """The run's differing values behind the pair of track and field, in the order of these."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rows = await (await cursor.execute(_DIFFERENCES, (run_id, *after, limit))).fetchall()
        return [ValueDifference.model_validate(row) for row in rows]


async def close_pipeline_run(connection: Connection, run_id: UUID, status: str) -> None:
    """End the pipeline run that a replay run has begun, if it has."""
    await connection.execute(_CLOSE_PIPELINE_RUN, (status, run_id))


async def _read(connection: Connection, run_id: UUID) -> ReplayRun | None:
    cursor = connection.cursor(row_factory=dict_row)
    row: Mapping[str, Any] | None = await (await cursor.execute(_ONE, (run_id,))).fetchone()
    return None if row is None else ReplayRun.model_validate(row)
