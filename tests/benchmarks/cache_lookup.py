"""One look into the answer cache: in memory, and in Redis beside a bare GET of the same bytes.

Limits: 5 us at the median in memory, 0.3 ms in Redis.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop
from pydantic import SecretStr

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.cache.answering import Answers
from backend.services.api_gateway.cache.answers import Key, entry_for, search_key
from backend.services.api_gateway.cache.memory import MemoryCache
from backend.services.api_gateway.cache.shared import SharedCache
from backend.services.api_gateway.cache.stored import encode, name_of
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.providers.adapter import Reply
from backend.services.api_gateway.shared_redis import SharedRedis, open_redis
from backend.services.common.metrics import new_registry
from tests.benchmarks.processes import require
from tests.fixtures.redis_server import running_redis

KEYS = 100
LOOKS = 2_000
MEMORY_LIMIT_US = 5.0
REDIS_LIMIT_US = 300.0
_TRACK = TrackCandidate(
    provider="deezer",
    provider_id="70079770",
    title="Strobe",
    artists=["deadmau5"],
    album="For Lack of a Better Name",
    artwork_url=f"https://cdn.example/{'c' * 40}.jpg",
    url="https://www.deezer.com/track/70079770",
)
REPLY = Reply(Outcome.OK, (_TRACK,) * 4, response_id="67e55044-10b1-426f-9247-bb680e5fe0c8")


def keys() -> list[Key]:
    """Keys as searches have them."""
    titles = [f"Strobe {number}" for number in range(KEYS)]
    return [search_key("deezer", 1, SearchRequest(artist_name="deadmau5", track_title=t)) for t in titles]


async def fill(cache: SharedCache | MemoryCache) -> None:
    """An answer of 1.8 kB for every key."""
    for key in keys():
        await cache.put(key, entry_for(REPLY, time.time(), 1_000.0, None))


async def in_memory() -> list[float]:
    """Microseconds of each look that is counted as an answer, with all its counters."""
    cache = MemoryCache(time.time)
    await fill(cache)
    answers = Answers("deezer", cache, GatewayMetrics(new_registry()), time.time)
    every, times = keys(), []
    for number in range(LOOKS * 10):
        key = every[number % KEYS]
        began = time.perf_counter_ns()
        found = answers.fresh_at_hand(key)
        times.append((time.perf_counter_ns() - began) / 1000)
        assert found is not None
    return times


async def in_redis(redis: SharedRedis) -> tuple[list[float], list[float]]:
    """Microseconds of each look past the memory, and of a bare GET of the same bytes, in turn."""
    cache = SharedCache(MemoryCache(time.time, capacity=0), redis, time.time, _unobserved)
    await fill(cache)
    every = keys()
    looks, bare = [], []
    for number in range(LOOKS):
        key = every[number % KEYS]
        looks.append(await _microseconds(partial(cache.get, key)))
        bare.append(await _microseconds(partial(redis.client.get, name_of(key))))
    return looks, bare


async def _microseconds(look: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter_ns()
    found = await look()
    assert found is not None
    return (time.perf_counter_ns() - began) / 1000


def _unobserved(_provider: str, _operation: str, _seconds: float) -> None:
    """The metrics have a benchmark of their own: the first one."""


async def measure(url: str) -> None:
    """Measure and print."""
    show("in memory", await in_memory(), MEMORY_LIMIT_US)
    async with open_redis(SecretStr(url)) as redis:
        looks, bare = await in_redis(redis)
    size = len(encode(keys()[0], entry_for(REPLY, time.time(), 1_000.0, None)))
    show(f"in Redis ({size} bytes)", looks, REDIS_LIMIT_US)
    sys.stdout.write(f"  {statistics.median(looks) / statistics.median(bare):.2f} x a bare GET\n")


def show(name: str, times: list[float], limit: float) -> None:
    """Median and 99th percentile beside the limit."""
    median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    sys.stdout.write(
        f"{name}: p50 {median:.1f} us, p99 {p99:.1f} us, limit {limit:.0f} us, ratio {median / limit:.2f}\n"
    )


def main() -> None:
    """With a Redis server of its own."""
    require("redis-server")
    with tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as redis:
        uvloop.run(measure(redis.url))


if __name__ == "__main__":
    main()
