"""Counts, for a preview, the letters whose track was enriched since; of the newest when they are many."""

from typing import Any

from psycopg import sql

from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.transitions import Connection

LOOKED_AT = 2_000
_KEYS = sql.SQL("""
SELECT m.business_key, m.failed_at FROM dead_letters.messages AS m
WHERE {chosen} AND m.state = ANY(%(acting)s) ORDER BY m.failed_at DESC, m.message_id DESC LIMIT {most}
""")
Keys = list[tuple[Any, ...]]


async def newest_keys(
    connection: Connection, chosen: sql.Composable, arguments: dict[str, Any], acting: list[str]
) -> Keys:
    """Business key and time of the newest letters that would be acted on. psycopg errors pass."""
    statement = _KEYS.format(chosen=chosen, most=sql.Literal(LOOKED_AT))
    return await (await connection.execute(statement, {**arguments, "acting": acting})).fetchall()


async def count_superseded(music: MusicReadings, keys: Keys) -> int | None:
    """How many of them; none when the music database does not say."""
    found = await music.superseded([(key, at) for key, at in keys if key is not None])
    return None if found is None else len(found)
