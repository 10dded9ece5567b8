"""Purging by retention: from what is over, and from nothing else."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.retention import Purge, Retention
from tests.backend.services.dlq_manager.manager import Manager, dead

S = DeadLetterState
RETENTION = Retention(resolved_days=30, discarded_days=90)


@pytest.fixture
def purge(manager: Manager) -> Purge:
    return Purge(manager.pool, RETENTION)


async def aged(manager: Manager, days: int, message_id: str = "letter-1") -> None:
    """As if its state had changed so many days ago."""
    async with manager.pool.connection() as connection:
        await connection.execute(
            "UPDATE dead_letters.messages SET version = version + 1, "
            "changed_at = changed_at - make_interval(days => %s) WHERE message_id = %s",
            (days, message_id),
        )


async def state_of(manager: Manager, message_id: str = "letter-1") -> tuple[str, bool]:
    """Its state, and whether its bytes are there."""
    async with manager.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT m.state, p.body IS NOT NULL FROM dead_letters.messages AS m "
            "LEFT JOIN dead_letters.payloads AS p USING (message_id) WHERE m.message_id = %s",
            (message_id,),
        )
        row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]


async def test_discarded_letters_are_kept_for_their_time_and_then_leave_a_tombstone(
    manager: Manager, purge: Purge
) -> None:
    await manager.take(dead())
    await manager.operations.discard("letter-1", "ann", "not needed")
    await aged(manager, 89)
    assert await purge.purge_due() == 0
    assert await state_of(manager) == ("discarded", True)
    await aged(manager, 2)
    assert await purge.purge_due() == 1
    assert await state_of(manager) == ("purged", False)
    async with manager.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT t.state_before, t.actor, t.reason, t.bytes, a.action, a.from_state "
            "FROM dead_letters.tombstones AS t JOIN dead_letters.audit AS a USING (message_id) "
            "ORDER BY a.id DESC LIMIT 1"
        )
        told = await cursor.fetchone()
    assert told == ("discarded", "retention", "discarded more than 90 days ago", 74, "purged", "discarded")


async def test_resolved_letters_go_earlier_and_keep_their_proof(manager: Manager, purge: Purge) -> None:
    await manager.take(dead())
    await manager.send()
    await manager.resolve()
    await aged(manager, 31)
    assert await purge.purge_due() == 1
    async with manager.pool.connection() as connection:
        cursor = await connection.execute("SELECT proof ->> 'request_id' FROM dead_letters.tombstones")
        assert await cursor.fetchone() == ("request-1",)


async def test_nothing_else_is_ever_purged_however_old(manager: Manager, purge: Purge) -> None:
    await manager.take(dead("failed"))
    await manager.take(dead("quarantined", body=b"no json"))
    for name in ("publishing", "in flight"):
        await manager.take(dead(name))
    await manager.send("in flight")
    await manager.operations.replay("publishing", "ann")
    for name in ("failed", "quarantined", "publishing", "in flight"):
        await aged(manager, 4000, name)
        assert await purge.purge_due() == 0
        assert (await state_of(manager, name))[1]


async def test_retention_racing_retries_and_undo_loses_no_bytes(manager: Manager, purge: Purge) -> None:
    """T18: whoever is first, an open letter has its bytes, and a purged one is purged for good."""
    names = [f"r-{number}" for number in range(40)]
    for name in names:
        await manager.take(dead(name))
        await manager.operations.discard(name, "ann", "not needed")
        await aged(manager, 100, name)

    async def undo_and_send(name: str) -> None:
        async with manager.pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE dead_letters.messages SET state = 'failed', version = version + 1 "
                "WHERE message_id = %s AND state = 'discarded'",
                (name,),
            )
        if cursor.rowcount:
            await manager.operations.replay(name, "ann")

    purges = [purge.purge_due() for _ in range(3)]
    await asyncio.gather(*purges, *(undo_and_send(name) for name in names))
    while await manager.outbox.send_due():
        pass
    await purge.purge_due()
    found = [await state_of(manager, name) for name in names]
    assert set(found) <= {("in_flight", True), ("purged", False)}
    assert len(await manager.sent()) == found.count(("in_flight", True))


def test_when_bytes_go_is_said_for_what_is_over() -> None:
    now = datetime.now(UTC)
    assert RETENTION.purge_at(S.RESOLVED, now) == now + timedelta(days=30)
    assert RETENTION.purge_at(S.DISCARDED, now) == now + timedelta(days=90)
    assert {RETENTION.purge_at(state, now) for state in S if state not in {S.RESOLVED, S.DISCARDED}} == {None}
