"""Writes a request's course: Bronze first, then Silver and Gold in one transaction."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from backend.contracts.enrichment import EnrichmentStatus, EnrichRequest
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.layers import evidence, gold, messages, quality, silver
from backend.services.metadata_enrichment.waterfall.resolution import Resolution
from backend.services.metadata_enrichment.work.gathering import Gathered

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_BRONZE = """
INSERT INTO raw_track_enrichment_requests
    (track_id, artist_name, track_title, request, correlation_id, source)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
_OPEN = """
INSERT INTO enrichment_requests
    (id, track_id, artist_name, track_title, attempts, correlation_id, raw_request_id, source, message_id)
SELECT %(id)s, %(track)s, %(artist)s, %(title)s, coalesce((
        SELECT attempts + (status <> 'cached')::int FROM enrichment_requests
        WHERE track_id = %(track)s ORDER BY received_at DESC LIMIT 1
    ), 1), %(correlation)s, %(raw)s, %(source)s, %(message)s
"""
_CLOSE = """
UPDATE enrichment_requests SET status = %(status)s, sources = %(sources)s, errors = %(errors)s,
    config_version = %(version)s, finished_at = clock_timestamp(), duration_ms = %(milliseconds)s,
    error_type = %(error_type)s, dead_letter_id = %(dead_letter)s
WHERE id = %(id)s AND status = 'in_progress'
"""
_ABANDONED = """
UPDATE enrichment_requests SET status = 'failed', error_type = 'Interrupted', finished_at = clock_timestamp(),
    errors = ARRAY['the service ended while it worked on this request']
WHERE status = 'in_progress' AND received_at < clock_timestamp()
    - CASE WHEN message_id IS NULL THEN interval '10 minutes' ELSE interval '1 day' END
"""


@dataclass(frozen=True)
class Opened:
    """A request that is in Bronze and begun in Silver."""

    request_id: UUID
    correlation_id: str
    clock: float
    """Monotonic time at which it was received."""
    message_key: str | None = None
    """The message it came with, the same for every delivery; none for a direct call."""

    @property
    def milliseconds(self) -> float:
        """Since then."""
        return (time.monotonic() - self.clock) * 1000


@dataclass(frozen=True)
class Begun:
    """A request in Silver, and how it ended when there is nothing left to do for it."""

    request_id: UUID
    status: EnrichmentStatus | None = None
    """None: it has to be worked on."""
    track: gold.GoldTrack | None = None
    dead_letter_id: str | None = None
    failure: tuple[str, str] | None = None
    """Error type and text, if it failed."""
    known_ids: Mapping[str, str] = field(default_factory=dict)
    """Of the track to be worked on: the identifiers found before, by provider."""


@dataclass(frozen=True)
class Closing:
    """How a request ended, for its row in Silver."""

    status: EnrichmentStatus
    milliseconds: float
    sources: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    config_version: int | None = None
    error_type: str | None = None
    dead_letter_id: str | None = None


