"""One call for many who ask for the same thing at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from backend.services.common.background import end

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Whoever asks while a call for the same key is under way gets that call's result.

    The call runs in a task of its own, so that the first one to ask may be cancelled without taking the
    result from the others.
    """

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[Result]] = {}

    def is_under_way(self, key: Hashable) -> bool:
        """Whether a call for `key` has not ended yet."""
        return key in self._under_way

    async def run(self, key: Hashable, call: Callable[[], Awaitable[Result]]) -> Result:
        """The result of `call`, shared with all who ask for `key` meanwhile; so are its exceptions."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._finish(key, call))
            self._under_way[key] = task
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End the calls under way: nobody waits for them any more."""
        await end(self._under_way.values())

    async def _finish(self, key: Hashable, call: Callable[[], Awaitable[Result]]) -> Result:
        try:
            return await call()
        finally:
            del self._under_way[key]
