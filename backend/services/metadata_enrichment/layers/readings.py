"""What the service reads from the layers for others: a track's rows, and figures about all tracks."""

from typing import Any, LiteralString

from psycopg.rows import dict_row

from backend.contracts.enrichment import LayerRows
from backend.services.common.database import Pool

MOST_ROWS = 100
"""Of each layer, newest first."""

_BRONZE: LiteralString = """
SELECT * FROM raw_track_enrichment_requests WHERE track_id = %s ORDER BY received_at DESC LIMIT %s
"""
_SILVER: LiteralString = """
SELECT * FROM enrichment_requests WHERE track_id = %s ORDER BY received_at DESC LIMIT %s
"""
_GOLD: LiteralString = "SELECT * FROM enriched_tracks WHERE track_id = %s LIMIT %s"

_TRACKS: LiteralString = """
SELECT count(*) AS total, count(*) FILTER (WHERE is_complete) AS complete,
    count(*) FILTER (WHERE NOT is_complete) AS partial, count(*) FILTER (WHERE degraded) AS degraded
FROM enriched_tracks
"""
_COVERAGE: LiteralString = """
SELECT field, round(100.0 * count(*) / nullif((SELECT count(*) FROM enriched_tracks), 0), 1)::float AS percent
FROM field_provenance GROUP BY field ORDER BY field
"""
_REQUESTS: LiteralString = """
SELECT status, count(*) AS requests, max(finished_at) AS last_finished
FROM enrichment_requests GROUP BY status ORDER BY status
"""
_FAILURES: LiteralString = """
SELECT id AS request_id, track_id, error_type, errors, dead_letter_id, finished_at
FROM enrichment_requests WHERE status = 'failed' ORDER BY finished_at DESC LIMIT 20
"""


class Readings:
    """Reads on the music database. psycopg errors pass through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def layers(self, track_id: str) -> LayerRows:
        """The track's rows in the three layers, as the database has them."""
        return LayerRows(
            track_id=track_id,
            bronze=await self._rows(_BRONZE, track_id, MOST_ROWS),
            silver=await self._rows(_SILVER, track_id, MOST_ROWS),
            gold=await self._rows(_GOLD, track_id, 1),
        )

    async def statistics(self) -> dict[str, Any]:
        """Counts of tracks and requests, coverage of each field in percent, the newest failures."""
        tracks = await self._rows(_TRACKS)
        coverage = await self._rows(_COVERAGE)
        return {
            "track_stats": {
                "counts": tracks[0],
                "coverage_percentages": {row["field"]: row["percent"] for row in coverage},
            },
            "enrichment_status": await self._rows(_REQUESTS),
            "recent_failures": await self._rows(_FAILURES),
        }

    async def _rows(self, statement: LiteralString, *arguments: Any) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return await (await cursor.execute(statement, arguments)).fetchall()
