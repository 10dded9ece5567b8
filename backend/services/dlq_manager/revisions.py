"""Edited payloads: the original bytes never change, what is sent instead is a revision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from backend.services.dlq_manager.transitions import Act, Connection

_CURRENT = """
SELECT m.message_id, coalesce(r.body, p.body) AS body,
    coalesce((SELECT max(number) FROM dead_letters.revisions WHERE message_id = m.message_id), 0) + 1 AS next
FROM dead_letters.messages AS m
JOIN dead_letters.payloads AS p USING (message_id)
LEFT JOIN dead_letters.revisions AS r ON r.message_id = m.message_id AND r.number = m.revision
WHERE m.message_id = ANY(%s)
"""
_INSERT = """
INSERT INTO dead_letters.revisions (message_id, number, body, sha256, patch, author, reason, operation_id)
VALUES (%(id)s, %(number)s, %(body)s, sha256(%(body)s), %(patch)s, %(author)s, %(reason)s, %(operation)s)
"""


@dataclass(frozen=True)
class Current:
    """What would be sent next, and the number of the revision after it."""

    message_id: str
    body: bytes
    next: int


async def current(connection: Connection, message_ids: Sequence[str]) -> dict[str, Current]:
    """What would be sent next for each; purged letters are left out."""
    cursor = connection.cursor(row_factory=class_row(Current))
    rows = await (await cursor.execute(_CURRENT, (list(message_ids),))).fetchall()
    return {row.message_id: Current(row.message_id, bytes(row.body), row.next) for row in rows}


async def keep(
    connection: Connection,
    bodies: Sequence[tuple[Current, bytes]],
    act: Act,
    patch: Sequence[dict[str, Any]] | None = None,
) -> None:
    """Keep new bodies as the next revision of letters that are locked. Choosing them is the caller's."""
    rows = [
        {
            "id": before.message_id,
            "number": before.next,
            "body": body,
            "patch": None if patch is None else Jsonb(list(patch)),
            "author": act.actor,
            "reason": act.reason,
            "operation": act.operation_id,
        }
        for before, body in bodies
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(_INSERT, rows)
