"""Edits: the original stays, what is typed is kept byte for byte, sending is in the same transaction."""

import asyncio
import base64

import pytest

from backend.contracts.dead_letter_operations import LetterAttributes, LetterEdit
from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.letter_edits import LetterEdits
from backend.services.dlq_manager.refusals import ConflictError, NotFoundError, RefusedError
from backend.services.dlq_manager.repetition import request_key
from tests.backend.services.dlq_manager.manager import BODY, Manager, dead

S = DeadLetterState
TYPED = '{ "big": 9223372036854775808, "b": 1.50, "a": 1, "a": 2, "nul": "\\u0000", "é": "\U0001f4a5" }\n'


@pytest.fixture
async def edits(manager: Manager) -> LetterEdits:
    await manager.take(dead())
    return LetterEdits(manager.pool)


def edit(version: int = 1, text: str | None = TYPED, *, retry: bool = False, **more: str) -> LetterEdit:
    return LetterEdit(version=version, payload_text=text, retry=retry, author="ann", reason="typo", **more)


async def test_text_is_kept_and_sent_byte_for_byte(manager: Manager, edits: LetterEdits) -> None:
    await edits.edit("letter-1", edit(retry=True))
    assert await manager.outbox.send_due() == 1
    (message,) = await manager.sent()
    assert message.body == TYPED.encode()
    async with manager.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT p.body, r.body, r.author, r.reason, m.revision FROM dead_letters.payloads AS p "
            "JOIN dead_letters.revisions AS r USING (message_id) "
            "JOIN dead_letters.messages AS m USING (message_id)"
        )
        assert await cursor.fetchone() == (BODY, TYPED.encode(), "ann", "typo", 1)
    audit = (await manager.letter()).audit
    assert [entry.action for entry in audit] == ["received", "edited (revision 1)", "replay", "sent"]
    assert {entry.actor for entry in audit[1:3]} == {"ann"}


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"\x1f\x8b\x08\x00"])
async def test_bytes_that_are_no_text_can_be_edited(
    manager: Manager, edits: LetterEdits, body: bytes
) -> None:
    await edits.edit("letter-1", edit(text=None, payload_base64=base64.b64encode(body).decode(), retry=True))
    await manager.outbox.send_due()
    assert [message.body for message in await manager.sent()] == [body]


async def test_the_second_edit_is_the_next_revision(manager: Manager, edits: LetterEdits) -> None:
    await edits.edit("letter-1", edit())
    with pytest.raises(ConflictError, match=r"edited \(revision 1\), by ann"):
        await edits.edit("letter-1", edit(text="{}"))
    await edits.edit("letter-1", edit(2, "{}"))
    with pytest.raises(RefusedError, match="the same as"):
        await edits.edit("letter-1", edit(3, "{}"))
    await edits.edit("letter-1", edit(3, "{}", retry=True))
    await manager.outbox.send_due()
    assert [message.body for message in await manager.sent()] == [b"{}"]
    with pytest.raises(ConflictError, match="in flight"):
        await edits.edit("letter-1", edit(5, "[]"))


async def test_an_edit_repeated_after_a_lost_answer_is_one_revision(
    manager: Manager, edits: LetterEdits
) -> None:
    key = request_key("k-1", "letter-1", TYPED)
    await asyncio.gather(*(edits.edit("letter-1", edit(retry=True), key) for _ in range(3)))
    await edits.edit("letter-1", edit(retry=True), key)
    with pytest.raises(RefusedError, match="another request"):
        await edits.edit("letter-1", edit(9), request_key("k-1", "other"))
    assert await manager.outbox.send_due() == 1
    assert [entry.action for entry in (await manager.letter()).audit].count("edited (revision 1)") == 1


async def test_what_is_refused_leaves_nothing(manager: Manager, edits: LetterEdits) -> None:
    with pytest.raises(RefusedError, match="either"):
        await edits.edit("letter-1", edit(payload_base64="e30="))
    with pytest.raises(RefusedError, match="not Base64"):
        await edits.edit("letter-1", edit(text=None, payload_base64="e30"))
    with pytest.raises(NotFoundError):
        await edits.edit("nope", edit())
    assert len((await manager.letter()).audit) == 1


async def test_attributes_are_no_states(manager: Manager, edits: LetterEdits) -> None:
    wanted = LetterAttributes(
        version=1,
        owner="ann",
        note="ask the label",
        priority=3,
        labels=["isrc", " isrc", "vip"],
        author="bob",
    )
    await edits.set_attributes("letter-1", wanted)
    entry = (await manager.letter()).audit[-1]
    assert (entry.action, entry.actor, entry.version, entry.to_state) == ("attributes", "bob", 2, S.FAILED)
    assert (
        entry.reason
        == "owner: none → ann; note: none → ask the label; priority: 0 → 3; labels: none → isrc, vip"
    )
    with pytest.raises(ConflictError):
        await edits.set_attributes("letter-1", wanted)
    await edits.set_attributes("letter-1", wanted.model_copy(update={"version": 2}))
    assert (await manager.letter()).audit[-1] == entry
    with pytest.raises(RefusedError, match="1 to 100"):
        await edits.set_attributes("letter-1", wanted.model_copy(update={"labels": [" "]}))
