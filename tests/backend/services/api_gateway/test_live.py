"""The live stream's feed: what listeners get and when, and what happens to those who do not read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

import pytest

from backend.contracts.live import BreakerTransition, LiveProviders, SharedState
from backend.contracts.providers import BreakerState
from backend.services.api_gateway.live import KEPT_EVENTS, LiveFeed
from tests.backend.services.api_gateway.virtual_time import VirtualTime


class Providers:
    """What the feed looks at: counts how often it was made."""

    def __init__(self) -> None:
        self.looks = 0
        self.mark = 0

    def look(self) -> LiveProviders:
        self.looks += 1
        shared = SharedState(kind="local", detail=f"look {self.looks}")
        return LiveProviders(at=datetime.now(UTC), providers={}, shared=shared)


def transition(number: int = 1) -> BreakerTransition:
    return BreakerTransition(
        provider="deezer",
        endpoint="search",
        from_state=BreakerState.CLOSED,
        to_state=BreakerState.OPEN,
        reason="12 of 20 calls failed within a minute",
        epoch=number,
        at=datetime.now(UTC),
    )


@pytest.fixture
def providers() -> Providers:
    return Providers()


@pytest.fixture
def feed(providers: Providers) -> LiveFeed:
    return LiveFeed(providers.look, lambda: providers.mark)


async def test_the_first_event_comes_at_once_and_changes_are_told(feed: LiveFeed) -> None:
    async with aclosing(feed.listen()) as stream:
        first = await anext(stream)
        assert first.startswith(b"event: providers\ndata: {")
        feed.transition(transition())
        second = await anext(stream)
        assert second.startswith(b"event: transition\ndata: {")
        assert second.endswith(b"\n\n")
    assert feed.listeners == 0


async def test_all_listeners_get_what_was_made_once(
    providers: Providers,
) -> None:
    async with running(providers) as (feed, time):
        streams = [feed.listen() for _ in range(20)]
        for stream in streams:
            await anext(stream)
        before = providers.looks
        await time.run(*(anext(stream) for stream in streams))
        assert providers.looks == before + 1
        for stream in streams:
            await stream.aclose()


async def test_a_change_is_sent_within_the_tenth_of_a_second_else_once_a_second(
    providers: Providers,
) -> None:
    sent: list[float] = []

    async def read() -> None:
        for number in range(4):  # the start, the first mark, a quiet second, a change
            providers.mark = number // 3
            await anext(stream)
            sent.append(time.now - 1_000)

    async with running(providers) as (feed, time), aclosing(feed.listen()) as stream:
        await time.run(read())
    assert sent == pytest.approx([0, 0.1, 1.1, 1.2])


async def test_a_breaker_that_changes_after_a_quiet_moment_is_told_with_everything_at_once(
    providers: Providers,
) -> None:
    told: list[tuple[int, int]] = []

    async def read() -> None:
        event = await anext(stream)
        told.append((event.count(b"event: providers"), event.count(b"event: transition")))

    async def changes() -> None:
        await read()  # the start
        await read()  # the first mark
        await time.sleep(0.35)
        began = time.now
        for _ in range(2):
            feed.transition(transition())
            providers.mark += 1  # the breaker has changed only after it told of it
            await read()
        assert time.now == began
        await read()
        assert time.now - began < 0.1

    async with running(providers) as (feed, time), aclosing(feed.listen()) as stream:
        await time.run(changes())
    assert told[2:] == [(1, 1), (0, 1), (1, 0)]


async def test_with_nobody_listening_nothing_is_made(
    providers: Providers,
) -> None:
    async with running(providers) as (_, time):
        await time.run(time.sleep(60))
    assert providers.looks == 0


async def test_a_listener_that_does_not_read_is_ended_and_the_others_go_on(feed: LiveFeed) -> None:
    slow, quick = feed.listen(), feed.listen()
    await anext(slow)
    await anext(quick)
    for number in range(KEPT_EVENTS + 1):
        feed.transition(transition(number))
        assert b"transition" in await anext(quick)
    with pytest.raises(StopAsyncIteration):
        await anext(slow)
    assert feed.listeners == 1
    await quick.aclose()


async def test_a_listener_that_lags_a_little_misses_nothing(feed: LiveFeed) -> None:
    async with aclosing(feed.listen()) as stream:
        await anext(stream)
        for number in range(KEPT_EVENTS):
            feed.transition(transition(number))
        assert (await anext(stream)).count(b"event: transition") == KEPT_EVENTS


async def test_at_the_end_all_listeners_are_let_go(feed: LiveFeed) -> None:
    stream = feed.listen()
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream, None))
    await asyncio.sleep(0)
    feed.end()
    assert await waiting is None


@asynccontextmanager
async def running(providers: Providers) -> AsyncIterator[tuple[LiveFeed, VirtualTime]]:
    """A feed at work in virtual time."""
    time = VirtualTime()
    feed = LiveFeed(providers.look, lambda: providers.mark, time.sleep)
    task = asyncio.ensure_future(feed.run())
    yield feed, time
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
