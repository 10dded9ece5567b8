"""Sends the next members of an operation: one transaction from the pending member to the durable intent.

There is no claim that outlives a transaction, so nothing has to be given back when the manager dies: a member
is pending, or its intent lies in the outbox. Members and letters are locked in one order everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.json_patch import patched
from backend.services.dlq_manager.operation_changes import HeldOperation
from backend.services.dlq_manager.patch_steps import PatchFailedError, read_patch
from backend.services.dlq_manager.revisions import current, keep
from backend.services.dlq_manager.transitions import Act, Connection

S = DeadLetterState

_HOLD: LiteralString = """
WITH members AS MATERIALIZED (
    SELECT position, message_id FROM dead_letters.operation_items
    WHERE operation_id = %(operation)s AND outcome = 'pending' AND (is_canary OR NOT %(canary)s)
    ORDER BY position LIMIT %(limit)s FOR UPDATE
)
SELECT i.position, m.message_id, m.state, m.business_key, m.failed_at, m.provider, m.revision
FROM members AS i JOIN dead_letters.messages AS m USING (message_id)
ORDER BY m.message_id FOR UPDATE OF m
"""
_SKIP: LiteralString = """
UPDATE dead_letters.operation_items AS i SET outcome = 'skipped', detail = s.detail,
    changed_at = clock_timestamp()
FROM unnest(%(positions)s::int[], %(details)s::text[]) AS s (position, detail)
WHERE i.operation_id = %(operation)s AND i.position = s.position
"""
_RELEASE: LiteralString = """
WITH released AS (
    UPDATE dead_letters.messages SET state = 'failed', version = version + 1, reason = '',
        changed_at = clock_timestamp()
    WHERE message_id = ANY(%(ids)s) AND state = 'quarantined' RETURNING message_id, version
)
INSERT INTO dead_letters.audit
    (message_id, action, actor, reason, operation_id, from_state, to_state, version)
SELECT message_id, 'released from quarantine', %(actor)s, %(reason)s, %(operation)s, 'quarantined', 'failed',
    version FROM released
"""
_REVISE: LiteralString = """
UPDATE dead_letters.messages AS m SET revision = r.number, version = version + 1
FROM unnest(%(ids)s::text[], %(numbers)s::int[]) AS r (message_id, number) WHERE m.message_id = r.message_id
"""
_INTEND: LiteralString = """
WITH sent AS (
    UPDATE dead_letters.messages SET state = 'publishing', version = version + 1, generation = generation + 1,
        operation_id = %(operation)s, reason = '', changed_at = clock_timestamp()
    WHERE message_id = ANY(%(ids)s) AND state = 'failed'
    RETURNING message_id, generation, version, revision
), intended AS (
    INSERT INTO dead_letters.outbox (message_id, generation, operation_id, revision, revision_before)
    SELECT s.message_id, s.generation, %(operation)s, s.revision, b.revision
    FROM sent AS s JOIN unnest(%(ids)s::text[], %(revisions)s::int[]) AS b (message_id, revision)
        USING (message_id)
), audited AS (
    INSERT INTO dead_letters.audit
        (message_id, action, actor, reason, operation_id, from_state, to_state, version)
    SELECT message_id, 'replay', %(actor)s, %(reason)s, %(operation)s, 'failed', 'publishing', version
    FROM sent
)
UPDATE dead_letters.operation_items AS i SET outcome = 'claimed', generation = s.generation, detail = '',
    state_before = CASE WHEN i.message_id = ANY(%(quarantined)s) THEN 'quarantined' ELSE 'failed' END,
    changed_at = clock_timestamp()
FROM sent AS s WHERE i.operation_id = %(operation)s AND i.message_id = s.message_id
"""


@dataclass(frozen=True)
class Member:
    """A pending member whose letter this transaction has locked."""

    position: int
    message_id: str
    state: DeadLetterState
    business_key: str | None
    failed_at: datetime
    provider: str | None
    """The one to blame for its last failure."""
    revision: int | None
    """The one chosen to be sent next."""


async def hold_members(connection: Connection, operation: UUID, limit: int, *, canary: bool) -> list[Member]:
    """Lock the next pending members and their letters; with `canary` those of the sample alone."""
    cursor = connection.cursor(row_factory=dict_row)
    arguments = {"operation": operation, "limit": limit, "canary": canary}
    rows = await (await cursor.execute(_HOLD, arguments)).fetchall()
    return [Member(**{**row, "state": S(row["state"])}) for row in rows]


async def send_members(
    connection: Connection,
    held: HeldOperation,
    members: Sequence[Member],
    superseded: Mapping[str, str],
) -> int:
    """Record the intents; how many. The others are skipped, each with the reason.

    `superseded` are letters whose track a later request has enriched.
    """
    skipped = {member.position: why for member in members if (why := _why_skipped(member, superseded))}
    sending = [member for member in members if member.position not in skipped]
    act = Act("replay", held.author, held.reason, held.id)
    await _release(connection, held, sending)
    if held.options.patch is not None:
        skipped |= await _revise(connection, sending, held.options.patch, act)
        sending = [member for member in sending if member.position not in skipped]
    await _skip(connection, held.id, skipped)
    if sending:
        before = {
            "revisions": [member.revision for member in sending],
            "quarantined": [member.message_id for member in sending if member.state is S.QUARANTINED],
        }
        await connection.execute(_INTEND, _arguments(held, sending) | before)
    return len(sending)


def _why_skipped(member: Member, superseded: Mapping[str, str]) -> str:
    if member.message_id in superseded:
        return f"superseded: its track was enriched since, by request {superseded[member.message_id]}"
    if member.state not in {S.FAILED, S.QUARANTINED}:
        return f"is {member.state.value.replace('_', ' ')} now"
    return ""


async def _release(connection: Connection, held: HeldOperation, members: Sequence[Member]) -> None:
    quarantined = [member for member in members if member.state is S.QUARANTINED]
    if quarantined:
        await connection.execute(_RELEASE, _arguments(held, quarantined))


async def _revise(
    connection: Connection, members: Sequence[Member], patch: list[dict[str, Any]], act: Act
) -> dict[int, str]:
    """Keep the patched payloads as revisions; positions that it cannot be applied to, with the reason."""
    steps = read_patch(patch)
    before = await current(connection, [member.message_id for member in members])
    after: dict[str, bytes] = {}
    skipped: dict[int, str] = {}
    for member in members:
        try:
            after[member.message_id] = patched(before[member.message_id].body, steps)
        except PatchFailedError as error:
            skipped[member.position] = f"the patch does not apply: {error}"
    changed = [(before[name], body) for name, body in after.items() if body != before[name].body]
    await keep(connection, changed, act, patch)
    numbers = {revision.message_id: revision.next for revision, _ in changed}
    if numbers:
        await connection.execute(_REVISE, {"ids": list(numbers), "numbers": list(numbers.values())})
    return skipped


async def _skip(connection: Connection, operation: UUID, skipped: Mapping[int, str]) -> None:
    if skipped:
        arguments = {"operation": operation, "positions": list(skipped), "details": list(skipped.values())}
        await connection.execute(_SKIP, arguments)


def _arguments(held: HeldOperation, members: Sequence[Member]) -> dict[str, Any]:
    ids = [member.message_id for member in members]
    return {"operation": held.id, "ids": ids, "actor": held.author, "reason": held.reason}
