"""What every adapter of the cache does."""

import asyncio

import pytest

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.cache.answers import DAY, STALE_SECONDS, Freshness, entry_for
from backend.services.api_gateway.cache.port import Cache
from backend.services.api_gateway.providers.adapter import Reply
from tests.backend.services.api_gateway.cache.conftest import ABSENT, FOUND, KEY, TRACK, Clock, entry


async def test_what_was_put_is_got(cache: Cache, clock: Clock) -> None:
    assert await cache.get(KEY) is None
    kept = entry(clock)
    await cache.put(KEY, kept)
    assert await cache.get(KEY) == kept
    assert kept.reply().candidates == (TRACK,)
    assert kept.reply().response_id == "row-1"


async def test_absence_is_kept_as_such(cache: Cache, clock: Clock) -> None:
    await cache.put(KEY, entry(clock, ABSENT))
    got = await cache.get(KEY)
    assert got is not None
    assert not got.found
    assert (got.reply().outcome, got.reply().candidates) == (Outcome.NOT_FOUND, ())


async def test_an_entry_ages_and_is_gone_in_the_end(cache: Cache, clock: Clock) -> None:
    await cache.put(KEY, entry(clock, seconds=100.0))
    ages = [(100.0, Freshness.FRESH), (1.0, Freshness.STALE), (DAY, Freshness.SPARE)]
    for seconds, expected in ages:
        clock.now += seconds
        got = await cache.get(KEY)
        assert got is not None
        assert got.freshness(clock.now) is expected
    clock.now += STALE_SECONDS
    assert await cache.get(KEY) is None


async def test_absence_past_its_time_is_asked_again_at_once(cache: Cache, clock: Clock) -> None:
    await cache.put(KEY, entry(clock, ABSENT))
    clock.now += DAY + 1
    got = await cache.get(KEY)
    assert got is not None
    assert got.freshness(clock.now) is Freshness.SPARE


async def test_absence_holds_longer_each_time_it_repeats_up_to_a_week(cache: Cache, clock: Clock) -> None:
    days = []
    for _ in range(5):
        kept = entry_for(ABSENT, clock.now, 30 * DAY, await cache.get(KEY))
        await cache.put(KEY, kept)
        days.append((kept.fresh_until - clock.now) / DAY)
        clock.now = kept.fresh_until + 1
    assert days == pytest.approx([1, 2, 4, 7, 7])


async def test_a_track_that_appears_ends_the_row_of_misses(cache: Cache, clock: Clock) -> None:
    await cache.put(KEY, entry_for(ABSENT, clock.now, DAY, None))
    await cache.put(KEY, entry_for(FOUND, clock.now, DAY, await cache.get(KEY)))
    got = await cache.get(KEY)
    assert got is not None
    assert (got.misses, got.found) == (0, True)


async def test_invalidating_a_provider_leaves_the_others(cache: Cache, clock: Clock) -> None:
    other = ("spotify", *KEY[1:])
    for key in (KEY, other):
        await cache.put(key, entry(clock))
    assert await cache.invalidate("deezer")
    assert await cache.get(KEY) is None
    assert await cache.get(other) is not None
    assert cache.count("deezer") == 0


async def test_invalidating_an_operation_leaves_the_others(cache: Cache, clock: Clock) -> None:
    look_up = ("deezer", "track", "1", "5")
    for key in (KEY, look_up):
        await cache.put(key, entry(clock))
    assert await cache.invalidate("deezer", "search")
    assert await cache.get(KEY) is None
    assert await cache.get(look_up) is not None


async def test_an_answer_under_way_does_not_outlive_an_invalidation(cache: Cache, clock: Clock) -> None:
    asked_in = cache.generation(KEY)
    await cache.invalidate("deezer")
    await cache.put(KEY, entry(clock, generation=asked_in))
    assert await cache.get(KEY) is None
    await cache.put(KEY, entry(clock, generation=cache.generation(KEY)))
    assert await cache.get(KEY) is not None


async def test_asking_once_gives_what_was_asked_for(cache: Cache) -> None:
    async def ask() -> Reply:
        await asyncio.sleep(0)
        return ABSENT

    assert await cache.ask_once(KEY, ask) is ABSENT


async def test_an_exception_while_asking_frees_the_key(cache: Cache) -> None:
    async def fail() -> Reply:
        raise ValueError("a defect")

    async def ask() -> Reply:
        return FOUND

    with pytest.raises(ValueError, match="a defect"):
        await cache.ask_once(KEY, fail)
    async with asyncio.timeout(2):  # far below the lease
        assert await cache.ask_once(KEY, ask) is FOUND
