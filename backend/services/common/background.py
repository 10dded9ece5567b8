"""Work that a service does beside answering requests."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import structlog

_CANCEL_AGAIN_SECONDS = 0.5

_log = structlog.get_logger()


@asynccontextmanager
async def in_background(
    *work: Coroutine[Any, Any, None], patience: float = _CANCEL_AGAIN_SECONDS
) -> AsyncIterator[None]:
    """Run endless coroutines until the block ends, then cancel them and wait until they have ended.

    They may take `patience` seconds to end before they are cancelled again.

    One that ends by itself has a defect; that is logged at once, because nobody awaits it.
    """
    tasks = [asyncio.create_task(one) for one in work]
    for task in tasks:
        task.add_done_callback(_report)
    try:
        yield
    finally:
        await end(tasks, patience)


async def end(tasks: Iterable[asyncio.Task[Any]], patience: float = _CANCEL_AGAIN_SECONDS) -> None:
    """Cancel until all have ended: redis-py over uvloop was seen to lose a cancellation."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=patience)


def _report(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    _log.critical("background_work_ended", work=repr(task.get_coro()), exc_info=task.exception())
