"""Four workers at full load for ten minutes: no server ever refuses, and the budget is used.

The way to the server takes up to `delay` longer for one call than for another, so the gate's window is wider
than the server's: by the delay, and with a burst by delay × calls / burst.
"""

from dataclasses import dataclass
from random import Random

import pytest
from redis.asyncio import Redis

from backend.contracts.gateway import Lane
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.gate.rate_gate import RateGate
from tests.backend.services.api_gateway.gate.simulated_servers import (
    over_fixed_window,
    over_gcra,
    over_sliding_window,
)
from tests.backend.services.api_gateway.gate.worlds import World
from tests.fixtures.redis_server import RedisServer

WORKERS = 4
CALLERS = 5
TEN_MINUTES = 600.0


@dataclass(frozen=True)
class Server:
    """What a provider documents, and how much longer the way to it may take for one call."""

    calls: int
    seconds: float
    delay: float
    burst: int | None = None

    @property
    def limit(self) -> RateLimit:
        """The limit of the gate."""
        margin = self.delay * self.calls / (self.burst or self.calls)
        return RateLimit(self.calls, self.seconds + margin, self.burst)

    def refused(self, arrivals: list[float]) -> int:
        """Calls that any of the usual ways to count would refuse."""
        burst = self.burst or self.calls
        return (
            over_fixed_window(arrivals, self.calls, self.seconds)
            + over_sliding_window(arrivals, self.calls, self.seconds)
            + over_gcra(arrivals, self.calls, self.seconds, burst)
        )

    def share_used(self, arrivals: list[float], end: float, duration: float) -> float:
        within = sum(arrival < end for arrival in arrivals)
        return within / (self.calls * duration / self.seconds)


SERVERS = [
    Server(1, 1.0, delay=0.04),
    Server(50, 5.0, delay=0.1),
    Server(60, 60.0, delay=0.5),
    Server(20, 60.0, delay=1.0),
    Server(50, 5.0, delay=0.004, burst=1),
    Server(60, 60.0, delay=0.04, burst=1),
    Server(20, 60.0, delay=0.5, burst=5),
]


async def load(
    world: World, gates: list[RateGate], delay: float, lanes: list[Lane], end: float
) -> list[float]:
    """Callers of every gate that call again as soon as they have an answer; the arrivals."""
    chance, arrivals = Random(1), list[float]()

    async def caller(gate: RateGate, lane: Lane) -> None:
        while world.time.now < end:
            if await world.send(gate, 1e6, lane):
                on_the_way = chance.uniform(0, delay)
                arrivals.append(world.time.now + on_the_way)
                await world.time.sleep(on_the_way)

    pairs = zip(gates, lanes, strict=True)
    await world.time.run(*(caller(gate, lane) for gate, lane in pairs for _ in range(CALLERS)))
    return arrivals


@pytest.mark.parametrize(
    ("server", "lane"),
    [
        *((server, Lane.INTERACTIVE) for server in SERVERS),
        *((server, Lane.BULK) for server in (SERVERS[0], SERVERS[1], SERVERS[3])),
    ],
    ids=str,
)
async def test_four_workers_of_a_process(server: Server, lane: Lane) -> None:
    world = World()
    end, shared = world.time.now + TEN_MINUTES, world.local_gate(server.limit)
    arrivals = await load(world, [shared] * WORKERS, server.delay, [lane] * WORKERS, end)
    assert server.refused(arrivals) == 0
    assert server.share_used(arrivals, end, TEN_MINUTES) >= 0.95


@pytest.mark.parametrize(
    ("server", "duration"),
    [(SERVERS[0], TEN_MINUTES), (SERVERS[1], 60.0), (SERVERS[3], TEN_MINUTES), (SERVERS[5], TEN_MINUTES)],
    ids=str,
)
async def test_four_replicas_over_redis(redis_server: RedisServer, server: Server, duration: float) -> None:
    world = World()
    end = world.time.now + duration
    async with Redis.from_url(redis_server.url, protocol=2) as client:
        gates = [world.replica(client, server.limit, f"replica {n}").gate for n in range(WORKERS)]
        lanes = [Lane.INTERACTIVE, Lane.BULK] * (WORKERS // 2)
        arrivals = await load(world, gates, server.delay, lanes, end)
    assert server.refused(arrivals) == 0
    assert server.share_used(arrivals, end, duration) >= 0.95


def test_the_servers_tell_when_there_is_something_to_refuse() -> None:
    volley = [0.9, 0.9, 1.1, 1.1]
    assert over_fixed_window(volley, 2, 1.0) > 0
    assert over_sliding_window(volley, 2, 1.0) == 2
    assert over_gcra(volley, 2, 1.0, burst=2) == 2
    assert over_gcra([0.0, 0.4, 1.0], 2, 1.0, burst=1) == 1


async def test_without_the_margin_the_delays_of_the_way_would_break_the_limit() -> None:
    server, world = SERVERS[0], World()
    tight = world.local_gate(RateLimit(server.calls, server.seconds))
    arrivals = await load(world, [tight], server.delay, [Lane.INTERACTIVE], world.time.now + 60)
    assert server.refused(arrivals) > 0
