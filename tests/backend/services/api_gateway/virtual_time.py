"""Time that passes only when everybody sleeps, for testing waits of minutes in milliseconds."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager


class VirtualTime:
    """A clock and a sleep that belong together."""

    def __init__(self, start: float = 1_000.0) -> None:
        self.now = start
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._held = 0
        self._nothing_held = asyncio.Event()

    def clock(self) -> float:
        """Seconds, from an arbitrary start."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep in this time."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), woken))
        await woken

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no time pass while something real is under way."""
        self._held += 1
        self._nothing_held.clear()
        try:
            yield
        finally:
            self._held -= 1
            if not self._held:
                self._nothing_held.set()

    async def run(self, *work: Awaitable[object]) -> None:
        """Run until all `work` is done, moving on whenever nobody can."""
        tasks = [asyncio.ensure_future(item) for item in work]
        while not all(task.done() for task in tasks):
            await self._let_everybody_go_on()
            if self._sleepers:
                self._wake_next()
        await asyncio.gather(*tasks)

    async def _let_everybody_go_on(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        while self._held:
            await self._nothing_held.wait()
            for _ in range(20):
                await asyncio.sleep(0)

    def _wake_next(self) -> None:
        moment, _, woken = heapq.heappop(self._sleepers)
        self.now = max(self.now, moment)
        if not woken.done():
            woken.set_result(None)
