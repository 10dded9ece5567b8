"""Taking a replay run, and moving it on, under a lease."""

from dataclasses import dataclass, replace
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg

from backend.services.metadata_enrichment.replay.run_rows import close_pipeline_run

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_CLAIM: LiteralString = """
WITH due AS (
    SELECT id FROM pipeline_replay_queue JOIN replay_progress ON replay_id = id
    WHERE status = 'queued' OR (status = 'processing' AND lease_until < clock_timestamp())
    ORDER BY priority, created_at LIMIT 1 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE pipeline_replay_queue AS queued SET status = 'processing',
        started_at = coalesce(started_at, clock_timestamp())
    FROM due WHERE queued.id = due.id RETURNING queued.*
)
UPDATE replay_progress
SET lease = %(lease)s, lease_until = clock_timestamp() + %(seconds)s * interval '1 second'
FROM taken WHERE replay_id = taken.id
RETURNING taken.id, taken.track_ids, done_tracks, taken.fields, taken.config_version,
    taken.target_layer = 'gold', taken.assigned_run_id
"""
_BEGIN: LiteralString = """
WITH begun AS (
    INSERT INTO enrichment_pipeline_runs (run_type, config_version, total_tracks, triggered_by)
    SELECT 'replay', %(version)s, cardinality(track_ids), requested_by
    FROM pipeline_replay_queue JOIN replay_progress ON replay_id = id
    WHERE id = %(id)s AND lease = %(lease)s AND status = 'processing' RETURNING id
)
UPDATE pipeline_replay_queue SET assigned_run_id = begun.id, config_version = %(version)s
FROM begun WHERE pipeline_replay_queue.id = %(id)s RETURNING assigned_run_id
"""
_ADVANCE: LiteralString = """
UPDATE replay_progress SET done_tracks = %(done)s, differing_values = differing_values + %(differing)s,
    unjudged_values = unjudged_values + %(unjudged)s, promoted_tracks = promoted_tracks + %(promoted)s,
    lease_until = clock_timestamp() + %(seconds)s * interval '1 second'
FROM pipeline_replay_queue AS queued
WHERE replay_id = %(id)s AND lease = %(lease)s AND queued.id = replay_id AND queued.status = 'processing'
"""
_END: LiteralString = """
WITH ended AS (
    UPDATE replay_progress SET lease = NULL, lease_until = NULL, error = %(error)s
    WHERE replay_id = %(id)s AND lease = %(lease)s RETURNING replay_id
)
UPDATE pipeline_replay_queue SET status = %(status)s, completed_at = clock_timestamp()
FROM ended WHERE id = replay_id AND status = 'processing'
"""


class LeaseLostError(Exception):
    """The run was cancelled, or another replica has taken it up."""


@dataclass(frozen=True)
class Tally:
    """What some tracks of a run came to."""

    tracks: int
    differing: int = 0
    unjudged: int = 0
    promoted: int = 0


@dataclass(frozen=True)
class Lease:
    """A run held by this replica."""

    run_id: UUID
    lease: UUID
    seconds: float
    track_ids: list[str]
    done: int
    """So many of `track_ids`, from the first, are done."""
    fields: frozenset[str]
    """Only these; empty: all."""
    version: int | None
    """None: that in force, until the run has begun."""
    promote: bool
    pipeline_run: UUID | None
    """Its row in `enrichment_pipeline_runs`; none until it has begun."""

    def next_tracks(self, count: int) -> list[str]:
        """The tracks to do now; empty at the end."""
        return self.track_ids[self.done : self.done + count]

    async def begin(self, connection: Connection, version: int) -> "Lease":
        """Fix the version and open the pipeline run, if that was not done before. LeaseLostError."""
        if self.pipeline_run is not None:
            return replace(self, version=version)
        row = {"id": self.run_id, "lease": self.lease, "version": version}
        begun = await (await connection.execute(_BEGIN, row)).fetchone()
        if begun is None:
            raise LeaseLostError
        return replace(self, version=version, pipeline_run=begun[0])

    async def advance(self, connection: Connection, tally: Tally) -> "Lease":
        """Note what was done, in the transaction that did it. LeaseLostError: it must not be committed."""
        done = self.done + tally.tracks
        counts = {"differing": tally.differing, "unjudged": tally.unjudged, "promoted": tally.promoted}
        row = {"id": self.run_id, "lease": self.lease, "seconds": self.seconds, "done": done, **counts}
        cursor = await connection.execute(_ADVANCE, row)
        if cursor.rowcount == 0:
            raise LeaseLostError
        return replace(self, done=done)

    async def end(self, connection: Connection, status: str, error: str = "") -> None:
        """End the run as `completed` or `failed`, if it is still held."""
        row = {"id": self.run_id, "lease": self.lease, "status": status, "error": error}
        cursor = await connection.execute(_END, row)
        if cursor.rowcount:
            await close_pipeline_run(connection, self.run_id, status)


async def claim(connection: Connection, seconds: float) -> Lease | None:
    """The next run that waits, or whose holder has died; none when there is none."""
    lease = uuid4()
    row = await (await connection.execute(_CLAIM, {"lease": lease, "seconds": seconds})).fetchone()
    if row is None:
        return None
    run_id, track_ids, done, fields, version, promote, begun = row
    return Lease(run_id, lease, seconds, track_ids, done, frozenset(fields), version, promote, begun)
