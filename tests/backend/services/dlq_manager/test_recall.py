"""Pause and cancellation take back what the broker does not have: nothing is left in limbo."""

import asyncio

import pytest

from backend.contracts.dead_letter_operations import OperationCommand
from backend.contracts.providers import BreakerState
from backend.messaging.port import BrokerUnavailableError
from backend.messaging.topology import ENRICHMENT_REQUESTS, QUEUES
from backend.services.common.database import Pool
from tests.backend.services.dlq_manager.manager import Manager, dead
from tests.backend.services.dlq_manager.workbench import Workbench, provider

STATES = "SELECT state, count(*)::int FROM dead_letters.messages GROUP BY 1 ORDER BY 1"


@pytest.fixture
async def bench(pool: Pool) -> Workbench:
    made = Workbench(pool)
    await made.broker.declare(QUEUES)
    manager = Manager(pool, made.broker)
    for number in range(30):
        await manager.take(dead(f"letter-{number:02}", provider="discogs"))
    return made


async def test_cancelling_takes_back_what_lies_in_the_outbox(bench: Workbench) -> None:
    operation = await bench.started()
    await bench.runner.round()
    assert (await bench.look(operation)).counts["claimed"] == 30
    found = await bench.ask(operation, OperationCommand.CANCEL)
    assert found.counts["cancelled"] == 30
    assert await bench.outbox.send_due() == 0
    assert await bench.rows(STATES) == [("failed", 30)]
    [last] = await bench.rows(
        "SELECT action, actor, reason, from_state, to_state FROM dead_letters.audit "
        "WHERE message_id = 'letter-07' ORDER BY id DESC LIMIT 1"
    )
    assert last == (
        "recalled",
        "bob",
        "not handed to the broker yet: the operation is cancelled",
        "publishing",
        "failed",
    )
    assert await bench.broker.depth(ENRICHMENT_REQUESTS) == 0


async def test_what_is_paused_goes_on_where_it_stood(bench: Workbench) -> None:
    operation = await bench.started()
    await bench.runner.round()
    assert (await bench.ask(operation, OperationCommand.PAUSE)).counts["pending"] == 30
    await bench.ask(operation, OperationCommand.RESUME)
    await bench.runner.round()
    assert await bench.outbox.send_due() == 30
    assert (await bench.look(operation)).counts["sent"] == 30
    assert await bench.broker.depth(ENRICHMENT_REQUESTS) == 30
    assert await bench.rows("SELECT DISTINCT generation FROM dead_letters.messages") == [(2,)]


async def test_a_broker_that_was_away_sends_nothing_that_was_cancelled_meanwhile(bench: Workbench) -> None:
    operation = await bench.started()
    await bench.runner.round()
    bench.broker.is_away = True
    for _ in range(2):
        with pytest.raises(BrokerUnavailableError):
            await bench.outbox.send_due()
    found = await bench.ask(operation, OperationCommand.CANCEL)
    assert found.counts["cancelled"] == 30
    bench.broker.is_away = False
    assert await bench.outbox.send_due() == 0
    assert await bench.broker.depth(ENRICHMENT_REQUESTS) == 0
    assert await bench.rows(STATES) == [("failed", 30)]


async def test_what_may_have_arrived_is_not_taken_back(bench: Workbench) -> None:
    """The first of them was in the queue before the broker went: nobody can say that they were not sent."""
    operation = await bench.started()
    await bench.runner.round()
    bench.broker.is_away = bench.broker.takes_first = True
    with pytest.raises(BrokerUnavailableError):
        await bench.outbox.send_due()
    found = await bench.ask(operation, OperationCommand.CANCEL)
    assert (found.counts["claimed"], found.counts["cancelled"]) == (30, 0)
    bench.broker.is_away = False
    assert await bench.outbox.send_due() == 30
    assert (await bench.look(operation)).counts["sent"] == 30


async def test_a_quarantined_letter_is_quarantined_again_for_its_reason(bench: Workbench) -> None:
    poison = dead("poison", body=b"no JSON")
    await Manager(bench.pool, bench.broker).take(poison)
    chosen = {"message_ids": ["poison"], "states": ["quarantined"]}
    operation = await bench.started(selection=chosen)
    before = await bench.rows("SELECT reason FROM dead_letters.messages WHERE message_id = 'poison'")
    await bench.runner.round()
    assert await bench.rows("SELECT count(*) FROM dead_letters.outbox WHERE finished_at IS NULL") == [(1,)]
    await bench.ask(operation, OperationCommand.CANCEL)
    after = await bench.rows("SELECT reason FROM dead_letters.messages WHERE state = 'quarantined'")
    assert after == before
    assert "not JSON" in after[0][0]


