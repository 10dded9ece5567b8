"""Evidence put into the database quickly, as enrichments of `received_at` would have left it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from backend.services.metadata_enrichment.replay.evidence_set import TrackEvidence

_RAW: LiteralString = """
COPY raw_track_enrichment_requests
    (id, track_id, artist_name, track_title, request, correlation_id, source, received_at) FROM STDIN
"""
_REQUESTS: LiteralString = """
COPY enrichment_requests (id, track_id, artist_name, track_title, status, correlation_id, raw_request_id,
    source, config_version, received_at, finished_at) FROM STDIN
"""
_EVIDENCE: LiteralString = """
COPY source_evidence (request_id, track_id, provider, outcome, detail, verdict, match_probability, calls,
    field_values, invalid_values, raw_response_id, lookup_response_id, lookup_fields, unasked_fields,
    received_at) FROM STDIN
"""


def store(connection: psycopg.Connection[Any], found: Sequence[TrackEvidence]) -> dict[str, UUID]:
    """One finished request a track with all its evidence; the request by track."""
    requests = {track.track_id: uuid4() for track in found}
    names = {track.track_id: (track.track_id, track.artist_name, track.track_title) for track in found}
    _copy(
        connection,
        _RAW,
        (
            (requests[one.track_id], *names[one.track_id], Jsonb({}), "c", "api", one.received_at)
            for one in found
        ),
    )
    _copy(
        connection,
        _REQUESTS,
        (
            (
                *(requests[one.track_id], *names[one.track_id], "completed", "c", requests[one.track_id]),
                *("api", 1, one.received_at, datetime.now(UTC)),
            )
            for one in found
        ),
    )
    _copy(connection, _EVIDENCE, _rows(found, requests))
    return requests


def _rows(found: Sequence[TrackEvidence], requests: dict[str, UUID]) -> Iterable[tuple[Any, ...]]:
    for track in found:
        for source in track.sources.values():
            at: datetime = source.received_at or track.received_at
            yield (
                *(requests[track.track_id], track.track_id, source.provider, source.outcome),
                *(source.detail, source.verdict, source.match_probability, source.calls),
                *(Jsonb(source.values), Jsonb(source.invalid)),
                *(uuid4(), uuid4() if source.lookup_fields else None),
                *(sorted(source.lookup_fields), sorted(source.unasked_fields), at),
            )


def _copy(
    connection: psycopg.Connection[Any], statement: LiteralString, rows: Iterable[tuple[Any, ...]]
) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
