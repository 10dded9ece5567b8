"""One call for many who ask for the same thing."""

import asyncio

import pytest

from backend.services.api_gateway.cache.single_flight import SingleFlight


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


async def test_closing_ends_the_calls_under_way() -> None:
    flight, ended = SingleFlight[int](), asyncio.Event()

    async def call() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 7

    asking = asyncio.create_task(flight.run("key", call))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await flight.close()
    assert ended.is_set()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_closing_ends_a_call_that_loses_a_cancellation() -> None:
    flight, lost = SingleFlight[int](), asyncio.Event()

    async def call() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.set()
        await asyncio.Event().wait()
        return 7

    asking = asyncio.create_task(flight.run("key", call))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await flight.close()
    assert lost.is_set()
    with pytest.raises(asyncio.CancelledError):
        await asking
