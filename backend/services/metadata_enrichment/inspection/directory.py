"""Finds stored tracks by words of their artist, title or id."""

from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import dict_row

from backend.contracts.inspection import StoredTrack
from backend.services.common.database import Pool

# The expression is that of the index enrichment_requests_words; only as it stands there it is used.
_HAS_WORD: LiteralString = "(r.artist_name || ' ' || r.track_title || ' ' || r.track_id) ILIKE %s"
_FIND: LiteralString = """
SELECT r.track_id, r.artist_name, r.track_title, r.status, t.completeness,
    coalesce(t.degraded, false) AS degraded, coalesce(t.config_version, r.config_version) AS config_version,
    r.received_at AS last_requested_at
FROM enrichment_requests r LEFT JOIN enriched_tracks t USING (track_id)
WHERE {words} AND NOT EXISTS (
    SELECT FROM enrichment_requests later
    WHERE later.track_id = r.track_id AND (later.received_at, later.id) > (r.received_at, r.id)
)
ORDER BY r.received_at DESC, r.id DESC LIMIT %s
"""
MOST_WORDS = 12
"""More than that are left out: they would narrow nothing any more."""


class Directory:
    """The tracks that were ever asked for. psycopg errors pass through."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, text: str, limit: int) -> list[StoredTrack]:
        """Tracks whose newest request has every word of `text` in artist, title or id; newest first."""
        patterns = [_pattern(word) for word in text.split()[:MOST_WORDS]]
        conditions = [sql.SQL(_HAS_WORD)] * len(patterns) or [sql.SQL("true")]
        statement = sql.SQL(_FIND).format(words=sql.SQL(" AND ").join(conditions))
        arguments: list[Any] = [*patterns, limit]
        async with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rows = await (await cursor.execute(statement, arguments)).fetchall()
        return [StoredTrack.model_validate(row) for row in rows]


def _pattern(word: str) -> str:
    for special in "\\%_":
        word = word.replace(special, f"\\{special}")
    return f"%{word}%"
