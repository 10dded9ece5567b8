"""Several replicas over one real Redis, and Redis failing under them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.cache.answers import DAY
from backend.services.api_gateway.cache.memory import MemoryCache
from backend.services.api_gateway.cache.shared import SharedCache
from backend.services.api_gateway.cache.stored import encode, name_of
from backend.services.api_gateway.providers.adapter import Reply
from backend.services.api_gateway.shared_redis import SharedRedis, open_redis
from tests.backend.services.api_gateway.cache.asking import Provided, answers_of, eventually
from tests.backend.services.api_gateway.cache.conftest import (
    FOUND,
    KEY,
    PATIENCE,
    Clock,
    Operations,
    entry,
    replica,
)
from tests.fixtures.redis_server import RedisServer, running_redis

FAILED = Reply(Outcome.FAILURE)
CLAIM = name_of(KEY, "claim")


@pytest.fixture
def failing_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of this test alone."""
    with running_redis(tmp_path) as server:
        yield server


def times_asked(server: RedisServer) -> int:
    """How often a claim was asked for: once by the first replica, again and again by the one that waits."""
    with redis.Redis.from_url(server.url) as client:
        return int(client.info("commandstats").get("cmdstat_set", {"calls": 0})["calls"])


def forget_commands(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.config_resetstat()


@asynccontextmanager
async def two_replicas(
    server: RedisServer, clock: Clock, patience: float = PATIENCE
) -> AsyncIterator[tuple[SharedCache, SharedCache]]:
    """Each with its own connections, as two processes have."""
    url = SecretStr(server.url)
    async with open_redis(url, patience) as one, open_redis(url, patience) as other:
        # Their own clock: the pause after a lost Redis passes when a test says so.
        first, second = (SharedRedis(redis.client, clock, patience) for redis in (one, other))
        yield replica(first, clock), replica(second, clock)


async def test_what_one_replica_fetched_the_other_answers(redis_server: RedisServer, clock: Clock) -> None:
    async with two_replicas(redis_server, clock) as (one, other):
        provided, answers = Provided(), answers_of(other, clock)
        await answers_of(one, clock).answer(provided.question(), None)
        for _ in range(2):
            answer = await answers.answer(provided.question(), None)
            assert (answer.cached, answer.reply) == (True, FOUND)
        assert provided.calls == 1
        assert (answers.status().shared_hits, answers.status().hits) == (1, 2)


async def test_a_hundred_askers_of_two_replicas_make_one_call(
    redis_server: RedisServer, clock: Clock
) -> None:
    async with two_replicas(redis_server, clock) as caches:
        provided, both = Provided(), [answers_of(cache, clock) for cache in caches]
        forget_commands(redis_server)
        provided.open.clear()
        asking = [asyncio.create_task(both[n % 2].answer(provided.question(), None)) for n in range(100)]
        await provided.asked.wait()
        await eventually(lambda: times_asked(redis_server) >= 3)
        provided.open.set()
        assert [answer.reply for answer in await asyncio.gather(*asking)] == [FOUND] * 100
        assert provided.calls == 1
        assert sum(answers.status().shared_hits for answers in both) == 50


async def test_many_askers_read_redis_once(own_redis: SharedRedis, clock: Clock) -> None:
    operations = Operations()
    cache = SharedCache(MemoryCache(clock), own_redis, clock, operations)
    await replica(own_redis, clock).put(KEY, entry(clock))
    found = await asyncio.gather(*(cache.get(KEY) for _ in range(100)))
    assert found == [entry(clock)] * 100
    assert operations.seen == [("deezer", "get")]


async def test_when_the_first_call_fails_the_waiting_replica_makes_its_own(
    redis_server: RedisServer, clock: Clock
) -> None:
    async with two_replicas(redis_server, clock) as (one, other):
        failing, working = Provided(FAILED), Provided()
        failing.open.clear()
        first = asyncio.create_task(answers_of(one, clock).answer(failing.question(), None))
        await failing.asked.wait()
        second = asyncio.create_task(answers_of(other, clock).answer(working.question(), None))
        failing.open.set()
        assert (await first).reply is FAILED
        assert (await second).reply is FOUND


async def test_a_dead_replica_holds_nobody_up_longer_than_its_lease(
    own_redis: SharedRedis, clock: Clock
) -> None:
    provided, cache = Provided(), replica(own_redis, clock)
    await own_redis.client.set(CLAIM, "the token of a dead one", px=300)
    async with asyncio.timeout(5):
        answer = await answers_of(cache, clock).answer(provided.question(), None)
    assert (answer.reply, provided.calls) == (FOUND, 1)


async def test_a_slow_call_keeps_its_claim_beyond_the_lease(own_redis: SharedRedis, clock: Clock) -> None:
    provided, cache = Provided(), replica(own_redis, clock, lease_seconds=0.3)
    provided.open.clear()
    asking = asyncio.create_task(answers_of(cache, clock).answer(provided.question(), None))
    await provided.asked.wait()
    held, renewed, before = await own_redis.client.get(CLAIM), 0, 300
    async with asyncio.timeout(10):
        while renewed < 4:  # each renewal is a lease that grew
            left = await own_redis.client.pttl(CLAIM)
            renewed, before = renewed + (left > before), left
            await asyncio.sleep(0.005)
    assert await own_redis.client.get(CLAIM) == held
    provided.open.set()
    await asking
    assert await own_redis.client.get(CLAIM) is None


async def test_a_claim_that_lapsed_is_not_taken_from_its_next_holder(
    own_redis: SharedRedis, clock: Clock
) -> None:
    provided, cache = Provided(), replica(own_redis, clock)
    provided.open.clear()
    asking = asyncio.create_task(answers_of(cache, clock).answer(provided.question(), None))
    await provided.asked.wait()
    await own_redis.client.set(CLAIM, "the next holder's", px=60_000)
    provided.open.set()
    await asking
    assert await own_redis.client.get(CLAIM) == b"the next holder's"


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"not json",
        b"{}",
        b'{"format":2}',
        encode(KEY, entry(Clock()))[:-20],
        encode(KEY, entry(Clock())).replace(b'"format":1', b'"format":2'),
        encode(KEY, entry(Clock())).replace(b'"title"', b'"name"'),
        encode(KEY, entry(Clock())).replace(b'"misses":0', b'"misses":"none"'),
        encode(("spotify", *KEY[1:]), entry(Clock())),
    ],
)
async def test_what_is_no_entry_of_this_key_and_format_is_a_miss(
    own_redis: SharedRedis, clock: Clock, stored: bytes
) -> None:
    await own_redis.client.set(name_of(KEY), stored)
    provided, cache = Provided(), replica(own_redis, clock)
    assert await cache.get(KEY) is None
    assert (await answers_of(cache, clock).answer(provided.question(), None)).reply is FOUND
    assert (await replica(own_redis, clock).get(KEY)) is not None
    assert own_redis.healthy


