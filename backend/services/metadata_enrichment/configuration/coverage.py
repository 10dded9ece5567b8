"""How each field of the waterfall stands in Gold, as a share of all tracks that anything is known of.

The preview counts the same tracks: also those that no source had a value for.
"""

from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg.rows import dict_row

from backend.contracts.waterfall import FieldCoverage
from backend.services.common.database import Pool

_AT_ONE_MOMENT: LiteralString = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_TRACKS: LiteralString = "SELECT count(*) FROM known_tracks"
_VALUES: LiteralString = """
SELECT field, provider, sum(given)::bigint AS given, sum(confidence)::double precision AS confidence,
    sum(degraded)::bigint AS degraded
FROM field_coverage_changes GROUP BY field, provider HAVING sum(given) > 0
ORDER BY field, given DESC, provider
"""


async def coverage(pool: Pool, configured: Sequence[str]) -> list[FieldCoverage]:
    """The fields of the waterfall and those that Gold still has from earlier ones, in alphabetical order."""
    async with pool.connection() as connection:
        await connection.execute(_AT_ONE_MOMENT)
        row = await (await connection.execute(_TRACKS)).fetchone()
        rows = await (await connection.cursor(row_factory=dict_row).execute(_VALUES)).fetchall()
    tracks = int(row[0]) if row else 0
    names = sorted({*configured, *(value["field"] for value in rows)})
    return [_of_field(name, tracks, [value for value in rows if value["field"] == name]) for name in names]


def _of_field(name: str, tracks: int, rows: Sequence[dict[str, Any]]) -> FieldCoverage:
    filled = sum(row["given"] for row in rows)
    return FieldCoverage(
        field=name,
        tracks=tracks,
        filled=filled,
        mean_confidence=sum(row["confidence"] for row in rows) / filled if filled else None,
        by_provider={row["provider"]: row["given"] for row in rows},
        degraded=sum(row["degraded"] for row in rows),
    )
