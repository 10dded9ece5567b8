"""What each source had for a track, and where sources differed, as kept in Silver."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.resolution import Resolution

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_EVIDENCE = """
INSERT INTO source_evidence (request_id, track_id, provider, outcome, detail, verdict, match_probability,
    calls, field_values, invalid_values, raw_response_id, lookup_response_id, lookup_fields, unasked_fields,
    received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, coalesce(%s, clock_timestamp()))
"""
_DISAGREEMENT = """
INSERT INTO field_disagreements (request_id, track_id, field, policy, winner, winning_value, others)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


async def write(
    connection: Connection, request_id: UUID, track_id: str, evidence: Mapping[str, SourceEvidence]
) -> None:
    """One row a source: enough to walk any waterfall again."""
    rows = [(request_id, track_id, *_columns(source)) for source in evidence.values()]
    async with connection.cursor() as cursor:
        await cursor.executemany(_EVIDENCE, rows)


async def write_disagreements(
    connection: Connection, request_id: UUID, track_id: str, resolution: Resolution
) -> None:
    """One row a field for which a source had another value than the one taken."""
    rows = [
        (
            *(request_id, track_id, one.field, one.policy.value, one.winner),
            *(Jsonb(one.value), Jsonb(one.others)),
        )
        for one in resolution.disagreements
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(_DISAGREEMENT, rows)


def _columns(source: SourceEvidence) -> tuple[Any, ...]:
    return (
        source.provider,
        str(source.outcome),
        source.detail,
        str(source.verdict),
        source.match_probability,
        source.calls,
        Jsonb(dict(source.values)),
        Jsonb(dict(source.invalid)),
        source.response_id,
        source.lookup_response_id,
        sorted(source.lookup_fields),
        sorted(source.unasked_fields),
        source.received_at,
    )
