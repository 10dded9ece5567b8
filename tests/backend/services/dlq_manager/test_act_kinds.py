"""Operations that send nothing: each member has its end, and undo says what it could not do."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from backend.contracts.dead_letter_operations import OperationKind
from backend.services.dlq_manager.act_kinds import Acting, apply_chunk
from backend.services.dlq_manager.retention import Purge, Retention
from tests.backend.services.dlq_manager.manager import Manager, dead
from tests.backend.services.dlq_manager.test_retention import aged

K = OperationKind


async def frozen(
    manager: Manager, kind: OperationKind, ids: Sequence[str], undoes: UUID | None = None, **more: Any
) -> Acting:
    """An operation on these letters, as the store freezes it."""
    acting = Acting(uuid4(), kind, "ann", f"{kind.value} by test", undoes, **more)
    async with manager.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO dead_letters.operations (id, kind, state, selection, title, options, author, "
            "reason, total, undoes) VALUES (%s, %s, 'running', %s, '', %s, %s, %s, %s, %s)",
            (acting.operation_id, kind, Jsonb({}), Jsonb({}), "ann", acting.reason, len(ids), undoes),
        )
        await connection.execute(
            "INSERT INTO dead_letters.operation_items (operation_id, position, message_id) "
            "SELECT %s, n, id FROM unnest(%s::text[]) WITH ORDINALITY AS t (id, n)",
            (acting.operation_id, list(ids)),
        )
    return acting


async def run(manager: Manager, acting: Acting, limit: int = 500) -> int:
    """Chunk after chunk until nothing is left."""
    settled = 0
    while True:
        async with manager.pool.connection() as connection:
            done = await apply_chunk(connection, acting, limit)
        if not done:
            return settled
        settled += done


async def ends(manager: Manager, acting: Acting) -> Counter[str]:
    """How the members ended, skipped ones by their reason."""
    async with manager.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT CASE outcome WHEN 'skipped' THEN detail ELSE outcome END "
            "FROM dead_letters.operation_items WHERE operation_id = %s",
            (acting.operation_id,),
        )
        return Counter(row[0] for row in await cursor.fetchall())


async def states(manager: Manager) -> dict[str, tuple[str, str]]:
    """State and reason of each letter."""
    async with manager.pool.connection() as connection:
        cursor = await connection.execute("SELECT message_id, state, reason FROM dead_letters.messages")
        return {row[0]: (row[1], row[2]) for row in await cursor.fetchall()}


async def audits(manager: Manager, acting: Acting) -> Counter[tuple[str, str, str, str]]:
    async with manager.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT action, actor, from_state, to_state FROM dead_letters.audit WHERE operation_id = %s",
            (acting.operation_id,),
        )
        return Counter(await cursor.fetchall())


@pytest.fixture
async def five(manager: Manager) -> list[str]:
    """Three failed, one quarantined as it came in, one in flight."""
    for name in ("f-1", "f-2", "f-3", "flying"):
        await manager.take(dead(name))
    await manager.take(dead("odd", body=b"no json"))
    await manager.send("flying")
    return ["f-1", "f-2", "f-3", "odd", "flying"]


async def test_a_discard_leaves_alone_what_it_must_and_says_why(manager: Manager, five: list[str]) -> None:
    acting = await frozen(manager, K.DISCARD, five)
    assert await run(manager, acting, limit=2) == 5
    assert await ends(manager, acting) == {"done": 3, "quarantined": 1, "sent, outcome unknown": 1}
    found = await states(manager)
    assert [found[name] for name in five[:3]] == [("discarded", "discard by test")] * 3
    assert (found["odd"][0], found["flying"][0]) == ("quarantined", "in_flight")
    assert await audits(manager, acting) == {("discard", "ann", "failed", "discarded"): 3}


async def test_an_undo_restores_the_state_before_with_its_reason(manager: Manager, five: list[str]) -> None:
    before = await states(manager)
    discard = await frozen(manager, K.DISCARD, five, takes_quarantined=True)
    await run(manager, discard)
    assert (await states(manager))["odd"] == ("discarded", "discard by test")
    undo = await frozen(manager, K.UNDO, five, discard.operation_id)
    await run(manager, undo)
    after = await states(manager)
    assert {name: state for name, (state, _) in after.items()} == {
        name: state for name, (state, _) in before.items()
    }
    assert after["odd"] == before["odd"]
    assert await ends(manager, undo) == {
        "done": 4,
        "was not changed by the operation that is taken back": 1,
    }


async def test_undo_twice_and_after_other_decisions_says_exactly_what_it_could_not_do(
    manager: Manager,
) -> None:
    names = [f"u-{number}" for number in range(6)]
    for name in names:
        await manager.take(dead(name))
    discard = await frozen(manager, K.DISCARD, names)
    await run(manager, discard)
    for name in names[:2]:
        await aged(manager, 100, name)
    assert await Purge(manager.pool, Retention(30, 90)).purge_due() == 2
    # One is taken back and let go again by somebody, one is taken back and sent.
    await run(manager, await frozen(manager, K.UNDO, names[2:4], discard.operation_id))
    await manager.operations.discard("u-2", "bob", "again")
    await manager.send("u-3")
    undo = await frozen(manager, K.UNDO, names, discard.operation_id)
    await run(manager, undo)
    told = await ends(manager, undo)
    (purged,) = [why for why in told if why.startswith("purged on 20")]
    assert told == {
        "done": 2,
        purged: 2,
        "discarded again since, by another decision": 1,
        "is in flight now: taken back or changed since": 1,
    }
    assert purged.endswith(": its bytes are gone")
    second = await frozen(manager, K.UNDO, names, discard.operation_id)
    await run(manager, second)
    assert (await ends(manager, second))["is failed now: taken back or changed since"] == 2
    assert "done" not in await ends(manager, second)


async def test_quarantine_release_and_their_undo(manager: Manager, five: list[str]) -> None:
    quarantine = await frozen(manager, K.QUARANTINE, five)
    await run(manager, quarantine)
    assert await ends(manager, quarantine) == {"done": 3, "quarantined": 1, "sent, outcome unknown": 1}
    undo = await frozen(manager, K.UNDO, five, quarantine.operation_id)
    await run(manager, undo)
    assert (await ends(manager, undo))["done"] == 3
    release = await frozen(manager, K.RELEASE, five)
    await run(manager, release)
    assert await ends(manager, release) == {"done": 1, "is failed": 3, "sent, outcome unknown": 1}
    assert (await states(manager))["odd"][0] == "failed"


async def test_an_operator_resolves_what_is_in_flight_with_the_reason_as_proof(
    manager: Manager, five: list[str]
) -> None:
    resolve = await frozen(manager, K.RESOLVE, five)
    await run(manager, resolve)
    assert (await ends(manager, resolve))["done"] == 1
    proof = (await manager.letter("flying")).proof
    assert proof == {
        "kind": "operator",
        "author": "ann",
        "reason": "resolve by test",
        "operation_id": str(resolve.operation_id),
    }


async def test_two_replicas_and_a_late_second_run_settle_each_member_once(manager: Manager) -> None:
    names = [f"t-{number:03}" for number in range(120)]
    for name in names:
        await manager.take(dead(name))
    discard = await frozen(manager, K.DISCARD, names)
    other = await frozen(manager, K.QUARANTINE, names[::-1])
    settled = await asyncio.gather(*(run(manager, one, limit=7) for one in (discard, discard, other, other)))
    assert sum(settled) == 240
    assert await run(manager, discard) == 0
    done = (await ends(manager, discard))["done"], (await ends(manager, other))["done"]
    assert sum(done) == 120
    assert sum((await audits(manager, discard)).values()) == done[0]


async def test_a_kind_that_sends_is_not_done_in_states(manager: Manager) -> None:
    acting = await frozen(manager, K.RETRY, [])
    async with manager.pool.connection() as connection:
        with pytest.raises(ValueError, match="sends letters"):
            await apply_chunk(connection, acting)
