"""Edits of one letter: its payload as a new revision, and the attributes that are no states."""

import base64
import binascii
from dataclasses import replace
from uuid import uuid4

from psycopg.rows import dict_row

from backend.contracts.dead_letter_operations import LetterAttributes, LetterEdit
from backend.contracts.dead_letters import DeadLetterState
from backend.services.common.database import Pool
from backend.services.dlq_manager import revisions
from backend.services.dlq_manager.attribute_words import changed_words
from backend.services.dlq_manager.held_letters import hold_seen, words
from backend.services.dlq_manager.refusals import ConflictError, RefusedError
from backend.services.dlq_manager.repetition import RequestKey, is_repeated
from backend.services.dlq_manager.sending import intend
from backend.services.dlq_manager.transitions import Act, Connection, Held, note

_EDITABLE = frozenset({DeadLetterState.FAILED, DeadLetterState.QUARANTINED})
_CHOOSE = """
UPDATE dead_letters.messages SET revision = %s, version = version + 1 WHERE message_id = %s AND version = %s
"""
_ATTRIBUTES = "SELECT owner, note, priority, labels FROM dead_letters.messages WHERE message_id = %s"
# changed_at stays: retention counts from the last change of state, and a note must not put it off.
_SET = """
UPDATE dead_letters.messages SET owner = %(owner)s, note = %(note)s, priority = %(priority)s,
    labels = %(labels)s, version = version + 1
WHERE message_id = %(id)s AND version = %(version)s
"""


class LetterEdits:
    """Edits, each one transaction with its audit entry. psycopg errors pass."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def edit(self, message_id: str, edit: LetterEdit, key: RequestKey | None = None) -> None:
        """Keep the bytes as the next revision, and record the intent to send it if asked: both or neither.

        RefusedError, NotFoundError, ConflictError.
        """
        body = _body(edit)
        async with self._pool.connection() as connection:
            if await is_repeated(connection, key):
                return
            held = await hold_seen(connection, message_id, edit.version)
            if held.state not in _EDITABLE:
                raise ConflictError(
                    f"Dead letter {message_id[:200]} is {words(held.state)}; only failed and quarantined "
                    "ones are edited. Nothing was kept."
                )
            held = await _revise(connection, held, body, edit)
            if edit.retry:
                await intend(connection, held, edit.author, edit.reason, uuid4())

    async def set_attributes(
        self, message_id: str, attributes: LetterAttributes, key: RequestKey | None = None
    ) -> None:
        """Change owner, note, priority and labels, in whatever state. Errors as for `edit`."""
        labels = _labels(attributes.labels)
        async with self._pool.connection() as connection:
            if await is_repeated(connection, key):
                return
            held = await hold_seen(connection, message_id, attributes.version)
            cursor = connection.cursor(row_factory=dict_row)
            before = await (await cursor.execute(_ATTRIBUTES, (message_id,))).fetchone()
            row = {
                "id": message_id,
                "version": held.version,
                "owner": attributes.owner or None,
                "note": attributes.note,
                "priority": attributes.priority,
                "labels": labels,
            }
            changes = changed_words(before or {}, row)
            if changes:
                await connection.execute(_SET, row)
                await note(connection, _next(held), Act("attributes", attributes.author, changes))


async def _revise(connection: Connection, held: Held, body: bytes, edit: LetterEdit) -> Held:
    found = await revisions.current(connection, [held.message_id])
    before = found[held.message_id]
    if before.body == body:
        if not edit.retry:
            raise RefusedError("The payload is the same as the one that is sent next. Nothing was kept.")
        return held
    await revisions.keep(connection, [(before, body)], Act("edit", edit.author, edit.reason))
    await connection.execute(_CHOOSE, (before.next, held.message_id, held.version))
    edited = _next(held)
    await note(connection, edited, Act(f"edited (revision {before.next})", edit.author, edit.reason))
    return edited


def _next(held: Held) -> Held:
    return replace(held, version=held.version + 1)


def _body(edit: LetterEdit) -> bytes:
    if (edit.payload_text is None) == (edit.payload_base64 is None):
        raise RefusedError("Send either payload_text or payload_base64.")
    if edit.payload_text is not None:
        try:
            return edit.payload_text.encode()
        except UnicodeEncodeError as error:
            raise RefusedError(
                "The text has half a surrogate pair, which UTF-8 cannot hold. Send payload_base64 instead."
            ) from error
    try:
        return base64.b64decode(edit.payload_base64 or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError("payload_base64 is not Base64.") from error


def _labels(labels: list[str]) -> list[str]:
    cleaned = list(dict.fromkeys(label.strip() for label in labels))
    if any(not 0 < len(label) <= 100 for label in cleaned):
        raise RefusedError("A label has 1 to 100 characters.")
    return cleaned