async def test_a_patch_is_not_applied_twice(bench: Workbench) -> None:
    patch = [{"op": "add", "path": "/tags", "value": ["a"]}]
    operation = await bench.started(kind="patch", patch=patch)
    await bench.runner.round()
    await bench.ask(operation, OperationCommand.PAUSE)
    assert await bench.rows("SELECT DISTINCT revision FROM dead_letters.messages") == [(None,)]
    await bench.ask(operation, OperationCommand.RESUME)
    await bench.runner.round()
    bodies = await bench.rows("SELECT DISTINCT convert_from(body, 'UTF8') FROM dead_letters.revisions")
    assert [body.count("tags") for (body,) in bodies] == [1]
    assert await bench.rows("SELECT DISTINCT revision FROM dead_letters.messages") == [(2,)]


async def test_cancel_and_send_at_the_same_time_leave_exact_counts(bench: Workbench) -> None:
    operation = await bench.started()
    await bench.runner.round()
    await asyncio.gather(
        bench.outbox.send_due(), bench.ask(operation, OperationCommand.CANCEL), bench.outbox.send_due()
    )
    while await bench.outbox.send_due():
        pass
    counts = (await bench.look(operation)).counts
    assert counts["sent"] + counts["cancelled"] == 30
    assert await bench.broker.depth(ENRICHMENT_REQUESTS) == counts["sent"]
    assert await bench.rows("SELECT count(*) FROM dead_letters.outbox WHERE finished_at IS NULL") == [(0,)]


async def test_an_open_breaker_pauses_and_says_why(bench: Workbench) -> None:
    operation = await bench.started(per_second=5)
    bench.limits.statuses = {"discogs": provider(), "spotify": provider(BreakerState.OPEN)}
    await bench.runner.round()
    assert (await bench.look(operation)).state == "running"
    bench.limits.statuses = {"discogs": provider(BreakerState.OPEN)}
    async with asyncio.timeout(20):
        while (found := await bench.look(operation)).state == "running":
            await bench.runner.round()
    assert (found.state, found.counts["pending"]) == ("paused", 30)
    assert found.state_reason == "The circuit breaker of discogs is open: 5 of 10 calls failed."
    # Somebody who resumes has decided to go on in spite of this opening.
    await bench.ask(operation, OperationCommand.RESUME)
    async with asyncio.timeout(20):
        while (found := await bench.look(operation)).counts["claimed"] < 2:
            await bench.runner.round()
    assert found.state == "running"


async def test_one_that_waits_for_a_provider_waits_again(bench: Workbench) -> None:
    when = {"provider": "discogs", "closed_minutes": 0}
    bench.limits.statuses = {"discogs": provider()}
    operation = await bench.started(when=when)
    await bench.runner.round()
    assert (await bench.look(operation)).state == "running"
    bench.limits.statuses = {"discogs": provider(BreakerState.OPEN)}
    await bench.runner.round()
    assert (await bench.look(operation)).state == "scheduled"
    await bench.runner.round()
    assert "Waits for discogs" in (await bench.look(operation)).state_reason
    bench.limits.statuses = {"discogs": provider()}
    await bench.runner.round()
    await bench.runner.round()
    assert await bench.outbox.send_due() == 30


async def test_two_operations_share_what_one_may_take(bench: Workbench) -> None:
    bench.limits.statuses = {"discogs": provider(a_minute=6000)}
    bench.music.calls = {"discogs": 1.0}
    first = await bench.started(respect_budget=True, selection={"query": "id:letter-0"})
    await bench.runner.round()
    alone = bench.runner.rates()[first]
    second = await bench.started(respect_budget=True, selection={"query": "id:letter-1"})
    free = await bench.started(selection={"query": "id:letter-2"})
    other = bench.another_runner()
    await asyncio.gather(bench.runner.round(), other.round())
    rates = bench.runner.rates() | other.rates()
    assert alone == 50.0
    assert (rates.get(first), rates.get(second), rates.get(free)) == (25.0, 25.0, None)


async def test_a_step_that_fails_holds_up_nobody_and_is_told(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await bench.started(selection={"query": "id:letter-0"}, skip_superseded=True)
    sound = await bench.started(selection={"query": "id:letter-1"})

    async def fails(_letters: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(bench.music, "superseded", fails)
    for _ in range(5):
        await bench.runner.round()
    assert (await bench.look(sound)).counts["claimed"] == 10
    found = await bench.look(broken)
    assert (found.state, found.counts["pending"]) == ("paused", 10)
    assert "ValueError: a defect" in found.state_reason