class Records:
    """The three layers as the service writes them. psycopg errors pass through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def open(
        self, opened: Opened, request: EnrichRequest, source: str, keep_days: Mapping[str, int]
    ) -> Begun:
        """Keep the request as received, and begin its row in Silver.

        It has ended already when Gold settles it, no value being older than `keep_days` of its field, and its
        row is then closed as cached. A message that was delivered before goes on with the row it made then.
        All of that is one transaction.
        """
        async with self._pool.connection() as connection:
            if opened.message_key is not None:
                earlier = await messages.earlier_request(connection, opened.message_key)
                if earlier is not None and earlier.status is not None:
                    track = await gold.read_track(connection, request.track_id)
                    return Begun(
                        earlier.request_id, earlier.status, track, earlier.dead_letter_id, earlier.failure
                    )
                if earlier is not None:
                    opened = replace(opened, request_id=earlier.request_id)
                    return await _settle(connection, opened, request, keep_days)
            await _begin(connection, opened, request, source)
            return await _settle(connection, opened, request, keep_days)

    async def settle(self, opened: Opened, request: EnrichRequest, keep_days: Mapping[str, int]) -> Begun:
        """Look again, with the track's lock held: somebody else may have done the work meanwhile."""
        async with self._pool.connection() as connection:
            if opened.message_key is not None:
                await messages.refuse_finished(connection, opened.request_id)
            return await _settle(connection, opened, request, keep_days)

    async def complete(
        self,
        opened: Opened,
        request: EnrichRequest,
        gathered: Gathered,
        resolution: Resolution,
        closing: Closing,
    ) -> gold.GoldTrack:
        """Write everything found, in one transaction; gives what Gold holds now.

        The status is what Gold then deserves: completed, or partial when a required field has no value.
        AlreadyFinishedError when another worker was first with the same message.
        """
        version = closing.config_version or 0
        async with self._pool.connection() as connection:
            if opened.message_key is not None:
                await messages.refuse_finished(connection, opened.request_id)
            await silver.write_answers(connection, opened.request_id, request.track_id, gathered)
            await silver.write_steps(connection, opened.request_id, request.track_id, resolution)
            await evidence.write(connection, opened.request_id, request.track_id, gathered.evidence)
            await evidence.write_disagreements(connection, opened.request_id, request.track_id, resolution)
            track = await gold.write_track(connection, opened.request_id, request, resolution, version)
            required = resolution.required
            await quality.write_quality(connection, opened.request_id, request.track_id, track, required)
            status = EnrichmentStatus.COMPLETED if track.is_complete else EnrichmentStatus.PARTIAL
            await _close(connection, opened.request_id, replace(closing, status=status))
            await quality.count_calls(
                connection, gathered, resolution
            )  # last: its rows are shared by everybody
        return track

    async def fail(
        self, opened: Opened, request: EnrichRequest, gathered: Gathered | None, end: Closing
    ) -> None:
        """Mark a request as failed, with what the providers said if they were asked.

        AlreadyFinishedError when another worker was first with the same message.
        """
        async with self._pool.connection() as connection:
            if opened.message_key is not None:
                await messages.refuse_finished(connection, opened.request_id)
            if gathered is not None:
                await silver.write_answers(connection, opened.request_id, request.track_id, gathered)
            await _close(connection, opened.request_id, end)
            if gathered is not None:
                await quality.count_calls(connection, gathered, None)

    async def give_up_abandoned(self) -> int:
        """Mark requests as failed that a service left when it died; gives how many."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_ABANDONED)
        return cursor.rowcount


async def _begin(connection: Connection, opened: Opened, request: EnrichRequest, source: str) -> None:
    names = (request.track_id, request.artist_name, request.track_title)
    body = Jsonb(request.model_dump(mode="json"))
    cursor = await connection.execute(_BRONZE, (*names, body, opened.correlation_id, source))
    raw = await cursor.fetchone()
    row = {
        "id": opened.request_id,
        "track": request.track_id,
        "artist": request.artist_name,
        "title": request.track_title,
        "correlation": opened.correlation_id,
        "raw": raw[0] if raw else None,
        "source": source,
        "message": opened.message_key,
    }
    await connection.execute(_OPEN, row)


async def _settle(
    connection: Connection, opened: Opened, request: EnrichRequest, keep_days: Mapping[str, int]
) -> Begun:
    track = await gold.read_track(connection, request.track_id)
    if track is None or not track.is_of(request):
        return Begun(opened.request_id)
    if request.force_refresh or not track.settles(keep_days, datetime.now(UTC)):
        return Begun(opened.request_id, known_ids=track.identifiers)
    closing = Closing(EnrichmentStatus.CACHED, opened.milliseconds, track.sources, (), track.config_version)
    await _close(connection, opened.request_id, closing)
    return Begun(opened.request_id, EnrichmentStatus.CACHED, track)


async def _close(connection: Connection, request_id: UUID, closing: Closing) -> None:
    row = {
        "id": request_id,
        "status": closing.status.value,
        "sources": list(closing.sources),
        "errors": list(closing.errors),
        "version": closing.config_version,
        "milliseconds": closing.milliseconds,
        "error_type": closing.error_type,
        "dead_letter": closing.dead_letter_id,
    }
    await connection.execute(_CLOSE, row)
