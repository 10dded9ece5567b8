"""Gates over a real Redis, in real time: what replicas tell each other, and a Redis in trouble."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic

from pydantic import SecretStr

from backend.contracts.providers import GateState
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.gate.opening import open_gates
from backend.services.api_gateway.gate.rate_gate import GateClosed, Pass, RateGate
from backend.services.api_gateway.shared_redis import open_redis
from tests.fixtures.redis_server import RedisServer, running_redis
from tests.waiting import wait_until

LIMIT = RateLimit(3, 3_600.0)


@asynccontextmanager
async def replicas(server: RedisServer, count: int) -> AsyncIterator[list[RateGate]]:
    """Gates as so many gateway processes have them."""
    async with AsyncExitStack() as stack:
        gates = []
        for _ in range(count):
            redis = await stack.enter_async_context(open_redis(SecretStr(server.url)))
            opened = await stack.enter_async_context(open_gates(redis, monotonic))
            gates.append(opened.gate("provider", LIMIT, ()))
        yield gates


async def until_reason(gate: RateGate, words: str) -> None:
    """Wait until the gate's reason holds `words`, or is empty when they are."""
    await asyncio.to_thread(
        wait_until, lambda: words in gate.status().reason if words else not gate.status().reason
    )


async def test_a_change_reaches_the_other_replicas_lamp_without_a_call(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with replicas(server, 2) as (first, second):
            await first.throttled(Pass(0, 0), 600.0, reason="slow down")
            await until_reason(second, "slow down")
            assert second.state is GateState.COOLING
            await first.block("the token was refused")
            await until_reason(second, "the token was refused")
            await first.unblock()
            await until_reason(second, "slow down")


async def test_a_replica_alone_goes_on_while_redis_is_frozen(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with replicas(server, 1) as (gate,):
            assert isinstance(await gate.enter(0), Pass)
            server.freeze()
            assert isinstance(await gate.enter(0), Pass)
            assert "this replica counts its calls by itself" in gate.status().reason
            assert isinstance(await gate.enter(0), Pass)
            assert isinstance(await gate.enter(0), GateClosed)
            server.thaw()
            await until_reason(gate, "")
            assert isinstance(await gate.enter(0), GateClosed)


async def test_a_replica_alone_keeps_its_slots_over_the_death_of_redis(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with replicas(server, 1) as (gate,):
            assert isinstance(await gate.enter(0), Pass)
            server.kill()
            assert isinstance(await gate.enter(0), Pass)
            server.start()
            await until_reason(gate, "")
            assert isinstance(await gate.enter(0), Pass)
            assert isinstance(await gate.enter(0), GateClosed)


async def test_two_replicas_give_nothing_away_while_redis_is_frozen(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with replicas(server, 2) as gates:
            for gate in (*gates, *gates):  # both have called, so each has seen the other
                await gate.enter(0)
            assert isinstance(await gates[0].enter(0), GateClosed)
            server.freeze()
            for gate in gates:
                assert isinstance(await gate.enter(0), GateClosed)
                await until_reason(gate, "1 of 2 shares of the limit")
            server.thaw()
            for gate in gates:
                await until_reason(gate, "")  # so short that nobody called by himself


async def test_a_pause_is_still_known_when_redis_is_killed(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with replicas(server, 2) as (first, second):
            passed = await first.enter(0)
            assert isinstance(passed, Pass)
            await first.throttled(passed, 600.0)
            assert isinstance(await second.enter(0), GateClosed)
            server.kill()
            refused = await second.enter(0)
            assert isinstance(refused, GateClosed)
            assert refused.state is GateState.COOLING
