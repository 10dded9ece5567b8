"""Why has this track this value? Answered by one query, from Gold back to the provider's bytes."""

from typing import Any, LiteralString

from psycopg.rows import dict_row

from backend.contracts.enrichment import FieldProvenance
from backend.contracts.inspection import Lineage
from backend.services.common.database import Pool

# Gold value and provenance, the candidate it came from, what was judged of the source, the Bronze response
# and the version of the waterfall. A value that a later request kept has its candidate in the earlier one;
# the Bronze response tells which.
LINEAGE: LiteralString = """
SELECT p.field, p.current_value AS value, p.provider, p.position, p.confidence, p.raw_response_id,
    p.config_version, p.degraded_by, p.first_set_at, p.last_changed_at, p.changes,
    coalesce(candidate.request_id, evidence.request_id, p.request_id) AS request_id,
    coalesce(evidence.match_probability, candidate.match_probability) AS match_probability,
    candidate.candidate ->> 'title' AS candidate_title,
    coalesce(candidate.candidate -> 'artists', '[]') AS candidate_artists,
    response.endpoint, response.fetched_at, version.created_by AS config_author
FROM field_provenance p
JOIN waterfall_config_versions version ON version.version = p.config_version
LEFT JOIN raw_api_responses response ON response.id = p.raw_response_id
LEFT JOIN LATERAL (
    SELECT a.request_id, a.candidate, a.match_probability FROM api_responses a
    WHERE a.track_id = p.track_id AND a.provider = p.provider AND a.chosen
    ORDER BY (a.raw_response_id = p.raw_response_id) DESC NULLS LAST,
        (a.request_id = p.request_id) DESC, a.id DESC
    LIMIT 1
) candidate ON true
LEFT JOIN LATERAL (
    SELECT e.request_id, e.match_probability FROM source_evidence e
    WHERE e.track_id = p.track_id AND e.provider = p.provider AND e.verdict = 'matched'
    ORDER BY (p.raw_response_id IN (e.raw_response_id, e.lookup_response_id)) DESC NULLS LAST,
        (e.request_id = p.request_id) DESC, e.received_at DESC
    LIMIT 1
) evidence ON true
WHERE p.track_id = %(track)s AND (%(field)s::text IS NULL OR p.field = %(field)s)
ORDER BY p.field
"""


class Lineages:
    """Reads the lineage of Gold values. psycopg errors pass through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_track(self, track_id: str, field: str | None = None) -> list[Lineage]:
        """Of every value of the track, or of one field; empty when Gold has none."""
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(LINEAGE, {"track": track_id, "field": field})
            return [_lineage(row) for row in await cursor.fetchall()]


def _lineage(row: dict[str, Any]) -> Lineage:
    return Lineage(
        field=row["field"],
        value=row["value"],
        provenance=_provenance(row),
        request_id=str(row["request_id"]),
        endpoint=row["endpoint"],
        fetched_at=row["fetched_at"],
        match_probability=row["match_probability"],
        candidate_title=row["candidate_title"],
        candidate_artists=row["candidate_artists"],
        config_author=row["config_author"],
        first_set_at=row["first_set_at"],
        last_changed_at=row["last_changed_at"],
        changes=row["changes"],
    )


def _provenance(row: dict[str, Any]) -> FieldProvenance:
    return FieldProvenance(
        provider=row["provider"],
        confidence=row["confidence"],
        position=row["position"],
        response_id=str(row["raw_response_id"]) if row["raw_response_id"] else None,
        config_version=row["config_version"],
        degraded_by=row["degraded_by"],
    )
