"""Reads stored evidence: of each track and source the newest, of requests with the names of its Gold row."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any, LiteralString

import orjson
import psycopg

from backend.services.metadata_enrichment.replay.evidence_set import TrackEvidence
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

BATCH = 500
"""Rows taken at once, so that reading very many never holds up the event loop for long."""

_NEWEST_TRACKS: LiteralString = """
    SELECT track_id FROM (
        SELECT track_id, max(received_at) AS newest,
            sum(count(DISTINCT provider)) OVER (ORDER BY max(received_at) DESC, track_id) AS responses
        FROM source_evidence GROUP BY track_id
    ) AS held WHERE responses <= %(responses)s ORDER BY newest DESC, track_id LIMIT %(tracks)s
"""
_NAMED_TRACKS: LiteralString = "SELECT unnest(%(track_ids)s::text[])"
# A track without a Gold row counts under the names that it was last asked for with. Which evidence is the
# newest goes by the end of the request, when it was written: a provider's answer can be older than that.
# What Gold has from a release that kept no evidence, as after a rollback of the services, cannot be judged:
# all evidence is older than it.
_EVIDENCE: LiteralString = """), named AS (
    SELECT wanted.track_id, coalesce(gold.requested_artist, asked.artist_name) AS artist_name,
        coalesce(gold.requested_title, asked.track_title) AS track_title
    FROM wanted LEFT JOIN enriched_tracks AS gold USING (track_id)
    LEFT JOIN LATERAL (
        SELECT artist_name, track_title FROM enrichment_requests AS request
        WHERE gold.track_id IS NULL AND request.track_id = wanted.track_id
            AND EXISTS (SELECT FROM source_evidence WHERE request_id = request.id)
        ORDER BY finished_at DESC LIMIT 1
    ) AS asked ON true
    WHERE gold.track_id IS NULL
        OR EXISTS (SELECT FROM source_evidence AS known WHERE known.request_id = gold.request_id)
), newest AS MATERIALIZED (
    SELECT DISTINCT ON (named.track_id, evidence.provider) named.*, evidence.request_id, evidence.provider
    FROM named JOIN enrichment_requests AS request USING (track_id, artist_name, track_title)
    JOIN source_evidence AS evidence ON evidence.request_id = request.id
    ORDER BY named.track_id, evidence.provider, request.finished_at DESC, evidence.request_id
)
SELECT track_id, artist_name, track_title, received_at, request_id, raw_response_id::text,
    lookup_response_id::text, provider, outcome, detail, verdict, match_probability, calls,
    field_values::text, invalid_values::text, lookup_fields, unasked_fields
FROM newest JOIN source_evidence USING (track_id, request_id, provider)
"""
_OF_NEWEST: LiteralString = "WITH wanted (track_id) AS (" + _NEWEST_TRACKS + _EVIDENCE
_OF_NAMED: LiteralString = "WITH wanted (track_id) AS (" + _NAMED_TRACKS + _EVIDENCE
_FINISHED: LiteralString = """
SELECT id::text, track_id FROM enrichment_requests
WHERE finished_at >= %s AND status IN ('completed', 'partial', 'failed')
"""


async def read_newest(connection: Connection, tracks: int, responses: int) -> list[TrackEvidence]:
    """The newest tracks, at most so many and with at most so many answers, the oldest of them first."""
    return await _read(connection, _OF_NEWEST, {"tracks": tracks, "responses": responses}, lineage=False)


async def read_tracks(
    connection: Connection, track_ids: Iterable[str], *, lineage: bool = False
) -> list[TrackEvidence]:
    """The named tracks as far as they have evidence of what Gold holds, the oldest of them first.

    With `lineage` also the rows that it comes from, which the walk does not need and Gold keeps.
    """
    return await _read(connection, _OF_NAMED, {"track_ids": list(track_ids)}, lineage=lineage)


async def finished_since(connection: Connection, moment: datetime) -> dict[str, str]:
    """Track by request, of the requests that ended since then."""
    return dict(await (await connection.execute(_FINISHED, (moment,))).fetchall())


async def _read(
    connection: Connection, statement: LiteralString, arguments: Mapping[str, Any], *, lineage: bool
) -> list[TrackEvidence]:
    found: dict[str, list[Any]] = {}
    async with connection.cursor(name="replay_evidence") as cursor:
        await cursor.execute(statement, arguments)
        while rows := await cursor.fetchmany(BATCH):
            await asyncio.to_thread(_gather, found, rows, lineage)
    tracks = [TrackEvidence(*columns) for columns in found.values()]
    return sorted(tracks, key=lambda track: (track.received_at, track.track_id))


def _gather(found: dict[str, list[Any]], rows: Sequence[tuple[Any, ...]], lineage: bool) -> None:
    """Add rows, which come in any order, to the columns of their tracks."""
    for track_id, artist, title, received_at, request_id, search, lookup, *columns in rows:
        source = _source(columns, received_at, search, lookup) if lineage else _source(columns)
        held = found.get(track_id)
        if held is None:
            held = found[track_id] = [track_id, artist, title, {}, received_at, {}]
        elif received_at > held[_RECEIVED_AT]:
            held[_RECEIVED_AT] = received_at
        held[_SOURCES][source.provider] = source
        if lineage:
            held[_REQUESTS][source.provider] = request_id


def _source(
    columns: Sequence[Any],
    received_at: datetime | None = None,
    search: str | None = None,
    lookup: str | None = None,
) -> SourceEvidence:
    provider, outcome, detail, verdict, probability, calls, values, invalid, looked_up, unasked = columns
    return SourceEvidence(
        provider=intern(provider),
        outcome=intern(outcome),
        verdict=intern(verdict),
        match_probability=probability,
        values=orjson.loads(values),
        invalid=orjson.loads(invalid) if invalid != "{}" else _NONE_INVALID,
        lookup_fields=_fields(tuple(looked_up)) if looked_up else _NO_FIELDS,
        unasked_fields=_fields(tuple(unasked)) if unasked else _NO_FIELDS,
        detail=intern(detail),
        calls=calls,
        response_id=search,
        lookup_response_id=lookup,
        received_at=received_at,
    )


@lru_cache(maxsize=1024)
def _fields(names: tuple[str, ...]) -> frozenset[str]:
    """One object a set: thousands of answers share few of them."""
    return frozenset(names)


_NO_FIELDS: frozenset[str] = frozenset()
_NONE_INVALID: Mapping[str, str] = {}
_SOURCES = TrackEvidence._fields.index("sources")
_RECEIVED_AT = TrackEvidence._fields.index("received_at")
_REQUESTS = TrackEvidence._fields.index("requests")
