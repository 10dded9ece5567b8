"""Stores many new arrivals in a few statements. What is not plainly new is left to be looked at singly."""

from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from backend.services.dlq_manager.arrivals import Arrival
from backend.services.dlq_manager.transitions import Connection

_COLUMNS: dict[str, LiteralString] = {
    "id": "text",
    "state": "text",
    "routing_key": "text",
    "correlation": "text",
    "source": "text",
    "provider": "text",
    "error_type": "text",
    "error_message": "text",
    "stack": "text",
    "fingerprint": "text",
    "metadata": "jsonb",
    "quarantine": "text",
    "outcome": "text",
    "place": "text",
    "trace": "text",
    "artist": "text",
    "title": "text",
    "business_key": "text",
    "failed_at": "timestamptz",
}
_ARRAYS = ", ".join(f"%({name})s::{kind}[]" for name, kind in _COLUMNS.items())
_NAMES = ", ".join(_COLUMNS)

_INSERT = f"""
WITH told AS (
    SELECT * FROM unnest({_ARRAYS}) AS t ({_NAMES})
), kept AS (
    INSERT INTO dead_letters.messages (message_id, state, routing_key, correlation_id, source_service,
        provider, error_type, error_message, stack_trace, fingerprint, fingerprint_version, metadata, reason,
        outcome_class, place, trace_id, artist, title, business_key, first_failed_at, failed_at)
    SELECT id, state, routing_key, correlation, source, provider, error_type, error_message, stack,
        fingerprint, %(fingerprint_version)s, metadata, quarantine, outcome, place, trace, artist, title,
        business_key, failed_at, failed_at
    FROM told ORDER BY id
    ON CONFLICT (message_id) DO NOTHING RETURNING message_id
), failed AS (
    INSERT INTO dead_letters.attempts (message_id, generation, error_type, error_message, stack_trace,
        provider, fingerprint, failed_at, outcome_class, place)
    SELECT id, 0, error_type, error_message, stack, provider, fingerprint, failed_at, outcome, place
    FROM told JOIN kept ON message_id = id
), audited AS (
    INSERT INTO dead_letters.audit (message_id, action, actor, reason, to_state, version)
    SELECT id, 'received', %(actor)s, quarantine, state, 1 FROM told JOIN kept ON message_id = id
)
SELECT message_id FROM kept
"""  # noqa: S608 - put together from constants
_PAYLOADS = """
INSERT INTO dead_letters.payloads (message_id, body, sha256, content_type, headers)
SELECT id, body, sha256(body), type, headers
FROM unnest(%(ids)s::text[], %(bodies)s::bytea[], %(types)s::text[], %(headers)s::jsonb[])
    AS t (id, body, type, headers)
"""


async def keep_new(
    connection: Connection, rows: Sequence[dict[str, Any]], arrivals: Sequence[Arrival], actor: str
) -> set[str]:
    """Insert letters that nobody knows yet; the ids of those inserted. No id may stand in `rows` twice."""
    arguments: dict[str, Any] = {name: [row[name] for row in rows] for name in _COLUMNS}
    arguments |= {"actor": actor, "fingerprint_version": rows[0]["fingerprint_version"]}
    cursor = await connection.execute(_INSERT.encode(), arguments)
    kept = {row[0] for row in await cursor.fetchall()}
    chosen = [(row, one) for row, one in zip(rows, arrivals, strict=True) if row["id"] in kept]
    if chosen:
        payloads = {
            "ids": [row["id"] for row, _ in chosen],
            "bodies": [one.message.body for _, one in chosen],
            "types": [one.message.content_type for _, one in chosen],
            "headers": [Jsonb(dict(one.message.headers)) for _, one in chosen],
        }
        await connection.execute(_PAYLOADS, payloads)
    return kept
