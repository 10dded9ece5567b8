"""A pause in taking on work."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Pause:
    """While nobody can be asked, messages would only be taken to be put back again."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._until = clock()

    @property
    def seconds_left(self) -> float:
        """0 when there is no pause."""
        return max(0.0, self._until - self._clock())

    def extend(self, seconds: float) -> None:
        """Pause at least so long from now on."""
        self._until = max(self._until, self._clock() + seconds)

    async def over(self) -> None:
        """Return when there is no pause, or no longer one."""
        while left := self.seconds_left:
            await self._sleep(left)
