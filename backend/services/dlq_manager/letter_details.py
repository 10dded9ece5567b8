"""Reads one letter with everything about it."""

import base64
from typing import Any, LiteralString

from psycopg.rows import dict_row

from backend.contracts.dead_letter_views import AttemptEntry, LetterDetail, RevisionEntry
from backend.contracts.dead_letters import PENDING_STATES, AuditEntry, DeadLetterState
from backend.services.common.database import Pool
from backend.services.dlq_manager.business_key import names_of
from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.query_sql import STALE
from backend.services.dlq_manager.retention import Retention
from backend.services.dlq_manager.transitions import Connection

LARGEST_SHOWN = 1_000_000

_LETTER: LiteralString = (
    """
SELECT m.*, m.retry_count + 1 AS attempts, p.headers, p.content_type, octet_length(p.body) AS body_bytes,
    substring(p.body FOR %(shown)s) AS body, encode(coalesce(p.sha256, t.sha256), 'hex') AS sha256,
    t.bytes AS purged_bytes, coalesce(t.proof, m.proof) AS known_proof,
    """
    + STALE
    + """ AS is_stale
FROM dead_letters.messages AS m
LEFT JOIN dead_letters.payloads AS p USING (message_id)
LEFT JOIN dead_letters.tombstones AS t USING (message_id)
WHERE m.message_id = %(id)s
"""
)
_ATTEMPTS: LiteralString = """
SELECT generation, provider, outcome_class, error_type, error_message, stack_trace, place, fingerprint,
    failed_at
FROM dead_letters.attempts WHERE message_id = %(id)s ORDER BY id
"""
_AUDIT: LiteralString = """
SELECT action, actor, reason, from_state, to_state, version, happened_at
FROM dead_letters.audit WHERE message_id = %(id)s ORDER BY id
"""
_REVISIONS: LiteralString = """
SELECT number, author, reason, created_at, body, encode(sha256, 'hex') AS sha256, patch
FROM dead_letters.revisions WHERE message_id = %(id)s ORDER BY number
"""
_PAYLOAD: LiteralString = """
SELECT coalesce(r.body, p.body), p.content_type
FROM dead_letters.payloads AS p
LEFT JOIN dead_letters.revisions AS r ON r.message_id = p.message_id AND r.number = %(revision)s
WHERE p.message_id = %(id)s AND (%(revision)s::int IS NULL OR r.number IS NOT NULL)
"""


class LetterDetails:
    """Reads single letters. psycopg errors pass."""

    def __init__(self, pool: Pool, retention: Retention, music: MusicReadings) -> None:
        self._pool = pool
        self._retention = retention
        self._music = music

    async def one(self, message_id: str) -> LetterDetail | None:
        """The letter as it is at one moment; none when there is no such one."""
        wanted = {"id": message_id, "shown": LARGEST_SHOWN + 1}
        async with self._pool.connection() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = await _rows(connection, _LETTER, wanted)
            if not found:
                return None
            attempts = await _rows(connection, _ATTEMPTS, wanted)
            audit = await _rows(connection, _AUDIT, wanted)
            revisions = await _rows(connection, _REVISIONS, wanted)
        detail = self._detail(found[0], attempts, audit, revisions)
        if detail.state not in PENDING_STATES or found[0]["business_key"] is None:
            return detail
        # After the connection is given back: the music database may take its time.
        later = await self._music.superseded([(found[0]["business_key"], detail.failed_at)])
        return detail.model_copy(
            update={"superseded": (later or {}).get(0), "superseded_is_known": later is not None}
        )

    async def payload(self, message_id: str, revision: int | None) -> tuple[bytes, str] | None:
        """The bytes, original or of a revision, and their content type; none when there are none."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_PAYLOAD, {"id": message_id, "revision": revision})
            row = await cursor.fetchone()
        return None if row is None else (bytes(row[0]), row[1])

    def _detail(
        self,
        row: dict[str, Any],
        attempts: list[dict[str, Any]],
        audit: list[dict[str, Any]],
        revisions: list[dict[str, Any]],
    ) -> LetterDetail:
        body = None if row["body"] is None else bytes(row["body"])
        key = row["business_key"]
        known = {
            **row,
            "operation_id": None if row["operation_id"] is None else str(row["operation_id"]),
            "proof": row["known_proof"],
            "headers": row["headers"] or {},
            "content_type": row["content_type"] or "",
            "track_id": None if key is None or names_of(key) else key,
            "payload_text": None if body is None else _text(body),
            "payload_base64": _base64(body),
            "payload_bytes": row["body_bytes"] if body is not None else row["purged_bytes"] or 0,
            "payload_sha256": row["sha256"] or "",
            "purge_at": self._retention.purge_at(DeadLetterState(row["state"]), row["changed_at"]),
            "attempt_list": [AttemptEntry.model_validate(entry) for entry in attempts],
            "audit": [AuditEntry.model_validate(entry) for entry in audit],
            "revisions": [_revision(entry) for entry in revisions],
        }
        return LetterDetail.model_validate(known)


def _revision(row: dict[str, Any]) -> RevisionEntry:
    body = bytes(row["body"])
    shown = {"payload_text": _text(body), "payload_base64": base64.b64encode(body).decode()}
    return RevisionEntry.model_validate({**row, **shown})


def _text(body: bytes) -> str:
    return body[:LARGEST_SHOWN].decode("utf-8", "backslashreplace")


def _base64(body: bytes | None) -> str | None:
    if body is None or len(body) > LARGEST_SHOWN:
        return None
    return base64.b64encode(body).decode()


async def _rows(
    connection: Connection, statement: LiteralString, wanted: dict[str, Any]
) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(statement, wanted)).fetchall()
