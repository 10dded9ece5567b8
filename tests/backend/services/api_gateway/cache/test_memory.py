"""The cache of one process: what it holds is bounded."""

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.cache.memory import MemoryCache
from backend.services.api_gateway.providers.adapter import Reply
from tests.backend.services.api_gateway.cache.conftest import TRACK, Clock, entry

LONG = Reply(Outcome.OK, (TRACK.model_copy(update={"title": "x" * 10_000}),))


def test_the_entry_unused_for_longest_goes_first(clock: Clock) -> None:
    cache = MemoryCache(clock, capacity=2)
    for name in ("a", "b"):
        cache.keep(("deezer", name), entry(clock))
    assert cache.at_hand(("deezer", "a")) is not None
    cache.keep(("deezer", "c"), entry(clock))
    assert cache.at_hand(("deezer", "b")) is None
    assert cache.at_hand(("deezer", "a")) is not None
    assert cache.count("deezer") == 2


def test_large_entries_push_out_others_before_the_number_does(clock: Clock) -> None:
    cache = MemoryCache(clock, capacity=1_000, largest_size=50_000)
    for number in range(20):
        cache.keep(("deezer", str(number)), entry(clock, LONG))
        assert cache.size <= 50_000
    assert cache.count("deezer") == 4
    assert cache.at_hand(("deezer", "19")) is not None


def test_an_entry_larger_than_all_room_is_not_kept_and_pushes_nothing_out(clock: Clock) -> None:
    cache = MemoryCache(clock, largest_size=5_000)
    cache.keep(("deezer", "small"), entry(clock))
    cache.keep(("deezer", "large"), entry(clock, LONG))
    assert cache.at_hand(("deezer", "large")) is None
    assert cache.at_hand(("deezer", "small")) is not None


def test_replacing_an_entry_counts_it_once(clock: Clock) -> None:
    cache = MemoryCache(clock)
    for _ in range(3):
        cache.keep(("deezer", "a"), entry(clock))
    size = cache.size
    cache.keep(("deezer", "a"), entry(clock))
    assert cache.count("deezer") == 1
    assert cache.size == size


async def test_an_emptied_cache_has_no_size(clock: Clock) -> None:
    cache = MemoryCache(clock)
    for name in ("a", "b"):
        cache.keep(("deezer", "search", name), entry(clock))
    await cache.invalidate("deezer")
    assert (cache.size, cache.count("deezer")) == (0, 0)
