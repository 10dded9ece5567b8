"""The answer cache and single-flight."""

import asyncio

import pytest

from backend.contracts.gateway import TrackCandidate
from backend.services.api_gateway.cache.answers import (
    DAY,
    STALE_SECONDS,
    CachedAnswer,
    Entry,
    MemoryCache,
    entry_for,
)
from backend.services.api_gateway.cache.single_flight import SingleFlight

TRACK = TrackCandidate(provider="deezer", provider_id="1", title="Strobe", artists=["deadmau5"])
HIT = CachedAnswer((TRACK,), "row")
NOTHING = CachedAnswer((), "row")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_entry_unused_for_longest_goes_first() -> None:
    cache = MemoryCache(Clock(), capacity=2)
    for name in ("a", "b"):
        cache.put(("deezer", name), Entry(HIT, 10.0))
    assert cache.get(("deezer", "a")) is not None
    cache.put(("deezer", "c"), Entry(HIT, 10.0))
    assert cache.get(("deezer", "b")) is None
    assert cache.get(("deezer", "a")) is not None
    assert cache.count("deezer") == 2


def test_replacing_an_entry_does_not_count_it_twice() -> None:
    cache = MemoryCache(Clock())
    for _ in range(3):
        cache.put(("deezer", "a"), Entry(HIT, 10.0))
    assert cache.count("deezer") == 1


def test_a_stale_entry_stays_for_a_week_and_then_goes() -> None:
    clock = Clock()
    cache = MemoryCache(clock)
    cache.put(("deezer", "a"), Entry(HIT, 10.0))
    clock.now = 10.0 + STALE_SECONDS
    assert cache.get(("deezer", "a")) is not None
    clock.now += 1
    assert cache.get(("deezer", "a")) is None
    assert cache.count("deezer") == 0


def test_parameters_that_join_to_the_same_text_are_different_keys() -> None:
    cache = MemoryCache(Clock())
    cache.put(("spotify", "search", "a:b", "c"), Entry(HIT, 10.0))
    assert cache.get(("spotify", "search", "a", "b:c")) is None


def test_a_miss_is_kept_a_day_and_longer_each_time_up_to_a_week() -> None:
    entry, kept = None, []
    for _ in range(5):
        entry = entry_for(NOTHING, 0.0, 30 * DAY, entry)
        kept.append(entry.fresh_until / DAY)
    assert kept == [1, 2, 4, 7, 7]
    assert entry_for(HIT, 0.0, 30 * DAY, entry) == Entry(HIT, 30 * DAY)


async def test_a_hundred_askers_cause_one_call() -> None:
    flight, calls, gate = SingleFlight[int](), 0, asyncio.Event()

    async def call() -> int:
        nonlocal calls
        calls += 1
        await gate.wait()
        return 7

    askers = [asyncio.create_task(flight.run("key", call)) for _ in range(100)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*askers) == [7] * 100
    assert calls == 1
    assert await flight.run("key", call) == 7
    assert calls == 2


async def test_a_cancelled_first_asker_does_not_take_the_result_from_the_others() -> None:
    flight, gate = SingleFlight[int](), asyncio.Event()

    async def call() -> int:
        await gate.wait()
        return 7

    first = asyncio.create_task(flight.run("key", call))
    await asyncio.sleep(0)
    second = asyncio.create_task(flight.run("key", call))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert await second == 7
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failed_call_fails_for_all_and_is_not_kept() -> None:
    flight, gate = SingleFlight[int](), asyncio.Event()

    async def fail() -> int:
        await gate.wait()
        raise ValueError("broken")

    async def succeed() -> int:
        return 7

    askers = [asyncio.create_task(flight.run("key", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*askers, return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3
    assert await flight.run("key", succeed) == 7
