"""What the rate gate costs a call: in the process, and over Redis beside a bare GET."""

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from pydantic import SecretStr

from backend.services.api_gateway.gate.limit import SECOND, RateLimit
from backend.services.api_gateway.gate.rate_gate import RateGate
from backend.services.api_gateway.gate.shared_store import SharedStore
from backend.services.api_gateway.gate.store import LocalStore
from backend.services.api_gateway.shared_redis import SharedRedis, open_redis
from tests.fixtures.redis_server import running_redis

LIMIT = RateLimit(50, 5.1)
ROUNDS = 4_000


class Stepping:
    """A clock on which each call finds its slot free, with a full window behind it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def step(self) -> None:
        """On to the next slot."""
        self.now += LIMIT.seconds / LIMIT.calls


async def microseconds(call: Callable[[], Awaitable[object]], clock: Stepping) -> float:
    """Time of one call."""
    clock.step()
    started = perf_counter()
    await call()
    return (perf_counter() - started) * 1e6


async def measure(redis: SharedRedis) -> None:
    """Print the medians; the two that go to Redis take turns."""
    clock = Stepping()
    local = RateGate(LocalStore(LIMIT, clock), clock)
    store = SharedStore(redis, "bench", LIMIT, clock, "replica", now=lambda: round(clock.now * SECOND))
    shared = RateGate(store, clock)
    alone = [await microseconds(lambda: local.enter(0), clock) for _ in range(ROUNDS)]
    over_redis, bare = [], []
    for _ in range(ROUNDS):
        over_redis.append(await microseconds(lambda: shared.enter(0), clock))
        bare.append(await microseconds(lambda: redis.ask(lambda client: client.get("nothing")), clock))
    show("a slot in the process", alone, bare)
    show("a slot over Redis, lamp and replicas included", over_redis, bare)


def show(name: str, times: list[float], bare: list[float]) -> None:
    """Print the median beside that of the bare GET."""
    median, get = statistics.median(times), statistics.median(bare)
    sys.stdout.write(f"{name}: {median:.0f} µs; bare GET {get:.0f} µs; ratio {median / get:.2f}\n")


async def main() -> None:
    """Measure against a Redis of our own."""
    with TemporaryDirectory() as folder, running_redis(Path(folder)) as server:
        async with open_redis(SecretStr(server.url)) as redis:
            await measure(redis)


if __name__ == "__main__":
    asyncio.run(main())
