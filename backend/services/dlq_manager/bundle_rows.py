"""Reads letters with everything about them for a bundle."""

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, LiteralString

from psycopg.rows import dict_row

from backend.services.dlq_manager.transitions import Connection

_BATCH = 100
_BATCH_BYTES = 32_000_000

# Without the columns of the machinery; purged letters have no payload.
_LETTERS: LiteralString = """
SELECT m.*, p.body, p.headers, p.content_type, encode(coalesce(p.sha256, t.sha256), 'hex') AS sha256
FROM dead_letters.messages AS m
LEFT JOIN dead_letters.payloads AS p USING (message_id)
LEFT JOIN dead_letters.tombstones AS t USING (message_id)
WHERE m.message_id = ANY(%s)
"""
_ATTEMPTS: LiteralString = """
SELECT message_id, generation, provider, outcome_class, error_type, error_message, stack_trace, place,
    fingerprint, failed_at
FROM dead_letters.attempts WHERE message_id = ANY(%s) ORDER BY message_id, id
"""
_AUDIT: LiteralString = """
SELECT message_id, action, actor, reason, operation_id, from_state, to_state, version, happened_at
FROM dead_letters.audit WHERE message_id = ANY(%s) ORDER BY message_id, id
"""
_REVISIONS: LiteralString = """
SELECT message_id, number, body, encode(sha256, 'hex') AS sha256, patch, author, reason, operation_id,
    created_at
FROM dead_letters.revisions WHERE message_id = ANY(%s) ORDER BY message_id, number
"""
_SIZES: LiteralString = """
SELECT m.message_id, coalesce(octet_length(p.body), 0) + coalesce((
    SELECT sum(octet_length(r.body)) FROM dead_letters.revisions AS r WHERE r.message_id = m.message_id
), 0) AS bytes
FROM dead_letters.messages AS m LEFT JOIN dead_letters.payloads AS p USING (message_id)
WHERE m.message_id = ANY(%s)
"""

Row = dict[str, Any]


async def sizes(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Bytes of payload and revisions by letter."""
    return {row["message_id"]: int(row["bytes"]) for row in await _rows(connection, _SIZES, ids)}


async def letters(
    connection: Connection, ids: Sequence[str], known: dict[str, int]
) -> AsyncIterator[list[Row]]:
    """The letters in the order of `ids`, a bounded number of bytes at a time; `known` are their sizes.

    Each row has besides its columns the lists `attempts`, `audit` and `revisions`.
    """
    batch: list[str] = []
    for message_id in ids:
        batch.append(message_id)
        if len(batch) >= _BATCH or sum(known.get(one, 0) for one in batch) >= _BATCH_BYTES:
            yield await _batch(connection, batch)
            batch = []
    if batch:
        yield await _batch(connection, batch)


async def _batch(connection: Connection, ids: Sequence[str]) -> list[Row]:
    found = {row["message_id"]: row for row in await _rows(connection, _LETTERS, ids)}
    for name, statement in (("attempts", _ATTEMPTS), ("audit", _AUDIT), ("revisions", _REVISIONS)):
        rows = await _rows(connection, statement, ids)
        parts = {key: list(group) for key, group in groupby(rows, key=itemgetter("message_id"))}
        for message_id, row in found.items():
            row[name] = parts.get(message_id, [])
    return [found[message_id] for message_id in ids if message_id in found]


async def _rows(connection: Connection, statement: LiteralString, ids: Sequence[str]) -> list[Row]:
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(statement, (list(ids),))).fetchall()
