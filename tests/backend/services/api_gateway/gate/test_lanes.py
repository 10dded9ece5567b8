"""An interactive call gets the next slot, however many bulk calls wait."""

import asyncio

import pytest
from redis.asyncio import Redis

from backend.contracts.gateway import Lane
from backend.contracts.providers import GateState
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.gate.rate_gate import BULK_AHEAD, GateClosed, RateGate
from tests.backend.services.api_gateway.gate.worlds import World
from tests.fixtures.redis_server import RedisServer

AHEAD = BULK_AHEAD / 1_000_000
LIMITS = [RateLimit(1, 1.0), RateLimit(20, 60.0), RateLimit(50, 5.0)]


async def waits_of_interactive_calls(world: World, gates: list[RateGate], limit: RateLimit) -> list[float]:
    """Fifty bulk callers at every gate, and now and then an interactive call; how long these waited."""
    spacing, waits = limit.seconds / limit.calls, list[float]()
    end = world.time.now + 40 * spacing + limit.seconds

    async def bulk(gate: RateGate) -> None:
        while world.time.now < end:
            await world.send(gate, 1e6, Lane.BULK)

    async def interactive() -> None:
        await world.time.sleep(limit.seconds)  # by then bulk has used what there was
        for number in range(12):
            await world.time.sleep(2.37 * spacing)
            asked = world.time.now
            assert await world.send(gates[number % len(gates)], 1e6)
            waits.append(world.time.now - asked)

    await world.time.run(interactive(), *(bulk(gate) for gate in gates for _ in range(50)))
    return waits


@pytest.mark.parametrize("limit", LIMITS, ids=str)
async def test_an_interactive_call_waits_about_one_slot(limit: RateLimit) -> None:
    world = World()
    waits = await waits_of_interactive_calls(world, [world.local_gate(limit)], limit)
    assert max(waits) <= limit.seconds / limit.calls + AHEAD + 0.001


async def test_an_interactive_call_waits_about_one_slot_among_four_replicas(
    redis_server: RedisServer,
) -> None:
    world, limit = World(), RateLimit(1, 1.0)
    async with Redis.from_url(redis_server.url, protocol=2) as client:
        gates = [world.replica(client, limit, f"replica {number}").gate for number in range(4)]
        waits = await waits_of_interactive_calls(world, gates, limit)
    assert max(waits) <= 1.0 + AHEAD + 0.001


async def test_bulk_goes_on_in_the_gaps_that_interactive_calls_leave() -> None:
    world, limit = World(), RateLimit(10, 10.0)
    gate, bulk_calls = world.local_gate(limit), list[float]()

    async def bulk() -> None:
        while world.time.now < 1_100:
            await gate.enter(1e6, Lane.BULK)
            bulk_calls.append(world.time.now)

    async def interactive() -> None:
        for _ in range(50):
            await gate.enter(1e6)
            await world.time.sleep(2.0)

    await world.time.run(bulk(), interactive())
    assert len(bulk_calls) >= 48  # of the 100 slots interactive calls took 50


async def test_bulk_beyond_its_patience_is_sent_away_and_told_when_to_come_back() -> None:
    world = World()
    gate, refusals = world.local_gate(RateLimit(1, 1.0)), list[GateClosed]()

    async def bulk() -> None:
        answer = await gate.enter(5.0, Lane.BULK)
        if isinstance(answer, GateClosed):
            refusals.append(answer)

    await world.time.run(*(bulk() for _ in range(20)))
    assert len(refusals) == 13  # one goes at once, six wait up to 5 s and a little
    assert all(refusal == GateClosed(GateState.FLOWING, 6.0) for refusal in refusals)


async def test_bulk_is_sent_away_in_time_when_interactive_calls_take_all_slots() -> None:
    world = World()
    gate = world.local_gate(RateLimit(1, 1.0))
    ended: list[float] = []

    async def bulk() -> None:
        await world.time.sleep(0.5)
        assert isinstance(await gate.enter(5.0, Lane.BULK), GateClosed)
        ended.append(world.time.now)

    await world.time.run(*(gate.enter(100.0) for _ in range(60)), bulk())
    assert ended[0] <= 1_000 + 0.5 + 5.0 + 1.0


async def test_a_bulk_call_that_was_given_up_leaves_its_place_to_the_next() -> None:
    world = World()
    gate = world.local_gate(RateLimit(1, 10.0))
    let_go: list[float] = []

    async def bulk() -> None:
        await gate.enter(100.0, Lane.BULK)
        let_go.append(world.time.now - 1_000)

    async def give_up() -> None:
        asking = asyncio.ensure_future(gate.enter(100.0, Lane.BULK))
        await world.time.sleep(5.0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    await world.time.run(bulk(), give_up(), bulk())
    assert let_go == [0.0, 10.0]
    assert gate.status().waiting == 0
