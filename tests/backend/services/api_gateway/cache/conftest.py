"""Both adapters of the cache's port, with a clock that a test puts forward."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from backend.contracts.gateway import Outcome, TrackCandidate
from backend.services.api_gateway.cache.answers import Entry, entry_for
from backend.services.api_gateway.cache.memory import MemoryCache
from backend.services.api_gateway.cache.port import Cache
from backend.services.api_gateway.cache.shared import SharedCache
from backend.services.api_gateway.providers.adapter import Reply
from backend.services.api_gateway.shared_redis import SharedRedis, open_redis
from tests.fixtures.redis_server import RedisServer

KEY = ("deezer", "search", "1", "deadmau5", "strobe", "", "10")
TRACK = TrackCandidate(provider="deezer", provider_id="1", title="Strobe", artists=["deadmau5"], bpm=128.0)
FOUND = Reply(Outcome.OK, (TRACK,), response_id="row-1")
PATIENCE = 10.0
"""A busy machine is no lost Redis."""
ABSENT = Reply(Outcome.NOT_FOUND, response_id="row-2")


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Operations:
    """What a cache told of its operations in Redis."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, provider: str, operation: str, seconds: float) -> None:
        assert seconds >= 0
        self.seen.append((provider, operation))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def entry(clock: Clock, reply: Reply = FOUND, seconds: float = 100.0, **more: str) -> Entry:
    return entry_for(reply, clock(), seconds, None, **more)


def replica(redis: SharedRedis, clock: Callable[[], float], lease_seconds: float = 5.0) -> SharedCache:
    """A cache as another process has it: the same Redis, a memory of its own."""
    return SharedCache(MemoryCache(clock), redis, clock, Operations(), lease_seconds)


@pytest.fixture
async def own_redis(redis_server: RedisServer) -> AsyncIterator[SharedRedis]:
    async with open_redis(SecretStr(redis_server.url), PATIENCE) as redis:
        yield redis


@pytest.fixture(params=["memory", "redis", "redis without its memory"])
async def cache(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Cache]:
    """Each adapter; the last one holds nothing in memory, so that every answer comes from Redis."""
    if request.param == "memory":
        yield MemoryCache(clock)
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    async with open_redis(SecretStr(server.url), PATIENCE) as redis:
        memory = MemoryCache(clock, capacity=0 if "without" in request.param else 100)
        yield SharedCache(memory, redis, clock, Operations())
