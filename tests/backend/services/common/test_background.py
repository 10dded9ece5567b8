"""Work beside the requests."""

import asyncio

import pytest
import structlog.testing

from backend.services.common.background import in_background


async def test_work_runs_until_the_block_ends_and_is_then_awaited() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with in_background(work()):
        await asyncio.wait_for(begun.wait(), 5)
        assert not ended.is_set()
    assert ended.is_set()


@pytest.mark.parametrize("error", [None, RuntimeError("a defect")])
async def test_work_that_ends_by_itself_is_reported(error: Exception | None) -> None:
    done = asyncio.Event()

    async def work() -> None:
        done.set()
        if error is not None:
            raise error

    with structlog.testing.capture_logs() as logs:
        async with in_background(work()):
            await asyncio.wait_for(done.wait(), 5)
            await asyncio.sleep(0)
    assert [(entry["event"], entry["exc_info"]) for entry in logs] == [("background_work_ended", error)]


async def test_work_that_loses_a_cancellation_is_ended_all_the_same() -> None:
    asked = 0
    begun = asyncio.Event()

    async def work() -> None:
        nonlocal asked
        while asked < 2:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asked += 1

    async with in_background(work()):
        await asyncio.wait_for(begun.wait(), 5)
    assert asked == 2


async def test_work_with_patience_may_finish_what_it_has_begun() -> None:
    begun, asked, finished = asyncio.Event(), 0, asyncio.Event()

    async def work() -> None:
        nonlocal asked
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            asked += 1
            # Longer than it takes until work without patience is cancelled again.
            asyncio.get_running_loop().call_later(0.7, finished.set)
            await finished.wait()
            raise

    async with in_background(work(), patience=30):
        await asyncio.wait_for(begun.wait(), 5)
    assert (asked, finished.is_set()) == (1, True)