async def test_a_value_of_another_kind_is_a_miss(own_redis: SharedRedis, clock: Clock) -> None:
    await own_redis.client.lpush(name_of(KEY), "a list")
    assert await replica(own_redis, clock).get(KEY) is None
    assert own_redis.healthy


async def test_an_entry_leaves_redis_when_it_is_of_no_use(own_redis: SharedRedis, clock: Clock) -> None:
    await replica(own_redis, clock).put(KEY, entry(clock, seconds=100))
    milliseconds = await own_redis.client.pttl(name_of(KEY))
    assert milliseconds == pytest.approx((100 + 7 * DAY) * 1000, rel=0.001)


async def test_an_invalidation_reaches_the_other_replica(redis_server: RedisServer, clock: Clock) -> None:
    async with two_replicas(redis_server, clock) as (one, other):
        await one.put(KEY, entry(clock))
        assert await other.get(KEY) is not None
        assert await one.invalidate("deezer", "search")
        watching = asyncio.create_task(other.watch())
        await eventually(lambda: other.at_hand(KEY) is None)
        assert await other.get(KEY) is None
        watching.cancel()


async def test_a_new_replica_believes_what_the_others_put_after_an_invalidation(
    redis_server: RedisServer, clock: Clock
) -> None:
    async with two_replicas(redis_server, clock) as (one, new):
        await one.invalidate("deezer")
        await one.put(KEY, entry(clock, generation=one.generation(KEY)))
        await new.synchronise()
        assert await new.get(KEY) is not None


async def test_an_invalidation_while_redis_is_away_is_told_when_it_is_back(
    failing_redis: RedisServer, clock: Clock
) -> None:
    async with two_replicas(failing_redis, clock, 1.0) as (one, other):
        await one.put(KEY, entry(clock))
        assert await other.get(KEY) is not None
        failing_redis.freeze()
        assert not await one.invalidate("deezer")
        assert await one.get(KEY) is None
        failing_redis.thaw()
        assert await one.synchronise() is False  # not asked again within a second
        clock.now += 1
        assert await one.synchronise()
        assert await one.get(KEY) is None
        await other.synchronise()
        assert await other.get(KEY) is None


async def test_a_dead_redis_is_a_cache_of_ones_own(failing_redis: RedisServer, clock: Clock) -> None:
    async with two_replicas(failing_redis, clock) as (one, _):
        provided, answers = Provided(), answers_of(one, clock)
        await answers.answer(provided.question(), None)
        failing_redis.kill()
        assert (await answers.answer(provided.question(), None)).cached
        unknown = ("deezer", "track", "1", "5")
        assert not (await answers.answer(provided.question(unknown), None)).cached
        assert (await answers.answer(provided.question(unknown), None)).cached
        assert provided.calls == 2


async def test_a_frozen_redis_costs_one_short_wait(failing_redis: RedisServer, clock: Clock) -> None:
    async with two_replicas(failing_redis, clock, 1.0) as (one, _):
        provided, answers = Provided(), answers_of(one, clock)
        failing_redis.freeze()
        async with asyncio.timeout(10):  # fifty if each waited
            for number in range(50):
                await answers.answer(provided.question(("deezer", "track", "1", str(number))), None)
        failing_redis.thaw()
        clock.now += 1
        assert (await answers.answer(provided.question(), None)).reply is FOUND
        assert provided.calls == 51


async def test_a_flushed_redis_is_filled_again(redis_server: RedisServer, clock: Clock) -> None:
    async with two_replicas(redis_server, clock) as (one, other):
        await one.invalidate("deezer")
        await one.put(KEY, entry(clock, generation=one.generation(KEY)))
        redis_server.flush()
        for cache in (one, other):
            await cache.synchronise()
        provided = Provided()
        await answers_of(one, clock).answer(provided.question(), None)
        assert (await answers_of(other, clock).answer(provided.question(), None)).cached
        assert provided.calls == 1
