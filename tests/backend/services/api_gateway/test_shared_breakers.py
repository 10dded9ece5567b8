"""Breakers that replicas share through a real Redis, in simulated time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from backend.contracts.control import ControlAction
from backend.contracts.providers import HOST, BreakerControl, BreakerState, ControlStatus
from backend.services.api_gateway.breakers.model import EpochConflictError, Verdict
from backend.services.api_gateway.shared_redis import SharedRedis, open_redis
from tests.backend.services.api_gateway.replicas import PATIENT_SECONDS, SEARCH, Replica, World
from tests.fixtures.redis_server import RedisServer, running_redis


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[SharedRedis]:
    async with open_redis(SecretStr(redis_server.url), PATIENT_SECONDS) as shared:
        yield shared


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def pair(world: World, redis: SharedRedis) -> tuple[Replica, Replica]:
    """Two replicas whose own clocks have nothing to do with each other."""
    return Replica(world, redis, "one"), Replica(world, redis, "two", clock_start=77_777.0)


async def test_failures_of_two_replicas_add_up_and_open_for_both(pair: tuple[Replica, Replica]) -> None:
    one, two = pair
    await one.call(Verdict.FAILURE, times=3)
    await two.call(Verdict.FAILURE, times=2)
    assert two.state is BreakerState.OPEN
    assert two.search.record.reason == "5 of 5 calls failed within a minute"
    await one.board.refresh()
    assert await one.refused()
    assert [(change.epoch, change.adopted) for change in two.told] == [(1, False)]
    assert [(change.epoch, change.adopted) for change in one.told] == [(1, True)]


async def test_successes_make_no_round_trip(
    world: World, redis: SharedRedis, redis_server: RedisServer
) -> None:
    replica = Replica(world, redis, "one")
    await replica.call(Verdict.SUCCESS)
    before = await redis.client.info("stats")
    await replica.call(Verdict.SUCCESS, times=1_000)
    after = await redis.client.info("stats")
    assert after["total_commands_processed"] - before["total_commands_processed"] == 1  # the question itself


async def test_recovery_is_decided_together(world: World, pair: tuple[Replica, Replica]) -> None:
    one, two = pair
    await one.call(Verdict.FAILURE, times=5)
    await two.board.refresh()
    world.now += 15
    first, second = await one.admit(), await two.admit()
    assert await one.refused()
    assert await two.refused()
    await one.board.report(first, Verdict.SUCCESS, 0.1)
    await two.board.report(second, Verdict.SUCCESS, 0.1)
    assert two.state is BreakerState.CLOSED
    await one.board.refresh()
    assert one.state is BreakerState.CLOSED
    assert [change.to_state for change in two.told if not change.adopted] == [BreakerState.CLOSED]


async def test_a_probe_that_died_with_its_replica_loses_its_lease(
    world: World, pair: tuple[Replica, Replica]
) -> None:
    one, two = pair
    await one.call(Verdict.FAILURE, times=5)
    world.now += 15
    for _ in range(2):
        await one.admit()  # and never reports
    await two.board.refresh()
    assert await two.refused()
    world.now += 21
    assert await two.refused()  # both leases ended without a result: open again, for longer
    world.now += 30
    await two.call(Verdict.SUCCESS, times=2)
    assert two.state is BreakerState.CLOSED


async def test_one_bad_node_is_quarantined_and_opens_for_nobody_else(
    world: World, pair: tuple[Replica, Replica]
) -> None:
    bad, good = pair
    await good.call(Verdict.SUCCESS, times=10)
    await good.board.refresh()
    await bad.call(Verdict.UNREACHABLE, times=5)
    assert await bad.refused()
    host = bad.board.statuses()[HOST]
    assert (host.state, host.quarantined) == (BreakerState.OPEN, True)
    assert [change.quarantined for change in bad.told] == [True]
    await good.board.refresh()
    assert not await good.refused()
    assert good.told == []
    world.now += 15
    await bad.call(Verdict.SUCCESS, times=2)
    assert not bad.board.statuses()[HOST].quarantined
    assert bad.board.state is BreakerState.CLOSED


async def test_an_operator_probes_a_quarantined_replica_without_waiting(
    pair: tuple[Replica, Replica],
) -> None:
    bad, good = pair
    await good.call(Verdict.SUCCESS, times=5)
    await good.board.refresh()
    await bad.call(Verdict.FAILURE, times=5)
    assert await bad.refused()
    assert await bad.control(ControlAction.PROBE) == ["search"]
    await bad.call(Verdict.SUCCESS, times=2)
    assert not bad.search.quarantined
    assert good.told == []


async def test_a_real_outage_ends_the_quarantine_and_opens_for_all(pair: tuple[Replica, Replica]) -> None:
    first, second = pair
    await second.call(Verdict.SUCCESS, times=4)
    await second.board.refresh()
    await first.call(Verdict.FAILURE, times=5)
    assert first.search.quarantined
    await second.call(Verdict.FAILURE, times=3)
    assert second.state is BreakerState.CLOSED  # 3 of 7: it still reaches the provider
    await second.call(Verdict.FAILURE)
    assert await second.refused()
    assert not second.search.quarantined
    await first.board.refresh()
    assert not first.search.quarantined
    assert first.state is BreakerState.OPEN


async def test_what_an_operator_forces_holds_for_all_and_survives_restarts(
    world: World, pair: tuple[Replica, Replica], redis: SharedRedis
) -> None:
    one, two = pair
    await one.control(ControlAction.FORCE_OPEN, minutes=30)
    await two.board.refresh()
    assert await two.refused()
    restarted = Replica(world, redis, "three", clock_start=-5_000.0)
    await restarted.board.refresh()
    status = restarted.board.status()
    assert (status.state, status.control.control) == (BreakerState.OPEN, BreakerControl.FORCED_OPEN)
    assert (status.control.author, status.control.reason) == ("anna", "tests")
    world.now += 31 * 60
    await restarted.board.refresh()
    assert restarted.state is BreakerState.HALF_OPEN
    await restarted.call(Verdict.SUCCESS, times=2)
    statuses = restarted.board.statuses()
    assert (statuses["search"].state, statuses[HOST].state) == (BreakerState.CLOSED, BreakerState.CLOSED)


async def test_a_second_operator_with_an_old_view_is_refused(pair: tuple[Replica, Replica]) -> None:
    one, two = pair
    seen = two.board.status().epoch
    await one.control(ControlAction.DISABLE, SEARCH)
    with pytest.raises(EpochConflictError) as refused:
        await two.control(ControlAction.FORCE_OPEN, SEARCH, expected_epoch=seen)
    assert refused.value.epoch == two.board.status().epoch == 1
    assert two.search.record.override.control is BreakerControl.DISABLED
    assert await two.control(ControlAction.FORCE_OPEN, SEARCH, expected_epoch=1) == ["search"]


async def test_without_an_expected_epoch_the_later_operator_wins(pair: tuple[Replica, Replica]) -> None:
    one, two = pair
    await one.control(ControlAction.DISABLE)
    await two.control(ControlAction.FORCE_OPEN)
    await one.board.refresh()
    assert one.board.status().control.control is BreakerControl.FORCED_OPEN


@pytest.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[tuple[RedisServer, SharedRedis, list[float]]]:
    """A Redis of its own, a client, and the clock that says when the client tries a lost server again."""
    seconds = [0.0]
    with running_redis(tmp_path) as server:
        async with open_redis(SecretStr(server.url), PATIENT_SECONDS) as opened:
            yield server, SharedRedis(opened.client, lambda: seconds[0], PATIENT_SECONDS), seconds


async def test_a_redis_that_comes_back_empty_learns_again_what_replicas_know(
    world: World, mortal: tuple[RedisServer, SharedRedis, list[float]]
) -> None:
    server, redis, seconds = mortal
    one, two = Replica(world, redis, "one"), Replica(world, redis, "two", clock_start=9_999.0)
    await one.control(ControlAction.FORCE_OPEN)
    await two.board.refresh()
    server.kill()
    assert await two.refused()
    await two.board.refresh()
    assert not redis.healthy
    server.start()
    seconds[0] += 1
    fresh = Replica(world, redis, "three")
    await fresh.board.refresh()  # knows nothing, and tells Redis so
    await two.board.refresh()
    await fresh.board.refresh()
    assert await fresh.refused()
    assert fresh.board.epoch == two.board.epoch == one.board.epoch


async def test_while_redis_is_away_each_goes_on_and_the_newest_state_wins_when_it_is_back(
    world: World, mortal: tuple[RedisServer, SharedRedis, list[float]]
) -> None:
    server, redis, seconds = mortal
    one, two = Replica(world, redis, "one"), Replica(world, redis, "two")
    await one.call(Verdict.FAILURE, times=5)
    await two.board.refresh()
    server.kill()
    world.now += 15
    await one.call(Verdict.SUCCESS, times=2)
    assert (one.state, two.state) == (BreakerState.CLOSED, BreakerState.OPEN)
    server.start()
    seconds[0] += 1
    await two.board.refresh()
    await one.board.refresh()
    await two.board.refresh()
    assert two.state is BreakerState.CLOSED
    assert two.search.record.epoch == one.search.record.epoch == 3


async def test_a_forced_state_made_while_redis_is_away_outlives_higher_epochs_elsewhere(
    world: World, mortal: tuple[RedisServer, SharedRedis, list[float]]
) -> None:
    server, redis, seconds = mortal
    one, two = Replica(world, redis, "one"), Replica(world, redis, "two")
    await one.board.refresh()
    server.kill()
    world.now += 10
    await one.control(ControlAction.FORCE_OPEN, SEARCH)
    for _ in range(3):
        await two.call(Verdict.FAILURE, times=5)
        world.now += 200
        await two.call(Verdict.SUCCESS, times=2)
    server.start()
    seconds[0] += 1
    await one.board.refresh()
    await two.board.refresh()
    await one.board.refresh()
    for replica in (one, two):
        assert replica.search.record.override.control is BreakerControl.FORCED_OPEN
        assert await replica.refused()


async def test_a_replica_that_came_to_the_same_epoch_by_another_way_obeys_the_shared_state(
    world: World, mortal: tuple[RedisServer, SharedRedis, list[float]]
) -> None:
    server, redis, seconds = mortal
    one, two = Replica(world, redis, "one"), Replica(world, redis, "two")
    server.kill()
    await one.control(ControlAction.CLOSE, SEARCH)
    await one.call(Verdict.SUCCESS)
    world.now += 10
    await two.control(ControlAction.FORCE_OPEN, SEARCH)
    assert one.search.record.epoch == two.search.record.epoch
    server.start()
    seconds[0] += 1
    await two.board.refresh()
    await one.board.refresh()
    assert one.board.refusal(SEARCH) is not None
    assert await one.refused()
    assert one.told[-1].to_state is BreakerState.OPEN
    assert one.told[-1].adopted


async def test_controls_from_the_database_reach_a_redis_that_forgot_them(
    world: World, redis: SharedRedis
) -> None:
    now = datetime.now(UTC)
    forced = ControlStatus(
        control=BreakerControl.FORCED_OPEN,
        author="anna",
        reason="maintenance",
        since=now - timedelta(minutes=5),
        until=now + timedelta(minutes=5),
    )
    one, two = Replica(world, redis, "one"), Replica(world, redis, "two")
    one.board.restore_control("search", forced, epoch=9)
    assert await one.refused()
    await one.board.refresh()
    await two.board.refresh()
    assert await two.refused()
    assert two.board.epoch == 9
    assert two.search.record.reason == "forced open by anna: maintenance"


async def test_a_control_that_redis_knows_better_is_not_undone_by_the_database(
    world: World, redis: SharedRedis
) -> None:
    one, two = Replica(world, redis, "one"), Replica(world, redis, "two")
    await one.control(ControlAction.FORCE_OPEN, SEARCH)
    world.now += 60
    await one.control(ControlAction.CLOSE, SEARCH)
    before = datetime.now(UTC) - timedelta(seconds=60)
    old = ControlStatus(
        control=BreakerControl.FORCED_OPEN, author="anna", reason="tests", since=before, until=None
    )
    two.board.restore_control("search", old, epoch=1)
    await two.board.refresh()
    assert two.search.record.override.control is BreakerControl.AUTOMATIC
    assert not await two.refused()


async def test_a_frozen_redis_freezes_no_call_and_what_was_forced_stays(
    world: World, mortal: tuple[RedisServer, SharedRedis, list[float]]
) -> None:
    server, patient, seconds = mortal
    redis = SharedRedis(patient.client, lambda: seconds[0])
    free, forced = Replica(world, redis, "one"), Replica(world, redis, "one", provider="spotify")
    await forced.control(ControlAction.FORCE_OPEN)
    await free.board.refresh()
    server.freeze()
    async with asyncio.timeout(5):  # the first to miss Redis waits a quarter of a second, the others not
        await free.call(Verdict.FAILURE, times=5)
        for _ in range(100):
            assert await free.refused()
            assert await forced.refused()
        world.now += 15
        await free.call(Verdict.SUCCESS, times=2)
        await free.call(Verdict.SUCCESS, times=1_000)
        await forced.board.refresh()
        assert await forced.refused()
    assert not redis.healthy
    server.thaw()
