"""Notes stay with the cause, and nobody's words are overwritten."""

import asyncio

import pytest

from backend.contracts.dead_letter_views import CauseNote, CauseNoteChange
from backend.services.dlq_manager.cause_notes import CauseNotes
from backend.services.dlq_manager.refusals import ConflictError, NotFoundError
from backend.services.dlq_manager.repetition import request_key
from tests.backend.services.dlq_manager.manager import Manager, dead


@pytest.fixture
async def fingerprint(manager: Manager) -> str:
    await manager.take(dead())
    return (await manager.letter()).fingerprint


def change(version: int = 0, note: str = "key rotation", author: str = "ann") -> CauseNoteChange:
    return CauseNoteChange(
        version=version, owner="team", note=note, runbook="https://wiki/keys", author=author
    )


async def test_a_note_is_kept_with_its_history(manager: Manager, fingerprint: str) -> None:
    notes = CauseNotes(manager.pool)
    first = await notes.keep(fingerprint, change())
    second = await notes.keep(fingerprint, change(1, "rotated on the 3rd", "bob"))
    assert (first.version, first.note, first.changed_by) == (1, "key rotation", "ann")
    assert (second.version, second.note, second.changed_by) == (2, "rotated on the 3rd", "bob")
    async with manager.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT actor, before ->> 'note', after ->> 'note' FROM dead_letters.cause_audit ORDER BY id"
        )
        assert await cursor.fetchall() == [
            ("ann", None, "key rotation"),
            ("bob", "key rotation", "rotated on the 3rd"),
        ]


async def test_of_two_at_once_one_is_told_who_was_first(manager: Manager, fingerprint: str) -> None:
    notes = CauseNotes(manager.pool)
    both = await asyncio.gather(
        *(notes.keep(fingerprint, change(author=author)) for author in ("ann", "bob")), return_exceptions=True
    )
    (kept,) = [one for one in both if isinstance(one, CauseNote)]
    (refused,) = [one for one in both if isinstance(one, ConflictError)]
    assert f"{kept.changed_by} changed this note" in str(refused)


async def test_a_repeated_note_is_kept_once(manager: Manager, fingerprint: str) -> None:
    notes, key = CauseNotes(manager.pool), request_key("k", fingerprint)
    first = await notes.keep(fingerprint, change(), key)
    assert await notes.keep(fingerprint, change(), key) == first


async def test_a_cause_nobody_saw_has_no_note(manager: Manager) -> None:
    with pytest.raises(NotFoundError, match="was ever seen"):
        await CauseNotes(manager.pool).keep("0123456789abcdef", change())
