"""What people write about a cause. It stays with the fingerprint, also over recurrences."""

from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.contracts.dead_letter_views import CauseNote, CauseNoteChange
from backend.services.common.database import Pool
from backend.services.dlq_manager.refusals import ConflictError, NotFoundError
from backend.services.dlq_manager.repetition import RequestKey, is_repeated
from backend.services.dlq_manager.transitions import Connection

_KNOWN = "SELECT 1 FROM dead_letters.causes WHERE fingerprint = %s"
_READ = """
SELECT version, owner, note, runbook, last_outcome, changed_by, changed_at
FROM dead_letters.cause_notes WHERE fingerprint = %s FOR UPDATE
"""
_BEGIN = """
INSERT INTO dead_letters.cause_notes (fingerprint, version, changed_by) VALUES (%s, 0, %s)
ON CONFLICT (fingerprint) DO NOTHING
"""
_KEEP = """
UPDATE dead_letters.cause_notes SET version = version + 1, owner = %(owner)s, note = %(note)s,
    runbook = %(runbook)s, changed_by = %(author)s, changed_at = clock_timestamp()
WHERE fingerprint = %(fingerprint)s
RETURNING version, owner, note, runbook, last_outcome, changed_by, changed_at
"""
_AUDIT = "INSERT INTO dead_letters.cause_audit (fingerprint, actor, before, after) VALUES (%s, %s, %s, %s)"


class CauseNotes:
    """Keeps notes, with an audit entry in the same transaction. psycopg errors pass."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(
        self, fingerprint: str, change: CauseNoteChange, key: RequestKey | None = None
    ) -> CauseNote:
        """The note as it is kept now. NotFoundError; ConflictError when somebody else changed it since."""
        async with self._pool.connection() as connection:
            if await (await connection.execute(_KNOWN, (fingerprint,))).fetchone() is None:
                raise NotFoundError(f"No failure with the fingerprint {fingerprint[:100]} was ever seen.")
            repeated = await is_repeated(connection, key)
            # The row is made before it is read, so that two first notes meet each other here.
            await connection.execute(_BEGIN, (fingerprint, change.author))
            before = await _one(connection, _READ, (fingerprint,))
            if repeated:
                return before
            if before.version != change.version:
                raise ConflictError(_who_was_first(before))
            after = await _one(connection, _KEEP, {"fingerprint": fingerprint, **_written(change)})
            told = (_audited(before) if before.version else None, _audited(after))
            await connection.execute(_AUDIT, (fingerprint, change.author, *told))
        return after


async def _one(connection: Connection, statement: Any, arguments: Any) -> CauseNote:
    cursor = connection.cursor(row_factory=dict_row)
    return CauseNote.model_validate(await (await cursor.execute(statement, arguments)).fetchone())


def _written(change: CauseNoteChange) -> dict[str, Any]:
    return change.model_dump(exclude={"version"}) | {"owner": change.owner or None}


def _audited(note: CauseNote) -> Jsonb:
    return Jsonb(note.model_dump(mode="json", include={"version", "owner", "note", "runbook"}))


def _who_was_first(note: CauseNote) -> str:
    if not note.version:
        return "There is no note on this cause yet. Send version 0."
    at = "" if note.changed_at is None else f" at {note.changed_at:%Y-%m-%d %H:%M:%S UTC}"
    return (
        f"{note.changed_by} changed this note{at}; it has version {note.version} now. Nothing was kept. "
        "Read it again, then write yours."
    )
