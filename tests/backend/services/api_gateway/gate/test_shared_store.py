"""Replicas over one Redis: one lamp, one budget, and what they do when Redis is away. In simulated time."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from backend.contracts.gateway import Lane
from backend.contracts.providers import GateState
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.gate.rate_gate import GateClosed, Pass
from tests.backend.services.api_gateway.gate.simulated_servers import over_gcra, over_sliding_window
from tests.backend.services.api_gateway.gate.worlds import Replica, World
from tests.fixtures.redis_server import RedisServer

LIMIT = RateLimit(10, 2.0)


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url, protocol=2) as client:
        yield client


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def pair(client: Redis, world: World) -> list[Replica]:
    """Two replicas that have seen each other."""
    replicas = [world.replica(client, LIMIT, name, "token") for name in ("first", "second")]
    for replica in (*replicas, *replicas):
        await replica.store.refresh()
    return replicas


async def run(world: World, replicas: list[Replica], seconds: float) -> None:
    """Let every replica call as much as it may, and look at Redis once a second."""
    end = world.time.now + seconds

    async def calls(replica: Replica) -> None:
        while world.time.now < end:
            if not await world.send(replica.gate, 1.0):
                await world.time.sleep(0.2)

    async def looks(replica: Replica) -> None:
        while world.time.now < end:
            await replica.store.refresh()
            await world.time.sleep(1.0)

    await world.time.run(*(work(replica) for replica in replicas for work in (calls, calls, looks)))


def set_away(replicas: list[Replica], away: bool) -> None:
    for replica in replicas:
        replica.redis.away = away


async def test_one_replicas_throttled_call_closes_the_gate_of_all(pair: list[Replica], world: World) -> None:
    passed = await pair[0].gate.enter(0)
    assert isinstance(passed, Pass)
    await pair[0].gate.throttled(passed, 30.0, reason="slow down")
    assert await pair[1].gate.enter(5.0) == GateClosed(GateState.COOLING, 30.0)
    assert (pair[1].gate.status().state, pair[1].gate.status().reason) == (GateState.COOLING, "slow down")
    world.time.now += 30
    assert pair[1].gate.status().state is GateState.FLOWING
    assert isinstance(await pair[1].gate.enter(0), Pass)


async def test_a_waiting_call_heeds_what_another_replica_was_told(pair: list[Replica], world: World) -> None:
    first, second = pair
    answers: list[Pass | GateClosed] = []

    async def use_up() -> None:
        for _ in range(LIMIT.calls):
            answers.append(await first.gate.enter(0))

    async def wait() -> None:
        await world.time.sleep(0.1)
        answers.append(await second.gate.enter(5.0))

    async def throttled() -> None:
        await world.time.sleep(0.5)
        await first.gate.throttled(Pass(0, 0), 60.0)
        await second.store.refresh()

    await world.time.run(use_up(), wait(), throttled())
    assert isinstance(answers[-1], GateClosed)


async def test_refused_credentials_block_all_who_use_them_and_nobody_else(
    client: Redis, pair: list[Replica], world: World
) -> None:
    await pair[0].gate.block("the token was refused")
    assert await pair[1].gate.enter(5.0) == GateClosed(GateState.BLOCKED, None)
    other = world.replica(client, LIMIT, "third", "another token")
    assert isinstance(await other.gate.enter(0), Pass)
    restarted = world.replica(client, LIMIT, "fourth", "token")
    assert await restarted.gate.enter(0) == GateClosed(GateState.BLOCKED, None)
    await restarted.gate.unblock()
    assert isinstance(await pair[0].gate.enter(0), Pass)
    assert pair[0].gate.state is GateState.FLOWING


async def test_a_call_costs_one_round_trip(pair: list[Replica], world: World) -> None:
    before = pair[0].redis.requests
    await world.time.run(*(world.send(pair[0].gate, 100.0) for _ in range(30)))
    assert pair[0].redis.requests == before + 30
    await world.time.run(*(world.send(pair[0].gate, 1e6, Lane.BULK) for _ in range(30)))
    assert pair[0].redis.requests <= before + 30 + 2 * 30  # refused once, booked once


async def test_a_restarted_replica_finds_the_slots_it_took(client: Redis, world: World) -> None:
    before = world.replica(client, LIMIT, "before")
    for _ in range(LIMIT.calls):
        assert isinstance(await before.gate.enter(0), Pass)
    after = world.replica(client, LIMIT, "after")
    assert isinstance(await after.gate.enter(0), GateClosed)


async def test_a_replica_alone_goes_on_without_redis_as_if_nothing_had_been(
    client: Redis, world: World
) -> None:
    alone = world.replica(client, LIMIT, "alone")
    await run(world, [alone], 10)
    set_away([alone], True)
    await run(world, [alone], 20)
    assert "counts its calls by itself" in alone.gate.status().reason
    set_away([alone], False)
    await run(world, [alone], 20)
    assert alone.gate.status().reason == ""
    assert over_sliding_window(world.sent, LIMIT.calls, LIMIT.seconds - 1e-5) == 0
    assert len(world.sent) >= 0.95 * 50 * LIMIT.calls / LIMIT.seconds


async def test_a_replica_that_never_saw_redis_counts_by_itself(client: Redis, world: World) -> None:
    alone = world.replica(client, LIMIT, "alone")
    set_away([alone], True)
    await run(world, [alone], 10)
    set_away([alone], False)
    await run(world, [alone], 10)
    assert over_sliding_window(world.sent, LIMIT.calls, LIMIT.seconds - 1e-5) == 0
    assert len(world.sent) >= 0.95 * 20 * LIMIT.calls / LIMIT.seconds


@pytest.mark.parametrize(
    "limit", [RateLimit(1, 1.0), RateLimit(10, 2.0), RateLimit(10, 2.0, burst=1), RateLimit(2, 1.5)], ids=str
)
@pytest.mark.parametrize("forgets", [False, True], ids=["frozen", "killed"])
async def test_replicas_that_lose_redis_keep_the_limit_together(
    client: Redis, world: World, limit: RateLimit, forgets: bool
) -> None:
    replicas = [world.replica(client, limit, f"replica {number}") for number in range(3)]
    await run(world, replicas, 4)
    set_away(replicas, True)
    resumed_at = world.time.now + 5.0
    await run(world, replicas, 20)
    while_away = [moment for moment in world.sent if moment > resumed_at]
    assert all("1 of 3 shares" in replica.gate.status().reason for replica in replicas)
    if forgets:
        await client.flushdb()
    for replica in replicas:  # they notice one after the other
        replica.redis.away = False
        await run(world, replicas, 0.4)
    await run(world, replicas, 12)
    assert [replica.gate.status().reason for replica in replicas] == ["", "", ""]
    assert over_sliding_window(world.sent, limit.calls, limit.seconds - 1e-5) == 0
    burst = limit.burst or limit.calls
    assert over_gcra(world.sent, limit.calls, limit.seconds - 1e-5, burst) == 0
    assert len(while_away) >= 0.85 * 15 * limit.calls / limit.seconds


async def test_slots_that_redis_forgot_unnoticed_are_not_given_again(
    client: Redis, pair: list[Replica], world: World
) -> None:
    await run(world, pair, 5)
    await client.flushdb()  # killed and started again between two requests
    await run(world, pair, 15)
    assert over_sliding_window(world.sent, LIMIT.calls, LIMIT.seconds - 1e-5) == 0
    assert pair[0].gate.status().reason == ""


async def test_a_short_silence_of_redis_costs_nothing_afterwards(pair: list[Replica], world: World) -> None:
    await run(world, pair, 4)
    set_away(pair, True)
    await run(world, pair, 0.5)
    set_away(pair, False)
    await run(world, pair, 0.2)
    assert [replica.gate.status().reason for replica in pair] == ["", ""]


async def test_what_happened_without_redis_is_told_when_it_is_back(pair: list[Replica], world: World) -> None:
    set_away(pair, True)
    await pair[0].gate.throttled(Pass(0, 0), 500.0, reason="slow down")
    await pair[0].gate.block("the token was refused")
    assert await pair[0].gate.enter(0) == GateClosed(GateState.BLOCKED, None)
    set_away(pair, False)
    await pair[0].store.refresh()
    assert await pair[1].gate.enter(0) == GateClosed(GateState.BLOCKED, None)
    await pair[1].gate.unblock()
    await pair[0].store.refresh()
    assert (pair[0].gate.state, pair[0].gate.closed_for) == (GateState.COOLING, 500.0)


async def test_an_operators_release_without_redis_is_told_too(pair: list[Replica]) -> None:
    await pair[0].gate.block("the token was refused")
    set_away(pair, True)
    await pair[0].gate.unblock()
    assert pair[0].gate.state is GateState.FLOWING
    set_away(pair, False)
    await pair[0].store.refresh()
    assert isinstance(await pair[1].gate.enter(0), Pass)


async def test_a_pause_that_redis_forgot_unnoticed_still_holds(
    client: Redis, pair: list[Replica], world: World
) -> None:
    first, second = pair
    await run(world, pair, 1)
    await first.gate.throttled(Pass(0, 0), 86_400.0, quota=True, reason="the quota is used up")
    await second.store.refresh()
    await client.flushdb()
    await second.store.refresh()
    await first.store.refresh()
    for replica in pair:
        assert (replica.gate.state, replica.gate.closed_for) == (GateState.QUOTA, 86_400.0)
