"""An event loop in which nobody waits: when all are asleep, the clock jumps to whoever wakes next.

Import this before anything that takes the time from `time.monotonic`. Everything has to happen in the loop's
own thread and process; a wait for a socket would be jumped over.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        """Stands in for `time.monotonic`; asyncio takes its time from there too."""
        return self.now


class _JumpingSelector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> Any:
        """What is ready now; without it the clock moves on by the time that would have been waited."""
        if timeout is None:
            return super().select(None)
        if timeout > 0:
            CLOCK.now += timeout
        return super().select(0)


CLOCK = _Clock()
vars(time)["monotonic"] = CLOCK.monotonic


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run in simulated time."""
    loop = asyncio.SelectorEventLoop(_JumpingSelector())
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
